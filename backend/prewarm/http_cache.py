"""Prewarming over plain HTTP: each URL is fetched once, through the cache in front of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from urllib.parse import urlsplit

from backend.errors import BadRequest, ConsoleError
from backend.jobs.runner import Done, Failed, Task
from backend.model import Job, Video, WarmState
from backend.prewarm import read_line
from backend.prewarm.fetcher import Fetch, FetchError, Limits
from backend.prewarm.ssrf import host_port, is_literal_address

AT_ONCE = 4
LIMITS = Limits()


class HttpCache:
    """Warms caches by fetching files.

    `hosts` and `own` are callables, because a server learns its address when it starts to listen. On `own` hosts, which
    may be internal, only media files are fetched.
    """

    def __init__(
        self,
        hosts: Callable[[], tuple[str, ...]],
        own: Callable[[], tuple[str, ...]] = tuple,
        limits: Limits = LIMITS,
    ) -> None:
        self._hosts, self._own, self._limits = hosts, own, limits

    def hosts(self) -> tuple[str, ...]:
        return self._hosts()

    def room(self, *, fresh: bool) -> None:
        """No quota applies."""

    def check_room(self, count: int) -> None:
        """No quota applies."""

    def own(self) -> tuple[str, ...]:
        return self._own()

    def run(self, job: Job, video: Video | None, task: Task) -> Done | Failed:
        urls: list[str] = job.payload["urls"]
        warmed: dict[int, tuple[WarmState, str]] = {}
        with ThreadPoolExecutor(AT_ONCE, "warm") as pool:
            waiting = {pool.submit(self._warm, url, task): position for position, url in enumerate(urls)}
            for future in as_completed(waiting):
                warmed[waiting[future]] = future.result()
                task.report(len(warmed) / len(urls), {"warmed": dict(warmed)})
        bad = sum(state is WarmState.FAILED for state, _ in warmed.values())
        if bad:
            reason = ConsoleError(
                "{bad} of {count} addresses could not be fetched. The list below says why.", bad=bad, count=len(urls)
            )
            return Failed(reason, facts={"warmed": warmed})
        return Done(facts={"warmed": warmed})

    def _warm(self, url: str, task: Task) -> tuple[WarmState, str]:
        started = time.monotonic()
        fetch = Fetch(task, self._limits)
        try:
            with fetch.opened(url, self._check) as answer:
                if answer.status != 200:
                    return WarmState.FAILED, f"HTTP {answer.status}"
                size = sum(map(len, fetch.pieces(answer)))
                return WarmState.WARM, f"{size} B, {time.monotonic() - started:.1f} s"
        except (BadRequest, FetchError) as error:
            return WarmState.FAILED, str(error)

    def _check(self, url: str) -> tuple[str, bool]:
        url = read_line(url, self._hosts(), self._own())
        return url, is_literal_address(urlsplit(url).hostname or "") or host_port(url) in self._own()
