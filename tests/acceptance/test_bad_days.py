"""Short bad days: `python -m tests.acceptance.bad_days` has more of them, and longer ones."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests import postgres_server
from tests.acceptance import bad_day_events as events
from tests.acceptance.bad_day_events import EVENTS, Event
from tests.acceptance.bad_days import live_through

pytestmark = pytest.mark.slow
SECONDS = 1.0


@pytest.fixture(autouse=True)
def binaries():
    postgres_server.require()
    if postgres_server.find_binaries() is None:
        pytest.skip("needs PostgreSQL's own programs, to end and begin a server")


@pytest.fixture
def folder():
    """One that others may enter: PostgreSQL refuses to run as root."""
    with tempfile.TemporaryDirectory(prefix="qu-bad-days-") as name:
        made = Path(name)
        made.chmod(0o755)
        yield made


def test_what_is_killed_comes_back_with_all_that_was_acknowledged_and_nothing_twice(folder, object_store):
    parts = (events.kill_console, events.end_connections, events.kill_backend, events.kill_cluster)
    event = Event(lambda day: "; ".join(part(day) for part in parts))

    outcome = live_through(event, folder, SECONDS, object_store)

    assert outcome.wrong == [], outcome.did
    assert outcome.verdict.acknowledged > 20


def test_a_standby_that_takes_over_has_all_that_was_acknowledged(folder, object_store):
    outcome = live_through(EVENTS["fail-over"], folder, SECONDS, object_store)

    assert outcome.wrong == [], outcome.did
    assert outcome.verdict.acknowledged > 20


def test_a_full_disk_of_the_database_is_told_and_does_not_take_what_was_acknowledged(folder, object_store):
    if os.getuid() != 0:
        pytest.skip("only root may mount a small disk")

    outcome = live_through(EVENTS["disk-full"], folder, SECONDS, object_store)

    assert outcome.wrong == [], outcome.did
    assert "500 The disk is full, so nothing was changed. Free some space and try again." in outcome.told.messages
