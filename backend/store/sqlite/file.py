"""A database as a file: whether it is sound, whether we know it, and a copy of it, without changing anything in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from backend.store.errors import StoreError
from backend.store.private import make_file
from backend.store.sqlite.schema_version import find_newer, is_ours, refuse_newer

BUSY_SECONDS = 30


def find_damage(path: Path) -> str:
    """Return what is wrong with a database file that nobody has open; nothing, where it is sound and not too new."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            verdict: str = connection.execute("pragma integrity_check").fetchone()[0]
            ours, newer = is_ours(connection), find_newer(connection)
        except sqlite3.Error as error:
            return str(error)
    if verdict == "ok" and not ours:
        return "it is none of this console's"
    if newer:
        return f"it is of a newer version of the console, with {', '.join(newer)}"
    return "" if verdict == "ok" else verdict


def copy_database(path: Path, target: Path) -> None:
    """Write a whole copy of a database, as it is, while others go on working. Raises StoreError."""
    make_file(target)
    try:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        with closing(source), closing(sqlite3.connect(target)) as copy:
            refuse_newer(source, path)
            source.backup(copy)
    except sqlite3.Error as error:
        raise StoreError(f"The database {path} cannot be copied: {error}") from error
