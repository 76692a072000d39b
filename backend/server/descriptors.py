"""File descriptor limits of this process, and detection of disk waits.

The kernel assigns the lowest free descriptor. So the number of a new one is a lower bound of how many are in use: there
are more if lower ones were freed.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # not on Windows, which has no such limit
    resource = None  # type: ignore[assignment]

UNLIMITED = 1 << 30
OWN, LISTED = Path("/proc/self/fd"), Path("/dev/fd")


def raise_limit() -> int:
    """Raise the descriptor limit to the maximum and return it."""
    if resource is None:
        return UNLIMITED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS reports no limit but has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def count_open(number: int) -> int:
    """Return how many descriptors are open, one of which has this number; a lower bound if the system does not say."""
    count = 0
    with suppress(OSError):
        count = OWN.stat().st_size  # Linux from 6.2 on
    with suppress(OSError):
        count = count or sum(1 for _ in LISTED.iterdir())
    return max(count, number + 1)


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
        """From this number on, descriptors are reserved for the database and files: no connection keeps one."""
        return self.most - max(16, self.most // 32)

    @property
    def reserved(self) -> int:
        """From this number on, descriptors are reserved for signed-in users."""
        return self.last - self.most // 8

    @property
    def short(self) -> int:
        """If more descriptors than this are open, waiting connections are closed."""
        return self.reserved - self.newest

    @property
    def newest(self) -> int:
        """How many of the waiting connections, the newest ones, are never closed: their requests may be on the way."""
        return self.most // 16
