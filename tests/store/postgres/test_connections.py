"""A PostgreSQL server that ends connections, is busy, or is away: what callers are told, and that it works again."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest

from backend.model import Actor, User, Video
from backend.store import UNKNOWN, Reason, StoreError, open_store
from backend.store.postgres import change_cache, connections
from tests.store.postgres.statements import OTHERS, end_connections, execute, words, write

ACTOR = Actor("tests", "tests")


def test_connections_that_the_server_ended_are_noticed_by_nobody(store, admin):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: words(store), range(20)))
    store.version()
    assert end_connections(admin) >= 2

    write(store, "a")
    end_connections(admin)

    assert words(store) == [("a",)]
    end_connections(admin)
    assert store.tickets.issue("export", "what")


def test_after_the_connection_broke_nothing_kept_before_is_believed(store, admin, eventually):
    before = store.version()
    end_connections(admin)

    assert store.version() == UNKNOWN
    eventually(lambda: store.version() != UNKNOWN)
    assert store.version() != before


def test_a_server_that_does_not_answer_holds_nobody_up(store, admin, monkeypatch, eventually):
    if not admin.info.host.startswith("/"):
        pytest.skip("the server is on another machine")
    monkeypatch.setattr(change_cache, "ANSWER_SECONDS", 0.05)
    store.version()
    asked = f"select pid from pg_stat_activity where query like '%from changes' and {OTHERS}"
    (pid,) = admin.execute(asked).fetchone()

    os.kill(pid, signal.SIGSTOP)
    try:
        assert store.version() == UNKNOWN
        assert words(store) == []
        eventually(lambda: store.version() != UNKNOWN)
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_server_that_lets_nobody_in_is_called_away_and_serves_again_later(
    store, admin, monkeypatch, eventually, tmp_path
):
    store.engine.close()
    monkeypatch.setattr(connections, "AWAY_SECONDS", 0.1)
    monkeypatch.setattr(connections, "WAIT_SECONDS", 60.0)  # which nobody waits for
    address = admin.info.dsn
    name = admin.info.dbname
    opened = open_store(tmp_path, database=address)
    with psycopg.connect(address, dbname="postgres", autocommit=True) as server:
        server.execute(f"alter database {name} allow_connections false")
        try:
            end_connections(admin)
            with pytest.raises(StoreError, match=f"The database {name} at .* cannot be read") as told:
                words(opened)
            assert told.value.reason is Reason.UNREACHABLE
            assert opened.version() == UNKNOWN
        finally:
            server.execute(f"alter database {name} allow_connections true")

    def serves():
        try:
            return words(opened) == []
        except StoreError:
            return False

    eventually(serves)
    opened.close()


@pytest.mark.parametrize("kind", ["volatile", "feed_writing"])
def test_who_waits_for_others_of_the_process_for_too_long_is_told_that_it_is_busy(store, monkeypatch, kind):
    monkeypatch.setattr(connections, "WAIT_SECONDS", 0.1)
    write = getattr(store.engine, kind)

    def write_too():
        with write():
            pass

    with ThreadPoolExecutor(1) as pool, write():
        error = pool.submit(write_too).exception(timeout=60)

    assert isinstance(error, StoreError)
    assert error.reason is Reason.BUSY


def test_a_pool_whose_connections_are_all_at_work_is_busy_even_if_the_server_lets_nobody_else_in(
    store, admin, monkeypatch, tmp_path
):
    store.engine.close()
    for name, value in (("MAX_CONNECTIONS", 2), ("AWAY_SECONDS", 0.1), ("WAIT_SECONDS", 0.5)):
        monkeypatch.setattr(connections, name, value)
    opened, name = open_store(tmp_path, database=admin.info.dsn), admin.info.dbname
    with psycopg.connect(admin.info.dsn, dbname="postgres", autocommit=True) as server, opened.engine.reading() as work:
        server.execute(f"alter database {name} allow_connections false")
        try:
            with pytest.raises(StoreError) as told:
                words(opened)
            assert work.fetch("select 1") == [(1,)]
        finally:
            server.execute(f"alter database {name} allow_connections true")
    assert told.value.reason is Reason.BUSY
    opened.close()


def test_an_export_whose_connection_breaks_is_told_why(store, admin):
    def read():
        with store.engine.unpooled_reader() as db:
            end_connections(admin)
            db.fetch("select 1")

    with pytest.raises(StoreError, match="cannot be read"):
        read()


def test_who_waits_while_the_server_is_away_is_served_as_soon_as_it_is_back(
    store, admin, monkeypatch, caplog, eventually, tmp_path
):
    store.engine.close()
    monkeypatch.setattr(connections, "AWAY_SECONDS", connections.WAIT_SECONDS)  # long enough for several attempts
    opened = open_store(tmp_path, database=admin.info.dsn)
    gave_up = "reconnection attempt in pool 'qu-console' failed"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(admin.info.dsn, dbname="postgres", autocommit=True) as server:
        server.execute(f"alter database {admin.info.dbname} allow_connections false")
        try:
            end_connections(admin)
            waiting = pool.submit(words, opened)
            eventually(lambda: caplog.text.count(gave_up) > 3)  # and began again
        finally:
            server.execute(f"alter database {admin.info.dbname} allow_connections true")
        assert waiting.result() == []
    opened.close()


def test_who_waits_for_a_lock_for_too_long_is_told_that_it_is_busy(store, admin):
    admin.execute("begin")
    admin.execute("lock table cloud_places")
    with pytest.raises(StoreError) as told:
        execute(store, "set local lock_timeout = '10ms'", "insert into cloud_places values ('a', '')")
    admin.execute("rollback")

    assert told.value.reason is Reason.BUSY
    write(store, "a")


def test_a_process_that_stops_within_a_change_is_thrown_out_and_the_others_go_on(store, postgres, tmp_path):
    other = open_store(tmp_path, database=postgres)
    entered, thrown_out = threading.Event(), threading.Event()

    def stop():
        with store.engine.writing() as db:
            db.fetch("select set_config('idle_in_transaction_session_timeout', '50ms', true)")
            entered.set()
            thrown_out.wait(60)
            db.execute("select 1")

    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(stop)
        entered.wait(60)
        write(other, "b")
        thrown_out.set()
        with pytest.raises(StoreError) as told:
            stopped.result(60)

    assert told.value.passing
    assert words(store) == [("b",)]
    other.close()


def test_a_task_is_done_by_one_process_at_a_time(store, postgres, tmp_path, admin):
    other = open_store(tmp_path, database=postgres)
    with store.leading("purger") as first, other.leading("purger") as second, other.leading("prewarmer") as another:
        assert (first, second, another) == (True, False, True)
    with other.leading("purger") as now:
        assert now
        end_connections(admin)
        with store.leading("purger") as next_one:
            assert next_one
    with store.leading("purger") as again:
        assert again
    other.close()


def test_all_consoles_have_the_clock_of_the_server(store, admin, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)

    there = admin.execute("select extract(epoch from clock_timestamp())::double precision").fetchone()[0]
    assert abs(store.now() - there) < 5


class TestOpening:
    @pytest.fixture
    def empty(self, admin, postgres_database):
        """The address of a database without tables."""
        name = f"{postgres_database.name}_empty"
        admin.execute(f"create database {name} template template0 encoding 'UTF8'")
        yield psycopg.conninfo.make_conninfo(postgres_database.address, dbname=name)
        admin.execute(f"drop database {name} with (force)")

    def test_six_that_open_an_empty_database_at_once_make_one_console(self, empty, tmp_path):
        with ThreadPoolExecutor(6) as pool, ExitStack() as stack:
            opened = pool.map(lambda _: open_store(tmp_path, database=empty), range(6))
            stores = [stack.enter_context(closing(store)) for store in opened]
            stores[0].catalogue.load_videos([Video("v", "火锅", User("u"), 1_700_000_000)], ACTOR)
            assert [words(store) for store in stores] == [[]] * 6
            assert {store.history.newest_line() for store in stores} == {1}

    def test_tables_of_another_program_are_left_alone(self, empty, tmp_path):
        with psycopg.connect(empty) as db:
            db.execute("create table orders (id bigint)")

        with pytest.raises(StoreError, match="none of this console's") as told:
            open_store(tmp_path, database=empty)
        assert told.value.reason is Reason.VERSION

    def test_an_older_schema_is_upgraded_only_when_asked(self, empty, tmp_path):
        open_store(tmp_path, database=empty).close()
        with psycopg.connect(empty) as db:
            db.execute("delete from migrations where name = '0002_triggers'")

        with pytest.raises(StoreError, match="python -m backend upgrade"):
            open_store(tmp_path, database=empty)

    def test_a_newer_schema_is_used_so_that_servers_can_be_upgraded_one_by_one(self, empty, tmp_path):
        open_store(tmp_path, database=empty).close()
        with psycopg.connect(empty) as db:
            db.execute("insert into migrations values ('9999_later', 0)")

        open_store(tmp_path, database=empty).close()

    def test_letters_in_another_encoding_are_refused(self, admin, postgres_database, tmp_path):
        name = f"{postgres_database.name}_ascii"
        admin.execute(f"create database {name} template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'")
        with pytest.raises(StoreError, match="has the encoding SQL_ASCII"):
            open_store(tmp_path, database=psycopg.conninfo.make_conninfo(postgres_database.address, dbname=name))
        admin.execute(f"drop database {name} with (force)")
