"""One-time tickets: what a browser shows instead of a token where it can only load a plain link."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_OPEN = 200  # of one owner; each further one takes the place of the oldest


@dataclass(frozen=True, slots=True)
class Open:
    """A ticket that was not used yet: good `until` then."""

    until: float
    purpose: str
    what: Any
    owner: str


class Tickets:
    """Tickets of this process. Each is good once, for a short time, for the purpose it was made for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, Open] = {}
        self._owned: dict[str, dict[str, None]] = {}  # tickets by owner, the oldest first
        self._since_swept = 0
        self._guard = threading.Lock()

    def issue(self, purpose: str, what: Any, seconds: float = 60.0, owner: str = "") -> str:
        """Return a new ticket that `take` exchanges for `what`; nobody's tickets take room from those of others."""
        ticket = secrets.token_urlsafe(24)
        with self._guard:
            self._sweep()
            own = self._owned.setdefault(owner, {})
            if len(own) >= MAX_OPEN:
                self._forget(next(iter(own)))
            self._open[ticket] = Open(self._clock() + seconds, purpose, what, owner)
            self._owned.setdefault(owner, {})[ticket] = None
        return ticket

    def take(self, purpose: str, ticket: str) -> Any | None:
        """Return what the ticket stands for, and forget it; None when it is unknown, used, late or meant otherwise."""
        with self._guard:
            found = self._forget(ticket)
        if found is None or found.purpose != purpose or found.until <= self._clock():
            return None
        return found.what

    def _forget(self, ticket: str) -> Open | None:
        found = self._open.pop(ticket, None)
        if found is not None:
            own = self._owned[found.owner]
            del own[ticket]
            if not own:
                del self._owned[found.owner]
        return found

    def _sweep(self) -> None:
        """Forget what is late, once for as many new ones as are open: however many there are, each costs the same."""
        self._since_swept += 1
        if self._since_swept > len(self._open):
            self._since_swept, now = 0, self._clock()
            for ticket in [ticket for ticket, kept in self._open.items() if kept.until <= now]:
                self._forget(ticket)
