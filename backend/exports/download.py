"""Streamed downloads, and the limit on concurrent ones."""

from __future__ import annotations

import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from backend.errors import TooMany

MAX_OF_ONE, MAX_AT_ONCE = 4, 16  # concurrent exports, per user and in total
Batches = Generator[tuple[int, Any], None, None]
Chunks = Generator[bytes, None, None]


@dataclass(slots=True)
class Progress:
    """The total number of rows and the number written so far."""

    total: int
    done: int = 0


@dataclass(frozen=True, slots=True)
class Download:
    """A file generated while it is sent. Closing its chunks releases its resources."""

    name: str
    media_type: str
    chunks: Chunks
    progress: Progress = field(default_factory=lambda: Progress(0))


class CountedChunks(Generator[bytes, None, None]):
    """Chunks that count towards the export limit until they are closed, exhausted or garbage-collected."""

    def __init__(self, chunks: Chunks, end: Callable[[], None]) -> None:
        self._chunks, self._end = chunks, weakref.finalize(self, end)
        self._end.atexit = False

    def send(self, value: None) -> bytes:
        try:
            return self._chunks.send(value)
        except BaseException:
            self._end()
            raise

    def throw(self, *error: Any) -> bytes:
        try:
            return self._chunks.throw(*error)
        finally:
            self._end()

    def close(self) -> None:
        try:
            self._chunks.close()
        finally:
            self._end()


class Exports:
    """Counts running exports by user; each uses connections, threads and megabytes."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._guard = threading.Lock()

    def check(self, who: str) -> None:
        """Raise TooMany if this user has reached the limit."""
        with self._guard:
            self._check(who)

    def begin(self, who: str, download: Download) -> Download:
        """Count a download towards this user's limit until it ends. Raises TooMany."""
        try:
            with self._guard:
                self._check(who)
                self._running[who] += 1
        except TooMany:
            download.chunks.close()
            raise
        return replace(download, chunks=CountedChunks(download.chunks, partial(self._end, who)))

    def _check(self, who: str) -> None:
        if self._running[who] >= MAX_OF_ONE:
            raise TooMany("You have {most} exports running. Wait until one of them has finished.", most=MAX_OF_ONE)
        if self._running.total() >= MAX_AT_ONCE:
            raise TooMany("{most} exports are already running, which is the limit. Try again soon.", most=MAX_AT_ONCE)

    def _end(self, who: str) -> None:
        with self._guard:
            self._running[who] -= 1
            self._running += Counter()  # removes users with a count of zero
        release_memory()


def release_memory() -> None:
    """Return free memory to the system; the allocator would keep the arenas of finished threads."""
    import ctypes

    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None:
        trim(0)
