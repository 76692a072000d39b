"""The time in tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

SEED_TIME = 1547043089  # 2019-01-09 22:11:29 in Shanghai, the time of the seed's examples


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = SEED_TIME) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def process_zone(name: str) -> Iterator[None]:
    """Have this process believe that it is in a time zone, which need not be the console's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", name)
        time.tzset()
        yield
    time.tzset()
