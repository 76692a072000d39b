"""WebSockets: only pages of our own reach Streamlit, and there is one place for them."""

from __future__ import annotations

import json
from ipaddress import ip_network

import pytest

from backend.server.app import RestApp
from backend.server.front import Front

pytestmark = pytest.mark.in_front


@pytest.fixture
def shake_hands(console):
    """Opens a WebSocket to Streamlit, and returns whether it was asked, else the status and message of the refusal."""

    async def shake(*headers, path="/_stcore/stream", client="192.0.2.1"):
        answered, asked, rest = [], [], RestApp(console)
        coming = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "bytes": b""}])

        async def streamlit(scope, receive, send):
            asked.append(scope)
            rest.sockets.tell(key_of(scope), "a session", "")

        async def receive():
            return next(coming, {"type": "websocket.disconnect"})

        async def send(message):
            answered.append(message)

        raw = [(name.encode(), value.encode()) for name, value in headers]
        await Front(streamlit, rest)(
            {
                "type": "websocket",
                "path": path,
                "headers": raw,
                "client": (client, 1),
                "scheme": "ws",
                "query_string": b"",
            },
            receive,
            send,
        )
        if asked:
            return True
        start, body = answered
        assert start["type"] == "websocket.http.response.start"
        return start["status"], json.loads(body["body"])["message"]

    return shake


def key_of(scope):
    return next(value.decode() for name, value in scope["headers"] if name == b"x-qu-socket")


HOST = ("host", "console.example:8501")


REFUSED = (403, "Requests from other sites are not allowed.")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "headers",
    [
        [HOST, ("origin", "http://console.example:8501")],
        [HOST, ("origin", "https://CONSOLE.example:8501")],
        [("host", "console.example"), ("origin", "https://console.example")],
        [("host", "console.example:443"), ("origin", "https://console.example")],
        [("host", "[::1]:8501"), ("origin", "http://[::1]:8501")],
        [HOST],
    ],
)
async def test_a_page_of_ours_reaches_streamlit(headers, shake_hands):
    assert await shake_hands(*headers) is True


@pytest.mark.anyio
@pytest.mark.parametrize(
    "origins",
    [
        ["http://evil.example"],
        ["http://console.example"],
        ["http://console.example:8502"],
        ["null"],
        [""],
        ["http://console.example:8501", "http://evil.example"],
        ["http://[::1"],
        ["http://console.example:99999"],
        ["http://console.example:8501.evil.example"],
    ],
)
async def test_a_page_of_another_site_does_not(origins, shake_hands):
    assert await shake_hands(HOST, *(("origin", origin) for origin in origins)) == REFUSED


@pytest.mark.anyio
@pytest.mark.settings(proxies=(ip_network("10.0.0.0/8"),))
async def test_the_host_that_a_proxy_of_ours_was_asked_for_is_ours(shake_hands):
    """Many proxies put their own name of us into Host."""
    asked = [("host", "127.0.0.1:8501"), ("x-forwarded-host", "console.example"), ("x-forwarded-for", "192.0.2.1")]

    assert await shake_hands(*asked, ("origin", "https://console.example"), client="10.0.0.1") is True
    assert await shake_hands(*asked, ("origin", "https://evil.example"), client="10.0.0.1") == REFUSED
    assert await shake_hands(*asked, ("origin", "https://console.example"), client="192.0.2.1") == REFUSED


@pytest.mark.anyio
@pytest.mark.settings(public_url="https://console.example")
async def test_the_public_address_is_ours(shake_hands):
    assert await shake_hands(("host", "127.0.0.1:8501"), ("origin", "https://console.example")) is True


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/console/x", "/", "/_stcore/health"])
async def test_there_is_one_place_for_websockets(path, shake_hands):
    assert await shake_hands(HOST, path=path) == (404, f"{path} does not exist.")
