"""Videos that are fetched from an address elsewhere: what such a job is, and who does it where no cloud does."""

from __future__ import annotations

import errno
import http.client
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from backend.errors import DISK_FULL, ConsoleError, MediaError, NotFound
from backend.jobs.runner import Done, Task
from backend.lifecycle.ingest import VideoMetadata, ingest_file, kept_until_stored, new_incoming
from backend.model import Job, Video
from backend.model.pull import PullSource, file_name_of
from backend.prewarm import read_line
from backend.prewarm.fetcher import CHUNK, MAX_HOPS, REDIRECTS, Limits, asking
from backend.prewarm.ssrf import is_wanted
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.console import Console

MAX_SECONDS = 6 * 3600.0
MIN_RATE = 32 << 10  # bytes a second, on average: far below any host of videos, and a drip holds nobody up for hours
GRACE_PAUSES = 2
PART_OF_FETCHING = 0.95
MIN_FREE_BYTES = 100_000_000  # that a fetch leaves to the database and to uploads
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT)
STATUS = "The address answered with HTTP {status}; open it in a browser to see why."
NOT_FETCHED = "The file could not be fetched from {host}: {why}. Check the address, then try again."
TOO_MANY_HOPS = "The address leads on to another one more than {most} times."
TOO_LARGE = "The file is larger than {limit} MB."


class Pace:
    """How long one fetch may take: as its limits say, and no longer than GRACE_PAUSES and what its bytes take at
    MIN_RATE, as the next ones wait for it.
    """

    def __init__(self, limits: Limits) -> None:
        self._started, self._seconds, self._grace = time.monotonic(), limits.seconds, limits.pause * GRACE_PAUSES
        self.received = 0  # bytes

    def deadline(self) -> float:
        return self._started + min(self._seconds, self._grace + self.received / MIN_RATE)

    def is_over(self) -> bool:
        return time.monotonic() > self.deadline()


class Puller:
    """Fetches files, by the same rules as prewarming: names lead to the internet, never to this machine's network."""

    def __init__(
        self, settings: Callable[[], Settings], own: Callable[[], tuple[str, ...]], limits: Limits | None = None
    ) -> None:
        """Of the `own` places, which may lie inside, only media files are fetched."""
        self._settings, self._own = settings, own
        self._limits = limits or Limits(seconds=MAX_SECONDS, size=settings().max_upload_mb * 1_000_000)

    def run(self, job: Job, video: Video | None, task: Task) -> Done:
        """Fetch a file. The outcome's facts are its `path`."""
        url = str(job.payload["sourceUrl"])
        path, pace = new_incoming(self._settings(), file_name_of(url)), Pace(self._limits)
        try:
            self._fetch(url, path, task, pace)
        except (OSError, http.client.HTTPException, ValueError) as error:
            path.unlink(missing_ok=True)
            if isinstance(error, ConsoleError) or (isinstance(error, OSError) and error.errno in DISK_ERRORS):
                raise
            task.report(0.0)  # raises where it was stopped
            why = "timeout" if isinstance(error, TimeoutError) or pace.is_over() else type(error).__name__
            raise MediaError(NOT_FETCHED, host=urlsplit(url).hostname, why=why) from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Done(facts={"path": str(path)})

    def _fetch(self, url: str, path: Path, task: Task, pace: Pace) -> None:
        for _ in range(MAX_HOPS + 1):
            url = read_line(url, None, self._own())
            inside = is_wanted(url, self._own(), self._settings().prewarm_hosts)
            with asking(url, task, pace.deadline, self._limits, inside=inside) as answer:
                if answer.status in REDIRECTS and (target := answer.headers.get("Location")):
                    url = urljoin(url, target)
                    continue
                if answer.status != 200:
                    raise MediaError(STATUS, status=answer.status)
                self._keep(answer, path, task, pace)
                return
        raise MediaError(TOO_MANY_HOPS, most=MAX_HOPS)

    def _keep(self, answer: http.client.HTTPResponse, path: Path, task: Task, pace: Pace) -> None:
        total = answer.length or 0
        too_large = MediaError(TOO_LARGE, limit=self._limits.size // 1_000_000)
        if total > self._limits.size:
            raise too_large
        _check_room(path, total)
        with path.open("wb") as file:
            while piece := answer.read1(CHUNK):  # what is there: a slow server's bytes count as they come
                pace.received += len(piece)
                if pace.received > self._limits.size:
                    raise too_large
                _check_room(path, len(piece))
                file.write(piece)
                task.report(pace.received / total * PART_OF_FETCHING if total else 0.0)
        if answer.length or pace.is_over():
            raise http.client.IncompleteRead(b"", answer.length)


def _check_room(path: Path, coming: int) -> None:
    """Raise ConsoleError where so many bytes more would take what a fetch leaves free on the disk."""
    if shutil.disk_usage(path.parent).free - coming < MIN_FREE_BYTES:
        raise ConsoleError(DISK_FULL)


def settle(console: Console, job: Job, outcome: Done) -> None:
    """Take in a file that was fetched, as a video with the job's id: doing it again changes nothing.

    Raises MediaError where it is no video.
    """
    path, source = Path(outcome.facts["path"]), PullSource.read(job.payload)
    said = VideoMetadata(
        file_name_of(source.url), source.owner, source.title, source.description, source.tags, source.cate_id,
        source.cate_name, video_id=job.job_id,
    )  # fmt: skip
    with kept_until_stored(path, console.settings) as file:
        try:
            console.store.catalogue.get_video(job.job_id)
        except NotFound:
            ingest_file(console, file, said, source.actor)
    del outcome.facts["path"]
    outcome.facts["videoId"] = job.job_id
