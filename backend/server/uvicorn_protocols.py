"""Extends uvicorn's protocols where it has no settings: it waits indefinitely for incomplete requests and WebSocket
messages and for clients that do not read, responds to malformed requests in plain text, and trusts forwarded
headers of local programs. The only module that depends on uvicorn's internals, because there is no public way to
disconnect a client. Its mixins override methods that uvicorn's parser calls. TRIED has the tested versions with a
digest of the code relied upon; a test fails for any other, and then the tests of timeouts and floods must be run
again.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend.server.descriptors import Room, count_open, raise_limit
from backend.server.page_pipe import MAX_MESSAGE
from backend.server.parse_errors import KEPT_BYTES, NO_ROOM, TOO_LATE, parse_error, refusal
from backend.server.timeouts import STOP_SECONDS, StalledWrites, Timeouts

log = logging.getLogger(__name__)

TRIED = {"0.54.0": "47504763125bdc92"}
UNBOUNDED, DEFAULT = Room(), Timeouts()
CHECK_SECONDS = 2.0
STUCK_SECONDS = 60.0  # without progress in sending
ARRIVALS = itertools.count()  # numbers of connections
ECHO_SECONDS = 0.5  # wait for the close handshake, limited because the room is needed
CLOSING_SECONDS = 10.0  # wait for unsent data after closing
PIECE_BYTES = 4 << 10  # data parsed at a time
MAX_UNSENT = 1 << 20
MAX_CONTROL = 100  # pings and pongs per check; browsers send one in half a minute
MAX_FRAMES = 4096  # per message
MAX_WAITING = 256  # unprocessed messages


def limit_server(receive: Callable[..., Any], timeouts: Timeouts = DEFAULT) -> None:
    """Apply the limits to the uvicorn server running this app, which Streamlit or uvicorn's command line created.

    `receive` is the lifespan's, through which uvicorn's configuration is found; other servers are left alone.
    """
    config = getattr(getattr(receive, "__self__", None), "config", None)
    if config is not None and isinstance(config.loaded_app, ProxyHeadersMiddleware):
        config.loaded_app = config.loaded_app.app  # forwarded headers are trusted only as configured by QU_PROXIES
    if config is None or not hasattr(getattr(config, "http_protocol_class", None), "on_message_begin"):
        log.warning("this server cannot be given time limits for slow clients; use uvicorn with httptools")
        return
    config.http_protocol_class = limited(config.http_protocol_class, timeouts, Room(raise_limit()))
    config.ws_protocol_class = limited_socket(config.ws_protocol_class)
    config.ws_max_size = MAX_MESSAGE
    if config.timeout_graceful_shutdown is None:
        config.timeout_graceful_shutdown = STOP_SECONDS


@cache
def limited(protocol: Any, timeouts: Timeouts = DEFAULT, room: Room = UNBOUNDED) -> Any:
    """Return uvicorn's httptools protocol with these limits."""
    return type("LimitedHttp", (HttpLimits, protocol), {"timeouts": timeouts, "room": room})


@cache
def limited_socket(protocol: Any) -> Any:
    """Return uvicorn's WebSocket protocol with limits; an incompatible one is returned unchanged."""
    parts = ("handle_ping", "handle_pong", "handle_cont", "send_receive_event_to_app", "frames", "queue")
    if protocol is None or not all(hasattr(protocol, part) for part in parts[:4]):
        log.warning("this server's WebSockets cannot be given limits; use uvicorn's websockets-sansio")
        return protocol
    return type("LimitedWebSocket", (WebSocketLimits, protocol), {})


