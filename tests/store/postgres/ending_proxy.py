"""A proxy before PostgreSQL that ends a connection as the server does on pg_terminate_backend, right after a commit, or
goes silent as a server does that is stopped.

When exactly a server ends a connection cannot be arranged with the server itself.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import ExitStack, closing, suppress

import psycopg

COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"  # the message CommandComplete
FIELDS = (b"SFATAL", b"VFATAL", b"C57P01", b"Mterminating connection due to administrator command")
SIZE = 65_536


class EndingProxy:
    """Passes everything on; once `ends` is set, each connection ends when the server says that it has committed.

    While `answers` is not set, everything waits, and new connections are taken but not served.
    """

    def __init__(self, address: str) -> None:
        with psycopg.connect(address) as db:
            self._target = db.info.host, db.info.port
            self.address = psycopg.conninfo.make_conninfo(address, host="127.0.0.1", port=0, sslmode="disable")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = psycopg.conninfo.make_conninfo(self.address, port=self._listener.getsockname()[1])
        self.ends, self.answers = threading.Event(), threading.Event()
        self.answers.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.answers.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with ExitStack() as stack:
            stack.enter_context(closing(client))
            server = stack.enter_context(closing(self._connect()))
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
            self._pass_on(server, client, answers=True)
            for side in (client, server):
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)  # closing alone does not wake the other thread

    def _connect(self) -> socket.socket:
        host, port = self._target
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _pass_on(self, source: socket.socket, target: socket.socket, *, answers: bool = False) -> None:
        with suppress(OSError):
            while data := source.recv(SIZE):
                self.answers.wait()
                head, committed, _ = data.partition(COMMITTED)
                if answers and committed and self.ends.is_set():
                    target.sendall(head + committed + _error())
                    threading.Event().wait(0.2)  # the error arrives before the end of the connection
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def _error() -> bytes:
    """Return the message ErrorResponse of a connection that the server ends."""
    body = b"".join(field + b"\0" for field in FIELDS) + b"\0"
    return b"E" + struct.pack("!I", 4 + len(body)) + body
