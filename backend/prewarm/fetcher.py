"""HTTP client for untrusted servers, based on urllib3: connects to an address that was resolved once and checked."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urljoin, urlsplit

from backend.jobs.runner import Task, call_in_thread
from backend.prewarm.ssrf import USUAL_PORTS, resolve_checked

# urllib3 takes a tenth of a server's start, so the first fetch imports it. All of it: its modules import each other,
# and threads that begin with different ones would find some of them half done.
if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection

CHUNK = 1 << 18
MAX_HOPS = 5
MIN_RATE = 32 << 10  # bytes per second, far below any video host
GRACE_PAUSES = 2
WATCH_SECONDS = 0.2
Check: TypeAlias = Callable[[str], tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits per URL: seconds to connect, seconds of inactivity, total seconds, and bytes.

    The average rate must also reach MIN_RATE, after a grace period of GRACE_PAUSES, because other jobs wait.
    """

    connect: float = 5.0
    pause: float = 30.0
    seconds: float = 900.0
    size: int = 4 << 30


class FetchError(Exception):
    """A failed fetch; the message is `stopped`, `timeout`, or the name of the error."""


class TooLarge(FetchError):
    """The file exceeds the size limit."""


class TooManyRedirects(FetchError):
    """More than MAX_HOPS redirects."""


class Fetch:
    """One download, limited in time and size, and cancelled with its task."""

    def __init__(self, task: Task, limits: Limits) -> None:
        self._task, self._limits, self._started = task, limits, time.monotonic()
        self._answer_by, self._received, self._cut = inf, 0, False

    @contextmanager
    def opened(self, url: str, check: Check) -> Iterator[BaseHTTPResponse]:
        """Request a URL, follow redirects, and yield the response.

        Raises FetchError.
        `check` returns each URL in full, and whether the operator allows it even if internal; it may raise.
        """
        for _ in range(MAX_HOPS + 1):
            url, inside = check(url)
            with self._asking(url, inside=inside) as answer:
                target = answer.get_redirect_location()
                if not target:
                    yield answer
                    return
            with self._explained():
                url = urljoin(url, target)
        raise TooManyRedirects(f"more than {MAX_HOPS} redirects")

    @contextmanager
    def posted(self, url: str, check: Check, body: bytes, headers: Mapping[str, str]) -> Iterator[BaseHTTPResponse]:
        """Send a body to a URL and yield the response, whatever its status; redirects are not followed.

        Raises FetchError. `check` is as for `opened`.
        """
        url, inside = check(url)
        with self._asking(url, inside=inside, body=body, headers=headers) as answer:
            yield answer

    def pieces(self, answer: BaseHTTPResponse) -> Iterator[bytes]:
        """Yield the body as received, undecoded. Raises FetchError if it is incomplete."""
        expected, limit = answer.length_remaining or 0, self._limits.size
        with self._explained():
            while max(expected, self._received) <= limit:
                if not (piece := answer.read1(CHUNK, decode_content=False)):
                    if self._cut:  # indistinguishable from the end of a body without a length
                        raise TimeoutError
                    return
                self._received += len(piece)
                yield piece
        raise TooLarge(f"it is larger than {limit} bytes")

    @contextmanager
    def _asking(
        self, url: str, *, inside: bool, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[BaseHTTPResponse]:
        parts = urlsplit(url)
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        sent = {"Host": parts.netloc, "User-Agent": "qu-console", "Accept-Encoding": "identity", **(headers or {})}
        method = "GET" if body is None else "POST"
        host, port = parts.hostname or "", parts.port or USUAL_PORTS[parts.scheme]
        addresses = resolve_checked(host, port, inside=inside)
        with self._explained():
            connection = self._connect(parts.scheme, host, port, addresses)
        with closing(connection), self._watched(connection):
            with self._explained():
                connection.request(method, target, body=body, headers=sent, preload_content=False, decode_content=False)
                answer = connection.getresponse()
            self._answer_by = inf
            with closing(answer):
                yield answer

    def _connect(self, scheme: str, host: str, port: int, addresses: list[str]) -> HTTPConnection:
        """Connect to the first reachable address; over TLS, verify the certificate of the host."""
        import urllib3

        tls: dict[str, Any] = {"server_hostname": host, "ssl_context": trusted()} if scheme == "https" else {}
        kind = urllib3.connection.HTTPSConnection if tls else urllib3.connection.HTTPConnection
        problem: Exception = ConnectionError("no address")
        for address in addresses:
            connection = kind(address, port, timeout=self._limits.connect, **tls)
            try:
                connection.connect()
            except (OSError, urllib3.exceptions.HTTPError) as error:
                connection.close()
                problem = error
                if self._is_over():
                    break
            else:
                connection.timeout = self._limits.pause
                return connection
        raise problem

    @contextmanager
    def _watched(self, connection: HTTPConnection) -> Iterator[None]:
        """Shut the connection down at its deadline; a slow sender would otherwise never trigger the socket timeout."""
        plain = connection.sock
        own = socket.fromfd(plain.fileno(), plain.family, plain.type)  # the connection closes its own
        self._answer_by = time.monotonic() + self._limits.pause
        done = threading.Event()

        def watch() -> None:
            while not (self._cut or done.wait(WATCH_SECONDS)):
                if self._is_over():
                    self._cut = True
                    with suppress(OSError):
                        own.shutdown(socket.SHUT_RDWR)

        with own:
            watching = call_in_thread("fetch-watch", watch)
            try:
                yield
            finally:
                done.set()
                watching.result()

    def _is_over(self) -> bool:
        seconds = min(self._limits.seconds, GRACE_PAUSES * self._limits.pause + self._received / MIN_RATE)
        return self._task.stopped.is_set() or time.monotonic() > min(self._answer_by, self._started + seconds)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        import urllib3

        try:
            yield
        except (OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
            why = "timeout" if self._cut or self._is_over() else _name(error)
            raise FetchError("stopped" if self._task.stopped.is_set() else why) from error


def _name(error: BaseException) -> str:
    while error.__cause__ is not None:  # urllib3 wraps the cause
        error = error.__cause__
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__


@cache
def trusted() -> ssl.SSLContext:
    """Whose certificates are believed: this system's authorities, and those of certifi where it has none."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
