"""Prewarming over plain HTTP: each address is fetched once, through whatever cache stands before it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

from backend.errors import BadRequest, ConsoleError
from backend.jobs.runner import Done, Failed, Task
from backend.model import Job, Video, WarmState
from backend.prewarm import read_line
from backend.prewarm.fetcher import CHUNK, MAX_HOPS, REDIRECTS, Limits, asking
from backend.prewarm.ssrf import host_port, is_literal_address

AT_ONCE = 4
LIMITS = Limits()


class HttpCache:
    """Warms caches by asking them. `hosts` and `own` are called each time: a server learns its address as it listens.

    Of the `own` places, which may lie inside, only media files are fetched.
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

    def check_room(self, count: int) -> None:
        """Nobody counts what is fetched here."""

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
        try:
            for _ in range(MAX_HOPS + 1):
                with self._asking(url, task, started + self._limits.seconds) as answer:
                    if answer.status in REDIRECTS and (target := answer.headers.get("Location")):
                        url = urljoin(url, target)
                        continue
                    if answer.status != 200:
                        return WarmState.FAILED, f"HTTP {answer.status}"
                    size = self._read(answer, task, started + self._limits.seconds)
                    return WarmState.WARM, f"{size} B, {time.monotonic() - started:.1f} s"
            return WarmState.FAILED, f"more than {MAX_HOPS} redirects"
        except BadRequest as error:
            return WarmState.FAILED, str(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if task.stopped.is_set():
                return WarmState.FAILED, "stopped"
            late = isinstance(error, TimeoutError) or time.monotonic() - started >= self._limits.seconds
            return WarmState.FAILED, "timeout" if late else type(error).__name__

    @contextmanager
    def _asking(self, url: str, task: Task, deadline: float) -> Iterator[http.client.HTTPResponse]:
        """Ask for an address, after every check, and give the answer. Raises BadRequest where it may not be asked."""
        url = read_line(url, self._hosts(), self._own())
        inside = is_literal_address(urlsplit(url).hostname or "") or host_port(url) in self._own()
        with asking(url, task, lambda: deadline, self._limits, inside=inside) as answer:
            yield answer

    def _read(self, answer: http.client.HTTPResponse, task: Task, deadline: float) -> int:
        size = 0
        while piece := answer.read(CHUNK):
            size += len(piece)
            if size > self._limits.size:
                raise BadRequest("it is larger than {most} bytes", most=self._limits.size)
        if answer.length or task.stopped.is_set() or time.monotonic() > deadline:
            raise http.client.IncompleteRead(b"", answer.length)
        return size
