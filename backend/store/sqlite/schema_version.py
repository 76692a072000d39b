"""Whether a database is of a version that we know."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from backend.store.errors import StoreError
from backend.store.sqlite.migrations.schema import migrations


def is_ours(connection: sqlite3.Connection) -> bool:
    """Say whether some version of the console has made this database."""
    sql = "select 1 from sqlite_master where name = ?"
    return connection.execute(sql, [migrations.migrations_table]).fetchone() is not None


def find_newer(connection: sqlite3.Connection) -> list[str]:
    """Return the migrations of a database that this version does not know: a newer one has made them."""
    if not is_ours(connection):
        return []
    sql = f"select name from {migrations.migrations_table} where migration_set = ? order by rowid"
    known = {migration.name for migration in migrations.pending(Database(memory=True))}
    return [name for (name,) in connection.execute(sql, [migrations.name]) if name not in known]


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError for a database that a newer version has written: nobody knows what we would do to it."""
    if newer := find_newer(connection):
        raise StoreError(
            f"The database {path} is of a newer version of the console, with {', '.join(newer)}. Nothing was changed. "
            "Start that version, or put a backup of this one in its place with: python -m backend restore FILE"
        )
