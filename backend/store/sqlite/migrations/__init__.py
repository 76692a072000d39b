"""Schema of the SQLite database: one SQL file per migration, applied once each, in order of name.

To change the schema, add a file `NNNN_topic.sql` with the next number; released files are never edited. If two branches
use the same number, one is renamed before merging. Each statement ends with a semicolon at the end of its line. SQL may
use the functions of `connections.add_functions`, whose behaviour is then frozen too. A file with the first line `--
rebuild` triggers a rebuild of the search index and the counts in the same transaction. A change that other stores need
belongs in their folders too.

Only `upgrade` changes a schema. It runs inside the caller's transaction, so a crash half-way undoes it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

SET = "qu-console"
LEDGER = "_sqlite_migrations"
REBUILD = "-- rebuild\n"

# Names of these steps before they were SQL files, and the last step merged into the initial schema.
FORMER = {
    "m012_filters": "0002_filters",
    "m013_cloud_backoff": "0003_cloud_backoff",
    "m014_bounded": "0004_bounded",
    "m015_folded_names": "0005_folded_names",
    "m016_categories": "0006_categories",
}
FORMER_FIRST, FIRST = "m011_reworded", "0001_initial"


@cache
def scripts() -> dict[str, str]:
    """Return the SQL of every step by name, in order."""
    paths = sorted(Path(__file__).parent.glob("[0-9]*.sql"))
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def is_ours(connection: sqlite3.Connection) -> bool:
    """Return whether the console created this database."""
    return connection.execute("select 1 from sqlite_master where name = ?", [LEDGER]).fetchone() is not None


def applied(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the applied steps, in order."""
    if not is_ours(connection):
        return []
    sql = f"select name from {LEDGER} where migration_set = ? order by rowid"
    names = [name for (name,) in connection.execute(sql, [SET])]
    if FORMER_FIRST in names:
        names = [FIRST, *names[names.index(FORMER_FIRST) + 1 :]]
    return [FORMER.get(name, name) for name in names]


def is_before_first(connection: sqlite3.Connection) -> bool:
    """Return whether a development version created this database, before the initial schema."""
    names = applied(connection)
    return bool(names) and FIRST not in names and all(name.startswith("m0") for name in names)


def find_unknown(connection: sqlite3.Connection) -> list[str]:
    """Return applied steps unknown to this version."""
    return [name for name in applied(connection) if name not in scripts()]


def find_pending(connection: sqlite3.Connection) -> list[str]:
    """Return the steps to be applied."""
    known = set(applied(connection))
    return [name for name in scripts() if name not in known]


def upgrade(connection: sqlite3.Connection, stop_before: str | None = None) -> bool:
    """Apply pending steps inside the caller's transaction; return whether derived data must be rebuilt."""
    pending = find_pending(connection)
    if not pending:
        return False
    # Imported here: with pandas, which it loads if installed, it takes 0.4 s and 42 MB, and only upgrades need it.
    from sqlite_utils import Database, Migrations

    _take_over_former_names(connection)
    migrations = Migrations(SET)
    for name, script in scripts().items():
        migrations(name=name)(_step(script))
    migrations.apply(Database(connection, recursive_triggers=False), stop_before=stop_before)
    return any(scripts()[name].startswith(REBUILD) for name in pending)


def _take_over_former_names(connection: sqlite3.Connection) -> None:
    names = applied(connection)
    if is_ours(connection):
        connection.execute(f"delete from {LEDGER} where migration_set = ?", [SET])
        sql = f"insert into {LEDGER} (migration_set, name, applied_at) values (?, ?, datetime('now'))"
        connection.executemany(sql, [(SET, name) for name in names])


def _step(script: str) -> Callable[[Database], None]:
    return partial(run, script)


def run(script: str, db: Database) -> None:
    """Execute a script inside the caller's transaction."""
    # Not executescript, which commits first; a migration must be atomic.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
