"""What tests of workers share."""

from __future__ import annotations

import pytest

from backend.jobs import worker as worker_module


@pytest.fixture
def paused(monkeypatch):
    """A clock that moves on by itself to whatever a worker waits for, and tells the pauses after what was refused."""

    class Clock:
        def __init__(self):
            self.now, self.pauses = 0.0, []

        def __call__(self):
            return self.now

    clock = Clock()
    backoff = worker_module.backoff

    def told(failures, pauses):
        clock.pauses.append(backoff(failures, pauses))
        clock.now += clock.pauses[-1]
        return 0.0

    monkeypatch.setattr(worker_module, "backoff", told)
    return clock
