"""Deletes videos: to the trash, restored from it, or permanently on request or when their retention ends."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from backend.errors import ConsoleError, NotFound, StorageError
from backend.jobs.periodic import Periodic
from backend.model import SECONDS_A_DAY, Actor, CensorStatus, Video

if TYPE_CHECKING:
    from backend.console import Console

log = logging.getLogger(__name__)

ROUND_SECONDS = 600.0
PURGER = Actor("trash", "worker")


def delete(console: Console, video: Video, actor: Actor, *, seen_line: int | None = None) -> None:
    """Move a video to the trash; with QU_TRASH_DAYS=0, delete it permanently.

    Raises NotFound and CloudError, and Conflict if somebody changed it after `seen_line` of the history.
    """
    console.store.catalogue.check_seen(video.video_id, seen_line)
    owner = video.user.user_id
    if days := console.settings.trash_days:
        until = int(console.clock()) + days * SECONDS_A_DAY
        with console.media.set_playable(video, False, "TrashVideo", actor):
            console.store.trash.put(video.video_id, owner, until, actor, seen_line=seen_line)
    else:
        recheck = partial(console.store.catalogue.get_video, video.video_id)
        with console.media.deleting(video, actor, recheck):
            console.store.catalogue.delete_video(video.video_id, owner, actor, seen_line=seen_line)


def restore(console: Console, video_id: str, actor: Actor) -> None:
    """Restore a video from the trash; its media get new URLs.

    Raises NotFound, Conflict while it is being purged, and CloudError.
    """
    video = console.store.trash.get(video_id).video
    playable = video.censor_status is not CensorStatus.FAIL
    with console.media.set_playable(video, playable, "RestoreVideo", actor):
        console.store.trash.restore(video_id, actor)


def purge(console: Console, video_id: str, actor: Actor) -> None:
    """Permanently delete a video in the trash. Raises NotFound and CloudError."""
    recheck = partial(console.store.trash.get, video_id)
    with console.media.deleting(recheck().video, actor, recheck):
        console.store.trash.forget(video_id, actor)


def purge_due(console: Console) -> int:
    """Permanently delete videos whose retention has ended; return how many. Failures are retried the next time."""
    count = 0
    for video_id in console.store.trash.due():
        try:
            purge(console, video_id, PURGER)
            count += 1
        except NotFound:
            continue  # restored, or purged by another server
        except (ConsoleError, OSError) as error:
            log.warning("%s remains in the trash for now: %s", video_id, error)
    return count


def finish_deletions(console: Console) -> None:
    """Delete the files of videos whose rows were deleted, where that was interrupted."""

    def is_gone(video_id: str) -> bool:
        try:
            console.store.catalogue.get_video(video_id)
        except NotFound:
            return not console.store.trash.holds(video_id)
        return False

    try:
        console.media.files.sweep(is_gone)
    except StorageError as error:
        log.warning("files of deleted videos remain for now: %s", error)


class Purger(Periodic):
    """Purges the trash in the background, at startup and then every ten minutes."""

    def __init__(self, console: Console, seconds: float = ROUND_SECONDS) -> None:
        super().__init__("purger", seconds, console.store.leading)
        self._console = console

    def step(self) -> int:
        """Purge videos that are due; return how many."""
        count = purge_due(self._console)
        finish_deletions(self._console)
        return count
