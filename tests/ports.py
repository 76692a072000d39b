"""Ports for servers of their own."""

from __future__ import annotations

import os
import random
import socket
from contextlib import suppress

# Below those that the kernel gives to connections: one of them may take a port before its server has started.
PORTS = range(12_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """Return a port of this machine that nobody uses, nor any connection will. Each is given once, and each process of
    the tests has its own: between the choice of a port and the start of its server, or while that is stopped, another
    would find it free.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = PORTS[number :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    for port in random.SystemRandom().sample(own, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            if port not in _given:
                _given.add(port)
                return port
    raise OSError("there is no free port")
