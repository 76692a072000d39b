"""Limits on the dashboard's WebSockets, each of which keeps a Streamlit session.

A session costs three descriptors, memory, and CPU time for each run. Visitors who are not signed in therefore have few
sockets, per network and in total, must send a message soon, and are rate limited. Streamlit sees a socket only after
its first message, and only valid messages.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.errors import Refused
from backend.server.page_pipe import TRY_LATER, Pipe
from backend.server.rates import Rate

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

HEADER = "X-Qu-Socket"  # identifies a socket to the pages, which report its user
LOOK_SECONDS = 2.0
FULL = "Too many pages are open. Close some, or try again in a moment."
FULL_FOR_YOU = "You have {most} pages open, the most allowed. Close some."


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of sockets: numbers, idle times (seconds) and rates."""

    visitors: int = 64  # not signed in
    visitors_of_network: int = 48
    silent: int = 64  # without a message so far
    people: int = 128
    of_person: int = 32
    parted: int = 32  # sessions of disconnected users, kept for reconnecting
    parted_of_person: int = 8
    first_word: float = 10.0
    idle: float = 600.0  # for visitors
    fresh: float = 10.0  # a socket active within this time is not closed to make room
    parted_seconds: float = 120.0
    sending: float = 30.0  # for sending a message
    refusal: float = 2.0
    handshakes_of_network: tuple[int, float] = (96, 0.1)  # of visitors: burst, and seconds per further one
    handshakes_of_visitors: tuple[int, float] = (192, 0.05)
    steps_of_network: tuple[int, float] = (6, 0.2)  # burst, and seconds per further one
    steps_of_visitors: tuple[int, float] = (8, 0.1)
    steps_of_person: tuple[int, float] = (60, 0.05)

    @classmethod
    def within(cls, descriptors: int) -> Bounds:
        """Return limits for this many descriptors: with 1024, all sockets together use nine tenths."""

        def share(part: int, least: int, most: int) -> int:
            return min(max(descriptors // part, least), most)

        visitors = share(16, 8, 256)
        return cls(
            visitors=visitors, visitors_of_network=visitors * 3 // 4, silent=share(16, 8, 1024),
            people=share(8, 16, 2048), of_person=share(32, 8, 64), parted=share(32, 4, 256),
        )  # fmt: skip


@dataclass(eq=False, slots=True)
class PageSocket:
    """An open WebSocket. `person` is the signed-in account, or empty."""

    network: str
    person: str
    last: float  # time of last activity
    session: str = ""  # Streamlit's session id, once reported by the pages
    said: bool = False
    told: asyncio.Event = field(default_factory=asyncio.Event)
    work: asyncio.Task[Any] | None = None
    code: int = 0  # close code, if we close it

    def end(self, code: int) -> None:
        self.code = self.code or code
        if self.work is not None:
            self.work.cancel()


@dataclass(eq=False, slots=True)
class StepQueue:
    """Sockets waiting for their next run, with rate limit."""

    rate: Rate
    head: asyncio.Lock = field(default_factory=asyncio.Lock)


class PageSockets:
    """All open WebSockets of the dashboard."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.close_session: Callable[[str], None] = lambda _: None
        self.kind_of: Callable[[bytes], str] = lambda _: "rerun_script"  # raises ValueError for an invalid message
        self.ended = self.refused = 0  # by us, because of limits or invalid messages
        self._held = 0
        self._open: dict[str, PageSocket] = {}
        self._parted: OrderedDict[str, tuple[str, float]] = OrderedDict()  # sessions: user and time of disconnecting
        self._queues: dict[tuple[str, str], StepQueue] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def count(self) -> tuple[int, int]:
        """Return the number of open sockets of users and of visitors."""
        people = sum(1 for socket in list(self._open.values()) if socket.person)
        return people, len(self._open) - people

    def tell(self, key: str, session: str, person: str | None) -> None:
        """Record the user of a socket (None: not known yet) and its session. Thread-safe."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the server has stopped in the meantime
                self._loop.call_soon_threadsafe(self._note, key, session, person)

    async def serve(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, network: str, person: str
    ) -> None:
        """Forward a socket to Streamlit until it closes. Raises Refused if the limits are reached."""
        self._loop = asyncio.get_running_loop()
        socket = PageSocket(network, person, self._loop.time())
        self._watch()
        try:
            self._make_room(socket)
        except Refused:
            await self._hold_back()
            raise
        key = secrets.token_urlsafe(16)
        self._open[key] = socket
        try:
            await self._serve(app, scope, receive, send, key, socket)
        finally:
            self._open.pop(key, None)
            self._part(socket)

    async def _serve(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, key: str, socket: PageSocket
    ) -> None:
        asked = scope.get("subprotocols") or []
        await receive()
        await send({"type": "websocket.accept", "subprotocol": asked[0] if asked else None})
        self._parted.pop(asked[2] if len(asked) > 2 else "", None)  # reconnected; Streamlit reuses the session
        pipe = Pipe(self, socket, receive, send)
        if await pipe.hear():
            name = HEADER.lower().encode()
            headers = [(one, value) for one, value in scope["headers"] if one != name]
            inner = app({**scope, "headers": [*headers, (name, key.encode())]}, pipe.receive, pipe.send)
            await self._run(socket, pipe, inner)
        if socket.code:
            self.ended += 1
            with suppress(Exception):  # it may be disconnected already
                await send({"type": "websocket.close", "code": socket.code})

    async def _run(self, socket: PageSocket, pipe: Pipe, inner: Any) -> None:
        socket.work = work = asyncio.ensure_future(inner)
        try:
            await asyncio.wait({work})
        finally:
            work.cancel()
        if not work.cancelled() and (error := work.exception()):
            level = logging.INFO if pipe.is_over else logging.ERROR  # a disconnect during a run is not an error
            log.log(level, "a page's connection failed: %s: %.300s", type(error).__name__, error)

    async def _hold_back(self) -> None:
        """Delay a refusal, because browsers retry immediately."""
        self.refused += 1
        if self._held < self.bounds.silent:
            self._held += 1
            try:
                await asyncio.sleep(self.bounds.refusal)
            finally:
                self._held -= 1

    def _make_room(self, socket: PageSocket) -> None:
        """Make room for one more socket; its first message decides further limits."""
        bounds = self.bounds
        if socket.person:
            people = [one for one in self._open.values() if one.person and not one.code]
            mine = [one for one in people if one.person == socket.person]
            self._leave_below(bounds.of_person, mine, Refused(503, FULL_FOR_YOU, most=bounds.of_person))
            self._leave_below(bounds.people, people, Refused(503, FULL))
            return
        self._limit_handshakes(socket.network)
        for most, others in self._beside(socket.network):
            if len(others) >= most and not self._oldest(others):
                raise Refused(503, FULL)
        silent = [one for one in self._open.values() if not one.said and not one.code]
        if len(silent) >= bounds.silent:
            min(silent, key=lambda one: one.last).end(TRY_LATER)

    def _limit_handshakes(self, network: str) -> None:
        """Refuse visitors who keep opening sockets, since each costs more than a refusal."""
        rates = (
            ("handshakes", network, self.bounds.handshakes_of_network),
            ("handshakes", "", self.bounds.handshakes_of_visitors),
        )
        for kind, whose, rate in rates:
            if not self._queue(kind, whose, rate).rate.try_take(self._now()):
                raise Refused(503, FULL)

    def begin(self, socket: PageSocket) -> None:
        """Record a socket's first message. Raises Refused if there is no room for another visitor."""
        if not socket.person:
            for most, others in self._beside(socket.network):
                self._leave_below(most, others, Refused(503, FULL))
        socket.said, socket.last = True, self._now()

    def _beside(self, network: str) -> Iterator[tuple[int, list[PageSocket]]]:
        """Yield the limits of visitors per network and in total, with the current ones."""
        visitors = [one for one in self._open.values() if one.said and not one.person and not one.code]
        yield self.bounds.visitors_of_network, [one for one in visitors if one.network == network]
        yield self.bounds.visitors, visitors

    def _oldest(self, sockets: list[PageSocket]) -> PageSocket | None:
        """Return the least recently active socket, unless all were active just now."""
        oldest = min(sockets, key=lambda one: one.last)
        return oldest if self._now() - oldest.last >= self.bounds.fresh else None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _leave_below(self, most: int, sockets: list[PageSocket], error: Refused) -> None:
        """Ensure that there are fewer than `most`, by closing the least recently active socket."""
        if len(sockets) < most:
            return
        if (oldest := self._oldest(sockets)) is None:
            raise error
        oldest.end(TRY_LATER)

    async def wait_for_turn(self, socket: PageSocket) -> None:
        """Wait until a socket may start its next run; a network's share of the visitors' rate is limited."""
        bounds = self.bounds
        if socket.person:
            await self._wait("person", socket.person, bounds.steps_of_person)
            return
        await self._wait("network", socket.network, bounds.steps_of_network)
        await self._wait("visitors", "", bounds.steps_of_visitors)

    async def _wait(self, kind: str, whose: str, rate: tuple[int, float]) -> None:
        queue = self._queue(kind, whose, rate)
        async with queue.head:  # a waiting client that disconnects uses no turn
            if seconds := queue.rate.take(self._now()):
                await asyncio.sleep(seconds)

    def _queue(self, kind: str, whose: str, rate: tuple[int, float]) -> StepQueue:
        return self._queues.setdefault((kind, whose), StepQueue(Rate(*rate)))

    def _note(self, key: str, session: str, person: str | None) -> None:
        if socket := self._open.get(key):
            socket.session = session
            socket.person = socket.person if person is None else person
            socket.told.set()

    def _part(self, socket: PageSocket) -> None:
        """Handle the session of a closed socket: close a visitor's, keep a user's for reconnecting."""
        if not socket.session:
            return
        if any(one.session == socket.session for one in self._open.values()):
            return  # the page reconnected before the old connection was known to be lost
        if not socket.person:
            self.close_session(socket.session)
            return
        self._parted[socket.session] = (socket.person, self._now())
        mine = [session for session, (person, _) in self._parted.items() if person == socket.person]
        for most, sessions in ((self.bounds.parted_of_person, mine), (self.bounds.parted, list(self._parted))):
            for session in sessions[: max(0, len(sessions) - most)]:
                if self._parted.pop(session, None):
                    self.close_session(session)

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Close idle visitors' sockets and expired sessions."""
        self._timer, now, bounds = None, self._now(), self.bounds
        for socket in self._open.values():
            if not socket.person and socket.said and now - socket.last > bounds.idle:
                socket.end(TRY_LATER)
        for session in [one for one, (_, since) in self._parted.items() if now - since > bounds.parted_seconds]:
            del self._parted[session]
            self.close_session(session)
        self._queues = {key: one for key, one in self._queues.items() if not one.rate.is_rested(now)}
        if self._open or self._parted or self._queues:
            self._watch()
