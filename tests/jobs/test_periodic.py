"""Steps done again and again in a thread: they survive trouble, and end when they are told to."""

from __future__ import annotations

import threading
from contextlib import nullcontext

import pytest

from backend.jobs import periodic
from backend.jobs.periodic import Periodic


class Rounds(Periodic):
    def __init__(self, seconds=0.001, leading=periodic.any_process):
        super().__init__("rounds", seconds, leading)
        self.count = 0

    def step(self):
        self.count += 1
        if self.count == 2:
            raise ZeroDivisionError("the second")


@pytest.fixture
def rounds(monkeypatch):
    monkeypatch.setattr(periodic, "TROUBLE_SECONDS", 0.001)
    made = Rounds()
    yield made
    made.stop()


def test_a_step_that_breaks_off_is_told_and_not_the_last(rounds, eventually, caplog):
    rounds.start()

    eventually(lambda: rounds.count > 3)

    assert "rounds failed" in caplog.text
    assert "the second" in caplog.text


def test_no_step_follows_the_end(rounds, eventually):
    rounds.start()
    eventually(lambda: rounds.count > 0)

    rounds.stop()

    seen = rounds.count
    threading.Event().wait(0.02)
    assert rounds.count == seen


def test_what_never_began_may_be_stopped(rounds):
    rounds.stop()

    assert rounds.count == 0


def test_a_step_is_made_only_while_no_other_process_makes_them(eventually):
    asked, answers = [], [False, False, True]

    def leading(task):
        asked.append(task)
        return nullcontext(answers.pop(0) if answers else False)

    made = Rounds(leading=leading)
    made.start()
    eventually(lambda: len(asked) > 5)
    made.stop()

    assert made.count == 1
    assert set(asked) == {"rounds"}
