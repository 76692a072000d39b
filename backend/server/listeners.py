"""The listening sockets of this process."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FDS = Path("/proc/self/fd")


def nodelay_listeners() -> None:
    """Set TCP_NODELAY on all listening sockets; accepted connections inherit it (Linux).

    Streamlit opens its socket such that asyncio does not, which delays each response by some 40 ms.
    """
    for listener in _own_sockets():
        # not a TCP socket, or closed in the meantime
        with listener, suppress(OSError):
            if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _own_sockets() -> Iterator[socket.socket]:
    if not FDS.is_dir():
        return
    for number in [int(entry.name) for entry in FDS.iterdir()]:
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield socket.socket(fileno=os.dup(number))
