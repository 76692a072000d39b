"""How long the server waits for a client: uvicorn itself would wait for ever for a request that never ends.

As Apache's mod_reqtimeout does by default, a head must be there within 20 seconds, and a body may pause that long, plus
what it takes at the slowest rate that we put up with.
"""

from __future__ import annotations

from dataclasses import dataclass

STOP_SECONDS = 10  # for requests that still run when the server is told to stop


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The limits: seconds, bytes a second, and how often connections are checked."""

    head: float = 20.0
    body: float = 20.0
    rate: float = 500.0
    stuck: float = 300.0  # without a byte taken of an answer; a film that is paused comes back with a range
    check: float = 2.0


@dataclass(slots=True)
class StalledWrites:
    """For how long a client has taken nothing of what waits for it."""

    size: int = 0
    since: float = 0.0

    def seconds(self, size: int, now: float) -> float:
        """Return for how many seconds this many bytes wait, and none of them was taken."""
        if size == 0 or size != self.size:
            self.size, self.since = size, now
        return now - self.since if size else 0.0
