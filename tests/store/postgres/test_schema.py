"""Both databases have the same tables and columns, so that statements serve both and data can move."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from backend.store import open_store
from backend.store.moving import DERIVED, TABLES, VOLATILE

TYPES = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": "text", "BLOB": "bytea"}
# What SQLite alone needs: its full text search, and its own books.
SQLITE_ONLY = ("_words", "_vocabulary", "_reworded", "sqlite_", "_sqlite_migrations")
POSTGRES_ONLY = {"changes", "finding", "migrations"}
COLUMNS = """
    select t.relname, a.attname, format_type(a.atttypid, null), a.attnotnull, coalesce(c.collname, '')
    from pg_attribute a join pg_class t on t.oid = a.attrelid left join pg_collation c on c.oid = a.attcollation
    where t.relnamespace = 'public'::regnamespace and t.relkind = 'r' and a.attnum > 0 and not a.attisdropped
"""


@pytest.fixture
def columns(postgres):
    with psycopg.connect(postgres) as db:
        return db.execute(COLUMNS).fetchall()


@pytest.fixture
def in_sqlite(tmp_path):
    """table -> column -> (type, whether it must have a value)"""
    store = open_store(tmp_path)
    with store.engine.volatile(), store.engine.feed_writing():  # makes their files
        pass
    store.close()
    found = {}
    for path in tmp_path.glob("*.sqlite3"):
        db = sqlite3.connect(path)
        for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
            if not any(word in table for word in SQLITE_ONLY):
                rows = db.execute(f'pragma table_info("{table}")').fetchall()
                found[table] = {name: (TYPES[kind], bool(must or key)) for _, name, kind, must, _, key in rows}
        db.close()
    return found


def test_both_databases_have_the_same_tables_and_columns(columns, in_sqlite):
    in_postgres = {}
    for table, name, kind, must, _ in columns:
        if table not in POSTGRES_ONLY:
            in_postgres.setdefault(table, {})[name] = (kind, must)

    assert sorted(in_postgres) == sorted(in_sqlite)
    for table, wanted in in_sqlite.items():
        assert in_postgres[table] == wanted, table


def test_texts_are_compared_by_their_bytes_as_in_sqlite(columns):
    assert {(kind, collation) for _, _, kind, _, collation in columns} == {
        ("bigint", ""), ("double precision", ""), ("bytea", ""), ("text", "C"),
    }  # fmt: skip


def test_every_table_is_moved_made_anew_or_left_behind_on_purpose(in_sqlite):
    """A new table belongs into one of these, or its rows would be lost when data move to another database."""
    assert sorted(in_sqlite) == sorted((*TABLES, *DERIVED, *VOLATILE))
