"""How often something may happen: so many at once, and then so many a second."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Rate:
    """The generic cell rate algorithm: one number says when the next one would be due, were they evenly spread."""

    burst: int
    each: float  # seconds
    due: float = 0.0

    def take(self, now: float) -> float:
        """Take the next turn, and return how many seconds away it is."""
        self.due = max(self.due, now - self.burst * self.each) + self.each
        return max(0.0, self.due - now)

    def try_take(self, now: float) -> bool:
        """Take a turn if one is due now."""
        due = max(self.due, now - self.burst * self.each) + self.each
        if due > now:
            return False
        self.due = due
        return True

    def is_rested(self, now: float) -> bool:
        """Say whether a new one would be the same."""
        return self.due <= now - self.burst * self.each
