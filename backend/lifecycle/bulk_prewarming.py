"""Prewarms the files of many videos, as one batch of addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backend.errors import Conflict, ConsoleError
from backend.model import Actor, CensorStatus, FileKind, Video
from backend.model.media_urls import media_path
from backend.prewarm import check_lines

if TYPE_CHECKING:
    from backend.console import Console


def send(console: Console, video_ids: Sequence[str], actor: Actor) -> Mapping[str, ConsoleError | None]:
    """Queue what is neither warm nor on its way of cover, first frame and renditions of these videos.

    Return the error of each that is not sent: it has not passed review, for what waits is kept by no cache, or has no
    such files, or today's quota does not suffice for all.
    """
    problems: dict[str, ConsoleError | None] = dict.fromkeys(video_ids)
    urls: dict[str, list[str]] = {}
    for video_id in video_ids:
        try:
            urls[video_id] = _urls(console, console.store.catalogue.get_video(video_id))
        except ConsoleError as error:
            problems[video_id] = error
    try:
        _enqueue(console, list(dict.fromkeys(url for one in urls.values() for url in one)), actor)
    except ConsoleError as error:
        problems |= dict.fromkeys(urls, error)
    return problems


def _urls(console: Console, video: Video) -> list[str]:
    if video.censor_status is not CensorStatus.SUCCESS:
        raise Conflict("The video has not passed review, and no cache keeps its files.")
    files = (video.cover, video.file_of(FileKind.FIRST_FRAME), *video.renditions)
    lines = [file.name if "://" in file.name else f"/{media_path(video, file)}" for file in files if file]
    checked = check_lines(lines, console.cache.hosts(), console.reachable_url, console.own_hosts)
    if found := [line.url for line in checked if line.url]:
        return found
    raise Conflict("The video has no file that can be prewarmed.")


def _enqueue(console: Console, urls: list[str], actor: Actor) -> None:
    ttl, region = console.settings.warm_ttl, console.settings.prewarm_region
    if missing := console.store.prewarming.find_missing(urls, ttl=ttl, region=region):
        console.cache.check_room(len(missing))
        console.store.prewarming.enqueue(missing, actor, ttl=ttl, region=region)
