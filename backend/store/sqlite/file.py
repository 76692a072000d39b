"""A database as a file: whether it is sound, whether we know it, and a copy of it, without changing anything in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from backend.store.private import make_file
from backend.store.sqlite.errors import store_error
from backend.store.sqlite.version_check import find_problem, refuse_unknown

BUSY_SECONDS = 30


def find_damage(path: Path) -> str:
    """Return what is wrong with a database file that nobody has open; nothing, where it is sound and not too new."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            verdict: str = connection.execute("pragma integrity_check").fetchone()[0]
            problem = find_problem(connection)
        except sqlite3.Error as error:
            return str(error)
    return verdict if verdict != "ok" else problem


def copy_database(path: Path, target: Path) -> None:
    """Write a whole copy of a database, as it is, while others go on working. Raises StoreError."""
    make_file(target)
    try:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        with closing(source), closing(sqlite3.connect(target)) as copy:
            refuse_unknown(source, path)
            source.backup(copy)
    except sqlite3.Error as error:
        raise store_error(f"The database {path} cannot be copied: {error}", error) from error
