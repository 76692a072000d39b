"""Cache of query results that is valid until the database changes, of which the table `changes` has the number.

`pg_current_snapshot()` would cost as much, and change with each report of the feed and with all other databases of
the server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from backend.store.engine import UNKNOWN
from backend.store.postgres.database import Connection, Database
from backend.store.version_cache import VersionedCache

RETRY_SECONDS = 1.0
EPOCH = 1 << 44  # more changes than there will be
NUMBER = "select sum(number)::bigint from changes"
CLOCK = "select extract(epoch from clock_timestamp())::double precision"


class ChangeCache(VersionedCache):
    """Caches query results until any process commits a change; has a connection of its own for asking the server."""

    def __init__(self, connect: Callable[[], Connection], monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._connect, self._monotonic = connect, monotonic
        self._guard = threading.Lock()
        self._connection: Connection | None = None
        self._retry = 0.0
        self._closed = False
        self._epoch = 0

    def version(self) -> int:
        """Return a number that differs after every change; UNKNOWN if it cannot be read."""
        with self._guard:
            number = self._ask(NUMBER)
            return UNKNOWN if number is None else self._epoch + int(number)

    def version_in(self, db: Database) -> int:
        """Return the version that a transaction sees."""
        (number,) = db.execute(NUMBER).fetchone() or (0,)
        return self._epoch + int(number)

    def server_time(self) -> float | None:
        """Return the server's time in seconds since 1970 (UTC); None if it cannot be read."""
        with self._guard:
            told = self._ask(CLOCK)
            return None if told is None else float(told)

    def close(self) -> None:
        with self._guard:
            self._closed = True
            self._drop()

    def _ask(self, sql: str) -> Any:
        """Return what the server answers; None if it does not, and then at once for a while."""
        if self._closed or (self._connection is None and self._monotonic() < self._retry):
            return None
        try:
            if self._connection is None:
                self._connection = self._connect()
                self._epoch += EPOCH  # after a fail-over, the same number may mean something else
            row = self._connection.execute(sql, prepare=True).fetchone()
        except psycopg.Error:
            self._drop()
            self._retry = self._monotonic() + RETRY_SECONDS
            return None
        return None if row is None else row[0]

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
