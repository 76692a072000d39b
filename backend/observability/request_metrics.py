"""What every call leaves behind, whichever way it came: a line in the log, and a count with how long it took."""

from __future__ import annotations

import logging
import random
import threading
from bisect import bisect_left
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

LINE = "%(operation)s code=%(code)s who=%(who)s way=%(way)s ms=%(ms).1f requestId=%(requestId)s"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

# Names a request and guards nothing. uuid.uuid4 asks the kernel each time: a tenth of what a kept answer takes.
_random_bits = random.Random().getrandbits  # noqa: S311


def new_request_id() -> str:
    """Return a random UUID (RFC 9562, version 4)."""
    number = _random_bits(128)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[number & 3]}{text[17:20]}-{text[20:]}"


@dataclass(slots=True)
class Durations:
    """How long the calls of one operation took: how many ended up to each of BOUNDS and beyond, and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


class RequestMetrics:
    """Notes every call. Counting takes less than a microsecond, for it is part of every answer."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._counts: dict[tuple[str, str, str], int] = {}
        self._took: dict[str, Durations] = {}

    def note(self, operation: str, code: str, who: str, way: str, seconds: float, request_id: str) -> None:
        """Count a call and write its line. `operation` is a name of ours: each is kept for good."""
        self.count(operation, code, way, seconds)
        if log.isEnabledFor(logging.INFO):
            values = {
                "operation": operation, "code": code, "who": who or "-", "way": way, "ms": round(seconds * 1000, 1),
                "requestId": request_id,
            }  # fmt: skip
            log.info(LINE, values)

    def count(self, operation: str, code: str, way: str, seconds: float) -> None:
        """Count a call."""
        key = (operation, way, code)
        with self._guard:
            self._counts[key] = self._counts.get(key, 0) + 1
            took = self._took.get(operation) or self._took.setdefault(operation, Durations())
            took.counts[bisect_left(BOUNDS, seconds)] += 1
            took.seconds += seconds

    def counts(self) -> dict[tuple[str, str, str], int]:
        """Return how many calls there were, by operation, way in and code."""
        with self._guard:
            return dict(self._counts)

    def took(self) -> dict[str, Durations]:
        """Return how long they took, by operation."""
        with self._guard:
            return {name: Durations(list(took.counts), took.seconds) for name, took in self._took.items()}
