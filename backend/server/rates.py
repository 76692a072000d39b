"""Rate limiting: a burst, then a fixed rate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Rate:
    """Generic cell rate algorithm (GCRA); its state is a single timestamp."""

    burst: int
    each: float  # seconds per turn
    due: float = 0.0

    def take(self, now: float) -> float:
        """Take the next turn and return the seconds until it is due."""
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
        """Return whether the state equals a new one's."""
        return self.due <= now - self.burst * self.each