class HttpLimits:
    """Checks a connection periodically, without a timer per request."""

    timeouts: Timeouts
    room: Room
    connections: set[Any]  # of the server, including WebSockets
    scope: Any
    loop: asyncio.AbstractEventLoop
    transport: Any
    cycle: Any
    flow: Any
    timeout_keep_alive_task: asyncio.TimerHandle | None
    url: bytes
    _latest = b""  # latest data, because the parser does not report what it rejected

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self._arrival = next(ARRIVALS)
        self._since: float | None = self.loop.time()  # start of the current wait for the client; None while we process
        self._received = -1  # bytes of the body; -1 during the head
        self._unread = StalledWrites()
        self._timer: asyncio.TimerHandle | None = None
        self._check_again()
        opened = transport.get_extra_info("socket")
        self._number = -1 if opened is None else opened.fileno()
        self._is_extra = self._number >= self.room.reserved
        if self._number >= self.room.short:
            self._make_room()
        if self._number >= self.room.last:
            self._refuse()

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()
        super().connection_lost(error)  # type: ignore[misc]

    def handle_websocket_upgrade(self) -> None:
        self._leave()
        super().handle_websocket_upgrade()  # type: ignore[misc]

    def data_received(self, data: bytes) -> None:
        self._latest = data[:KEPT_BYTES]
        super().data_received(data)  # type: ignore[misc]

    def send_400_response(self, msg: str) -> None:
        self.transport.write(refusal(parse_error(getattr(self, "url", b""), self._latest), self._latest))
        self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()  # type: ignore[misc]
        if self._is_extra:
            self.scope["short"] = True  # only signed-in users are served
        self._since, self._received = self.loop.time(), -1

    def on_headers_complete(self) -> None:
        super().on_headers_complete()  # type: ignore[misc]
        self._since, self._received = self.loop.time(), 0

    def on_body(self, body: bytes) -> None:
        super().on_body(body)  # type: ignore[misc]
        self._received += len(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()  # type: ignore[misc]
        self._since = None

    def on_response_complete(self) -> None:
        super().on_response_complete()  # type: ignore[misc]
        # uvicorn's keep-alive timeout is shorter, but an empty line cancels it
        if self.timeout_keep_alive_task is not None:
            self._since, self._received = self.loop.time(), -1

    def _check_again(self) -> None:
        self._timer = self.loop.call_later(self.timeouts.check, self._check)

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        now = self.loop.time()
        if self._is_late(now) and not self.transport.is_closing():
            self._close_with_408()
        elif self._unread.seconds(self.transport.get_write_buffer_size(), now) > self.timeouts.stuck:
            self.transport.abort()
        if self._timer is not None:
            self._check_again()

    def _is_late(self, now: float) -> bool:
        if self._since is None:
            return False
        if self._received < 0:
            return now - self._since > self.timeouts.head
        if self.flow.read_paused:  # we are the slow side
            self._since, self._received = now, 0
        return now - self._since > self.timeouts.body + self._received / self.timeouts.rate

    def _make_room(self) -> None:
        """Close as many connections as there are too many, those that have been waiting longest, never the newest.

        uvloop accepts one connection per iteration and reads all others in it, so no received request is lost.
        """
        http = [one for one in self.connections if isinstance(one, HttpLimits)]
        leaving = sum(one.transport.is_closing() and not one.transport.get_write_buffer_size() for one in http)
        excess = count_open(self._number) - self.room.short - leaving
        waiting = sorted((one for one in http if one._is_waiting()), key=HttpLimits._waits_since)
        for one in heapq.nsmallest(excess, waiting[: -self.room.newest], key=HttpLimits._order):
            one._close_with_408()

    def _refuse(self) -> None:
        """Answer that there is no room. Unread data is read first: otherwise the kernel would reset the connection."""
        with suppress(OSError):
            self._latest = os.read(self._number, KEPT_BYTES)
        self._leave()
        self.transport.write(refusal(NO_ROOM, self._latest))
        self.transport.close()

    def _is_waiting(self) -> bool:
        """Return whether we wait for the client and have nothing left to send, so that it can be closed at once."""
        return not (self._since is None or self.transport.is_closing() or self.transport.get_write_buffer_size())

    def _waits_since(self) -> tuple[float, int]:
        """Return since when we wait for the client; several may come in one millisecond, the unit of the loop."""
        return self._since or 0.0, self._arrival

    def _order(self) -> tuple[bool, float]:
        """Sort incomplete heads first, oldest first; then the slowest bodies."""
        since, _ = self._waits_since()
        if self._received < 0:
            return False, since
        return True, self._received / (self.loop.time() - since + 0.1)

    def _close_with_408(self) -> None:
        if self._received < 0 or (self.cycle and not self.cycle.response_started):
            self.transport.write(refusal(TOO_LATE, self._latest))
        self.transport.close()


class WebSocketLimits:
    """Limits for uvicorn's WebSocket protocol; a connection that exceeds them is aborted."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    frames: list[bytes]
    queue: asyncio.Queue[Any]
    handshake_complete: bool
    close_sent: bool
    initial_response: Any

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self.close_timeout = ECHO_SECONDS
        self._unread, self._control, self._closing_since = StalledWrites(), 0, 0.0
        self._check_timer = self.loop.call_later(CHECK_SECONDS, self._check)

    def connection_lost(self, error: Exception | None) -> None:
        self._check_timer.cancel()
        super().connection_lost(error)  # type: ignore[misc]

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + PIECE_BYTES])  # type: ignore[misc]

    def handle_ping(self) -> None:
        if self._may_go_on():
            super().handle_ping()  # type: ignore[misc]

    def handle_pong(self, event: Any) -> None:
        if self._may_go_on():
            super().handle_pong(event)  # type: ignore[misc]

    def handle_cont(self, event: Any) -> None:
        if len(self.frames) >= MAX_FRAMES:
            self.transport.abort()
        else:
            super().handle_cont(event)  # type: ignore[misc]

    def send_receive_event_to_app(self) -> None:
        if self.queue.qsize() >= MAX_WAITING:
            self.transport.abort()
        else:
            super().send_receive_event_to_app()  # type: ignore[misc]

    async def send(self, message: Any) -> None:
        await super().send(message)  # type: ignore[misc]
        # uvicorn does not recognize a response that refuses the handshake, and logs an error
        self.handshake_complete |= self.initial_response is not None and self.close_sent

    def _may_go_on(self) -> bool:
        self._control += 1
        if self._control > MAX_CONTROL or self.transport.get_write_buffer_size() > MAX_UNSENT:
            self.transport.abort()
        return not self.transport.is_closing()

    def _check(self) -> None:
        now, self._control = self.loop.time(), 0
        if self.transport.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > CLOSING_SECONDS:
                self.transport.abort()
        elif self._unread.seconds(self.transport.get_write_buffer_size(), now) > STUCK_SECONDS:
            self.transport.abort()
        self._check_timer = self.loop.call_later(CHECK_SECONDS, self._check)
