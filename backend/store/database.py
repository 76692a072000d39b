"""The SQLite file: how it is opened, who may write, and which connection a thread gets."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from backend.store.schema import migrations
from backend.store.unchanged import Unchanged

BUSY_SECONDS = 30
IDLE_READERS = 8
MOST_IN_A_GROUP = 64  # changes in one commit: nobody waits long for those behind him
PATIENCE_SECONDS = 0.1


class StoreError(RuntimeError):
    """The database cannot be used now; the text says why, and for whoever runs the console, what to do."""

    @property
    def cause(self) -> str:
        """SQLite's name of what is wrong, such as `FULL`, `READONLY` or `CORRUPT`; empty where it has none."""
        name: str = getattr(self.__cause__, "sqlite_errorname", "")
        return name.removeprefix("SQLITE_").partition("_")[0]


class Group:
    """Changes that are committed together: the first begins the transaction, the last ends it."""

    def __init__(self) -> None:
        self._size = 0
        self._over = threading.Event()
        self._error: sqlite3.Error | None = None

    @property
    def is_full(self) -> bool:
        return self._size >= MOST_IN_A_GROUP

    @property
    def is_over(self) -> bool:
        """Nothing more may join: it was committed, or broke."""
        return self._over.is_set()

    @contextmanager
    def member(self, db: Database) -> Iterator[None]:
        """Make one of the changes; where it fails, the others stay."""
        if not db.conn.in_transaction:
            db.conn.execute("begin immediate")
        self._size += 1
        db.conn.execute("savepoint member")
        try:
            yield
        except BaseException as error:
            self._take_back(db, error)
            raise
        db.conn.execute("release member")

    def commit(self, db: Database) -> None:
        """Keep everything. What goes wrong is told to each member by `wait`."""
        if self.is_over:
            return
        try:
            if db.conn.in_transaction:
                db.conn.execute("commit")
        except sqlite3.Error as error:
            self._break(db, error)
        self._over.set()

    def wait(self) -> bool:
        """Say whether it is over. Raises sqlite3.Error where nothing could be kept."""
        over = self._over.wait(PATIENCE_SECONDS)
        if self._error is not None:
            raise self._error
        return over

    def _take_back(self, db: Database, error: BaseException) -> None:
        try:
            db.conn.execute("rollback to member")
            db.conn.execute("release member")
        except sqlite3.Error:  # SQLite gave up the whole transaction, as it does when the disk is full
            self._break(db, error if isinstance(error, sqlite3.Error) else sqlite3.OperationalError(str(error)))

    def _break(self, db: Database, error: sqlite3.Error) -> None:
        self._error = error
        with suppress(sqlite3.Error):
            db.conn.rollback()
        self._over.set()


class Connections:
    """Readers from a small pool, and one writer: SQLite has one anyway, and our queue is fairer than its lock.

    A connection is used by one thread at a time, but not always the same one: SQLite is compiled for that
    (`sqlite3.threadsafety == 3`), and Streamlit starts a thread per rerun, for which a new connection each time would
    cost more than the query.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[Database] = []
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self.waiting = 0  # callers who want to write, but for the one who does
        self._group = Group()
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._open()
            self._migrate(self._writer)
            self.unchanged = Unchanged(self._open(read_only=True).conn)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"The database {path} cannot be opened ({error}). Check that the folder may be written and has room; "
                "if the file is damaged, put a backup in its place with: python -m backend restore FILE"
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Give a connection that sees one state of the database, whatever others write meanwhile."""
        with self._guard:
            db = self._idle.pop() if self._idle else None
        db = db or self._open(read_only=True)
        try:
            db.conn.execute("begin")
            yield db
        except sqlite3.Error as error:
            raise StoreError(f"The database {self.path} cannot be read: {error}") from error
        finally:
            with suppress(sqlite3.Error):
                db.conn.rollback()
            self._put_back(db)

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """Give the writer: all that happens inside is kept, on the disk, or nothing of it.

        Callers who come meanwhile share one commit, and so one wait for the disk; each still fails alone.
        """
        with self._turn() as group:
            try:
                with group.member(self._writer):
                    yield self._writer
            except sqlite3.Error as error:
                raise StoreError(f"The database {self.path} cannot be written: {error}") from error
            finally:
                if not self.waiting or group.is_full:
                    group.commit(self._writer)
        try:
            while not group.wait():
                self._commit_for(group)
        except sqlite3.Error as error:
            raise StoreError(f"The database {self.path} cannot be written: {error}") from error

    @contextmanager
    def _turn(self) -> Iterator[Group]:
        """Wait for the writer, and say which group the change joins."""
        with self._guard:
            self.waiting += 1
        try:
            self._writing.acquire()
        finally:
            with self._guard:
                self.waiting -= 1
        try:
            if self._group.is_over:
                self._group = Group()
            yield self._group
        finally:
            self._writing.release()

    def _commit_for(self, group: Group) -> None:
        """Commit in the place of somebody who was expected, and gave up waiting for the writer."""
        if self._writing.acquire(blocking=False):
            try:
                group.commit(self._writer)
            finally:
                self._writing.release()

    def backup(self, target: Path) -> None:
        """Write a whole copy of the database to `target`, while others go on working."""
        with self.reading() as db, sqlite3.connect(target) as copy:
            db.conn.rollback()  # a backup may not start inside a transaction of its own source
            db.conn.backup(copy, pages=1000)
        copy.close()

    def close(self) -> None:
        with self._writing, self._guard:
            self._closed = True
            for db in (*self._idle, self._writer):
                db.close()
            self._idle.clear()
            self.unchanged.close()

    def _put_back(self, db: Database) -> None:
        with self._guard:
            if not self._closed and len(self._idle) < IDLE_READERS:
                self._idle.append(db)
                return
        db.close()

    def _open(self, read_only: bool = False) -> Database:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute(f"pragma busy_timeout = {BUSY_SECONDS * 1000}")
        connection.execute("pragma foreign_keys = on")
        # Under WAL, NORMAL can lose the last commits at a power cut; what a person was told is done must stay.
        connection.execute("pragma synchronous = full")
        if read_only:
            connection.execute("pragma query_only = on")
        return Database(connection, recursive_triggers=False)

    @staticmethod
    def _migrate(db: Database) -> None:
        # Without the lock, processes that open a new file together fail: 73 of 120 did when this was measured.
        db.conn.execute("pragma journal_mode = wal")
        db.conn.execute("begin immediate")
        try:
            migrations.apply(db)
            db.conn.execute("commit")
        except BaseException:
            db.conn.rollback()
            raise
