"""The sockets that this process listens on."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FDS = Path("/proc/self/fd")


def nodelay_listeners() -> None:
    """Turn Nagle's algorithm off for every listening socket of this process; what they accept inherits it (Linux).

    Streamlit opens its socket in a way that makes asyncio leave it on, which costs each answer some 40 ms.
    """
    for listener in _own_sockets():
        # A Unix socket knows no TCP, and one may be closed meanwhile.
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
