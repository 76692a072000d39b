"""How much processor time a PostgreSQL server on this machine takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def meter(connection: Any) -> Callable[[], int]:
    """Return what tells the nanoseconds of processor that the processes of a connection's server took so far.

    Those of processes that ended meanwhile are missing. Always 0 if the server is not on this machine (Linux).
    """
    (pid,) = connection.execute("select pg_backend_pid()").fetchone()
    try:
        postmaster = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        name = Path(f"/proc/{postmaster}/comm").read_text().strip()
    except OSError:
        return lambda: 0
    return (lambda: _spent(postmaster)) if name == "postgres" else lambda: 0


def _spent(postmaster: int) -> int:
    total = 0
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        try:
            total += int(Path(f"/proc/{child}/schedstat").read_text().split()[0])
        except OSError:
            continue
    return total
