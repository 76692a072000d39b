"""A fair semaphore for memory-intensive work: a few at once, round-robin between client addresses."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from backend.auth.addresses import network_of
from backend.errors import Refused

AT_ONCE = 2  # each password check takes 64 MiB
MAX_WAITING_HERE, MAX_WAITING = 64, 128  # waiting requests, per address and in total
PASSWORD_THREADS = AT_ONCE + MAX_WAITING  # of a server: one for each running or waiting request
FULL = "Too many people are signing in right now. Try again in a moment."


@dataclass(eq=False)
class Waiter:
    """A waiting request; `called` is set when it may run or was rejected."""

    network: str
    ready: threading.Event = field(default_factory=threading.Event)
    rejected: bool = False


class FairSemaphore:
    """Grants turns to threads.

    An address has one turn at a time, so that the result of one password attempt counts for the next. If too many wait,
    the address with the most waiting requests is rejected.
    """

    def __init__(self, at_once: int = AT_ONCE, most_here: int = MAX_WAITING_HERE, most: int = MAX_WAITING) -> None:
        self._at_once, self._most_here, self._most = at_once, most_here, most
        self._guard = threading.Lock()
        self._busy: set[str] = set()
        self._waiting: dict[str, deque[Waiter]] = {}  # by network, in serving order
        self._is_closed = False

    @contextmanager
    def acquire(self, address: str) -> Iterator[None]:
        """Wait for a turn and hold it. Raises Refused if too many are waiting."""
        waiter = Waiter(network_of(address))
        with self._guard:
            self._queue(waiter)
            self._admit_next()
        waiter.ready.wait()
        if waiter.rejected:
            raise Refused(429, FULL)
        try:
            yield
        finally:
            with self._guard:
                self._busy.discard(waiter.network)
                self._admit_next()

    @property
    def waiting(self) -> int:
        """The number of waiting requests."""
        with self._guard:
            return sum(map(len, self._waiting.values()))

    def close(self) -> None:
        """Reject all waiting and future requests, so that the server can shut down."""
        with self._guard:
            self._is_closed = True
            for waiter in [one for waiters in self._waiting.values() for one in waiters]:
                waiter.rejected = True
                waiter.ready.set()
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
            last.rejected = True
            last.ready.set()
        self._waiting.setdefault(waiter.network, deque()).append(waiter)

    def _admit_next(self) -> None:
        while len(self._busy) < self._at_once:
            network = next((one for one in self._waiting if one not in self._busy), None)
            if network is None:
                return
            waiters = self._waiting.pop(network)
            first = waiters.popleft()
            if waiters:
                self._waiting[network] = waiters  # at the end of the round
            self._busy.add(network)
            first.ready.set()
