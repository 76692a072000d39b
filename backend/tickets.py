"""One-time tickets: what a browser shows instead of a token where it can only load a plain link."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

MOST_OPEN = 10_000


class Tickets:
    """Tickets of this process. Each is good once, for a short time, for the purpose it was made for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[float, str, Any]] = {}
        self._guard = threading.Lock()

    def issue(self, purpose: str, what: Any, seconds: float = 60.0) -> str:
        """Return a new ticket that `take` exchanges for `what`."""
        ticket = secrets.token_urlsafe(24)
        with self._guard:
            now = self._clock()
            if len(self._open) >= MOST_OPEN:
                self._open = {key: kept for key, kept in self._open.items() if kept[0] > now}
            self._open[ticket] = (now + seconds, purpose, what)
        return ticket

    def take(self, purpose: str, ticket: str) -> Any | None:
        """Return what the ticket stands for, and forget it; None when it is unknown, used, late or meant otherwise."""
        with self._guard:
            until, kept_purpose, what = self._open.pop(ticket, (0.0, "", None))
        return what if kept_purpose == purpose and until > self._clock() else None
