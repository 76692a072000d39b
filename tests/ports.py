"""Ports for servers of their own."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

# Below those that the kernel gives to connections: one of them may take a port before its server has started.
PORTS = range(12_000, 32_000)


def free_port() -> int:
    """Return a port of this machine that nobody uses, nor any connection will."""
    for port in random.SystemRandom().sample(PORTS, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("there is no free port")
