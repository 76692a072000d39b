"""Opens the SQLite file, migrates it, and manages its connections."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.model.limits import write_time
from backend.model.sheets import edition_of
from backend.store import figure_counts, review_sorting
from backend.store.account_names import folded
from backend.store.engine import HAS_WRITTEN, Progress, Queries, ignore_progress
from backend.store.errors import Reason, StoreError
from backend.store.file_permissions import close_to_others, make_file, make_folder
from backend.store.folding import fold, marked_tags
from backend.store.group_commit import GroupedWriter
from backend.store.sqlite import migrations, search_index, video_queries
from backend.store.sqlite.database import Database
from backend.store.sqlite.errors import store_error
from backend.store.sqlite.marks import read_mark
from backend.store.sqlite.readers import Readers
from backend.store.sqlite.search_words import TOLD, index_words
from backend.store.sqlite.version_check import refuse_outdated, refuse_unknown
from backend.store.sqlite.writer import Writer

BUSY_SECONDS = 30
MAPPED_BYTES = 1 << 31
USUAL_PAGES = 2_000
MANY_PAGES = 50_000  # 200 MB: what ten thousand new videos change, spread over the file


class Connections:
    """A small pool of readers and one writer; our writer queue is fairer than SQLite's lock."""

    queries: Queries = video_queries
    is_local = True

    def __init__(
        self,
        path: Path,
        tell: Progress = ignore_progress,
        clock: Callable[[], float] = time.time,
        *,
        upgrade: bool = False,
        held: bool = False,
    ) -> None:
        """Open the file, creating it if needed; an old schema is upgraded only with `upgrade`.

        `tell` reports the progress of an upgrade. With `held`, the caller holds the folder alone, and may open one that
        is being moved. Raises StoreError.
        """
        self.path, self.place = path, str(path.parent)
        self.now = clock
        self.listeners: list[Callable[[], object]] = []
        self._pages = MANY_PAGES
        try:
            make_folder(path.parent)
            make_file(path)
            close_to_others(path.parent, *path.parent.glob("*.sqlite3*"))
            self._writer = self._open()
            self._writes = GroupedWriter(Writer(self._writer, self._derive), f"The database {path}")
            self._prepare(tell, upgrade, held)
            readers = Readers(path, partial(self._open, read_only=True))
        except (sqlite3.Error, OSError) as error:
            raise store_error(
                f"The database {path} cannot be opened ({error}). Check that the folder may be written and has room; "
                "if the file is damaged, put a backup in its place with: python -m backend restore FILE",
                error,
            ) from error
        self.reading, self.cached_in, self.version_cache = readers.reading, readers.cached_in, readers.version_cache
        self.cached, self.version = readers.version_cache.get, readers.version_cache.version
        self._readers = readers

    @contextmanager
    def unpooled_reader(self) -> Iterator[Database]:
        """Open a separate reader outside the pool and outside a transaction, for scanning a whole list.

        It caches only a few pages.
        """
        db = self._open(read_only=True)
        try:
            db.conn.execute("pragma mmap_size = 0")
            yield db
        finally:
            db.close()

    @contextmanager
    def writing(self, *, bulk: bool = False) -> Iterator[Database]:
        """Open a write transaction: durable when the block ends, or rolled back.

        Concurrent callers share one commit, and thus one disk sync; each still fails alone. With `bulk`, it may take
        longer, and more changed pages stay in memory; a smaller cache would write them repeatedly.
        """
        try:
            with self._writes.turn(bulk=bulk):
                self._keep_in_memory(MANY_PAGES if bulk else USUAL_PAGES)
                yield self._writer
        except sqlite3.Error as error:
            raise store_error(f"The database {self.path} cannot be written: {error}", error) from error
        HAS_WRITTEN.set(True)
        for listener in self.listeners:
            listener()

    def leading(self, task: str) -> AbstractContextManager[bool]:
        """Let every process do each task: they are on one machine, and few."""
        return nullcontext(True)

    @property
    def waiting(self) -> int:
        """How many callers wait to write, not counting the present one."""
        return self._writes.waiting

    def _derive(self, db: Database) -> None:
        """Update what is derived from the changes of this transaction."""
        search_index.index_changes(db)
        review_sorting.sort_changes(db, self.now())
        figure_counts.settle(db, self.now())

    def _keep_in_memory(self, pages: int) -> None:
        if pages != self._pages:
            self._writer.conn.execute(f"pragma cache_size = {pages}")
            self._pages = pages

    def close(self) -> None:
        with self._writes.alone():
            self._writer.close()
            self._readers.close()

    def _open(self, read_only: bool = False) -> Database:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute(f"pragma busy_timeout = {BUSY_SECONDS * 1000}")
        connection.execute("pragma foreign_keys = on")
        add_functions(connection, self.now)
        if read_only:
            # Nothing here may read the schema: it takes 0.6 MB, and who only watches for changes needs none.
            # Memory-mapped reads avoid copying pages and halve the time of large reads.
            connection.execute(f"pragma mmap_size = {MAPPED_BYTES}")
            connection.execute("pragma query_only = on")
        else:
            # In WAL mode, NORMAL can lose the last commits in a power failure; confirmed changes must survive.
            connection.execute("pragma synchronous = full")
        return Database(connection)

    def _prepare(self, tell: Progress, upgrade: bool, held: bool) -> None:
        """Check the schema, and migrate it in one transaction if needed."""
        db = self._writer
        refuse_unknown(db.conn, self.path)
        if not held and (mark := read_mark(db.conn)):
            raise StoreError(mark.refusal(str(self.path.parent)), Reason.VERSION)
        db.conn.execute(f"pragma cache_size = {MANY_PAGES}")
        db.conn.execute("pragma journal_mode = wal")
        if not migrations.find_pending(db.conn):
            return
        # Without the lock, concurrent first opens of a new file fail: 73 of 120 in a measurement.
        _begin_when_free(db)
        try:
            refuse_unknown(db.conn, self.path)  # another process may have migrated it meanwhile
            if not upgrade:
                refuse_outdated(db.conn, self.path)
            if migrations.upgrade(db.conn):
                search_index.rebuild(db, tell)
            self._derive(db)
            db.conn.execute("commit")
        except BaseException:
            db.conn.rollback()
            raise


def add_functions(connection: sqlite3.Connection, clock: Callable[[], float] = time.time) -> None:
    """Register the SQL functions used by the schema and the queries."""
    connection.create_function("index_words", len(TOLD), index_words, deterministic=True)
    connection.create_function("fold", 1, _fold, deterministic=True)
    connection.create_function("fold_name", 1, folded, deterministic=True)
    connection.create_function("fold_tags", 1, _fold_tags, deterministic=True)
    connection.create_function("write_time", 2, _write_time, deterministic=True)
    connection.create_function("edition", 5, _edition, deterministic=True)
    connection.create_function("present_second", 0, lambda: int(clock()))


def _fold(text: str | None) -> str | None:
    return None if text is None else fold(text)


def _fold_tags(tags: str | None) -> str | None:
    return None if tags is None else marked_tags(tags)


def _edition(title: bytes, description: bytes, tags: bytes, cate_id: int, cate_name: bytes) -> str:
    told = [text.decode(errors="replace") for text in (title, description, tags, cate_name)]
    return edition_of(told[0], told[1], told[2], cate_id, told[3])


def _write_time(second: int, zone: str) -> str:
    return write_time(second, ZoneInfo(zone))


def _begin_when_free(db: Database) -> None:
    """Take the write lock, however long another process takes to upgrade the file."""
    while True:
        try:
            db.conn.execute("begin immediate")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
