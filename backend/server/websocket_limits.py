"""What one WebSocket may cost before anybody looks at its messages: uvicorn answers every ping, keeps every frame of a
message that never ends, and waits for ever for a client that takes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
STUCK_SECONDS = 60.0  # without a byte taken
ECHO_SECONDS = 0.5  # for the other end to confirm ours: whoever has to make room does not keep it
CLOSING_SECONDS = 10.0  # for the rest of what was written before the end
PIECE = 4 << 10  # bytes that are looked at in one go
MAX_UNSENT = 1 << 20
MAX_CONTROL = 100  # pings and pongs between two looks; browsers answer one in half a minute
MAX_FRAMES = 4096  # of one message
MAX_WAITING = 256  # messages that nobody has looked at yet


@dataclass(slots=True)
class Unread:
    """For how long a client has taken nothing of what waits for it."""

    size: int = 0
    since: float = 0.0

    def seconds(self, size: int, now: float) -> float:
        """Return for how many seconds this many bytes wait, and none of them was taken."""
        if size == 0 or size != self.size:
            self.size, self.since = size, now
        return now - self.since if size else 0.0


@cache
def limited_socket(protocol: Any) -> Any:
    """Return uvicorn's WebSocket protocol with these limits; one that is not made of the same parts stays as it is."""
    parts = ("handle_ping", "handle_pong", "handle_cont", "send_receive_event_to_app", "frames", "queue")
    if protocol is None or not all(hasattr(protocol, part) for part in parts[:4]):
        log.warning("this server's WebSockets cannot be given limits; use uvicorn's websockets-sansio")
        return protocol
    return type("LimitedSocket", (SocketLimits, protocol), {})


class SocketLimits:
    """To be put before uvicorn's WebSocket protocol. Who goes too far is cut off: there is nothing to tell them."""

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
        self._unread, self._control, self._closing_since = Unread(), 0, 0.0
        self._look_timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, error: Exception | None) -> None:
        self._look_timer.cancel()
        super().connection_lost(error)  # type: ignore[misc]

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + PIECE])  # type: ignore[misc]

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
        # uvicorn takes an answer that refuses the handshake for none, and logs that as an error.
        self.handshake_complete |= self.initial_response is not None and self.close_sent

    def _may_go_on(self) -> bool:
        self._control += 1
        if self._control > MAX_CONTROL or self.transport.get_write_buffer_size() > MAX_UNSENT:
            self.transport.abort()
        return not self.transport.is_closing()

    def _look(self) -> None:
        now, self._control = self.loop.time(), 0
        if self.transport.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > CLOSING_SECONDS:
                self.transport.abort()
        elif self._unread.seconds(self.transport.get_write_buffer_size(), now) > STUCK_SECONDS:
            self.transport.abort()
        self._look_timer = self.loop.call_later(LOOK_SECONDS, self._look)
