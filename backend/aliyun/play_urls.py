"""Play URLs: requested from VOD when a video is shown, cached briefly, with a short wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backend.aliyun.client import Client
from backend.aliyun.errors import NO_STREAM, WRONG_STATE, has_code
from backend.aliyun.mapping import SOURCE_SCHEME, encrypted, of_present_file, renditions, source_file
from backend.errors import CloudError
from backend.model import MediaFile, Video

if TYPE_CHECKING:
    from backend.store.cloud import CloudRecords

log = logging.getLogger(__name__)

LIVES_SECONDS = 3600  # validity of a URL from when it was issued
KEPT_SECONDS = 300.0
WAIT_SECONDS = 1.5  # a page is waiting
SLOW_SECONDS = 15.0  # after a timeout, requests do not wait for this long
MAX_KEPT = 2000
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """The pending or cached response for a video with these files, and its expiry."""

    until: float
    known: tuple[MediaFile, ...]
    answer: Future[tuple[MediaFile, ...]]

    @property
    def has_failed(self) -> bool:
        return self.answer.done() and self.answer.exception() is not None


class PlayAddresses:
    """Adds fresh play URLs to videos; concurrent requests for the same video share one call."""

    def __init__(
        self, client: Client, records: CloudRecords, clock: Callable[[], float] = time.monotonic,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:  # fmt: skip
        self._client, self._records, self._clock, self._wait_seconds = client, records, clock, wait_seconds
        self._pool = ThreadPoolExecutor(AT_ONCE, "play")
        self._guard = threading.Lock()
        self._slow_until = 0.0
        self._kept: dict[str, Kept] = {}

    def with_current_urls(self, video: Video) -> Video:
        """Return the video with playable URLs, or with the known ones if VOD is slow or fails."""
        if not video.is_whole:
            return video
        # While VOD is slow, requests do not wait; its response is used the next time.
        wait = self._wait_seconds if self._clock() >= self._slow_until else 0.0
        try:
            files = self._ask(video).result(wait)
        except TooLate:
            self._slow_until = self._clock() + SLOW_SECONDS if wait else self._slow_until
            files = ()
        except CloudError as error:
            log.info("%s keeps its known URLs: %s", video.video_id, error)
            files = ()
        return replace(video, files=_merged(video, files))

    def forget(self, video_id: str) -> None:
        """Drop the cached URLs of this video."""
        with self._guard:
            self._kept.pop(video_id, None)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, video: Video) -> Future[tuple[MediaFile, ...]]:
        now = self._clock()
        with self._guard:
            kept = self._kept.get(video.video_id)
            if kept is None or now >= kept.until or kept.known != video.files or kept.has_failed:
                if len(self._kept) >= MAX_KEPT:
                    self._kept.clear()
                answer = self._pool.submit(self._find, video.video_id)
                kept = self._kept[video.video_id] = Kept(now + KEPT_SECONDS, video.files, answer)
            return kept.answer

    def _find(self, video_id: str) -> tuple[MediaFile, ...]:
        wanted = {"VideoId": video_id, "ResultType": "Multiple", "AuthTimeout": LIVES_SECONDS}
        try:
            answer = self._client.call("GetPlayInfo", wanted, expect="PlayInfoList")
            answer = of_present_file(self._records, video_id, answer)
            # The source must not bypass encryption.
            if files := renditions(answer, self._records.kinds_of(video_id)) + encrypted(answer):
                return tuple(files)
        except CloudError as error:
            if not has_code(error, *WRONG_STATE, *NO_STREAM):
                raise
        # Not transcoded yet, or blocked: reviewers see the source.
        wanted = {"VideoId": video_id, "OutputType": "cdn", "AuthTimeout": LIVES_SECONDS}
        found = self._client.call("GetMezzanineInfo", wanted, expect="Mezzanine.FileURL")["Mezzanine"]
        return (replace(source_file(video_id), name=str(found["FileURL"])),)


def _merged(video: Video, fresh: tuple[MediaFile, ...]) -> tuple[MediaFile, ...]:
    """Return the video's files with fresh ones replacing those of the same kind, without unplayable ones."""
    new = {file.kind for file in fresh}
    kept = [file for file in video.files if file.kind not in new and not file.name.startswith(SOURCE_SCHEME)]
    return (*kept, *fresh)
