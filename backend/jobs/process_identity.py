"""Names for processes, by which others on the same machine can tell that one is gone.

A process number alone is given again to another process, and means nothing on another machine or in another container:
the name holds the machine's boot, the space that the number counts in, the number, and when the process started.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SPACE = Path("/proc/self/ns/pid")


def name() -> str:
    """Return the name of this process. No other process ever has the same one."""
    number = os.getpid()
    try:
        return f"{_place()} {number} {_start(number)}"
    except OSError:  # only Linux has /proc; elsewhere nobody can tell, and leases have to do
        return uuid.uuid4().hex


def is_gone(owner: str) -> bool:
    """Say whether a process is surely dead: False for those of other machines and containers.

    `owner` is its name; what stands behind a slash is a part of it.
    """
    place, number, started = _parts(owner)
    try:
        return place == _place() and _start(int(number)) != started
    except FileNotFoundError:
        return not _exists(int(number))
    except OSError:
        return False


def is_here(owner: str) -> bool:
    """Say whether a process surely lives, on this machine."""
    place, number, started = _parts(owner)
    try:
        return place == _place() and _start(int(number)) == started
    except OSError:
        return False


def _parts(owner: str) -> tuple[str, str, str]:
    rest, _, started = owner.partition("/")[0].rpartition(" ")
    place, _, number = rest.rpartition(" ")
    return place, number, started


def _place() -> str:
    return f"{_BOOT.read_text(encoding='ascii').strip()} {_SPACE.readlink()}"


def _start(number: int) -> str:
    """When a process was started, in ticks since the machine's boot; nothing for one that only waits to be reaped."""
    fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def _exists(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, whom /proc may hide
        return True
    return True
