"""Changes in PostgreSQL, one and many at once: each is whole or leaves nothing, and is told how it ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import psycopg
import pytest

from backend.store import Reason, StoreError, group_commit, open_store
from tests.store.postgres.statements import end_connections, execute, words, write


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
                return [one.exception(60) or one.result() for one in others]

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

    def test_are_kept_if_the_last_of_them_fails(self, store, at_once):
        found = at_once(lambda db: db.execute("select 1"), partial(write, store, "a"), partial(write, store, "a"))

        assert [type(one) for one in found].count(StoreError) == 1
        assert words(store) == [("a",)]

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
