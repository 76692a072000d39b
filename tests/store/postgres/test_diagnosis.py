"""What the doctor says of a PostgreSQL server, and that it names what would lose or mix changes."""

from __future__ import annotations

import time
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import sql

from backend.store import open_store
from backend.store.postgres.diagnosis import diagnose
from backend.store.postgres.opening import connect


@pytest.fixture
def examined(postgres):
    """Returns the findings of two new connections, by their first word."""

    def examine(pool=22):
        with connect(postgres) as one, connect(postgres) as other:
            return {text.partition(":")[0]: (good, text) for good, text in diagnose(one, other, pool)}

    return examine


@pytest.fixture
def change(postgres):
    """Executes a statement, and the one that undoes it when the test ends."""
    with psycopg.connect(postgres, autocommit=True) as db, ExitStack() as stack:

        def execute(statement, undo):
            name = sql.Identifier(db.info.dbname)
            db.execute(sql.SQL(statement).format(db=name))
            stack.callback(db.execute, sql.SQL(undo).format(db=name))

        yield execute


def test_a_sound_server_is_good_but_for_the_durability_that_tests_do_without(examined):
    found = examined()

    assert [name for name, (good, _) in found.items() if not good] == ["durability"]
    assert "fsync is off, full_page_writes is off" in found["durability"][1]
    assert "encoding UTF8" in found["server"][1]
    assert "tried with two" in found["locks"][1]


def test_a_store_asks_two_connections_of_its_own(postgres, tmp_path):
    store = open_store(tmp_path, database=postgres)
    assert {text.partition(":")[0] for _, text in store.diagnose()} >= {"server", "locks", "clock", "connections"}
    store.close()


def test_changes_that_are_not_written_before_they_are_confirmed_are_named(examined, change):
    change("alter database {db} set synchronous_commit = off", "alter database {db} reset synchronous_commit")

    assert "synchronous_commit is off" in examined()["durability"][1]


def test_too_few_connections_are_named(examined, change):
    change("alter database {db} connection limit 21", "alter database {db} connection limit -1")

    good, text = examined()["connections"]
    assert not good
    assert "21 at most" in text
    assert "0 processes fit" in text


def test_a_clock_that_differs_is_named(examined, monkeypatch):
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3600)

    good, text = examined()["clock"]
    assert not good
    assert "3600" in text
    assert "ahead" in text


def test_locks_that_do_not_exclude_are_named(postgres):
    """As with a pooler that gives both transactions one session."""
    with connect(postgres) as one:
        (found,) = [(good, text) for good, text in diagnose(one, one, 22) if text.startswith("locks")]

    assert not found[0]
    assert "session mode" in found[1]


def test_tables_that_are_spread_by_citus_are_named(examined, change):
    change("create table pg_dist_partition (logicalrel bigint)", "drop table pg_dist_partition")
    assert examined()["server"][0]
    change("insert into pg_dist_partition values (1)", "delete from pg_dist_partition")
    good, text = examined()["server"]

    assert not good
    assert "Citus" in text


def test_a_newer_schema_is_told(examined, change):
    change("insert into migrations values ('9999_next', 0)", "delete from migrations where name = '9999_next'")

    assert "9999_next" in examined()["schema"][1]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)", "CockroachDB"),
        ("PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64-pc-linux-gnu", "YugabyteDB"),
    ],
)
def test_what_only_speaks_like_postgresql_is_named(postgres, told, name):
    class Pretending:
        """A connection to another server."""

        def __init__(self, connection):
            self._connection = connection

        def __getattr__(self, attribute):
            return getattr(self._connection, attribute)

        def execute(self, statement, values=None):
            return self._connection.execute("select $1::text", [told]) if "version()" in statement else (
                self._connection.execute(statement, values)
            )  # fmt: skip

    with connect(postgres) as one, connect(postgres) as other:
        good, text = next(diagnose(Pretending(one), other, 22))

    assert not good
    assert name in text
