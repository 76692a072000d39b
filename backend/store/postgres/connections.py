"""Connections to a PostgreSQL database, and transactions on them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from backend.store.engine import HAS_WRITTEN, UNKNOWN, Progress, Rows, ignore_progress
from backend.store.errors import Reason, StoreError
from backend.store.group_commit import GroupedWriter
from backend.store.postgres import derived, locks, migrations, schema
from backend.store.postgres.change_cache import ChangeCache
from backend.store.postgres.clock import Clock, ServerClock
from backend.store.postgres.database import Connection, Database, run
from backend.store.postgres.errors import CommitLostError, may_be_committed, said, store_error
from backend.store.postgres.marks import read_mark
from backend.store.postgres.opening import KWARGS, configure, connect, explained, read_address
from backend.store.postgres.watchdog import Watchdog
from backend.store.postgres.writer import Writer

T = TypeVar("T")

MAX_CONNECTIONS = 20
MORE_CONNECTIONS = 2  # for the version of the data, and for exports
WAIT_SECONDS = 10.0  # for a connection of the pool
AWAY_SECONDS = 2.0  # the same while the server is away: as long as two attempts to connect
RETRY_SECONDS = 1.0  # while the server is away
READ = b"begin isolation level repeatable read read only"
VOLATILE, FEED = (
    f"begin isolation level read committed; select pg_advisory_xact_lock({key})".encode()
    for key in (locks.VOLATILE, locks.FEED)
)
PATIENT = ("set local statement_timeout = 0", "set local idle_in_transaction_session_timeout = 0")
UNPOOLED = b"set statement_timeout = 0; set idle_in_transaction_session_timeout = 0"


class Connections:
    """A pool of connections, and one that tells when the database changed."""

    is_local = False

    def __init__(
        self,
        address: str,
        clock: Clock = time.time,
        tell: Progress = ignore_progress,
        *,
        upgrade: bool = False,
        held: bool = False,
    ) -> None:
        """Open the database, making its tables if there are none; an old schema is upgraded only with `upgrade`.

        `tell` reports the progress of an upgrade. With the clock `time.time`, the server's is used. With `held`, the
        caller holds the database alone, and may open one that is being moved. Raises StoreError.
        """
        self.name, self._address = read_address(address)
        self.place = f"The database {self.name}"
        self._held = held
        self.listeners: list[Callable[[], object]] = []
        # Others of this process wait here, without a connection.
        self._volatile, self._feed = threading.Lock(), threading.Lock()
        self._watchdog = Watchdog(self._address, lambda: self._cache.version() != UNKNOWN)
        self._cache = ChangeCache(self._open(tell, upgrade), self._connect)
        self._watchdog.start()
        self.now: Clock = ServerClock(self._cache.server_time) if clock is time.time else clock
        self._commits, self._folds = 0, False
        self._writer = Writer(self._connect, self.now, derived.ask, self._derive, self._watchdog)
        self._writes = GroupedWriter(self._writer, self.place)
        self._used: set[Connection] = set()  # of the pool
        self._away = False  # the last attempt to connect failed
        self._pool = ConnectionPool(
            self._address, kwargs=KWARGS, configure=self._configure, min_size=1, max_size=MAX_CONNECTIONS,
            max_idle=300, reconnect_timeout=0, reconnect_failed=self._note_away, name="qu-console", open=True,
        )  # fmt: skip
        with suppress(psycopg.Error):  # whoever needs a connection is told
            self._pool.wait(WAIT_SECONDS)
        self.cached, self.version = self._cache.get, self._cache.version

    def _open(self, tell: Progress, upgrade: bool) -> Connection:
        """Return a connection to a database whose schema is ours."""
        connection = connect(self._address)
        try:
            if not self._held:
                note_use(connection)
            if not self._held and (mark := read_mark(connection)):
                raise StoreError(mark.refusal(self.name), Reason.VERSION)
            if schema.prepare(connection, self.name, upgrade=upgrade):
                _rebuild(connection, tell)
            return connection
        except BaseException as error:
            connection.close()
            if not isinstance(error, psycopg.Error):
                raise
            raise explained(self._address, error) from error

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Open a read transaction: a consistent snapshot, regardless of concurrent writes. Raises StoreError."""
        with self._transaction(READ, "read") as db:
            yield db

    @contextmanager
    def writing(self, *, bulk: bool = False) -> Iterator[Database]:
        """Open a write transaction: durable when the block ends, or rolled back.

        Changes are made one after the other, in all processes. Concurrent callers of this one share a commit, and thus
        one disk sync; each still fails alone. With `bulk`, it may take longer.
        """
        try:
            with self._writes.turn(bulk=bulk):
                db = self._writer.db
                if bulk:
                    for limit in PATIENT:
                        db.execute(limit)
                    self._folds = True
                yield db
        except psycopg.Error as error:
            raise self._store_error("written", error) from error
        HAS_WRITTEN.set(True)
        for listener in self.listeners:
            listener()

    @contextmanager
    def volatile(self) -> Iterator[Database]:
        """Open a write transaction that does not wait for the disk: a crash of the server may lose it."""
        with self._turn(self._volatile), self._transaction(VOLATILE, "written") as db:
            run(db.conn.pgconn, b"set local synchronous_commit = off")
            yield db

    @contextmanager
    def feed_writing(self) -> Iterator[Database]:
        """Open a durable write transaction on versions and figures of the feed."""
        with self._turn(self._feed), self._transaction(FEED, "written") as db:
            yield db

    @contextmanager
    def feed_reading(self) -> Iterator[Database]:
        """Open a read transaction on versions and figures of the feed."""
        with self._transaction(READ, "read") as db:
            yield db

    @contextmanager
    def unpooled_reader(self) -> Iterator[Database]:
        """Open a separate connection outside the pool and outside a transaction, for reading a whole list.

        Raises StoreError, also for errors within the block.
        """
        try:
            with self._connect() as connection, self._watchdog.watching(connection):
                run(connection.pgconn, UNPOOLED)
                yield Database(connection, self.now)
        except psycopg.Error as error:
            raise self._store_error("read", error) from error

    def cached_in(self, db: Database, key: Hashable, find: Callable[[], T]) -> T:
        """Return `find()` for the snapshot of `db`, cached until the database changes."""
        return self._cache.get(key, find, self._cache.version_in(db))

    @contextmanager
    def leading(self, task: str) -> Iterator[bool]:
        """Yield whether no other process does this task; if so, no other may until the block ends."""
        key, connection = f"({locks.LEAD}, hashtext($1))", None
        try:
            connection = self._begin(b"select 1")
            (leads,) = connection.execute(f"select pg_try_advisory_lock{key}", [task]).fetchone() or (False,)
            self._watchdog.forget(connection)  # a task may take hours, in which the connection is idle
        except psycopg.Error as error:
            if connection is not None:
                self._give_back(connection)
            raise self._store_error("read", error) from error
        try:
            yield bool(leads)
        finally:
            if leads:
                with suppress(psycopg.Error):  # a connection that broke has the lock no more
                    connection.execute(f"select pg_advisory_unlock{key}", [task])
            self._give_back(connection)

    @property
    def waiting(self) -> int:
        """How many callers of this process wait to write, not counting the present one."""
        return self._writes.waiting

    def close(self) -> None:
        """Close all connections."""
        with self._writes.alone():
            self._writer.close()
        self._watchdog.stop()
        self._pool.close()
        self._cache.close()

    def _derive(self, db: Database, noted: Rows) -> None:
        """Update what is derived from the changes of this transaction."""
        self._commits += 1
        derived.update(db, noted, self.now(), fold=self._folds or self._commits % derived.FOLD_EVERY == 0)
        self._folds = False

    @contextmanager
    def _turn(self, lock: threading.Lock) -> Iterator[None]:
        """Hold a lock of this process. Raises StoreError rather than let callers pile up while the server is away."""
        if not lock.acquire(timeout=WAIT_SECONDS):
            text = f"The database {self.name} cannot be written: others were before for {WAIT_SECONDS:g} seconds"
            raise StoreError(text, Reason.BUSY)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _transaction(self, begin: bytes, done: str) -> Iterator[Database]:
        connection: Connection | None = None
        try:
            connection = self._begin(begin)
            yield Database(connection, self.now)
            if begin is READ:
                run(connection.pgconn, b"rollback")
            else:
                self._commit(connection)
        except psycopg.Error as error:
            raise self._store_error(done, error) from error
        finally:
            if connection is not None:
                self._give_back(connection)

    def _commit(self, connection: Connection) -> None:
        try:
            done = run(connection.pgconn, b"commit")
        except psycopg.Error as error:
            if may_be_committed(error):
                raise CommitLostError(said(error)) from error
            raise
        if done != b"COMMIT":
            raise StoreError(f"The database {self.name} undid a change in which a statement had failed.")

    def _begin(self, begin: bytes) -> Connection:
        """Begin a transaction on a connection of the pool, trying others where the server closed it meanwhile."""
        tries, end = MAX_CONNECTIONS, time.monotonic() + WAIT_SECONDS
        while True:
            connection = self._take()
            tries -= 1
            try:
                run(connection.pgconn, begin)
                return connection
            except BaseException as error:
                closed = connection.closed
                self._give_back(connection)
                if not (closed and tries and time.monotonic() < end and isinstance(error, psycopg.Error)):
                    raise

    def _take(self) -> Connection:
        """Take a connection from the pool, which is exhausted or cannot connect if there is none for some time."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            left = max(end - time.monotonic(), 0.0)
            try:
                connection: Connection = self._pool.getconn(min(left, AWAY_SECONDS))
            except PoolTimeout:
                if self._away and not self._used:
                    raise psycopg.OperationalError(AWAY) from None
                if left <= AWAY_SECONDS:
                    raise PoolTimeout(f"no connection was free within {WAIT_SECONDS:g} seconds") from None
            else:
                self._used.add(connection)
                self._watchdog.watch(connection)
                return connection

    def _note_away(self, pool: ConnectionPool[Connection]) -> None:
        """Try to connect a second later: the pool itself would wait twice as long each time, with the server back."""
        self._away = True
        timer = threading.Timer(RETRY_SECONDS, pool.check)  # makes a connection if there is none
        timer.daemon = True
        timer.start()

    def _give_back(self, connection: Connection) -> None:
        with suppress(psycopg.Error):
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE and not connection.closed:
                run(connection.pgconn, b"rollback")
        self._watchdog.forget(connection)
        self._used.discard(connection)
        self._pool.putconn(connection)  # which throws away a closed one

    def _connect(self) -> Connection:
        connection: Connection = psycopg.connect(self._address, **KWARGS)
        try:
            self._configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _configure(self, connection: Connection) -> None:
        with self._watchdog.watching(connection):
            configure(connection)
            if not self._held:
                note_use(connection)
        self._away = False

    def _store_error(self, done: str, error: psycopg.Error) -> StoreError:
        return store_error(f"The database {self.name} cannot be {done}: {said(error)}", error)


AWAY = "no connection can be opened; check that the server runs"


def _rebuild(connection: Connection, tell: Progress) -> None:
    """Make what is derived from the rows anew, after an upgrade that asks for it; who changes something waits."""
    db = Database(connection, time.time)
    with connection.transaction():
        run(connection.pgconn, b"set local statement_timeout = 0; set local lock_timeout = 0")
        db.execute("select pg_advisory_xact_lock(?)", [locks.WRITE])
        if migrations.is_rebuild_due(connection):
            derived.rebuild(db, tell)
            migrations.note_rebuilt(connection)
            derived.note_change(db)


def note_use(connection: Connection) -> None:
    """Show that a console uses the database, as long as the connection is open."""
    (free,) = connection.execute("select pg_try_advisory_lock_shared($1)", [locks.USE]).fetchone() or (False,)
    if not free:
        raise psycopg.OperationalError("it is being restored or moved; try again when that is done")
