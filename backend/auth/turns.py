"""Turns at what costs much memory: a few at once, addresses served one after the other, however often each one asks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from backend.auth.addresses import network_of
from backend.errors import Refused

AT_ONCE = 2  # each check of a password takes 64 MiB
MAX_WAITING_HERE, MAX_WAITING = 64, 128  # that wait, of one address and of all
PASSWORD_THREADS = AT_ONCE + MAX_WAITING  # of a server: one for each who has a turn or a place to wait
FULL = "Too many people are signing in right now. Try again in a moment."


@dataclass(eq=False)
class Waiter:
    """One that waits: `called` is set when its turn has come, or when it is sent away."""

    network: str
    called: threading.Event = field(default_factory=threading.Event)
    sent_away: bool = False


class Turns:
    """Gives turns to whoever asks, from any thread.

    An address has one at a time, so that tries with one password are looked at one after the other, and what the first
    found out counts for the next. Where more wait than may, whoever asks most often is sent away.
    """

    def __init__(self, at_once: int = AT_ONCE, most_here: int = MAX_WAITING_HERE, most: int = MAX_WAITING) -> None:
        self._at_once, self._most_here, self._most = at_once, most_here, most
        self._guard = threading.Lock()
        self._busy: set[str] = set()
        self._waiting: dict[str, deque[Waiter]] = {}  # by network, the next to be served first
        self._is_closed = False

    @contextmanager
    def turn(self, address: str) -> Iterator[None]:
        """Wait for a turn, and have it. Raises Refused where too many wait already."""
        waiter = Waiter(network_of(address))
        with self._guard:
            self._queue(waiter)
            self._call_next()
        waiter.called.wait()
        if waiter.sent_away:
            raise Refused(429, FULL)
        try:
            yield
        finally:
            with self._guard:
                self._busy.discard(waiter.network)
                self._call_next()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        with self._guard:
            return sum(map(len, self._waiting.values()))

    def close(self) -> None:
        """Send away whoever waits, now and later: a server that is told to stop would have to wait for them."""
        with self._guard:
            self._is_closed = True
            for waiter in [one for waiters in self._waiting.values() for one in waiters]:
                waiter.sent_away = True
                waiter.called.set()
            self._waiting.clear()

    def _queue(self, waiter: Waiter) -> None:
        own = self._waiting.get(waiter.network, ())
        if self._is_closed or len(own) >= self._most_here:
            raise Refused(429, FULL)
        if sum(map(len, self._waiting.values())) >= self._most:
            longest = max(self._waiting.values(), key=len)
            if len(longest) <= len(own) + 1:
                raise Refused(429, FULL)
            last = longest.pop()
            last.sent_away = True
            last.called.set()
        self._waiting.setdefault(waiter.network, deque()).append(waiter)

    def _call_next(self) -> None:
        while len(self._busy) < self._at_once:
            network = next((one for one in self._waiting if one not in self._busy), None)
            if network is None:
                return
            waiters = self._waiting.pop(network)
            first = waiters.popleft()
            if waiters:
                self._waiting[network] = waiters  # behind the others
            self._busy.add(network)
            first.called.set()
