"""SQLite implementation of `backend.store.engine.Database`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeAlias

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


class Database:
    """A connection; `conn` gives access to SQLite's own API.

    `seen` is the change count of the last snapshot and its version.
    """

    __slots__ = ("conn", "execute", "executemany", "seen")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.conn = connection
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.seen = (-1, -1)

    def by_index(self) -> AbstractContextManager[None]:
        """Do nothing: SQLite prefers an index in this order anyway."""
        return nullcontext()

    def query(self, sql: str, values: Values = ()) -> Iterator[dict[str, Any]]:
        """Execute a statement immediately and return its rows as dictionaries."""
        cursor, rows = self._run(sql, values)
        names = [column[0] for column in cursor.description or ()]
        return (dict(zip(names, row, strict=True)) for row in rows)

    def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a read-only statement; invalid UTF-8 is replaced."""
        return self._run(sql, values)[1]

    def _run(self, sql: str, values: Values) -> tuple[sqlite3.Cursor, list[tuple[Any, ...]]]:
        try:
            cursor = self.conn.execute(sql, values)
            return cursor, cursor.fetchall()
        except sqlite3.OperationalError as error:
            if not (sql.lstrip().startswith("select") and _takes_any_text(self.conn, error)):
                raise
        cursor = self.conn.execute(sql, values)
        return cursor, cursor.fetchall()

    def count_changes(self) -> int:
        """Return SQLite's change counter for the current snapshot; starts the transaction's snapshot."""
        count: int = self.conn.execute("pragma data_version").fetchone()[0]
        return count

    def close(self) -> None:
        self.conn.close()


def _takes_any_text(connection: sqlite3.Connection, error: sqlite3.OperationalError) -> bool:
    """Switch to lenient decoding if reading failed on invalid UTF-8, as other programs may write it; return whether to
    retry.
    """
    if "UTF-8" not in str(error):
        return False
    connection.text_factory = _readable  # called for every text, so enabled only when needed
    return True


def _readable(text: bytes) -> str:
    return text.decode("utf-8", "replace")
