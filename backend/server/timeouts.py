"""Timeouts for slow clients; uvicorn itself waits indefinitely for an incomplete request.

Like Apache's mod_reqtimeout by default, the head must arrive within 20 seconds, and the body within as long plus the
time at a minimum rate.
"""

from __future__ import annotations

from dataclasses import dataclass

STOP_SECONDS = 10  # for running requests at shutdown


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds and bytes per second, and the check interval."""

    head: float = 20.0
    body: float = 20.0
    rate: float = 500.0
    stuck: float = 300.0  # without progress in sending a response; paused players resume with a range request
    check: float = 2.0


@dataclass(slots=True)
class StalledWrites:
    """Tracks how long a client has not received anything."""

    size: int = 0
    since: float = 0.0

    def seconds(self, size: int, now: float) -> float:
        """Return for how many seconds this many bytes have been unsent without progress."""
        if size == 0 or size != self.size:
            self.size, self.since = size, now
        return now - self.since if size else 0.0
