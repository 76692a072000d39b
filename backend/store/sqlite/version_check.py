"""Checks whether this version of the console can use a database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from backend.store.errors import Reason, StoreError
from backend.store.sqlite import migrations

OTHER_VERSION = (
    "The database {path} cannot be used: {problem}. Nothing was changed. "
    "Start that version, or put a backup of this one in its place with: python -m backend restore FILE"
)
NOT_OURS = "The database {path} cannot be used: {problem}. Nothing was changed. Check QU_DATA."
OUTDATED = (
    "The database {path} is of an older version of the console. Stop what else uses it, make a backup, and run: "
    "python -m backend upgrade"
)


def find_problem(connection: sqlite3.Connection) -> str:
    """Return why a database must not be written; empty if it is ours and not too new."""
    if not migrations.is_ours(connection):
        return "it is none of this console's"
    unknown = migrations.find_unknown(connection)
    if unknown and migrations.is_before_first(connection):
        return "it was made by a development version, before the first state that can be upgraded"
    return f"it is of a newer version of the console, with {', '.join(unknown)}" if unknown else ""


def refuse_unknown(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError for a database of another program or a newer version, which we could damage."""
    if is_empty(connection):
        return
    if problem := find_problem(connection):
        sentence = OTHER_VERSION if migrations.is_ours(connection) else NOT_OURS
        raise StoreError(sentence.format(path=path, problem=problem), Reason.VERSION)


def refuse_outdated(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError for a database that must be upgraded first."""
    if not is_empty(connection) and migrations.find_pending(connection):
        raise StoreError(OUTDATED.format(path=path), Reason.VERSION)


def is_empty(connection: sqlite3.Connection) -> bool:
    """Return whether a database has no tables yet."""
    return connection.execute("select 1 from sqlite_master limit 1").fetchone() is None
