"""The clock of the database's server, which all consoles share: theirs may differ."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]

MEASURE_SECONDS = 60.0


class ServerClock:
    """Tells the server's time by this machine's monotonic clock, compared once a minute."""

    def __init__(self, read: Callable[[], float | None], monotonic: Clock = time.monotonic) -> None:
        """`read` returns the server's time, in seconds since 1970 (UTC), or None if it cannot be asked."""
        self._read, self._monotonic = read, monotonic
        self._guard = threading.Lock()
        self._offset = time.time() - monotonic()  # until the server was asked
        self._due = monotonic()

    def __call__(self) -> float:
        now = self._monotonic()
        if now >= self._due and self._guard.acquire(blocking=False):
            try:
                self._measure()
            finally:
                self._guard.release()
        return self._monotonic() + self._offset

    def _measure(self) -> None:
        before = self._monotonic()
        told = self._read()
        after = self._monotonic()
        if told is not None:
            self._offset = told - (before + after) / 2
        self._due = after + MEASURE_SECONDS
