"""The transaction in which a group of changes is made."""

from __future__ import annotations

from collections.abc import Callable

from backend.store.sqlite.database import Database


class Writer:
    """SQLite's side of `backend.store.group_commit`."""

    def __init__(self, db: Database, derive: Callable[[Database], None]) -> None:
        """`derive` updates what is derived from the changes, before they are committed."""
        self.db, self._derive = db, derive

    @property
    def is_open(self) -> bool:
        return self.db.conn.in_transaction

    def begin(self) -> None:
        self.db.conn.execute("begin immediate")

    def add_savepoint(self) -> None:
        self.db.conn.execute("savepoint member")

    def release_savepoint(self) -> None:
        """Keep what was changed since the savepoint."""
        self.db.conn.execute("release member")

    def undo_to_savepoint(self) -> None:
        self.db.conn.execute("rollback to member")
        self.db.conn.execute("release member")

    def check(self) -> None:
        """Do nothing: a statement that failed leaves the others as they are."""

    def commit(self) -> None:
        """Update what is derived from the changes, and commit."""
        self._derive(self.db)
        self.db.conn.execute("commit")

    def rollback(self) -> None:
        self.db.conn.rollback()
