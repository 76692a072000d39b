"""The file beside the database for versions of the app's feed and for what phones report of it.

Phones report all the time: in the database itself, each report would empty every cache that is valid until a change.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from backend.store.errors import Reason, StoreError
from backend.store.file_permissions import make_file
from backend.store.sqlite.database import Database
from backend.store.sqlite.errors import store_error

BUSY_SECONDS = 30
SCHEMA = 2  # `pragma user_version`; a later one is of a newer version of the console
TABLES = """
    create table if not exists feed_versions (
        version text primary key, slot text not null, revision integer not null, video_ids text not null,
        shown real not null
    ) strict, without rowid;
    create index if not exists feed_versions_by_time on feed_versions (shown);
    create table if not exists feed_batches (batch blob primary key, received real not null) strict, without rowid;
    create index if not exists feed_batches_by_time on feed_batches (received);
    create table if not exists feed_figures (
        hour integer not null, slot text not null, video_id text not null, place integer not null,
        revision integer not null, impressions integer not null, plays integer not null, completes integer not null,
        skips integer not null, watched_ms integer not null, played_ms integer not null,
        primary key (hour, slot, video_id, place, revision)
    ) strict, without rowid;
    create table if not exists feed_hours (
        hour integer not null, slot text not null, impressions integer not null, plays integer not null,
        completes integer not null, primary key (hour, slot)
    ) strict, without rowid;
"""
FILL_HOURS = """
    insert or ignore into feed_hours
    select hour, slot, sum(impressions), sum(plays), sum(completes) from feed_figures group by hour, slot
"""
ADVICE = (
    "It holds the figures of the feed and the cursors of phones alone: stop the console and restore a backup, "
    "or move the file away, with its -wal and -shm."
)


class FeedFile:
    """One writer and one reader for all threads. The file is created on demand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._writer: Database | None = None
        self._reader: Database | None = None

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """Open a write transaction: durable when the block ends, or rolled back. Raises StoreError."""
        with self._writing, self._told():
            db = self._writer = self._writer or self._open()
            with db.conn:
                db.execute("begin immediate")
                yield db

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Open a read transaction. Raises StoreError."""
        with self._reading, self._told():
            db = self._reader = self._reader or self._open()
            with db.conn:
                db.execute("begin")
                yield db

    def check(self) -> list[str]:
        """Return errors of the file's integrity check; empty if it is sound, or not there yet."""
        return [f"{self.path.name}: {problem}"] if (problem := find_damage(self.path)) else []

    def close(self) -> None:
        with self._writing, self._reading:
            for db in (self._reader, self._writer):
                if db is not None:
                    db.close()
            self._reader = self._writer = None

    def _open(self) -> Database:
        make_file(self.path)
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _refuse_newer(connection, self.path)
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")  # what was acknowledged must survive a power failure
            connection.executescript(TABLES)
            _upgrade(connection)
        except BaseException:
            connection.close()
            raise
        return Database(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            told = store_error(f"The file {self.path} cannot be used ({error}). ", error)
            advice = "" if told.passing else ADVICE
            raise StoreError(f"{told}{advice}".strip(), told.reason) from error


def find_damage(path: Path) -> str:
    """Return what is wrong with the file; empty if it is sound, or does not exist."""
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            verdict: str = connection.execute("pragma integrity_check").fetchone()[0]
            _refuse_newer(connection, path)
    except (sqlite3.Error, StoreError) as error:
        return str(error)
    return "" if verdict == "ok" else verdict


def _upgrade(connection: sqlite3.Connection) -> None:
    """Fill what a file of an older version lacks, once, whoever else opens it at the same time."""
    if connection.execute("pragma user_version").fetchone()[0] == SCHEMA:
        return
    with connection:
        connection.execute("begin immediate")
        if connection.execute("pragma user_version").fetchone()[0] < SCHEMA:
            connection.execute(FILL_HOURS)
            connection.execute(f"pragma user_version = {SCHEMA}")


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("pragma user_version").fetchone()
    if version > SCHEMA:
        raise StoreError(f"The file {path} is of a newer version of the console.", Reason.VERSION)
