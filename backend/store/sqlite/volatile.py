"""A small file beside the database for short-lived data that needs neither disk syncs nor backups."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.store.errors import Reason, StoreError
from backend.store.file_permissions import make_file
from backend.store.sqlite.database import Database
from backend.store.sqlite.errors import store_error

BUSY_SECONDS = 30
DELETE = (
    "It holds sign-ins and links of the last minutes alone: stop the console and delete it, with its -wal and -shm."
)
ADVICE = {Reason.FULL: "Free some space on the disk; deleting the file does not help."}
TABLES = """
    create table if not exists attempts (
        key blob primary key, count integer not null, since real not null, until real not null
    ) strict, without rowid;
    create table if not exists tickets (
        number integer primary key, hash blob not null unique, purpose text not null, owner blob not null,
        until real not null, sealed blob not null
    ) strict;
    create index if not exists tickets_by_owner on tickets (owner, number);
    create index if not exists tickets_by_end on tickets (until);
"""


class VolatileFile:
    """One connection for all threads. The file is created on demand, and again after it was deleted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._db: Database | None = None

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """Open a transaction. Raises StoreError."""
        with self._guard:
            try:
                db = self._db = self._db or self._open()
                with db.conn:
                    db.execute("begin immediate")
                    yield db
            except sqlite3.Error as error:
                told = store_error(f"The file {self._path} cannot be used ({error}). ", error)
                raise StoreError(f"{told}{ADVICE.get(told.reason, DELETE)}", told.reason) from error

    def close(self) -> None:
        with self._guard:
            if self._db is not None:
                self._db.close()
            self._db = None

    def _open(self) -> Database:
        make_file(self._path)
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")  # a power failure may lose the last changes
        connection.executescript(TABLES)
        return Database(connection)
