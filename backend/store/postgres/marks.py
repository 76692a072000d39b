"""Reads the mark of a move in a PostgreSQL database."""

from __future__ import annotations

from backend.store.moving import MARK, MARK_COLUMNS, Mark
from backend.store.postgres.database import Connection


def read_mark(connection: Connection) -> Mark | None:
    """Return the mark of a move, if there is one."""
    (found,) = connection.execute("select to_regclass($1)", [MARK]).fetchone() or (None,)
    if found is None:
        return None
    row = connection.execute(f"select {', '.join(MARK_COLUMNS)} from {MARK}").fetchone()
    return None if row is None else Mark.of(row)
