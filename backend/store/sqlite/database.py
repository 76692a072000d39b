"""A connection to SQLite as the rooms of the store use it: the same few methods for every database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


class Database:
    """What `backend.store.engine.Database` asks for. `conn` is for what is SQLite's alone.

    `seen` holds the count of changes in a state that it saw, and the version of that.
    """

    __slots__ = ("conn", "execute", "executemany", "seen")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.conn = connection
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.seen: tuple[int, int] | None = None

    def query(self, sql: str, values: Values = ()) -> Iterator[dict[str, Any]]:
        """Execute a statement at once, and return its rows as dictionaries."""
        cursor, rows = self._run(sql, values)
        names = [column[0] for column in cursor.description or ()]
        return (dict(zip(names, row, strict=True)) for row in rows)

    def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that only reads; of texts that are no UTF-8, what is readable."""
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
        """Return a number that stays while this connection sees the same state; its transaction begins with that."""
        count: int = self.conn.execute("pragma data_version").fetchone()[0]
        return count

    def close(self) -> None:
        self.conn.close()


def _takes_any_text(connection: sqlite3.Connection, error: sqlite3.OperationalError) -> bool:
    """Say whether reading broke on a text that is no UTF-8, as other programs may write it; it works the next time."""
    if "UTF-8" not in str(error):
        return False
    connection.text_factory = _readable  # a call for each text, so that only those pay who have to
    return True


def _readable(text: bytes) -> str:
    return text.decode("utf-8", "replace")
