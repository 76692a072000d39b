"""What was found stays true until something is changed: SQLite tells in 2 µs whether anything was."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from backend.store.engine import UNKNOWN

T = TypeVar("T")

MAX_KEPT = 10_000


class Unchanged:
    """Keeps what was found in the database until any process commits a change to it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """`connection` must be used for nothing else: `pragma data_version` does not see a connection's own writes."""
        self._connection = connection
        self._cursor = connection.cursor()
        self._guard = threading.Lock()
        self._version = UNKNOWN
        self._kept: dict[Hashable, Any] = {}

    def version(self) -> int:
        """Return a number that is another one after every change; UNKNOWN where the database does not say."""
        with self._guard:
            try:
                return int(self._cursor.execute("pragma data_version").fetchone()[0])
            except sqlite3.Error:
                return UNKNOWN

    def get(self, key: Hashable, find: Callable[[], T], version: int | None = None) -> T:
        """Return what `find` returned for this key since the last change; ask it where it was not asked.

        `version` is that of the state which `find` sees, where it sees one of before.
        """
        if version is None:
            version = self.version()  # before `find`: what it sees is of this version or newer
        with self._guard:
            if UNKNOWN in (version, self._version) or version != self._version or len(self._kept) >= MAX_KEPT:
                self._kept, self._version = {}, version
            kept = self._kept
            if key in kept:
                return cast(T, kept[key])
        found = find()
        kept[key] = found  # dropped with its dictionary where a change came between
        return found

    def __len__(self) -> int:
        return len(self._kept)

    def close(self) -> None:
        with self._guard:
            self._connection.close()
