"""Nothing is written, and nobody's turn at writing is taken, while nothing waits."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from backend.jobs.worker import Worker
from backend.lifecycle.trash import Purger
from backend.model import JobKind

ROUNDS = 8


@pytest.fixture
def held(console):
    """The write lock, held by another program: whoever wants to write waits for half a minute."""
    with closing(sqlite3.connect(console.settings.data / "console.sqlite3", isolation_level=None)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


def log_of(console):
    path = console.settings.data / "console.sqlite3-wal"
    return path.stat().st_size, path.stat().st_mtime_ns


def test_a_worker_and_a_purger_that_wait_write_nothing(console, make_video, held, monkeypatch, eventually):
    claims, claim = [], console.store.jobs.claim_job

    def counted(*given):
        claims.append(claim(*given))
        return claims[-1]

    monkeypatch.setattr("backend.jobs.worker.CLAIM_SECONDS", 0.01)
    monkeypatch.setattr(console.store.jobs, "claim_job", counted)
    before, version = log_of(console), console.store.version()
    purger, worker = Purger(console, seconds=0.01), Worker(console.store, dict.fromkeys(JobKind))

    purger.start()
    worker.start()
    eventually(lambda: len(claims) >= ROUNDS)
    purger.stop()
    worker.stop()

    assert set(claims) == {None}
    assert (log_of(console), console.store.version()) == (before, version)


def test_what_waits_for_events_of_the_cloud_writes_nothing(console, held):
    before, version = log_of(console), console.store.version()

    assert [console.store.cloud.claim_event() for _ in range(ROUNDS)] == [None] * ROUNDS
    assert [console.store.cloud.find_intents() for _ in range(ROUNDS)] == [[]] * ROUNDS

    assert (log_of(console), console.store.version()) == (before, version)
