"""Pool of read connections with snapshot isolation."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from backend.store.engine import UNKNOWN
from backend.store.sqlite.change_cache import ChangeCache
from backend.store.sqlite.database import Database
from backend.store.sqlite.errors import store_error

T = TypeVar("T")

IDLE_READERS = 8


class Readers:
    """A small pool of connections, each used by one thread at a time, but not always the same one.

    SQLite is compiled for that (`sqlite3.threadsafety == 3`). Streamlit starts a thread per rerun, and opening a
    connection for each would cost more than the query.
    """

    def __init__(self, path: Path, open_one: Callable[[], Database]) -> None:
        self.path = path
        self.version_cache = ChangeCache(open_one().conn)
        self._open = open_one
        self._guard = threading.Lock()
        self._idle: list[Database] = []
        self._closed = False

    def reading(self) -> AbstractContextManager[Database]:
        """Open a read transaction: a consistent snapshot, regardless of concurrent writes. Raises StoreError."""
        return Reading(self)

    def cached_in(self, db: Database, key: Hashable, find: Callable[[], T]) -> T:
        """Return `find()` for the snapshot of `db`, cached until the database changes.

        The transaction of `db` must not have read anything yet.
        """
        version = self.version_of(db)
        return find() if version == UNKNOWN else self.version_cache.get(key, find, version)

    def version_of(self, db: Database) -> int:
        """Return the version of the snapshot of `db`; UNKNOWN if it changed at that moment."""
        count = db.count_changes()
        if db.seen[0] != count:
            db.execute("rollback")
            version = self.version_cache.version()
            db.execute("begin")
            count = db.count_changes()
            if version == UNKNOWN or self.version_cache.version() != version:
                return UNKNOWN
            db.seen = (count, version)
        return db.seen[1]

    def take(self) -> Database:
        """Borrow a reader for exclusive use until `put_back`."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def put_back(self, db: Database) -> None:
        with self._guard:
            if not self._closed and len(self._idle) < IDLE_READERS:
                self._idle.append(db)
                return
        db.close()

    def close(self) -> None:
        with self._guard:
            self._closed = True
            for db in self._idle:
                db.close()
            self._idle.clear()
            self.version_cache.close()


class Reading:
    """A read transaction on a borrowed reader; a class, because a generator takes twice as long and every request has
    one.
    """

    __slots__ = ("_reader", "_readers")

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._reader: Database

    def __enter__(self) -> Database:
        self._reader = self._readers.take()
        try:
            self._reader.execute("begin")
        except sqlite3.Error as error:
            self.__exit__(type(error), error, error.__traceback__)
        return self._reader

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(sqlite3.Error):
            self._reader.execute("rollback")  # Connection.rollback would compile it anew each time
        self._readers.put_back(self._reader)
        if isinstance(error, sqlite3.Error):
            raise store_error(f"The database {self._readers.path} cannot be read: {error}", error) from error
