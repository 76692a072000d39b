"""Play URLs: requested from VOD when a video is shown, cached briefly, with a short wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from backend.aliyun.client import Client
from backend.aliyun.errors import NO_STREAM, WRONG_STATE, has_code
from backend.aliyun.mapping import SOURCE_SCHEME, encrypted, of_present_file, renditions, source_file
from backend.errors import CloudError
from backend.model import FileKind, MediaFile, Video

if TYPE_CHECKING:
    from backend.store.cloud import CloudRecords

log = logging.getLogger(__name__)

LIVES_SECONDS = 3600  # validity of a URL from when it was issued
SHOWN_SECONDS = 3000.0  # while VOD issues no new ones, old URLs are shown this long: a player needs time to start
KEPT_SECONDS = 300.0
RENEW_SECONDS = 2.0  # between two requests of players whose URLs failed
WAIT_SECONDS = 1.5  # a page is waiting
SLOW_SECONDS = 15.0  # after a timeout, requests do not wait for this long
MAX_KEPT = 2000
AT_ONCE = 8
PLAYED = (FileKind.SOURCE, FileKind.COMMON, FileKind.NARROW)

Files = tuple[MediaFile, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The files that VOD returned for a video, and when they were requested."""

    asked: float
    files: Files


@dataclass(slots=True)
class Kept:
    """The pending or cached response for a video with these files, and the last good one before it.

    `delivered` is when it was first returned to a caller.
    """

    asked: float
    known: Files
    answer: Future[Files]
    before: Given | None = None
    delivered: float | None = None

    @property
    def given(self) -> Given | None:
        """The response; None while it is pending or after an error."""
        if self.answer.done() and self.answer.exception() is None:
            return Given(self.asked, self.answer.result())
        return None

    def is_current(self, now: float, renew: bool) -> bool:
        """Return whether this response is to be used; a renewal uses one that no player has tried yet."""
        if not self.answer.done():
            return True
        untried = self.delivered is None or now < self.delivered + RENEW_SECONDS
        return self.given is not None and now < self.asked + KEPT_SECONDS and (untried or not renew)


class PlayAddresses:
    """Adds fresh play URLs to videos; concurrent requests for the same video share one call.

    `signed_here` are the hosts whose URLs the console signs itself. A request waits up to `wait_seconds` for VOD.
    """

    def __init__(
        self, client: Client, records: CloudRecords, signed_here: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic, wait_seconds: float = WAIT_SECONDS,
    ) -> None:  # fmt: skip
        self._client, self._records, self.clock, self.wait_seconds = client, records, clock, wait_seconds
        self._signed_here = frozenset(signed_here)
        self._pool = ThreadPoolExecutor(AT_ONCE, "play")
        self._guard = threading.Lock()
        self._slow_until = 0.0
        self._kept: dict[str, Kept] = {}
        self._signs: dict[str, bool] = {}  # by host: whether VOD signs its URLs there

    def with_current_urls(self, video: Video, renew: bool = False) -> Video:
        """Return the video with playable URLs; the name of a file without one is empty.

        If VOD is slow or fails, these are the last ones it issued, or the known ones of hosts that need no signature.
        `renew`: the last URLs did not play, so request new ones, unless that was done just now.
        """
        if not video.is_whole:
            return video
        # While VOD is slow, requests do not wait; its response is used the next time.
        wait = self.wait_seconds if self.clock() >= self._slow_until else 0.0
        kept, has_failed = self._ask(video, renew), False
        try:
            files = kept.answer.result(wait)
            if kept.delivered is None:
                kept.delivered = self.clock()
            return replace(video, files=_merged(video, files))
        except TooLate:
            self._slow_until = self.clock() + SLOW_SECONDS if wait else self._slow_until
        except CloudError as error:
            log.info("%s keeps its known URLs: %s", video.video_id, error)
            has_failed = True
        if kept.before and self.clock() < kept.before.asked + SHOWN_SECONDS:
            return replace(video, files=_merged(video, kept.before.files))
        return replace(video, files=tuple(self._if_it_plays(file, has_failed) for file in video.files))

    def forget(self, video_id: str) -> None:
        """Drop the cached URLs of this video."""
        with self._guard:
            self._kept.pop(video_id, None)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, video: Video, renew: bool) -> Kept:
        now = self.clock()
        with self._guard:
            kept = self._kept.get(video.video_id)
            if kept and kept.known != video.files:
                kept = None
            if kept and kept.is_current(now, renew):
                return kept
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            before = (kept.given or kept.before) if kept and not renew else None
            answer = self._pool.submit(self._find, video.video_id)
            self._kept[video.video_id] = kept = Kept(now, video.files, answer, before)
            return kept

    def _if_it_plays(self, file: MediaFile, has_failed: bool) -> MediaFile:
        """Return a known file, without its URL if that does not play.

        Before VOD has issued a URL on its host this is unknown, and an unsigned one is worth a try only after an error.
        """
        if file.kind not in PLAYED:
            return file
        host = _host(file.name)
        plays = host in self._signed_here or not self._signs.get(host, not has_failed)
        return file if plays and not file.name.startswith(SOURCE_SCHEME) else replace(file, name="")

    def _find(self, video_id: str) -> Files:
        files = self._from_vod(video_id)
        for file in files:
            self._signs[_host(file.name)] = "?" in file.name
        return files

    def _from_vod(self, video_id: str) -> Files:
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


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # it is none
        return ""


def _merged(video: Video, fresh: Files) -> Files:
    """Return the video's files with the fresh ones in place of everything playable that was known."""
    new = {file.kind for file in fresh}
    return (*(file for file in video.files if file.kind not in PLAYED and file.kind not in new), *fresh)
