"""Prewarming over plain HTTP: each address is fetched once, through whatever cache stands before it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import requests

from backend.errors import ConsoleError
from backend.model import Job, Video, WarmState
from backend.tasks import Done, Failed, Outcome, Task, Tasks

TIMEOUT = (5, 30)  # seconds to connect, and between two pieces of an answer
CHUNK = 1 << 20
AT_ONCE = 4


class HttpCache:
    """Warms caches by asking them. `hosts` is called each time: the server learns its own address when it listens."""

    def __init__(self, hosts: Callable[[], tuple[str, ...]], tasks: Tasks | None = None) -> None:
        self._hosts = hosts
        self._tasks = tasks or Tasks()

    def hosts(self) -> tuple[str, ...]:
        return self._hosts()

    def start(self, job: Job, video: Video | None) -> str:
        urls: list[str] = job.payload["urls"]
        return self._tasks.start(lambda task: _warm_all(urls, task), name="prewarm")

    def poll(self, reference: str) -> Outcome:
        return self._tasks.poll(reference)

    def cancel(self, reference: str) -> None:
        self._tasks.cancel(reference)


def _warm_all(urls: list[str], task: Task) -> Done | Failed:
    warmed: dict[int, tuple[WarmState, str]] = {}
    with ThreadPoolExecutor(AT_ONCE, "warm") as pool, requests.Session() as session:
        session.trust_env = False  # a proxy of this machine's environment is not the cache that people use
        waiting = {pool.submit(_warm, session, url, task): position for position, url in enumerate(urls)}
        for future in as_completed(waiting):
            warmed[waiting[future]] = future.result()
            task.report(len(warmed) / len(urls), {"warmed": dict(warmed)})
    bad = sum(state is WarmState.FAILED for state, _ in warmed.values())
    if bad:
        reason = ConsoleError(
            "{bad} of {count} addresses could not be fetched; the batch says why.", bad=bad, count=len(urls)
        )
        return Failed(reason, facts={"warmed": warmed})
    return Done(facts={"warmed": warmed})


def _warm(session: requests.Session, url: str, task: Task) -> tuple[WarmState, str]:
    started = time.monotonic()
    try:
        # A redirect could lead anywhere, this machine's own network included, so it is not followed.
        with session.get(url, stream=True, timeout=TIMEOUT, allow_redirects=False) as answer:
            if answer.status_code != 200:
                return WarmState.FAILED, f"HTTP {answer.status_code}"
            size = 0
            for chunk in answer.iter_content(CHUNK):
                size += len(chunk)
                if task.stopped.is_set():
                    return WarmState.FAILED, "stopped"
    except requests.Timeout:
        return WarmState.FAILED, "timeout"
    except requests.RequestException as error:
        return WarmState.FAILED, type(error).__name__
    return WarmState.WARM, f"{size} B, {time.monotonic() - started:.1f} s"
