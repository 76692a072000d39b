"""Clients that take their time: they are sent away, and nobody else waits for them."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.server.app import RestApp
from backend.server.timeouts import Timeouts
from backend.server.uvicorn_protocols import limit_server, limited
from tests.acceptance.server_process import ServerProcess
from tests.sockets import POST, take_all
from tests.waiting import until

pytestmark = pytest.mark.in_front

SHORT = Timeouts(head=0.4, body=0.4, rate=1000, stuck=0.5, check=0.05)
HEAD = b"GET /livez HTTP/1.1\r\nHost: a\r\n"


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
        for _ in range(20):
            assert stand.get("/healthz")[0] == 200
        assert select.select(slow, [], [], 0)[0] == []  # none of them was sent away meanwhile
    finally:
        for connection in slow:
            connection.close()
        assert stand.end() == 0
    assert "time limits" not in stand.said()  # it has them: after 20 seconds they are sent away
