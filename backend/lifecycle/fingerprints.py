"""Computes the fingerprints of videos in the background: of new images, and of older videos after an upgrade."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from backend.errors import ConsoleError, MediaError, NotFound
from backend.jobs.periodic import Periodic
from backend.lifecycle.cdn_files import opened
from backend.prewarm.fetcher import FetchError, Limits

if TYPE_CHECKING:
    from backend.console import Console
    from backend.model.fingerprint import Hashes

log = logging.getLogger(__name__)

STEP_SECONDS, STEP_VIDEOS = 1.0, 4  # about a tenth of one core while many are missing
SNAPSHOT = Limits(seconds=20.0, size=10 << 20)
NOT_FETCHED = "A snapshot of the video could not be fetched ({why})."


def fingerprint_missing(console: Console, limit: int = STEP_VIDEOS) -> int:
    """Compute missing fingerprints, newest images first; return how many are stored. Failures are retried later."""
    similar, found = console.store.similar_videos, list[tuple[str, tuple["Hashes", ...]]]()
    for video_id in similar.find_missing(limit):
        try:
            video = console.store.catalogue.get_video(video_id)
            found.append((video_id, console.media.fingerprint(video, partial(_download, console))))
        except NotFound:
            continue  # deleted in the meantime, and with it what was missing
        except (ConsoleError, OSError) as error:
            log.warning("%s gets no fingerprint for now: %s", video_id, error)
            similar.postpone(video_id)
    if found:
        similar.keep(found)
    return len(found)


def _download(console: Console, url: str) -> bytes:
    """Return an image from the cloud's own hosts. Raises MediaError."""
    try:
        with opened(console, url, SNAPSHOT) as (fetch, answer):
            if answer.status != 200:
                raise MediaError(NOT_FETCHED, why=f"HTTP {answer.status}")
            return b"".join(fetch.pieces(answer))
    except FetchError as error:
        raise MediaError(NOT_FETCHED, why=str(error)) from error


class Fingerprinter(Periodic):
    """Computes missing fingerprints slowly, so that requests do not wait for it."""

    def __init__(self, console: Console, seconds: float = STEP_SECONDS) -> None:
        super().__init__("fingerprints", seconds, console.store.leading)
        self._console = console

    def step(self) -> int:
        """Compute some; return how many."""
        return fingerprint_missing(self._console)
