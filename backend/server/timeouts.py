"""How long the server waits for a client: uvicorn itself would wait for ever for a request that never ends.

As Apache's mod_reqtimeout does by default, a head must be there within 20 seconds, and a body may pause that long, plus
what it takes at the slowest rate that we put up with.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from backend.server.descriptors import Room, raise_limit
from backend.server.page_pipe import MAX_MESSAGE
from backend.server.parse_errors import NO_ROOM, TOO_LATE, Envelopes, refusal
from backend.server.websocket_limits import Unread, limited_socket

log = logging.getLogger(__name__)

STOP_SECONDS = 10  # for requests that still run when the server is told to stop
LET_GO = 2  # for each new connection, where descriptors are short
UNBOUNDED = Room()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The limits: seconds, bytes a second, and how often connections are looked at."""

    head: float = 20.0
    body: float = 20.0
    rate: float = 500.0
    stuck: float = 300.0  # without a byte taken of an answer; a film that is paused comes back with a range
    look: float = 2.0


def limit_server(receive: Callable[..., Any], timeouts: Timeouts = Timeouts()) -> None:
    """Put the limits on the uvicorn that calls us: Streamlit and uvicorn's command line make it, and ask nobody.

    `receive` is that of the lifespan, through which uvicorn shows its configuration; other servers are left alone.
    """
    config = getattr(getattr(receive, "__self__", None), "config", None)
    if config is None or not hasattr(getattr(config, "http_protocol_class", None), "on_message_begin"):
        log.warning("this server cannot be given time limits for slow clients; use uvicorn with httptools")
        return
    config.http_protocol_class = limited(config.http_protocol_class, timeouts, Room(raise_limit()))
    config.ws_protocol_class = limited_socket(config.ws_protocol_class)
    config.ws_max_size = MAX_MESSAGE
    if config.timeout_graceful_shutdown is None:
        config.timeout_graceful_shutdown = STOP_SECONDS


@cache
def limited(protocol: Any, timeouts: Timeouts = Timeouts(), room: Room = UNBOUNDED) -> Any:
    """Return uvicorn's httptools protocol with these limits."""
    return type("Limited", (Limits, protocol), {"timeouts": timeouts, "room": room})


class Limits(Envelopes):
    """Looks at a connection every now and then: a request costs two assignments, and no timer of its own."""

    timeouts: Timeouts
    room: Room
    connections: set[Any]  # of the server, WebSockets among them
    scope: Any
    loop: asyncio.AbstractEventLoop
    transport: Any
    cycle: Any
    flow: Any
    timeout_keep_alive_task: asyncio.TimerHandle | None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self._since: float | None = self.loop.time()  # when what we wait for began; None while it is ours to go on
        self._received = -1  # bytes of the body; -1 in the head
        self._unread = Unread()
        self._timer: asyncio.TimerHandle | None = None
        self._look_again()
        opened = transport.get_extra_info("socket")
        self._is_extra = opened is not None and opened.fileno() >= self.room.short
        if self._is_extra:
            self._make_room(opened.fileno())

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()
        super().connection_lost(error)  # type: ignore[misc]

    def handle_websocket_upgrade(self) -> None:
        self._leave()
        super().handle_websocket_upgrade()  # type: ignore[misc]

    def on_message_begin(self) -> None:
        super().on_message_begin()  # type: ignore[misc]
        if self._is_extra and self.room.is_short():
            self.scope["short"] = True  # who is not signed in gets no more
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
        # uvicorn gives the next request less than we do, but forgets that at the first empty line.
        if self.timeout_keep_alive_task is not None:
            self._since, self._received = self.loop.time(), -1

    def _look_again(self) -> None:
        self._timer = self.loop.call_later(self.timeouts.look, self._look)

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now = self.loop.time()
        if self._is_late(now) and not self.transport.is_closing():
            self._send_away()
        elif self._unread.seconds(self.transport.get_write_buffer_size(), now) > self.timeouts.stuck:
            self.transport.abort()
        if self._timer is not None:
            self._look_again()

    def _is_late(self, now: float) -> bool:
        if self._since is None:
            return False
        if self._received < 0:
            return now - self._since > self.timeouts.head
        if self.flow.read_paused:  # we are the slow ones
            self._since, self._received = now, 0
        return now - self._since > self.timeouts.body + self._received / self.timeouts.rate

    def _make_room(self, number: int) -> None:
        """Let those go who keep us waiting longest: a request that is on its way has come long before."""
        waiting = [one for one in self.connections if isinstance(one, Limits) and one is not self and one._is_waiting()]
        for one in heapq.nsmallest(LET_GO, waiting, key=Limits._order):
            one._send_away()
        if number >= self.room.last and not waiting:
            self._leave()
            self.transport.write(refusal(NO_ROOM))
            self.transport.close()

    def _is_waiting(self) -> bool:
        return self._since is not None and not self.transport.is_closing()

    def _order(self) -> tuple[bool, float]:
        """Put those first who have not even sent a head, the oldest of them first; then the slowest bodies."""
        since = self._since or 0.0
        if self._received < 0:
            return False, since
        return True, self._received / (self.loop.time() - since + 0.1)

    def _send_away(self) -> None:
        if self._received < 0 or (self.cycle and not self.cycle.response_started):
            self.transport.write(refusal(TOO_LATE, self._latest))
        self.transport.close()
