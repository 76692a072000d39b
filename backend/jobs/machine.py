"""How many processors and how much memory this process may use: in a container often less than the machine has.

Read from Linux's control groups, of version 2 and of version 1 as a container sees them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

NO_LIMIT = 1 << 60  # version 1 tells a number near 2**63 where there is no limit


def usable_processors(root: Path = Path("/")) -> int:
    """Return the number of processors that affinity and quotas leave, at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    available = len(affinity(0)) if affinity else os.cpu_count() or 1
    quotas = [_quotient(text.split()) for text in _read(root, "cpu.max")]
    version_1 = root / "sys/fs/cgroup/cpu"
    quotas.append(_quotient([_text(version_1 / f"cpu.cfs_{name}_us") for name in ("quota", "period")]))
    return max(1, min([available, *(math.ceil(quota) for quota in quotas if quota is not None)]))


def memory_limit(root: Path = Path("/")) -> int | None:
    """Return the bytes of memory that this process and those beside it may use; None if there is no limit."""
    texts = [*_read(root, "memory.max"), _text(root / "sys/fs/cgroup/memory/memory.limit_in_bytes")]
    return min((int(text) for text in texts if text.isdecimal() and int(text) < NO_LIMIT), default=None)


def _read(root: Path, name: str) -> Iterator[str]:
    """Yield the contents of a file of the own control group of version 2 and of those around it."""
    lines = _text(root / "proc/self/cgroup").splitlines()
    own = next((line[3:].strip("/") for line in lines if line.startswith("0::")), "")
    top = root / "sys/fs/cgroup"
    for folder in (top / own, *(top / own).parents):
        if folder.is_relative_to(top):
            yield _text(folder / name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _quotient(numbers: list[str]) -> float | None:
    """Return the quota divided by its period; None if there is none."""
    if len(numbers) != 2 or not all(number.isdecimal() and int(number) for number in numbers):
        return None
    return int(numbers[0]) / int(numbers[1])
