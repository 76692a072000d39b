"""A PostgreSQL server that ends connections, is busy, or is away: what callers are told, and that it works again."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial

import psycopg
import pytest

from backend.model import Actor, User, Video
from backend.store import UNKNOWN, Reason, StoreError, group_commit, open_store
from backend.store.postgres import change_cache, connections

ACTOR = Actor("tests", "tests")
OTHERS = "pid <> pg_backend_pid() and datname = current_database() and application_name = 'qu-console'"


@pytest.fixture
def store(postgres, tmp_path):
    opened = open_store(tmp_path, database=postgres)
    yield opened
    opened.close()


@pytest.fixture
def admin(postgres):
    """A connection besides the console's."""
    with psycopg.connect(postgres, autocommit=True) as db:
        yield db


def end_connections(admin):
    return admin.execute(f"select count(pg_terminate_backend(pid)) from pg_stat_activity where {OTHERS}").fetchone()[0]


def words(store):
    with store.engine.reading() as db:
        return db.fetch("select name from cloud_places order by 1")


def write(store, word):
    with store.engine.writing() as db:
        db.execute("insert into cloud_places (name, value) values (?, '')", [word])


def execute(store, *statements):
    with store.engine.writing() as db:
        for sql in statements:
            db.execute(sql)


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


def test_of_many_who_write_at_once_none_is_lost(store, postgres, tmp_path):
    other = open_store(tmp_path, database=postgres)

    def add(number):
        one = (store, other)[number % 2].engine
        with one.writing() as db:
            count = db.execute("select count(*) from cloud_places").fetchone()[0]
            db.execute("insert into cloud_places (name, value) values (?, ?)", [str(number), str(count)])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add, range(48)))

    with other.engine.reading() as db:
        counts = db.fetch("select cast(value as bigint) from cloud_places order by 1")
    assert counts == [(number,) for number in range(48)]  # each saw all before it
    other.close()


class TestChangesAtOnce:
    @pytest.fixture
    def at_once(self, store, eventually, monkeypatch):
        """Runs changes that all wait for the same one before them, and returns their results and errors."""
        monkeypatch.setattr(group_commit, "GROUP_SECONDS", 1000.0)

        def run(first, *changes):
            with ThreadPoolExecutor(len(changes)) as pool:
                with suppress(StoreError), store.engine.writing() as db:
                    others = [pool.submit(change) for change in changes]
                    eventually(lambda: store.engine.waiting == len(changes))
                    first(db)
                return [one.exception(10) or one.result() for one in others]

        return run

    @staticmethod
    def add(store, word):
        with store.engine.writing() as db:
            db.execute("insert into cloud_places (name, value) values (?, '')", [word])
            return db.fetch("select pg_current_xact_id()::text")[0][0]

    def test_share_one_commit_and_are_all_there(self, store, at_once):
        found = at_once(
            lambda db: db.execute("select 1"), *[partial(self.add, store, str(number)) for number in range(8)]
        )

        assert len(set(found)) == 1
        assert words(store) == [(str(number),) for number in range(8)]

    def test_fail_alone(self, store, at_once):
        adds = [partial(self.add, store, word) for word in ("a", "b", "a", "c")]

        found = at_once(lambda db: db.execute("select 1"), *adds)

        assert [type(one) for one in found].count(StoreError) == 1
        assert words(store) == [("a",), ("b",), ("c",)]

    def test_fail_alone_if_nobody_asks_for_the_result_of_what_failed(self, store, at_once):
        found = at_once(lambda db: db.execute("select 1"), *[partial(write, store, word) for word in "abac"])

        assert [type(one) for one in found].count(StoreError) == 1
        assert words(store) == [("a",), ("b",), ("c",)]

    def test_do_not_suffer_from_the_first_one_that_fails(self, store, at_once):
        found = at_once(lambda db: db.execute("nonsense"), partial(self.add, store, "a"), partial(self.add, store, "b"))

        assert StoreError not in [type(one) for one in found]
        assert words(store) == [("a",), ("b",)]

    def test_are_all_told_when_their_connection_breaks(self, store, admin, at_once):
        def break_it(db):
            db.execute("insert into cloud_places (name, value) values ('first', '')")
            end_connections(admin)

        found = at_once(break_it, *[partial(self.add, store, str(number)) for number in range(4)])

        kept = {word for (word,) in words(store)}
        assert "first" not in kept
        assert kept == {str(number) for number, one in enumerate(found) if not isinstance(one, StoreError)}
        assert self.add(store, "after")


def test_a_connection_that_broke_among_many_statements_is_replaced(store):
    with suppress(StoreError), store.engine.writing() as db:
        db.conn.pgconn.enter_pipeline_mode()  # as executemany does
        db.conn.pgconn.send_query_params(b"select 1", None)
        raise psycopg.OperationalError("cannot exit pipeline mode while busy")

    write(store, "a")
    assert words(store) == [("a",)]


def test_a_change_that_failed_leaves_nothing_and_tells_its_listeners_nothing(store):
    told, before = [], store.version()
    store.listeners.append(lambda: told.append(1))

    with pytest.raises(StoreError, match=r"cannot be written: .*duplicate key"), store.engine.writing() as db:
        db.execute("insert into cloud_places (name, value) values ('a', ''), ('a', '')")
    with pytest.raises(StoreError, match="violates foreign key"), store.engine.writing() as db:
        db.execute("insert into special_entries values ('none', 'none', 1)")
    with pytest.raises(KeyError), store.engine.writing() as db:
        {}[db.execute("insert into cloud_places (name, value) values ('a', '')").rowcount]

    assert words(store) == []
    assert (told, store.version()) == ([], before)
    write(store, "a")
    assert told == [1]
    assert store.version() != before


def test_an_error_that_is_caught_within_a_change_does_not_make_it_look_saved(store):
    with pytest.raises(StoreError, match="undid a change"), store.engine.volatile() as db, suppress(psycopg.Error):
        db.execute("select nonsense")

    write(store, "a")


SKIPPED = "insert into cloud_places (name, value) values ('b', '')"


def test_a_statement_that_was_skipped_behind_one_that_failed_can_be_executed_later(store):
    for _ in range(6):  # one of which prepares the second statement
        with pytest.raises(StoreError, match="nonsense"):
            execute(store, "insert into nonsense values ('a')", SKIPPED)
    execute(store, SKIPPED)

    assert words(store) == [("b",)]


def test_a_change_of_many_statements_tells_how_many_rows_each_changed(store):
    names = [str(number) for number in range(3000)]
    with store.engine.writing() as db:
        db.executemany("insert into cloud_places (name, value) values (?, '')", [(name,) for name in names])
        one = db.execute("update cloud_places set value = 'x' where name like '1%'")
        none = db.execute("delete from cloud_places where name = 'none'")
        rows = db.query("select name, value from cloud_places where name = '12'")
        assert (one.rowcount, none.rowcount) == (sum(name.startswith("1") for name in names), 0)
        assert list(rows) == [{"name": "12", "value": "x"}]

    assert len(words(store)) == len(names)


def test_a_reader_sees_one_state_and_cannot_write(store):
    with store.engine.reading() as db:
        assert db.fetch("select count(*) from cloud_places") == [(0,)]
        write(store, "a")
        assert db.fetch("select count(*) from cloud_places") == [(0,)]
    with pytest.raises(StoreError) as told, store.engine.reading() as db:
        db.execute("delete from cloud_places")

    assert told.value.reason is Reason.READ_ONLY


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
