"""Process names that let other processes on the same machine detect a crash.

A PID alone is reused, and is meaningless on another machine or in another container. The name consists of the boot id,
the PID namespace, the PID and the start time.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SPACE = Path("/proc/self/ns/pid")


def name() -> str:
    """Return the name of this process, which is globally unique."""
    number = os.getpid()
    try:
        return f"{_place()} {number} {_start(number)}"
    except OSError:  # without /proc (not Linux), liveness is unknown and leases must suffice
        return uuid.uuid4().hex


def is_gone(owner: str) -> bool:
    """Return whether a process is known to be dead; False for other machines and containers.

    `owner` is its name, optionally followed by a slash and a suffix.
    """
    place, number, started = _parts(owner)
    try:
        return place == _place() and _start(int(number)) != started
    except FileNotFoundError:
        return not _exists(int(number))
    except OSError:
        return False


def is_here(owner: str) -> bool:
    """Return whether a process is known to be alive on this machine."""
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
    """Return the start time of a process in ticks since boot; empty for a zombie."""
    fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def _exists(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process, which /proc may hide
        return True
    return True
