"""Every way into a console: fixtures that call operations over HTTP, in process and by raw connections."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import uvicorn

from backend import Caller
from backend.api.registry import OPERATIONS
from backend.client import RemoteConsole
from backend.server.app import RestApp
from tests.contract.clients import SENDERS, ApiClient

DOORS = ["in_process", *SENDERS, "remote_console"]
OVER_HTTP = "over_http_form"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    test = metafunc.definition
    chosen = any(mark.args[0] == "door" for mark in test.iter_markers("parametrize"))
    if "door" in metafunc.fixturenames and not chosen:
        # What is behind an operation does not see which way a call came, so another database needs one way.
        every = test.get_closest_marker("every_door") and metafunc.config.getoption("database") == "sqlite"
        doors = DOORS if every else [OVER_HTTP]
        metafunc.parametrize("door", doors, indirect=True)


class Switch:
    """An ASGI app that sends everything to the console of the test that runs."""

    app: Any = None

    async def __call__(self, scope, receive, send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def hub() -> Iterator[tuple[Switch, int]]:
    """One real server for the whole run: starting one for each test would cost more than the tests."""
    switch = Switch()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    config = uvicorn.Config(switch, lifespan="off", ws="none", log_config=None, access_log=False, proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield switch, listener.getsockname()[1]
    server.should_exit = True
    thread.join(60)
    listener.close()


@pytest.fixture
def serve(hub) -> Callable[[Any], str]:
    """Puts an ASGI app behind the real server, and returns its address."""

    def put(app: Any) -> str:
        switch, port = hub
        switch.app = app
        return f"http://127.0.0.1:{port}"

    return put


@pytest.fixture
def server(serve, console) -> str:
    """The address of a real server with this test's console."""
    return serve(RestApp(console))


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def door(request, console, token) -> Iterator[ApiClient]:
    """Calls operations: in a form over HTTP, and where a test is marked `every_door`, in every other way too.

    What an operation does is the same for all, so one case of each takes them all, and whatever hangs on the way: types
    and absence of parameters, addresses, rights.
    """
    way = request.param
    if way == "in_process":
        base_url = "http://console.test"

        def call(name, parameters, token, language):
            return console.call(name, parameters, token, Caller(base_url=base_url, language=language))

        yield ApiClient(way, base_url, call, token)
        return
    server = request.getfixturevalue("server")
    if way == "remote_console":
        with requests.Session() as session:
            session.trust_env = False
            remote = RemoteConsole(server, session)

            def call(name, parameters, token, language):
                return remote.call(name, parameters, token, Caller(language=language))

            yield ApiClient(way, server, call, token)
        return
    send = SENDERS[way]
    session = request.getfixturevalue("http")

    def call(name, parameters, token, language):
        given = {**parameters, "consoletoken": token} if token else parameters
        headers = {"Accept-Language": language}
        answer = send(session, OPERATIONS[name], server, given, headers)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        if name != "getFeed" or answer.json()["code"] != "200":  # the feed is the same for all, and may be kept
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Request-Id"] == answer.json()["requestId"]
        return answer.json()

    yield ApiClient(way, server, call, token)


@pytest.fixture
def post(server, http, token):
    """Posts a body as it is to getVideos, signed in."""

    def send(body, content_type, path="/console/vod/getVideos"):
        headers = {"Authorization": f"Bearer {token}", **({"Content-Type": content_type} if content_type else {})}
        return http.post(server + path, data=body, headers=headers)

    return send


@pytest.fixture
def raw(server):
    """Sends bytes over a connection of their own, for what no well-behaved client sends, and returns it."""
    opened = []

    def connect(sent=b""):
        address = urlsplit(server)
        connection = socket.create_connection((address.hostname, address.port), timeout=60)
        opened.append(connection)
        connection.sendall(sent)
        return connection

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def read_answer() -> Callable[[socket.socket], tuple[int, Any]]:
    """Reads an answer off a plain connection."""

    def read(connection):
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, json.loads(answer.read())

    return read
