"""Everything that is kept: one SQLite file, behind methods named after what happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from backend.store.accounts import Accounts
from backend.store.category_tree import CategoryTree
from backend.store.cloud import CloudRecords
from backend.store.cloud_sync import Mirror
from backend.store.errors import Reason, StoreError
from backend.store.history import History
from backend.store.jobs import Jobs
from backend.store.private import find_open, make_folder
from backend.store.sessions import Sessions
from backend.store.sqlite import search_index
from backend.store.sqlite.change_cache import UNKNOWN
from backend.store.sqlite.connections import Connections
from backend.store.sqlite.export_reader import Exporting
from backend.store.sqlite.file import copy_database, find_damage
from backend.store.sqlite.login_attempts import Attempts
from backend.store.statistics import Statistics
from backend.store.trash import Trash
from backend.store.videos import Catalogue

__all__ = ["UNKNOWN", "Reason", "Store", "StoreError", "copy_database", "find_damage", "find_open", "make_folder"]


class Store:
    """The rooms of the store, over one file."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        tell: search_index.Tell = search_index.say_nothing,
        *,
        upgrade: bool = False,
    ) -> None:
        """Open the file, which is made where there is none; one of an older version only with `upgrade`.

        `tell` hears how far an upgrade is. Raises StoreError.
        """
        self.connections = Connections(path, tell, clock, upgrade=upgrade)
        self.catalogue = Catalogue(self.connections, clock)
        self.categories = CategoryTree(self.connections, clock)
        self.trash = Trash(self.connections, clock)
        self.exporting = Exporting(self.connections)
        self.jobs = Jobs(self.connections, clock)
        self.cloud = CloudRecords(self.connections, clock)
        self.mirror = Mirror(self.connections, clock)
        self.accounts = Accounts(self.connections, clock)
        self.sessions = Sessions(self.connections, clock)
        self.attempts = Attempts(path.with_name("attempts.sqlite3"), clock)
        self.history = History(self.connections)
        self.statistics = Statistics(self.connections, clock)
        self.version = self.connections.unchanged.version
        self.one_state = self.connections.one_state

    def size(self) -> int:
        """Return the bytes of the file and of its log."""
        path = self.connections.path
        files = (path, path.with_name(f"{path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def check(self) -> list[str]:
        """Return what SQLite finds wrong with the file: nothing, for a sound one."""
        with self.connections.reading() as db:
            found = [row[0] for row in db.execute("pragma integrity_check").fetchall()]
            found += [f"foreign key of {row[0]}" for row in db.execute("pragma foreign_key_check").fetchall()]
        return [line for line in found if line != "ok"]

    def recount(self) -> list[str]:
        """Return what the search index and the counts have wrong: nothing, where they are what the rows say."""
        with self.connections.reading() as db:
            return list(search_index.examine(db))

    def rebuild(self, tell: search_index.Tell = search_index.say_nothing) -> None:
        """Make the search index and the counts anew; others cannot write meanwhile."""
        with self.connections.writing(bulk=True) as db:
            search_index.rebuild(db, tell)

    def merge_index(self) -> None:
        """Make the search index one piece: a search looks into each. Others can write between the steps."""
        begin = more = True
        while more:
            with self.connections.writing() as db:
                more = search_index.merge_index(db, begin)
            begin = False

    def close(self) -> None:
        self.sessions.write_seen()
        self.attempts.close()
        self.connections.close()
