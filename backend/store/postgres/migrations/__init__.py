"""Schema of the PostgreSQL database: one SQL file per migration, applied once each, in order of name.

Tables and columns are those of SQLite, as a test compares them: a migration of one engine comes with one of the other.
Released files are never edited. Only `upgrade` changes a schema, in the caller's transaction, so that a failure
half-way undoes it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

LEDGER = "migrations"
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


def upgrade(connection: Connection[Any]) -> None:
    """Apply pending steps inside the caller's transaction."""
    if not _exists(connection, LEDGER):
        connection.execute(FIRST)
    for name in find_pending(connection):
        connection.execute(scripts()[name])  # several statements: allowed without parameters
        note = f"insert into {LEDGER} values (%s, extract(epoch from clock_timestamp()))"
        connection.execute(note, [name])


def _exists(connection: Connection[Any], table: str) -> bool:
    found = connection.execute("select to_regclass(%s)", [table]).fetchone()
    return found is not None and found[0] is not None
