"""Cache of query results that is valid until the database changes, of which the table `changes` has the number.

`pg_current_snapshot()` would cost as much, and change with each report of the feed and with all other databases of
the server.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from backend.store.engine import UNKNOWN
from backend.store.postgres.database import Connection, Database
from backend.store.version_cache import VersionedCache

RETRY_SECONDS = 1.0
ANSWER_SECONDS = 2.0  # the event loop may wait for the answer; a server that takes longer is away
EPOCH = 1 << 44  # more changes than there will be
NUMBER = "select sum(number)::bigint from changes"
CLOCK = "select extract(epoch from clock_timestamp())::double precision"
STATEMENTS = {b"number": NUMBER.encode(), b"clock": CLOCK.encode()}


class ChangeCache(VersionedCache):
    """Caches query results until any process commits a change; asks the server on a connection of its own.

    When the connection breaks, another one is opened by a thread, and nobody waits for it.
    """

    def __init__(self, connection: Connection, connect: Callable[[], Connection]) -> None:
        super().__init__()
        self._connect = connect
        self._guard = threading.Lock()
        self._connection: Connection | None = None
        self._opening = False
        self._closed = False
        self._epoch = 0
        self._asked, self._answer = 0, UNKNOWN  # questions for the version, and the last answer
        _prepare(connection)
        self._take(connection)

    def version(self) -> int:
        """Return a number that differs after every change; UNKNOWN if it cannot be read.

        Who waits here meanwhile shares the answer to the next question, which is asked after all of them came.
        """
        came = self._asked
        with self._guard:
            if self._asked == came:
                self._asked += 1
                number = self._ask(b"number")
                self._answer = UNKNOWN if number is None else self._epoch + int(number)
            return self._answer

    def version_in(self, db: Database) -> int:
        """Return the version that a transaction sees."""
        (number,) = db.execute(NUMBER).fetchone() or (0,)
        return self._epoch + int(number)

    def server_time(self) -> float | None:
        """Return the server's time in seconds since 1970 (UTC); None if it cannot be read."""
        with self._guard:
            told = self._ask(b"clock")
            return None if told is None else float(told)

    def close(self) -> None:
        """Close the connection."""
        with self._guard:
            self._closed = True
            self._drop()

    def _ask(self, statement: bytes) -> bytes | None:
        """Return what the server answers; None if it does not."""
        if self._connection is None:
            self._open_again()
            return None
        try:
            return _read(self._connection, statement)
        except (psycopg.Error, TimeoutError):
            self._drop()
            self._open_again()
            return None

    def _take(self, connection: Connection) -> None:
        self._connection = connection
        self._epoch += EPOCH  # after a fail-over, the same number may mean something else

    def _open_again(self) -> None:
        if not (self._opening or self._closed):
            self._opening = True
            threading.Thread(target=self._keep_opening, name="database version", daemon=True).start()

    def _keep_opening(self) -> None:
        while True:
            try:
                connection = self._connect()
                _prepare(connection)  # without the guard, for which the event loop may wait
            except psycopg.Error:
                time.sleep(RETRY_SECONDS)
                if not self._closed:
                    continue
                return
            with self._guard:
                self._opening = False
                self._take(connection)
                if self._closed:
                    self._drop()
            return

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _prepare(connection: Connection) -> None:
    for name, sql in STATEMENTS.items():
        connection.pgconn.prepare(name, sql)


def _read(connection: Connection, statement: bytes) -> bytes | None:
    """Return the only value of a prepared statement. Raises psycopg.Error, and TimeoutError without an answer."""
    server: Any = connection.pgconn
    server.send_query_prepared(statement, None)
    while server.flush():
        pass
    poll = select.poll()
    poll.register(server.socket, select.POLLIN)
    while server.is_busy():
        if not poll.poll(ANSWER_SECONDS * 1000):
            raise TimeoutError
        server.consume_input()
    result = server.get_result()
    if result.status != ExecStatus.TUPLES_OK:
        raise psycopg.errors.error_from_result(result)
    value: bytes | None = result.get_value(0, 0)
    while server.get_result() is not None:
        pass
    return value
