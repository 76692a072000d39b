"""Fetching videos from URLs: the job and its local runner."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backend.errors import MediaError, NotFound
from backend.jobs.runner import Done, Task
from backend.lifecycle.disk_space import check_free_space
from backend.lifecycle.ingest import VideoMetadata, ingest_file, kept_until_stored, new_incoming
from backend.model import Job, Video
from backend.model.pull import PullSource, file_name_of
from backend.prewarm import read_line
from backend.prewarm.fetcher import MAX_HOPS, Fetch, FetchError, Limits, TooLarge, TooManyRedirects
from backend.prewarm.ssrf import is_wanted
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.console import Console

MAX_SECONDS = 6 * 3600.0
PART_OF_FETCHING = 0.95
STATUS = "The address answered with HTTP {status}; open it in a browser to see why."
NOT_FETCHED = "The file could not be fetched from {host}: {why}. Check the address, then try again."
TOO_MANY_HOPS = "The address redirects more than {most} times."
TOO_LARGE = "The file is larger than {limit} MB."


class Puller:
    """Fetches files by the same SSRF rules as prewarming: names must resolve to public addresses."""

    def __init__(
        self, settings: Callable[[], Settings], own: Callable[[], tuple[str, ...]], scratch: Path,
        limits: Limits | None = None,
    ) -> None:  # fmt: skip
        """Files are fetched to `scratch`. On `own` hosts, which may be internal, only media files are fetched."""
        self._settings, self._own, self._scratch = settings, own, scratch
        self._limits = limits or Limits(seconds=MAX_SECONDS, size=settings().max_upload_mb * 1_000_000)

    def run(self, job: Job, video: Video | None, task: Task) -> Done:
        """Fetch a file; its path is returned in the outcome's facts as `path`."""
        url = str(job.payload["sourceUrl"])
        path, fetch = new_incoming(self._scratch, file_name_of(url)), Fetch(task, self._limits)
        try:
            with fetch.opened(url, self._check) as answer:
                if answer.status != 200:
                    raise MediaError(STATUS, status=answer.status)
                sha256 = self._keep(fetch.pieces(answer), answer.length_remaining or 0, path, task)
        except BaseException as error:
            path.unlink(missing_ok=True)
            if not isinstance(error, FetchError):
                raise
            task.report(0.0)  # raises if cancelled
            raise self._explain(error, url) from None
        return Done(facts={"path": str(path), "sha256": sha256})

    def _check(self, url: str) -> tuple[str, bool]:
        url = read_line(url, None, self._own())
        return url, is_wanted(url, self._own(), self._settings().prewarm_hosts)

    def _explain(self, error: FetchError, url: str) -> MediaError:
        if isinstance(error, TooLarge):
            return MediaError(TOO_LARGE, limit=self._limits.size // 1_000_000)
        if isinstance(error, TooManyRedirects):
            return MediaError(TOO_MANY_HOPS, most=MAX_HOPS)
        return MediaError(NOT_FETCHED, host=urlsplit(url).hostname, why=str(error))

    def _keep(self, pieces: Iterator[bytes], total: int, path: Path, task: Task) -> str:
        """Write what comes to a file, and return its SHA-256."""
        digest = hashlib.sha256()
        check_free_space(path.parent, min(total, self._limits.size))
        with path.open("wb") as file:
            for piece in pieces:
                check_free_space(path.parent, len(piece))
                file.write(piece)
                digest.update(piece)
                task.report(file.tell() / total * PART_OF_FETCHING if total else 0.0)
        return digest.hexdigest()


def settle(console: Console, job: Job, outcome: Done) -> None:
    """Import a fetched file as a video with the job's id; idempotent.

    Raises MediaError if it is not a video.
    """
    path, source = Path(outcome.facts["path"]), PullSource.read(job.payload)
    said = VideoMetadata(
        file_name_of(source.url), source.owner, source.title, source.description, source.tags, source.cate_id,
        source.cate_name, video_id=job.job_id,
    )  # fmt: skip
    with kept_until_stored(path, outcome.facts.get("sha256", "")) as file:
        try:
            console.store.catalogue.get_video(job.job_id)
        except NotFound:
            ingest_file(console, file, said, source.actor)
    for name in ("path", "sha256"):
        outcome.facts.pop(name, None)
    outcome.facts["videoId"] = job.job_id
