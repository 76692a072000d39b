"""The schema of the SQLite database: one SQL file a step, applied in the order of their names, each once.

To change the schema, add a file `NNNN_topic.sql` with the next number; what was released is never edited. A step that
another branch numbered alike meanwhile is renamed, before it is merged. Each statement ends with a semicolon at the end
of its line. SQL may use the functions that `connections.add_functions` makes known, whose meaning is then frozen too.
A file whose first line is `-- rebuild` has the search index and the counts made anew behind it, in the same
transaction. What another store will need, too, belongs into its own folder as well.

Only `upgrade` here changes a schema. It runs inside the caller's transaction: killed half-way, it was never begun.
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

# What these steps were called before they were SQL, and the last of those that became the first state.
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
    """Return the SQL of every step by its name, in their order."""
    paths = sorted(Path(__file__).parent.glob("[0-9]*.sql"))
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def is_ours(connection: sqlite3.Connection) -> bool:
    """Say whether some version of the console has made this database."""
    return connection.execute("select 1 from sqlite_master where name = ?", [LEDGER]).fetchone() is not None


def applied(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the steps that a database has behind it, in their order."""
    if not is_ours(connection):
        return []
    sql = f"select name from {LEDGER} where migration_set = ? order by rowid"
    names = [name for (name,) in connection.execute(sql, [SET])]
    if FORMER_FIRST in names:
        names = [FIRST, *names[names.index(FORMER_FIRST) + 1 :]]
    return [FORMER.get(name, name) for name in names]


def is_before_first(connection: sqlite3.Connection) -> bool:
    """Say whether a development version made a database, before it was in the first state."""
    names = applied(connection)
    return bool(names) and FIRST not in names and all(name.startswith("m0") for name in names)


def find_unknown(connection: sqlite3.Connection) -> list[str]:
    """Return the steps of a database that this version does not know."""
    return [name for name in applied(connection) if name not in scripts()]


def find_pending(connection: sqlite3.Connection) -> list[str]:
    """Return the steps that a database still needs."""
    known = set(applied(connection))
    return [name for name in scripts() if name not in known]


def upgrade(connection: sqlite3.Connection, stop_before: str | None = None) -> bool:
    """Apply what is pending, inside the caller's transaction; say whether derived data must be made anew."""
    pending = find_pending(connection)
    if not pending:
        return False
    # Not above: only what upgrades needs it, and it is slow to load.
    from sqlite_utils import Database, Migrations

    import backend.store.sqlite.light  # noqa: F401  (before sqlite-utils)

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
    # Not executescript: that commits first, and a migration must be kept whole or not at all.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
