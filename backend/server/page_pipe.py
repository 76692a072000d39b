"""The message pipe between a page's WebSocket and Streamlit: filters, limits and delays messages."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from backend.errors import Refused

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send

    from backend.server.page_sockets import PageSocket, PageSockets

log = logging.getLogger(__name__)

FIRST = "rerun_script"  # a full run; anything else would create a session unknown to the pages
STEPS = frozenset({FIRST, "rerun_fragment", "stop_script"})  # messages that cause a run
QUIET = frozenset({"app_heartbeat"})
MAX_MESSAGE, MAX_OF_VISITOR = 1 << 20, 64 << 10  # bytes per message
NOT_UNDERSTOOD, TOO_BIG, TRY_LATER, NOT_ALLOWED = 1002, 1009, 1013, 1008


class Pipe:
    """Forwards the messages of one socket to and from Streamlit."""

    def __init__(self, sockets: PageSockets, socket: PageSocket, receive: Receive, send: Send) -> None:
        self._sockets, self._socket = sockets, socket
        self._receive, self._send = receive, send
        self._ready: list[Message] = [{"type": "websocket.connect"}]
        self._over = False
        self._ahead: asyncio.Future[Message] | None = None  # a message received while waiting for a turn

    @property
    def is_over(self) -> bool:
        """Whether either end has disconnected."""
        return self._over

    async def hear(self) -> bool:
        """Wait for the first message; return whether it arrived."""
        socket = self._socket
        if socket.code:  # already closed to make room
            return False
        socket.work = first = asyncio.ensure_future(self._next())
        try:
            await asyncio.wait({first}, timeout=self._sockets.bounds.first_word)
            if not socket.said and not socket.code:
                socket.code = TRY_LATER if not first.done() else 0
            elif not first.done():
                await asyncio.wait({first})  # it is waiting for its turn
        finally:
            first.cancel()
            socket.work = None
        if not socket.said or socket.code or first.result()["type"] == "websocket.disconnect":
            return False
        self._ready.append(first.result())
        return True

    async def receive(self) -> Message:
        if self._ready:
            return self._ready.pop(0)
        message = await self._next()
        if message["type"] == "websocket.disconnect" and not self._socket.session:
            # The session is known only after its first run has begun; wait for it, so that it can be closed.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._sockets.bounds.first_word):
                    await self._socket.told.wait()
        return message

    async def _next(self) -> Message:
        """Return the next allowed message, after waiting for its turn."""
        socket = self._socket
        while True:
            message = await self._hear_next()
            if message["type"] != "websocket.receive":
                self._over = True
                return message
            kind = self._kind_of(message)
            if not socket.said and not socket.code:
                self._begin(kind)
            if kind in STEPS and not socket.code:
                if not await self._wait_for_turn():
                    continue
                socket.last = asyncio.get_running_loop().time()
            elif socket.code:
                self._over = True
                return {"type": "websocket.disconnect", "code": socket.code}
            elif kind not in QUIET:
                continue  # a message type our pages do not use
            return message

    async def _hear_next(self) -> Message:
        if self._ahead is None:
            return await self._receive()
        ahead, self._ahead = self._ahead, None
        try:
            return await ahead
        finally:
            ahead.cancel()

    async def _wait_for_turn(self) -> bool:
        """Wait for a turn; return False if the client disconnects first, so that others can proceed."""
        turn = asyncio.ensure_future(self._sockets.wait_for_turn(self._socket))
        ahead = self._ahead = self._ahead or asyncio.ensure_future(self._receive())
        try:
            waited: set[asyncio.Future[Any]] = {turn, ahead}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not turn.done() and ahead.result()["type"] == "websocket.disconnect":
                return False
            await turn
            return True
        except asyncio.CancelledError:
            ahead.cancel()
            raise
        finally:
            turn.cancel()

    def _begin(self, kind: str) -> None:
        if kind != FIRST:
            self._socket.code = NOT_ALLOWED
            return
        try:
            self._sockets.begin(self._socket)
        except Refused:
            self._socket.code = TRY_LATER

    def _kind_of(self, message: Message) -> str:
        """Return the type of a message; an unreadable or oversized one closes its socket."""
        data, socket = message.get("bytes"), self._socket
        if data is None:
            socket.code = NOT_ALLOWED
        elif len(data) > (MAX_MESSAGE if socket.person else MAX_OF_VISITOR):
            socket.code = TOO_BIG
        else:
            try:
                return self._sockets.kind_of(data)
            except ValueError:
                socket.code = NOT_UNDERSTOOD
        log.info("a page sent an invalid message (close code %d)", socket.code)
        return ""

    async def send(self, message: Message) -> None:
        """Forward a message. A client that does not accept it in time is disconnected."""
        if self._over or message["type"] == "websocket.accept":
            return
        if message["type"] == "websocket.close":
            self._over = True
        try:
            async with asyncio.timeout(self._sockets.bounds.sending):
                await self._send(message)
        except TimeoutError:
            self._over = True
            self._socket.end(TRY_LATER)
        except OSError:  # disconnected
            self._over = True
            raise
