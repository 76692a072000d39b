"""Schema of the PostgreSQL database: one SQL file per migration, applied once each, in order of name.

Tables and columns are those of SQLite, as a test compares them: a migration of one engine comes with one of the other.
Released files are never edited. A file with the first line `-- rebuild` asks for what is derived from the rows to be
made anew. Only `upgrade` changes a schema, in the caller's transaction, so that a failure half-way undoes it.

Servers of the version before go on working during an upgrade and after it, so a migration only adds: tables, columns
that need no value, indexes, and triggers that work with what the version before writes. What nobody needs any more is
removed one version later.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from psycopg import Connection, RawCursor

LEDGER = "migrations"
REBUILD = "-- rebuild\n"
DUE = "rebuild"  # in the ledger from a step that asks for it until it is done
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
    schema = "quote_ident(current_schema())::regnamespace"
    sql = f"select 1 from pg_class where relnamespace = {schema} and relkind = 'r' limit 1"
    return connection.execute(sql).fetchone() is None


def applied(connection: Connection[Any]) -> list[str]:
    """Return the names of the applied steps, in order."""
    if not _exists(connection, LEDGER):
        return []
    sql = f"select name from {LEDGER} where name <> '{DUE}' order by name"
    return [name for (name,) in connection.execute(sql)]


def find_unknown(connection: Connection[Any]) -> list[str]:
    """Return applied steps unknown to this version."""
    return [name for name in applied(connection) if name not in scripts()]


def find_pending(connection: Connection[Any]) -> list[str]:
    """Return the steps to be applied."""
    known = set(applied(connection))
    return [name for name in scripts() if name not in known]


def is_rebuild_due(connection: Connection[Any]) -> bool:
    """Return whether what is derived from the rows must be made anew, since an applied step asked for it."""
    if not _exists(connection, LEDGER):
        return False
    return connection.execute(f"select 1 from {LEDGER} where name = '{DUE}'").fetchone() is not None


def note_rebuilt(connection: Connection[Any]) -> None:
    """Note that what is derived from the rows was made anew, in the transaction in which it was."""
    connection.execute(f"delete from {LEDGER} where name = '{DUE}'")


def upgrade(connection: Connection[Any]) -> None:
    """Apply pending steps inside the caller's transaction."""
    is_new = not _exists(connection, LEDGER)
    if is_new:
        connection.execute(FIRST)
    pending = find_pending(connection)
    note = f"insert into {LEDGER} values ($1, extract(epoch from clock_timestamp())) on conflict do nothing"
    for name in pending:
        connection.execute(scripts()[name])  # several statements: allowed without parameters
        RawCursor(connection).execute(note, [name])
    if not is_new and any(scripts()[name].startswith(REBUILD) for name in pending):
        RawCursor(connection).execute(note, [DUE])


def _exists(connection: Connection[Any], table: str) -> bool:
    found = RawCursor(connection).execute("select to_regclass($1)", [table]).fetchone()
    return found is not None and found[0] is not None
