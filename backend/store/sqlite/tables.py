"""The tables of an SQLite store, for moving it to another database or filling it from one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from backend.store import review_sorting
from backend.store.engine import Progress
from backend.store.errors import StoreError
from backend.store.file_permissions import make_file
from backend.store.moving import (
    BATCH,
    DERIVED,
    FIRST,
    MARK,
    MARK_COLUMNS,
    MARK_TABLE,
    TABLES,
    Key,
    Mark,
    Row,
)
from backend.store.sqlite import migrations, search_index
from backend.store.sqlite.connections import add_functions
from backend.store.sqlite.database import Database
from backend.store.sqlite.errors import store_error
from backend.store.sqlite.feed_file import FeedFile
from backend.store.sqlite.files import FEED, database_in
from backend.store.sqlite.marks import read_mark
from backend.store.sqlite.version_check import OUTDATED, find_problem

BUSY_SECONDS = 30
CACHE_PAGES = 50_000
MAX_NAMED = 5
# What a migration or FTS5 made of an index or a trigger has no SQL.
LEFT_OUT = "select type, name, sql from main.sqlite_master where type in ('index', 'trigger') and sql is not null"
JOB_COUNTS = "insert into job_counts select kind, state, count(*) from jobs group by 1, 2"


class SqliteTables:
    """One connection to both files of a store, which must exist. Not for use while the store is open elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder
        with self._told():
            self._db = sqlite3.connect(
                database_in(folder), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._db.execute(f"pragma cache_size = {CACHE_PAGES}")
            self._db.execute("pragma foreign_keys = off")
            add_functions(self._db)

    def attach_feed(self) -> None:
        """Have the tables of the feed's file as well."""
        path = self._folder / FEED
        make_file(path)
        feed = FeedFile(path)
        with feed.writing():  # makes its tables
            pass
        feed.close()
        with self._told():
            self._db.execute("attach ? as feed_file", [str(path)])

    def problem(self) -> str:
        with self._told():
            if problem := find_problem(self._db):
                return f"{self.name} cannot be used: {problem}."
            return OUTDATED.format(path=database_in(self._folder)) if migrations.find_pending(self._db) else ""

    def is_new(self) -> bool:
        with self._told():
            tables = (table for table in TABLES if table not in FIRST)
            used = any(self._db.execute(f"select 1 from {table} limit 1").fetchone() for table in tables)
            return not used and self._db.execute("select id from history_head").fetchone() == (0,)

    def read_mark(self) -> Mark | None:
        with self._told():
            return read_mark(self._db)

    def write_mark(self, mark: Mark | None) -> None:
        with self._changing():
            self._put_mark(mark)

    def columns(self, table: str) -> list[str]:
        with self._told():
            return sorted(row[1] for row in self._db.execute(f"pragma table_info({table})"))

    def count(self, table: str) -> int:
        with self._told():
            return int(self._db.execute(f"select count(*) from {table}").fetchone()[0])

    def last_key(self, table: str) -> Key | None:
        keys = TABLES[table]
        order = ", ".join(f"{key} desc" for key in keys)
        with self._told():
            found: Key | None = self._db.execute(
                f"select {', '.join(keys)} from {table} order by {order} limit 1"
            ).fetchone()
            return found

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self._told():
            self._db.execute("begin")
            try:
                yield
            finally:
                self._db.execute("rollback")

    def rows(self, table: str, columns: Sequence[str], after: Key | None = None) -> Iterator[list[Row]]:
        keys = ", ".join(TABLES[table])
        behind = f"where ({keys}) > ({', '.join('?' * len(after))})" if after else ""
        with self._told():
            cursor = self._db.execute(f"select {', '.join(columns)} from {table} {behind} order by {keys}", after or ())
            while rows := cursor.fetchmany(BATCH):
                yield rows

    def find_strange_text(self, table: str, columns: Sequence[str]) -> list[str]:
        kinds = {row[1]: row[2].lower() for row in self._db.execute(f"pragma table_info({table})")}
        texts = [name for name in columns if kinds[name] == "text"]
        shown = [f"cast({name} as blob)" for name in texts]
        shown += [f"cast(quote({key}) as blob)" for key in TABLES[table]]
        found: list[str] = []
        with self._told():
            for row in self._db.execute(f"select {', '.join(shown)} from {table}"):
                strange = [name for name, text in zip(texts, row, strict=False) if text and not _is_text(text)]
                if strange:
                    key = (value.decode("utf-8", "replace") for value in row[len(texts) :])
                    where = " and ".join(f"{name} = {value}" for name, value in zip(TABLES[table], key, strict=True))
                    found.append(f"{', '.join(strange)} of {table} where {where}")
                if len(found) >= MAX_NAMED:
                    break
        return found

    def begin_filling(self, mark: Mark) -> None:
        with self._told():
            self._db.execute("pragma journal_mode = wal")
        with self._changing():
            before = read_mark(self._db)
            later = list(before.later) if before else []  # they are left out already
            for kind, name, sql in self._db.execute(LEFT_OUT).fetchall():
                later.append(sql)
                self._db.execute(f"drop {kind} {name}")
            for table in (*reversed(TABLES), *DERIVED):
                self._db.execute(f"delete from {table}")
            self._put_mark(replace(mark, later=tuple(later)))

    def write(self, table: str, columns: Sequence[str], rows: list[Row]) -> None:
        with self._changing():
            self._db.executemany(
                f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})", rows
            )

    def finish_filling(self, numbers: dict[str, int], tell: Progress) -> None:
        with self._changing():
            mark = read_mark(self._db)
            if mark:
                for sql in mark.later:
                    self._db.execute(sql)
                self._put_mark(replace(mark, later=()))
            search_index.rebuild(Database(self._db), tell)
            for table in ("job_counts", "review_per_queue", "review_unsorted", "figure_changes"):
                self._db.execute(f"delete from {table}")
            self._db.execute(JOB_COUNTS)
            self._db.execute(f"insert into review_per_queue {review_sorting.PER_QUEUE}")
            self._set_numbers(numbers)
            if broken := self._db.execute("pragma foreign_key_check").fetchall():
                raise StoreError(
                    f"{len(broken)} rows refer to others that are not there, such as one of {broken[0][0]}."
                )
        with self._told():
            self._db.execute("pragma wal_checkpoint(truncate)")

    def last_numbers(self) -> dict[str, int]:
        with self._told():
            return {name: seq for name, seq in self._db.execute("select name, seq from sqlite_sequence") if seq}

    def close(self) -> None:
        self._db.close()

    def _set_numbers(self, numbers: dict[str, int]) -> None:
        for table, last in numbers.items():
            (sql,) = self._db.execute("select sql from main.sqlite_master where name = ?", [table]).fetchone()
            if "autoincrement" in sql.lower():
                self._db.execute("delete from sqlite_sequence where name = ?", [table])
                most = f"max(?, coalesce((select max({TABLES[table][0]}) from {table}), 0))"
                self._db.execute(f"insert into sqlite_sequence values (?, {most})", [table, last])

    def _put_mark(self, mark: Mark | None) -> None:
        self._db.execute(f"drop table if exists {MARK}")
        if mark is not None:
            self._db.execute(MARK_TABLE)
            values = ", ".join("?" * len(MARK_COLUMNS))
            self._db.execute(f"insert into {MARK} ({', '.join(MARK_COLUMNS)}) values ({values})", mark.row())

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._told():
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise store_error(f"The database {database_in(self._folder)} cannot be used: {error}.", error) from error


def _is_text(text: bytes) -> bool:
    try:
        return "\0" not in text.decode()
    except UnicodeDecodeError:
        return False
