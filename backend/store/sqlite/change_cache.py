"""Cache of query results that is valid until the database changes; SQLite reports changes in 2 µs."""

from __future__ import annotations

import sqlite3
import threading

from backend.store.engine import UNKNOWN
from backend.store.version_cache import VersionedCache


class ChangeCache(VersionedCache):
    """Caches query results until any process commits a change."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use `connection` for nothing else: `pragma data_version` does not report a connection's own writes."""
        super().__init__()
        self._connection = connection
        self._cursor = connection.cursor()
        self._guard = threading.Lock()

    def version(self) -> int:
        """Return a number that differs after every change; UNKNOWN if it cannot be read."""
        with self._guard:
            try:
                return int(self._cursor.execute("pragma data_version").fetchone()[0])
            except sqlite3.Error:
                return UNKNOWN

    def close(self) -> None:
        with self._guard:
            self._connection.close()
