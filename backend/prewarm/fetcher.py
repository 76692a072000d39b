"""Fetching over plain HTTP: one connection, to an address that was looked up once and may be connected to."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import certifi

from backend.jobs.runner import Task
from backend.prewarm.ssrf import USUAL_PORTS, resolve_checked

CHUNK = 1 << 18
MAX_HOPS = 5
WATCH_SECONDS = 0.2
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one address may cost: seconds to connect and between two pieces, seconds in all, and bytes."""

    connect: float = 5.0
    pause: float = 30.0
    seconds: float = 900.0
    size: int = 4 << 30


@contextmanager
def asking(
    url: str, task: Task, deadline: Callable[[], float], limits: Limits, *, inside: bool
) -> Iterator[http.client.HTTPResponse]:  # fmt: skip
    """Ask for an address that was checked, and give the answer. Raises BadRequest where it may not be asked.

    `inside`: the operator wants this one, wherever it is. It ends at the deadline, and when the task is stopped.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or USUAL_PORTS[parts.scheme]
    plain = _connect(resolve_checked(host, port, inside=inside), port, limits.connect)
    connection = http.client.HTTPConnection(host, port)
    with plain, closing(connection), _until(deadline, task, plain):
        plain.settimeout(limits.pause)
        connection.sock = _trust().wrap_socket(plain, server_hostname=host) if parts.scheme == "https" else plain
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"Host": parts.netloc, "User-Agent": "qu-console", "Accept-Encoding": "identity"}
        connection.request("GET", target, headers=headers)
        with closing(connection.getresponse()) as answer:
            yield answer


def _connect(addresses: list[str], port: int, seconds: float) -> socket.socket:
    """Connect to the first of these addresses that answers. Raises OSError."""
    problem: OSError = ConnectionError("no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as error:
            problem = error
    raise problem


@contextmanager
def _until(deadline: Callable[[], float], task: Task, connection: socket.socket) -> Iterator[None]:
    """Cut a connection at the deadline, or when the task is stopped: an answer may pause just short of its limit."""
    other = connection.dup()  # TLS takes the first one over
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            if task.stopped.is_set() or time.monotonic() > deadline():
                with suppress(OSError):
                    other.shutdown(socket.SHUT_RDWR)
                return

    watcher = threading.Thread(target=watch, name="warm-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        other.close()


@cache
def _trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
