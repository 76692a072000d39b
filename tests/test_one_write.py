"""The head of an answer and its body leave in one piece, and neither is ever missing."""

from __future__ import annotations

import socket
import threading

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.one_write import MOST_JOINED, HeldHead
from backend.patience import limited

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
BODIES = {"/small": [b"small"], "/none": [b""], "/pieces": [b"one ", b"", b"two"], "/large": [b"x" * (MOST_JOINED * 3)]}


class Wire:
    """A transport that notes what is written, each write by itself."""

    def __init__(self):
        self.written = []
        self.closed = False

    def write(self, data):
        assert not self.closed
        self.written.append(data)

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def held(wire):
    return HeldHead(wire)


def test_head_and_body_are_one_write(wire, held):
    held.write(HEAD)
    assert wire.written == []
    for piece in (b"body", b"and more"):
        held.write(piece)
    assert wire.written == [HEAD + b"body", b"and more"]


def test_a_large_body_is_not_copied(wire, held):
    large = b"x" * (MOST_JOINED + 1)
    held.write(HEAD)
    held.write(large)
    assert wire.written == [HEAD, large]


def test_who_waits_to_be_told_to_continue_is_told_at_once(wire, held):
    held.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    held.write(HEAD)
    held.write(b"body")
    assert wire.written == [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"body"]


@pytest.mark.parametrize("end", ["release", "close"])
def test_a_head_without_a_body_leaves_at_the_end(end, wire, held):
    held.write(HEAD)
    getattr(held, end)()
    assert wire.written == [HEAD]


async def app(scope, receive, send):
    """Answers each path with its body, in pieces, whatever the method."""
    pieces = BODIES[scope["path"]]
    length = [] if scope["path"] == "/pieces" else [(b"content-length", b"%d" % len(pieces[0]))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    for number, piece in enumerate(pieces, 1):
        await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})


@pytest.fixture(scope="module")
def ask():
    """Sends bytes to a server, and returns all it says until it closes the connection."""
    config = uvicorn.Config(app, http=limited(HttpToolsProtocol), lifespan="off", ws="none", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()

        def ask(*requests):
            said = b""
            with socket.create_connection(listener.getsockname(), timeout=10) as connection:
                connection.sendall(b"".join(requests))
                while piece := connection.recv(1 << 16):
                    said += piece
            return said

        yield ask
        server.should_exit = True
        thread.join(10)


def request(method, path, connection="keep-alive"):
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: {connection}\r\n\r\n".encode()


@pytest.mark.parametrize("path", BODIES)
def test_every_answer_is_whole(path, ask):
    head, _, body = ask(request("GET", path, "close")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    if path == "/pieces":
        assert body == b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"
    else:
        assert body == b"".join(BODIES[path])


def test_answers_to_requests_that_come_together_keep_their_order(ask):
    methods = ["HEAD", "GET", "HEAD", "HEAD", "GET"]
    said = ask(*(request(method, "/small") for method in methods), request("HEAD", "/small", "close"))
    answers = said.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert [answer.partition(b"\r\n\r\n")[2] for answer in answers] == [b"", b"small", b"", b"", b"small", b""]
