"""The tables of a PostgreSQL database, for moving a store from it or to it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import psycopg
from psycopg import RawServerCursor

from backend.store.engine import Progress
from backend.store.errors import StoreError
from backend.store.moving import BATCH, DERIVED, FIRST, MARK, MARK_COLUMNS, MARK_TABLE, TABLES, Key, Mark, Row
from backend.store.postgres import derived, locks, migrations
from backend.store.postgres.connections import UNPOOLED, note_use
from backend.store.postgres.database import Connection, Database, run
from backend.store.postgres.errors import said, store_error
from backend.store.postgres.marks import read_mark
from backend.store.postgres.opening import connect, read_address
from backend.store.postgres.schema import NOT_OURS, OUTDATED

NEWER = "The database {name} is of a newer version of the console, with {unknown}. Use that version for this."
COLUMNS = """
    select attname::text from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
    order by attname collate "C"
"""
# An index of a constraint stays, as rows are looked up by it.
INDEXES = """
    select 'drop index ' || indexrelid::regclass, pg_get_indexdef(indexrelid) from pg_index
    where indrelid = any(select to_regclass(name) from unnest($1::text[]) name)
        and not exists (select 1 from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
"""
FOREIGN_KEYS = """
    select format('alter table %s drop constraint %I', conrelid::regclass, conname),
        format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace
"""
NUMBERED = """
    select t.relname::text, a.attname::text, pg_get_serial_sequence(t.relname, a.attname)
    from pg_attribute a join pg_class t on t.oid = a.attrelid
    where t.relnamespace = current_schema()::regnamespace and a.attidentity <> '' and not a.attisdropped
"""


class PostgresTables:
    """Two connections to a database: one that reads from one state, one that writes."""

    def __init__(self, address: str, *, held: bool = True) -> None:
        """Without `held`, others may use the database, but nobody may restore or move it meanwhile."""
        self.name, _ = read_address(address)
        with self._store_errors():
            self._db: Connection = connect(address)
            run(self._db.pgconn, UNPOOLED)
            if not held:
                note_use(self._db)
            self._reader: Connection = connect(address)
            run(self._reader.pgconn, UNPOOLED)

    def problem(self) -> str:
        with self._store_errors():
            if not migrations.is_ours(self._db):
                return NOT_OURS.format(name=self.name)
            if migrations.find_pending(self._db):
                return OUTDATED.format(name=self.name)
            unknown = migrations.find_unknown(self._db)
            return NEWER.format(name=self.name, unknown=", ".join(unknown)) if unknown else ""

    def is_new(self) -> bool:
        with self._store_errors():
            tables = (table for table in TABLES if table not in FIRST)
            used = any(self._db.execute(f"select 1 from {table} limit 1").fetchone() for table in tables)
            return not used and self._db.execute("select id from history_head").fetchone() == (0,)

    def read_mark(self) -> Mark | None:
        with self._store_errors():
            return read_mark(self._db)

    def write_mark(self, mark: Mark | None) -> None:
        with self._store_errors(), self._db.transaction():
            self._put_mark(mark)

    def columns(self, table: str) -> list[str]:
        with self._store_errors():
            return [name for (name,) in self._db.execute(COLUMNS, [table])]

    def count(self, table: str) -> int:
        with self._store_errors():
            (number,) = self._db.execute(f"select count(*) from {table}").fetchone() or (0,)
            return int(number)

    def last_key(self, table: str) -> Key | None:
        keys = TABLES[table]
        order = ", ".join(f"{key} desc" for key in keys)
        with self._store_errors():
            return self._db.execute(f"select {', '.join(keys)} from {table} order by {order} limit 1").fetchone()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self._store_errors():
            run(self._reader.pgconn, b"begin isolation level repeatable read read only")
            try:
                yield
            finally:
                if not self._reader.closed:
                    run(self._reader.pgconn, b"rollback")

    def rows(self, table: str, columns: Sequence[str], after: Key | None = None) -> Iterator[list[Row]]:
        keys = ", ".join(TABLES[table])
        behind = f"where ({keys}) > ({', '.join(f'${n + 1}' for n in range(len(after)))})" if after else ""
        with self._store_errors(), closing(RawServerCursor(self._reader, "moved")) as cursor:
            cursor.execute(f"select {', '.join(columns)} from {table} {behind} order by {keys}", after, binary=True)
            while rows := cursor.fetchmany(BATCH):
                yield rows

    def find_strange_text(self, table: str, columns: Sequence[str]) -> list[str]:
        """Return nothing: PostgreSQL takes only what is text."""
        return []

    def begin_filling(self, mark: Mark) -> None:
        names = [*TABLES, *DERIVED, "finding"]
        with self._store_errors(), self._db.transaction():
            before = read_mark(self._db)
            later = list(before.later) if before else []  # they are left out already
            for table in names if not later else ():
                self._db.execute(f"alter table {table} disable trigger user")
                later.append(f"alter table {table} enable trigger user")
            for drop, make in (
                *self._db.execute(FOREIGN_KEYS).fetchall(),
                *self._db.execute(INDEXES, [names]).fetchall(),
            ):
                self._db.execute(drop)
                later.insert(0, make)  # indexes first: foreign keys are checked by them
            self._db.execute(f"truncate {', '.join(names)}")
            self._put_mark(replace(mark, later=tuple(later)))

    def write(self, table: str, columns: Sequence[str], rows: list[Row]) -> None:
        sql = f"copy {table} ({', '.join(columns)}) from stdin"
        with self._store_errors(), self._db.transaction(), self._db.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)

    def finish_filling(self, numbers: dict[str, int], tell: Progress) -> None:
        with self._store_errors():
            total = self.count("videos")
            tell(0, total)
            with self._db.transaction():
                run(self._db.pgconn, b"set local maintenance_work_mem = '256MB'")
                mark = read_mark(self._db)
                for table, rows in derived.COPIES.items():
                    self._db.execute(f"truncate {table}")
                    self._db.execute(f"insert into {table} {rows}")
                for table, (rows, _, _) in derived.COUNTERS.items():
                    self._db.execute(f"truncate {table}")
                    self._db.execute(f"insert into {table} {rows}")
                for sql in mark.later if mark else ():
                    self._db.execute(sql)
                if mark:
                    self._put_mark(replace(mark, later=()))
                self._set_numbers(numbers)
                derived.note_change(Database(self._db, lambda: 0.0))
            tell(total, total)
            self._db.execute("vacuum (analyze)")

    def last_numbers(self) -> dict[str, int]:
        found = {}
        with self._store_errors():
            for table, _, sequence in self._db.execute(NUMBERED).fetchall():
                row = self._db.execute(f"select last_value, is_called from {sequence}").fetchone()
                if row is not None and row[1]:
                    found[table] = int(row[0])
        return found

    def close(self) -> None:
        self._db.close()
        self._reader.close()

    def _set_numbers(self, numbers: dict[str, int]) -> None:
        for table, column, sequence in self._db.execute(NUMBERED).fetchall():
            (most,) = self._db.execute(f"select max({column}) from {table}").fetchone() or (None,)
            last = max(numbers.get(table, 0), most or 0)
            self._db.execute("select setval($1::regclass, $2, $3 > 0)", [sequence, max(last, 1), last > 0])

    def _put_mark(self, mark: Mark | None) -> None:
        self._db.execute(f"drop table if exists {MARK}")
        if mark is not None:
            self._db.execute(MARK_TABLE)
            values = ", ".join(f"${number + 1}" for number in range(len(MARK_COLUMNS)))
            self._db.execute(f"insert into {MARK} ({', '.join(MARK_COLUMNS)}) values ({values})", mark.row())

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise store_error(f"The database {self.name} cannot be used: {said(error)}.", error) from error


@contextmanager
def hold_alone(address: str) -> Iterator[None]:
    """Hold a database alone: no console that is open uses it, and none is opened meanwhile. Raises StoreError."""
    name, _ = read_address(address)
    try:
        with connect(address) as connection:
            run(connection.pgconn, UNPOOLED)
            if not _is_free(connection):
                raise StoreError(IN_USE.format(name=name, who=_find_users(connection)))
            try:
                yield
            finally:  # now, and not when the server notices that the connection was closed
                with suppress(psycopg.Error):
                    connection.execute("select pg_advisory_unlock($1)", [locks.USE])
    except psycopg.Error as error:
        raise store_error(f"The database {name} cannot be opened: {said(error)}.", error) from error


def _is_free(connection: Connection) -> bool:
    """Take the lock, which the server may release some time after the last console has closed its connections."""
    until = time.monotonic() + RELEASE_SECONDS
    while True:
        (held,) = connection.execute("select pg_try_advisory_lock($1)", [locks.USE]).fetchone() or (False,)
        if held or time.monotonic() > until:
            return bool(held)
        time.sleep(0.05)


RELEASE_SECONDS = 2.0
IN_USE = "The database {name} is in use ({who}). Stop all servers, workers and other commands that use it first."
USERS = """
    select distinct coalesce(host(a.client_addr), 'this machine of the database')
    from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
        and (l.classid::bigint << 32 | l.objid::bigint) = $1 and l.granted
"""


def _find_users(connection: Connection) -> str:
    return ", ".join(sorted(host for (host,) in connection.execute(USERS, [locks.USE]))) or "by somebody"
