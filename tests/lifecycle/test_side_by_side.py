"""Things are done side by side as far as that takes a short time; each has its own end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.lifecycle.side_by_side import SideBySide

MOST = 4


@pytest.fixture
def pool():
    with ThreadPoolExecutor(MOST) as made:
        yield made


def test_what_is_quick_is_done_by_all_at_once(pool):
    together = threading.Barrier(MOST)

    def act(number):
        if number:  # the first shows how long one takes
            together.wait(60)
        return number * 10

    assert SideBySide(pool, MOST, 1000).map(act, range(2 * MOST + 1)) == [10 * number for number in range(2 * MOST + 1)]


def test_what_takes_long_is_done_one_by_one(pool):
    at_work, most = [], []

    def act(number):
        at_work.append(number)
        most.append(len(at_work))
        at_work.remove(number)

    SideBySide(pool, MOST, 0).map(act, range(20))

    assert set(most) == {1}


def test_those_begun_with_one_that_fails_are_ended_and_no_more_are_begun(pool):
    done = []

    def act(number):
        if number == 2:
            raise MemoryError
        done.append(number)

    with pytest.raises(MemoryError):
        SideBySide(pool, MOST, 1000).map(act, range(20))

    assert sorted(done) == [0, 1, 3, 4]
