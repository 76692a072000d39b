"""Many connections at once, while the server has no time: nobody among them is cut off."""

from __future__ import annotations

import signal
import socket
from contextlib import ExitStack

import pytest

from backend.server.descriptors import raise_limit
from tests.acceptance.server_process import ServerProcess, with_descriptors
from tests.waiting import until

pytestmark = pytest.mark.slow

SILENT = 650  # twice as many as it may have in all, and no more as the kernel keeps in the queue


@pytest.mark.parametrize("dashboard", [False, True], ids=["rest alone", "dashboard"])
def test_requests_amid_a_burst_of_connections_that_send_nothing_are_answered(dashboard, tmp_path):
    """With the last descriptor, all that waited in the kernel's queue were reset."""
    raise_limit()
    stand = ServerProcess(tmp_path, dashboard=dashboard, prefix=with_descriptors(1024))
    stand.start()
    with ExitStack() as stack:

        def connect():
            return stack.enter_context(socket.create_connection(("127.0.0.1", stand.port), timeout=90))

        people = []
        stand.process.send_signal(signal.SIGSTOP)
        try:
            for _ in range(3):
                people.append(connect())
                people[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
                for _ in range(SILENT):
                    connect()
        finally:
            stand.process.send_signal(signal.SIGCONT)

        assert [person.recv(65536)[:13] for person in people] == [b"HTTP/1.1 200 "] * 3
        assert stand.descriptors() < 900
    until(lambda: stand.descriptors() < 100, "the descriptors are given back")
    assert stand.end() == 0
    assert "Traceback" not in stand.said()
