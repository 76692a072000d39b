"""Reads the mark of a move in an SQLite database."""

from __future__ import annotations

import sqlite3

from backend.store.moving import MARK, MARK_COLUMNS, Mark


def read_mark(connection: sqlite3.Connection) -> Mark | None:
    """Return the mark of a move, if there is one."""
    if connection.execute("select 1 from main.sqlite_master where name = ?", [MARK]).fetchone() is None:
        return None
    row = connection.execute(f"select {', '.join(MARK_COLUMNS)} from {MARK}").fetchone()
    return None if row is None else Mark.of(row)
