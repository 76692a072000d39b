"""A file that is made while it is sent, and how many of them there may be at once."""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from backend.errors import TooMany

MAX_OF_ONE, MAX_AT_ONCE = 4, 16  # exports of one person, and in all
Batches = Generator[tuple[int, Any], None, None]
Chunks = Generator[bytes, None, None]


@dataclass(slots=True)
class Progress:
    """How many rows there were when the file was begun, and how many are in it."""

    total: int
    done: int = 0


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made while it is sent. Closing its chunks gives back whatever making it has taken."""

    name: str
    media_type: str
    chunks: Chunks
    progress: Progress = field(default_factory=lambda: Progress(0))


class CountedChunks(Generator[bytes, None, None]):
    """The chunks of a file, which count as one of the exports of somebody until they are closed, read or forgotten."""

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
    """How many files are being made, by person: each takes connections, threads and megabytes while it is read."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._guard = threading.Lock()

    def check(self, who: str) -> None:
        """Raise TooMany where this person has to wait before another file can be made."""
        with self._guard:
            self._check(who)

    def begin(self, who: str, download: Download) -> Download:
        """Count a file as one of this person's until it ends. Raises TooMany."""
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
            self._running += Counter()  # forgets who has none
        release_memory()


def release_memory() -> None:
    """Give memory that is free back to the machine: the allocator keeps what many threads had, for later."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None:
        trim(0)
