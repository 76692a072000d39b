"""Clients that take their time: they are sent away, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import select
import signal
import socket
import threading
import time
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.server.app import RestApp
from backend.server.descriptors import Room
from backend.server.timeouts import Timeouts
from backend.server.uvicorn_protocols import limit_server, limited
from tests.acceptance.server_process import ServerProcess
from tests.waiting import until

pytestmark = pytest.mark.in_front

SHORT = Timeouts(head=0.4, body=0.4, rate=1000, stuck=0.5, check=0.05)
HEAD = b"GET /livez HTTP/1.1\r\nHost: a\r\n"
POST = (
    b"POST /console/vod/getVideos HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


async def endless(scope, receive, send):
    """Answers with more than any buffer holds, as fast as the client takes it."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(200):
        await send({"type": "http.response.body", "body": b"x" * (1 << 20), "more_body": True})


@contextmanager
def serving(console, timeouts):
    """Run a server with these timeouts, and give what connects to it."""
    opened, rest = [], RestApp(console)

    async def app(scope, receive, send):
        await (endless if scope["path"] == "/endless" else rest)(scope, receive, send)

    config = uvicorn.Config(
        app,
        http=limited(HttpToolsProtocol, timeouts),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()

        def connection(sent=b""):
            opened.append(socket.create_connection(listener.getsockname(), timeout=60))
            opened[-1].sendall(sent)
            return opened[-1]

        connection.served = server.server_state.connections
        yield connection
        for one in opened:
            one.close()
        server.should_exit = True
        thread.join(60)


@pytest.fixture
def connect(console):
    """Connects to a server whose timeouts are short."""
    with serving(console, SHORT) as connection:
        yield connection


@pytest.fixture
def connect_slowly(console):
    """Connects to a server that gives a busy machine the time to send a request."""
    with serving(console, Timeouts()) as connection:
        yield connection


def serve_crowded(port, told):
    """Serve in a process of its own, where the number of a descriptor tells how many there are."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        while scope["path"] == "/busy" and not told.is_set():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b"short" if "short" in scope else b"plain"})

    with socket.create_server(("127.0.0.1", 0)) as listener:
        room = Room((listener.fileno() + 50) * 8 // 7)  # some thirty until they are short
        config = uvicorn.Config(
            app,
            http=limited(HttpToolsProtocol, Timeouts(head=600, body=600), room),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_keep_alive=600,  # a busy machine may not come to the next request for long
        )
        port.send((listener.getsockname(), room))
        uvicorn.Server(config).run([listener])


@pytest.fixture
def crowded():
    """Connects to a server that may have only a few descriptors more, and whose path /busy answers when it is told."""
    processes, opened = multiprocessing.get_context("spawn"), []
    told, (port, there) = processes.Event(), processes.Pipe(duplex=False)
    server = processes.Process(target=serve_crowded, args=(there, told), daemon=True)
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


def take_all(connection):
    """Return what comes until the end. Raises ConnectionResetError where there is none."""
    said = b""
    while piece := connection.recv(65536):
        said += piece
    return said


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


def drip(connection, piece, pause=0.03):
    """Send a piece over and over until the server has enough, and return what it said and after how long."""
    started = time.monotonic()
    connection.settimeout(pause)
    while time.monotonic() - started < 60:
        try:
            if said := connection.recv(65536):
                return said, time.monotonic() - started
            return b"", time.monotonic() - started
        except TimeoutError:
            pass
        except OSError:
            return b"", time.monotonic() - started
        try:
            connection.sendall(piece)
        except OSError:
            continue
    raise AssertionError("it was never sent away")


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (b"G", b""),
        (HEAD, b"X-A: b\r\n"),
        (HEAD, b""),
        (POST % 100_000, b"x"),
        (POST % 9, b""),
    ],
    ids=["nothing", "empty lines", "one byte", "headers for ever", "a head cut off", "a slow body", "a body cut off"],
)
def test_a_request_that_does_not_arrive_in_time_is_sent_away(first, piece, connect):
    said, seconds = drip(connect(first), piece)

    assert seconds > SHORT.head / 2
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["code"] == "408"


def refused(connection):
    """Return the head of an answer that refuses something, and its envelope; the connection ends with it."""
    head, _, body = take_all(connection).partition(b"\r\n\r\n")
    envelope = json.loads(body)
    assert list(envelope) == ["result", "requestId", "message", "code", "data"]
    assert f"x-request-id: {envelope['requestId']}".encode() in head
    assert b"content-type: application/json; charset=utf-8" in head
    assert (envelope["result"], envelope["data"]) == ("false", None)
    return head.decode(), envelope


def test_an_address_that_no_parser_takes_is_refused_in_an_envelope(connect_slowly):
    query = b"x" * 70_000

    head, envelope = refused(connect_slowly(b"GET /console/vod/getVideos?title=%s HTTP/1.1\r\nHost: a\r\n\r\n" % query))

    assert head.startswith("HTTP/1.1 414 ")
    assert envelope["code"] == "414"
    assert envelope["message"] == "The address has 70029 bytes; at most 65535 are allowed."


def test_a_method_that_no_parser_knows_is_refused_in_an_envelope(connect_slowly):
    head, envelope = refused(
        connect_slowly(b"BREW /console/vod/getVideos HTTP/1.1\r\nHost: a\r\nAccept-Language: zh-CN\r\n\r\n")
    )

    assert head.startswith("HTTP/1.1 405 ")
    assert "allow: GET, POST" in head
    assert (envelope["code"], envelope["message"]) == ("405", "这里不能用 BREW，请用 GET or POST。")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40,  # the beginning of TLS
        b"GET /console/vod/getVideos HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /console/user/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_an_envelope(sent, connect_slowly):
    head, envelope = refused(connect_slowly(sent))

    assert head.startswith("HTTP/1.1 400 ")
    assert (envelope["code"], envelope["message"]) == ("400", "The request is not valid HTTP.")


def test_empty_lines_do_not_keep_a_used_connection_open(connect):
    connection = connect(HEAD + b"\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200")

    assert drip(connection, b"\r\n")[1] > SHORT.head / 2


def test_a_body_that_goes_on_fast_enough_may_take_long(connect):
    body = b'{"title": "' + b"x" * 96_000 + b'"}'
    connection, started, sent = connect(POST % len(body)), time.monotonic(), 0

    def send_some():
        nonlocal sent  # so much at once that a pause of a busy machine is not too long
        connection.sendall(body[sent : sent + 3000])
        sent += 3000
        return time.monotonic() - started > SHORT.body

    until(send_some)
    connection.sendall(body[sent:])

    assert b'"code":"403"' in connection.recv(65536)


def test_a_client_that_takes_nothing_of_its_answer_is_cut_off(connect):
    connection = connect(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.recv(1, socket.MSG_PEEK)

    until(lambda: not connect.served, "it is cut off")

    with suppress(ConnectionError):  # what lies in the kernel's buffers may still come, and then the end
        while connection.recv(1 << 20):
            pass


def test_an_answer_that_takes_long_is_waited_for(connect, console, monkeypatch):
    ready = threading.Event()
    monkeypatch.setattr(console.store.catalogue, "is_empty", lambda: ready.wait(60))
    connection = connect(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    drip(connect(), b"")  # who came later and sends nothing has had to go
    assert not select.select([connection], [], [], 0)[0]
    ready.set()

    said = b""
    while said.count(b"ready") < 2:
        said += connection.recv(65536)


def test_uvicorn_is_limited_whoever_starts_it():
    class Lifespan:
        config = uvicorn.Config(lambda: None)

        def receive(self):
            pass

    Lifespan.config.load()
    limit_server(Lifespan().receive)

    assert Lifespan.config.http_protocol_class.timeouts == Timeouts()
    assert Lifespan.config.timeout_graceful_shutdown == 10


@pytest.mark.slow
@pytest.mark.parametrize("dashboard", [False, True], ids=["rest alone", "dashboard"])
def test_fifty_slow_clients_keep_nobody_waiting(dashboard, tmp_path):
    stand = ServerProcess(tmp_path, dashboard=dashboard)
    stand.start()
    slow = [socket.create_connection(("127.0.0.1", stand.port)) for _ in range(50)]
    for number, connection in enumerate(slow):
        connection.sendall(HEAD if number % 2 else POST % 1000 + b"{")
    try:
        for _ in range(100):
            assert stand.get("/healthz")[0] == 200
        assert select.select(slow, [], [], 0)[0] == []  # none of them was sent away meanwhile
    finally:
        for connection in slow:
            connection.close()
        assert stand.end() == 0
    assert "time limits" not in stand.said()  # it has them: after 20 seconds they are sent away
