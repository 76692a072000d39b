"""File descriptor limits of this process, and detection of disk waits.

The kernel assigns the lowest free descriptor, so the number of a new descriptor tells how many are in use.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass

try:
    import resource
except ImportError:  # not on Windows, which has no such limit
    resource = None  # type: ignore[assignment]

UNLIMITED = 1 << 30


def raise_limit() -> int:
    """Raise the descriptor limit to the maximum and return it."""
    if resource is None:
        return UNLIMITED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS reports no limit but has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def disk_reads() -> int:
    """Return how often this thread waited for the disk; if unknown, a number that always changes."""
    if not hasattr(resource, "RUSAGE_THREAD"):
        return time.monotonic_ns()
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return usage.ru_majflt + usage.ru_inblock


@dataclass(frozen=True, slots=True)
class Room:
    """Thresholds for the use of `most` descriptors."""

    most: int = UNLIMITED

    @property
    def last(self) -> int:
        """From this number on, descriptors are reserved for the database and files."""
        return self.most - max(16, self.most // 32)

    @property
    def short(self) -> int:
        """From this number on, descriptors are reserved for signed-in users, and waiting connections are closed."""
        return self.last - self.most // 8

    def is_short(self) -> bool:
        """Return whether the next descriptor is reserved for signed-in users."""
        try:
            number = os.dup(0)
        except OSError:
            return True
        os.close(number)
        return number >= self.short
