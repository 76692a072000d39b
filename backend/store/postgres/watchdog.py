"""Ends connections to a server that no longer answers although its machine does, which TCP does not notice.

So it is when the server's processes are stopped, its container is paused, or a proxy stays while the server is gone.
No limit of the server's own holds then.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.conninfo import make_conninfo

from backend.store.postgres.database import Connection

CHECK_SECONDS = 1.0
USED_SECONDS = 5.0  # a connection in use for longer is a reason to ask whether the server answers


class Watchdog:
    """Knows since when each connection is in use. A statement may take long as long as the server answers others."""

    def __init__(self, address: str, answers: Callable[[], bool]) -> None:
        """`answers` asks the server something on a connection of its own; if it fails, a new one is tried."""
        self._address, self._answers = address, answers
        self._guard = threading.Lock()
        self._used: dict[Connection, float] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="database watchdog", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    @contextmanager
    def watching(self, connection: Connection) -> Iterator[None]:
        """Watch a connection while it is in use."""
        self.watch(connection)
        try:
            yield
        finally:
            self.forget(connection)

    def watch(self, connection: Connection) -> None:
        """Note that a connection is in use from now on."""
        with self._guard:
            self._used[connection] = time.monotonic()

    def forget(self, connection: Connection) -> None:
        """Note that a connection is no longer in use."""
        with self._guard:
            self._used.pop(connection, None)

    def _run(self) -> None:
        while not self._stopping.wait(CHECK_SECONDS):
            if (old := self._find_old()) and not self._answers() and _is_silent(self._address, old[0]):
                for connection in old:
                    _break_off(connection)

    def _find_old(self) -> list[Connection]:
        latest = time.monotonic() - USED_SECONDS
        with self._guard:
            return [connection for connection, since in self._used.items() if since <= latest]


def _is_silent(address: str, connection: Connection) -> bool:
    """Return whether the server of a connection lets another one wait until the time to connect is over."""
    try:
        info = connection.info
        place = make_conninfo(
            address, host=info.host, hostaddr=info.hostaddr, port=info.port, target_session_attrs="any"
        )
        psycopg.connect(place).close()
    except psycopg.errors.ConnectionTimeout:
        return True
    except psycopg.Error:
        return False  # it answered, or is gone, which the connection shows by itself
    return False


def _break_off(connection: Connection) -> None:
    """Let the thread that waits for an answer see that the connection is at its end."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as shared:
        if not connection.closed:  # otherwise the number may be another file's by now
            shared.shutdown(socket.SHUT_RDWR)
