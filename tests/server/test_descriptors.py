"""A server whose descriptors are short: who has to go, who may come, and what they are told."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import select
import signal
import socket
from http.client import HTTPResponse
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.server.descriptors import Room
from backend.server.timeouts import Timeouts
from backend.server.uvicorn_protocols import limited
from tests.sockets import POST, take_all
from tests.waiting import until

pytestmark = pytest.mark.in_front


class SameMoment:
    """A loop in which everything happens at the same moment, as what comes within a millisecond does."""

    def __init__(self, loop):
        self._loop = loop

    def time(self):
        return 0.0

    def __getattr__(self, name):
        return getattr(self._loop, name)


class AtOnce(HttpToolsProtocol):
    def connection_made(self, transport):
        self.loop = SameMoment(self.loop)
        super().connection_made(transport)


def serve_crowded(port, told, protocol):
    """Serve in a process of its own, where the number of a descriptor tells how many there are."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        while scope["path"] == "/busy" and not told.is_set():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b"short" if "short" in scope else b"plain"})

    # What this process was given has the numbers that it had in the one of the tests, which may have many: below the
    # highest of them no number is left free.
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    while os.open(os.devnull, os.O_RDONLY) < highest:
        pass
    with socket.create_server(("127.0.0.1", 0)) as listener:
        room = Room((listener.fileno() + 50) * 8 // 7)  # some thirty until they are short
        config = uvicorn.Config(
            app,
            http=limited(protocol, Timeouts(head=600, body=600), room),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_keep_alive=600,  # a busy machine may not come to the next request for long
        )
        port.send((listener.getsockname(), room))
        uvicorn.Server(config).run([listener])


@pytest.fixture
def crowded(request):
    """Connects to a server that may have only a few descriptors more, and whose path /busy answers when it is told."""
    processes, opened = multiprocessing.get_context("spawn"), []
    told, (port, there) = processes.Event(), processes.Pipe(duplex=False)
    protocol = getattr(request, "param", HttpToolsProtocol)
    server = processes.Process(target=serve_crowded, args=(there, told, protocol), daemon=True)
    server.start()
    there.close()  # so that a server that does not start is an error, and not waited for
    address, room = port.recv()

    def connection(sent=b""):
        opened.append(socket.create_connection(address, timeout=60))
        opened[-1].sendall(sent)
        return opened[-1]

    connection.pid, connection.room = server.pid, room
    yield connection
    told.set()
    for one in opened:
        one.close()
    server.kill()
    server.join()


BUSY, OTHER = (b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % path for path in (b"busy", b"other"))


def count_open(crowded):
    return len(list(Path(f"/proc/{crowded.pid}/fd").iterdir()))


def test_where_descriptors_are_short_those_go_who_send_nothing(crowded):
    """The first of them first: they have had their time."""
    idle = [crowded() for _ in range(45)]

    assert b" 200 OK" in crowded(OTHER).recv(65536)
    gone = select.select(idle, [], [], 10)[0]
    assert gone[0].recv(65536).startswith(b"HTTP/1.1 408 ")
    assert idle[-1] not in gone


def test_bodies_that_hardly_move_go_next(crowded):
    slow = [crowded(POST % 9 + b"x") for _ in range(45)]

    assert b" 200 OK" in crowded(OTHER).recv(65536)
    assert any(one in select.select(slow, [], [], 0)[0] for one in slow)


def test_however_many_come_and_send_nothing_there_is_room(crowded):
    """A connection that got the number of one that had gone let nobody go: in the end there was no descriptor left."""
    for _ in range(300):
        crowded()

    assert read_body(crowded(OTHER)) in (b"plain", b"short")
    assert count_open(crowded) < crowded.room.last


@pytest.mark.parametrize("crowded", [AtOnce], indirect=True)
def test_the_newest_may_stay_however_many_came_at_the_same_moment(crowded):
    for _ in range(60):
        for _ in range(20):
            crowded()
        assert read_body(crowded(OTHER)) in (b"plain", b"short")


def test_who_came_just_now_has_time_to_send_a_request(crowded):
    """A browser opens several connections at once: each of them put an end to the one before it."""
    (*busy, _), newest = fill(crowded), crowded.room.newest
    for one in busy[-newest - 1 :]:
        one.close()
    until(lambda: count_open(crowded) < crowded.room.last - newest, "some are free")

    opened = [crowded() for _ in range(newest - 1)]
    opened.insert(0, crowded(OTHER))  # once it is answered, the others have been let in, too
    assert read_body(opened[0]) == b"short"
    for one in opened:
        one.sendall(OTHER)
    assert {read_body(one) for one in opened} == {b"short"}


def fill(crowded):
    """Keep the server busy until it refuses a connection, and return those it is busy with and what it says then."""
    busy = []
    while (said := (one := crowded(BUSY)).recv(65536)).startswith(b"HTTP/1.1 200 "):
        busy.append(one)
        assert len(busy) < 100
    return *busy, said


def test_where_nobody_can_go_it_is_503_in_words(crowded):
    """Before the last descriptor is gone: a connection that is not answered tells nobody what is wrong."""
    head, _, body = fill(crowded)[-1].partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"retry-after: 5" in head
    assert json.loads(body)["message"] == "Too many connections are open. Try again in a moment."


def test_a_503_for_a_request_that_was_there_already_is_no_reset(crowded):
    fill(crowded)
    os.kill(crowded.pid, signal.SIGSTOP)
    try:
        people = [crowded(OTHER.replace(b"\r\n\r\n", b"\r\nAccept-Language: zh-CN\r\n\r\n")) for _ in range(3)]
    finally:
        os.kill(crowded.pid, signal.SIGCONT)

    for person in people:
        head, _, body = take_all(person).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert json.loads(body)["message"] == "连接过多，请稍后重试。"


def read_body(connection):
    answer = HTTPResponse(connection)
    answer.begin()
    return answer.read()


def test_requests_are_marked_while_descriptors_are_short(crowded):
    busy = []
    while (body := read_body(crowded(OTHER))) == b"plain":
        busy.append(crowded(BUSY))

    assert body == b"short"
    assert busy
