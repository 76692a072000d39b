"""Does something to several things at once, and to so many that others who wait for the database wait shortly."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """As many at once as take `seconds` together, at most `most`: it learns how long one takes.

    What is changed at once is committed together, which costs one wait for the disk.
    """

    def __init__(self, pool: Executor, most: int, seconds: float) -> None:
        self._pool, self._most, self._seconds = pool, most, seconds
        self._width = 1

    def map(self, act: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Return what `act` returns for each, in order. Raises its errors, when those begun with it have ended."""
        found: list[R] = []
        while len(found) < len(items):
            part = items[len(found) : len(found) + self._width]
            started = time.monotonic()
            begun = [self._pool.submit(act, one) for one in part]
            errors = [one.exception() for one in begun]
            for error in filter(None, errors):
                raise error
            found += [one.result() for one in begun]
            each = (time.monotonic() - started) / len(part)
            self._width = max(1, min(self._most, int(self._seconds / max(each, 1e-6))))
        return found
