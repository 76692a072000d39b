"""A server that no longer answers although its machine does, as if its processes were stopped."""

from __future__ import annotations

import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from backend.store import StoreError, open_store
from backend.store.errors import Reason
from backend.store.group_commit import GroupedWriter
from backend.store.postgres import change_cache, watchdog, writer
from backend.store.postgres.database import run

NOT_AT_ALL = 10_000.0  # seconds


@pytest.fixture
def store(proxy, tmp_path, monkeypatch):
    for module, name, seconds in (
        (watchdog, "CHECK_SECONDS", 0.02), (watchdog, "USED_SECONDS", 0.0), (change_cache, "ANSWER_SECONDS", 0.05),
        (writer, "RETRY_SECONDS", NOT_AT_ALL),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, seconds)
    # the least that a connection may take
    opened = open_store(tmp_path, database=psycopg.conninfo.make_conninfo(proxy.address, connect_timeout=2))
    yield opened
    proxy.answers.set()
    opened.close()


def write(store, word):
    with store.engine.writing() as db:
        db.execute("insert into cloud_places (name, value) values (?, '')", [word])


@pytest.mark.slow
def test_everybody_is_told_that_the_database_cannot_be_used_and_nothing_was_changed(store, proxy, postgres, eventually):
    inside, silent = threading.Barrier(3), threading.Event()

    def begin_and(do, transaction):
        with transaction() as db:
            inside.wait()
            silent.wait()
            do(db)

    def insert(db):
        db.execute("insert into cloud_places (name, value) values ('first', '')")

    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(begin_and, insert, store.engine.writing)]
        calls += [pool.submit(begin_and, lambda db: db.fetch("select 1"), store.engine.reading)]
        inside.wait()
        calls += [pool.submit(write, store, str(number)) for number in range(4)]
        eventually(lambda: store.engine.waiting == 4)
        proxy.answers.clear()
        silent.set()
        errors = [call.exception() for call in calls]

    assert [getattr(error, "reason", error) for error in errors] == [Reason.UNREACHABLE] * 6
    with psycopg.connect(postgres) as db:
        assert db.execute("select name from cloud_places").fetchall() == []


def test_a_connection_may_be_in_use_for_long_while_the_server_lets_others_in(store, postgres, eventually):
    asked: list[None] = []
    dog = watchdog.Watchdog(postgres, lambda: asked.append(None) is not None)  # what it asks first has no answer
    dog.start()
    with psycopg.connect(postgres) as connection, dog.watching(connection):
        eventually(lambda: len(asked) > 3)
        assert connection.execute("select 1").fetchone() == (1,)
    dog.stop()


def test_who_waited_while_no_connection_could_be_opened_is_told_so_without_another_attempt(monkeypatch, eventually):
    monkeypatch.setattr(writer, "RETRY_SECONDS", NOT_AT_ALL)
    attempts: list[None] = []

    def fail():
        attempts.append(None)
        eventually(lambda: writes.waiting == 3)
        raise psycopg.errors.ConnectionTimeout("connection timeout expired")

    idle = watchdog.Watchdog("", lambda: True)
    writes = GroupedWriter(writer.Writer(fail, time.time, list, lambda db, rows: None, idle), "The database")

    def change():
        with writes.turn():
            pass

    with ThreadPoolExecutor(4) as pool:
        errors = [call.exception() for call in [pool.submit(change) for _ in range(4)]]

    assert {str(error) for error in errors} == {"connection timeout expired"}
    assert len(attempts) == 1


def test_a_connection_that_ends_within_a_command_means_that_the_server_cannot_be_reached(store):
    def break_it():
        with store.engine.unpooled_reader() as db:
            with socket.socket(fileno=os.dup(db.conn.fileno())) as shared:
                shared.shutdown(socket.SHUT_RDWR)
            run(db.conn.pgconn, b"select 1")

    with pytest.raises(StoreError) as told:
        break_it()
    assert told.value.reason is Reason.UNREACHABLE
