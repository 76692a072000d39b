"""Schema of the PostgreSQL database: one SQL file per migration, applied once each, in order of name.

Tables and columns are those of SQLite, as a test compares them: a migration of one engine comes with one of the other.
Released files are never edited. A file with the first line `-- rebuild` asks for what is derived from the rows to be
made anew. Only `upgrade` changes a schema, in the caller's transaction, so that a failure half-way undoes it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from psycopg import Connection, RawCursor

LEDGER = "migrations"
REBUILD = "-- rebuild\n"
FIRST = f'create table {LEDGER} (name text collate "C" primary key, applied double precision not null)'


@cache
def scripts() -> dict[str, str]:
    """Return the SQL of every step by name, in order."""
    paths = sorted(Path(__file__).parent.glob("[0-9]*.sql"))
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def is_ours(connection: Connection[Any]) -> bool:
    """Return whether the console made tables in this database."""
    return _exists(connection, LEDGER) and _exists(connection, "history_head")


def is_empty(connection: Connection[Any]) -> bool:
    """Return whether there are no tables yet where ours would be."""
    sql = "select 1 from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' limit 1"
    return connection.execute(sql).fetchone() is None


def applied(connection: Connection[Any]) -> list[str]:
    """Return the names of the applied steps, in order."""
    if not _exists(connection, LEDGER):
        return []
    return [name for (name,) in connection.execute(f"select name from {LEDGER} order by name")]


def find_unknown(connection: Connection[Any]) -> list[str]:
    """Return applied steps unknown to this version."""
    return [name for name in applied(connection) if name not in scripts()]


def find_pending(connection: Connection[Any]) -> list[str]:
    """Return the steps to be applied."""
    known = set(applied(connection))
    return [name for name in scripts() if name not in known]


def upgrade(connection: Connection[Any]) -> bool:
    """Apply pending steps inside the caller's transaction; return whether derived data must be rebuilt."""
    if not _exists(connection, LEDGER):
        connection.execute(FIRST)
    pending = find_pending(connection)
    for name in pending:
        connection.execute(scripts()[name])  # several statements: allowed without parameters
        note = f"insert into {LEDGER} values ($1, extract(epoch from clock_timestamp()))"
        RawCursor(connection).execute(note, [name])
    return any(scripts()[name].startswith(REBUILD) for name in pending)


def _exists(connection: Connection[Any], table: str) -> bool:
    found = RawCursor(connection).execute("select to_regclass($1)", [table]).fetchone()
    return found is not None and found[0] is not None
