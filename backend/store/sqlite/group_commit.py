"""Group commit: concurrent changes share one transaction, and thus one disk sync."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from backend.store.sqlite.database import Database

MAX_IN_A_GROUP = 64  # limits how long the first member waits
POLL_SECONDS = 0.1


class CommitGroup:
    """Changes committed together: the first begins the transaction, the last ends it."""

    def __init__(self, derive: Callable[[Database], None]) -> None:
        """`derive` updates what is derived from the changes, before they are committed."""
        self._derive = derive
        self._size = 0
        self._closed = threading.Event()
        self._error: Exception | None = None

    @property
    def is_full(self) -> bool:
        return self._size >= MAX_IN_A_GROUP

    @property
    def is_closed(self) -> bool:
        """Whether the group is committed or failed, so that nothing more may join."""
        return self._closed.is_set()

    @contextmanager
    def savepoint(self, db: Database) -> Iterator[None]:
        """Make one of the changes; if it fails, the others are kept."""
        # The first needs no savepoint, for which SQLite would copy every changed page.
        first = not db.conn.in_transaction
        db.conn.execute("begin immediate" if first else "savepoint member")
        self._size += 1
        try:
            yield
        except BaseException as error:
            if first:
                db.conn.rollback()
            else:
                self._rollback_savepoint(db, error)
            raise
        if not first:
            db.conn.execute("release member")

    def commit(self, db: Database) -> None:
        """Commit the group; `wait` raises an error in each member."""
        if self.is_closed:
            return
        try:
            if db.conn.in_transaction:
                self._derive(db)
                db.conn.execute("commit")
        except Exception as error:  # every member must be told
            self._fail(db, error)
        self._closed.set()

    def wait(self) -> bool:
        """Return whether the group is closed. Raises the error if it could not be committed."""
        over = self._closed.wait(POLL_SECONDS)
        if self._error is not None:
            raise self._error
        return over

    def _rollback_savepoint(self, db: Database, error: BaseException) -> None:
        try:
            db.conn.execute("rollback to member")
            db.conn.execute("release member")
        except sqlite3.Error:  # SQLite rolled back the whole transaction, as it does when the disk is full
            self._fail(db, error if isinstance(error, sqlite3.Error) else sqlite3.OperationalError(str(error)))

    def _fail(self, db: Database, error: Exception) -> None:
        self._error = error
        with suppress(sqlite3.Error):
            db.conn.rollback()
        self._closed.set()
