"""How long the server waits for a client: uvicorn itself would wait for ever for a request that never ends.

As Apache's mod_reqtimeout does by default, a head must be there within 20 seconds, and a body may pause that long, plus
what it takes at the slowest rate that we put up with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from backend.one_write import OneWrite
from backend.unreadable import TOO_LATE, Envelopes, refusal

log = logging.getLogger(__name__)

STOP_SECONDS = 10  # for requests that still run when the server is told to stop


@dataclass(frozen=True, slots=True)
class Patience:
    """The limits: seconds, bytes a second, and how often connections are looked at."""

    head: float = 20.0
    body: float = 20.0
    rate: float = 500.0
    stuck: float = 300.0  # without a byte taken of an answer; a film that is paused comes back with a range
    look: float = 2.0


def limit_server(receive: Callable[..., Any], patience: Patience = Patience()) -> None:
    """Put the limits on the uvicorn that calls us: Streamlit and uvicorn's command line make it, and ask nobody.

    `receive` is that of the lifespan, through which uvicorn shows its configuration; other servers are left alone.
    """
    config = getattr(getattr(receive, "__self__", None), "config", None)
    if config is None or not hasattr(getattr(config, "http_protocol_class", None), "on_message_begin"):
        log.warning("this server cannot be given time limits for slow clients; use uvicorn with httptools")
        return
    config.http_protocol_class = limited(config.http_protocol_class, patience)
    if config.timeout_graceful_shutdown is None:
        config.timeout_graceful_shutdown = STOP_SECONDS


@cache
def limited(protocol: Any, patience: Patience = Patience()) -> Any:
    """Return uvicorn's httptools protocol with these limits, which sends a small answer in one piece."""
    return type("Limited", (Limits, OneWrite, protocol), {"patience": patience})


class Limits(Envelopes):
    """Looks at a connection every now and then: a request costs two assignments, and no timer of its own."""

    patience: Patience
    loop: asyncio.AbstractEventLoop
    transport: Any
    cycle: Any
    flow: Any
    timeout_keep_alive_task: asyncio.TimerHandle | None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self._since: float | None = self.loop.time()  # when what we wait for began; None while it is ours to go on
        self._received = -1  # bytes of the body; -1 in the head
        self._unsent = (0, 0.0)  # bytes that wait for the client, and since when it took none of them
        self._timer: asyncio.TimerHandle | None = None
        self._look_again()

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()
        super().connection_lost(error)  # type: ignore[misc]

    def handle_websocket_upgrade(self) -> None:
        self._leave()
        super().handle_websocket_upgrade()  # type: ignore[misc]

    def on_message_begin(self) -> None:
        super().on_message_begin()  # type: ignore[misc]
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
        self._timer = self.loop.call_later(self.patience.look, self._look)

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now = self.loop.time()
        if self._is_late(now) and not self.transport.is_closing():
            self._send_away()
        elif self._is_stuck(now):
            self.transport.abort()
        if self._timer is not None:
            self._look_again()

    def _is_late(self, now: float) -> bool:
        if self._since is None:
            return False
        if self._received < 0:
            return now - self._since > self.patience.head
        if self.flow.read_paused:  # we are the slow ones
            self._since, self._received = now, 0
        return now - self._since > self.patience.body + self._received / self.patience.rate

    def _is_stuck(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent[0]:
            self._unsent = (unsent, now)
        return unsent > 0 and now - self._unsent[1] > self.patience.stuck

    def _send_away(self) -> None:
        if self._received < 0 or (self.cycle and not self.cycle.response_started):
            self.transport.write(refusal(TOO_LATE, self._latest))
        self.transport.close()
