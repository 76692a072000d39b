"""The transaction in which a group of changes is made, on a connection of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import psycopg
from psycopg.pq import TransactionStatus

from backend.store.engine import Rows
from backend.store.postgres import locks
from backend.store.postgres.clock import Clock
from backend.store.postgres.database import Connection, Database, run
from backend.store.postgres.errors import CommitLostError, may_be_committed, said
from backend.store.postgres.pipeline import Pipeline, PipelinedDatabase
from backend.store.postgres.watchdog import Watchdog

BEGIN = f"begin isolation level read committed; select pg_advisory_xact_lock({locks.WRITE}); "
NOW = "select set_config('qu.now', '{now}', true)"  # triggers ask for the time too
HAS_FAILED = "a statement of the change had failed"
RETRY_SECONDS = 1.0  # after no connection could be opened


class Writer:
    """PostgreSQL's side of `backend.store.group_commit`. By the lock, the groups of all processes follow each other."""

    def __init__(
        self, connect: Callable[[], Connection], clock: Clock, ask: Callable[[Database], Rows],
        derive: Callable[[Database, Rows], None], watchdog: Watchdog,
    ) -> None:  # fmt: skip
        """`derive` updates what is derived from the changes, before they are committed. It is given what `ask` returned
        after the last of them, which is sent with its end so that it costs no round trip.
        """
        self._connect, self._clock, self._ask, self._derive = connect, clock, ask, derive
        self._watchdog = watchdog
        self._failure, self._failed_at = "", 0.0  # of the last attempt to connect
        self._asked: Rows | None = None
        self._connection: Connection | None = None
        self._pipeline: Pipeline | None = None
        self.is_open = False  # also while the connection is broken, so that no member of the group is told otherwise

    @property
    def db(self) -> Database:
        """The database within the transaction."""
        return PipelinedDatabase(self._used, self._clock, self._sending)

    def begin(self) -> None:
        """Begin a transaction and wait for the lock; a connection that the server closed is replaced."""
        command = (BEGIN + NOW.format(now=int(self._clock()))).encode()
        while not self.is_open:
            is_new = self._connection is None or self._connection.closed
            if is_new:
                self._connection = self._open()
                self._pipeline = Pipeline(self._connection)
            self._watchdog.watch(self._used)
            try:
                run(self._used.pgconn, command)
                self._sending.enter()
                self.is_open, self._asked = True, None
            except psycopg.Error:
                if is_new or not self._used.closed:
                    self.rollback()
                    raise

    def add_savepoint(self) -> None:
        self._sending.send("savepoint member")

    def release_savepoint(self) -> None:
        """Keep what was changed since the savepoint. Raises the error of a statement that failed."""
        self._sending.send("release member")
        self._asked = self._ask(self.db)
        self._sending.sync()

    def undo_to_savepoint(self) -> None:
        self._asked = None  # has no answer, where a statement failed before it
        with suppress(psycopg.Error):
            self._sending.sync()
        self._sending.send("rollback to member")
        self._sending.send("release member")
        self._sending.sync()

    def check(self) -> None:
        """Raise an error if a statement failed so that the transaction cannot be committed."""
        self._asked = self._ask(self.db)
        self._sending.sync()
        if self._used.info.transaction_status != TransactionStatus.INTRANS:
            raise psycopg.errors.InFailedSqlTransaction(HAS_FAILED)

    def commit(self) -> None:
        """Update what is derived from the changes, and commit."""
        self._derive(self.db, self._asked or self._ask(self.db))
        try:
            ended = self._sending.send("commit")
            self._sending.leave()
        except psycopg.Error as error:
            if may_be_committed(error):
                raise CommitLostError(said(error)) from error
            raise
        if ended.command != b"COMMIT":
            raise psycopg.errors.InFailedSqlTransaction(HAS_FAILED)
        self._watchdog.forget(self._used)
        self.is_open = False

    def rollback(self) -> None:
        """Undo the transaction; a connection that broke does so by itself, and one that cannot is closed."""
        self.is_open = False
        if self._connection is None:
            return
        try:
            self._end(self._connection)
        finally:
            self._watchdog.forget(self._connection)

    def _end(self, connection: Connection) -> None:
        if connection.closed:
            return
        with suppress(psycopg.Error):
            self._sending.leave()
        with suppress(psycopg.Error):
            run(connection.pgconn, b"rollback")
        if connection.info.transaction_status != TransactionStatus.IDLE:
            connection.close()  # broken within a pipeline, which libpq does not call closed

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def _open(self) -> Connection:
        """Open a connection. Who waited while none could be opened is told so without another attempt of seconds."""
        if self._failure and time.monotonic() < self._failed_at + RETRY_SECONDS:
            raise psycopg.OperationalError(self._failure)
        try:
            connection = self._connect()
        except psycopg.Error as error:
            self._failure, self._failed_at = str(error), time.monotonic()
            raise
        self._failure = ""
        return connection

    @property
    def _used(self) -> Connection:
        if self._connection is None:
            raise psycopg.OperationalError("there is no connection")
        return self._connection

    @property
    def _sending(self) -> Pipeline:
        if self._pipeline is None:
            raise psycopg.OperationalError("there is no connection")
        return self._pipeline
