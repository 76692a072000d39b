"""What the system gives this process: file descriptors, and when they are getting short; and a disk that is waited for.

The kernel gives out the lowest number that is free. So the number of a new descriptor tells how many there are.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass

try:
    import resource
except ImportError:  # not on Windows, where there is no such limit
    resource = None  # type: ignore[assignment]

UNLIMITED = 1 << 30


def raise_limit() -> int:
    """Let this process have as many descriptors as it may, and return how many those are."""
    if resource is None:
        return UNLIMITED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS says that there is no limit, and has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def disk_reads() -> int:
    """Return how often this thread had to wait for the disk; where the system does not tell, always another number."""
    if not hasattr(resource, "RUSAGE_THREAD"):
        return time.monotonic_ns()
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return usage.ru_majflt + usage.ru_inblock


@dataclass(frozen=True, slots=True)
class Room:
    """How the descriptors are shared out, of which there may be `most`."""

    most: int = UNLIMITED

    @property
    def last(self) -> int:
        """From this number on, they are for the database and for files alone."""
        return self.most - max(16, self.most // 32)

    @property
    def short(self) -> int:
        """From this number on, they are for people who are signed in, and those who keep us waiting have to go."""
        return self.last - self.most // 8

    def is_short(self) -> bool:
        """Say whether the next descriptor is one of those that are for people who are signed in."""
        try:
            number = os.dup(0)
        except OSError:
            return True
        os.close(number)
        return number >= self.short
