"""A database is moved and restored by a process that holds it alone."""

from __future__ import annotations

import threading

import psycopg
import pytest

from backend.store.errors import StoreError
from backend.store.postgres.connections import connect, note_use
from backend.store.postgres.tables import hold_alone


@pytest.fixture
def slow_server(monkeypatch):
    """Makes a server notice only after a moment that a client has closed its connection."""
    timers, close = [], psycopg.Connection.close

    def close_later(connection):
        timers.append(threading.Timer(0.3, close, [connection]))
        timers[-1].start()

    monkeypatch.setattr(psycopg.Connection, "close", close_later)
    yield
    for timer in timers:
        timer.join()


@pytest.mark.usefixtures("slow_server")
def test_a_console_can_be_opened_as_soon_as_nobody_holds_the_database_alone(postgres):
    with hold_alone(postgres):
        pass
    with connect(postgres) as console:
        note_use(console)


@pytest.mark.usefixtures("slow_server")
def test_a_database_can_be_held_alone_as_soon_as_its_consoles_are_closed(postgres):
    with connect(postgres) as console:
        note_use(console)
    with hold_alone(postgres):
        pass


def test_a_database_in_use_is_not_held_alone_and_its_users_are_named(postgres):
    with connect(postgres) as console:
        note_use(console)
        with pytest.raises(StoreError, match=r"is in use \((this machine of the database|127\.0\.0\.1)\)"):
            hold_alone(postgres).__enter__()
