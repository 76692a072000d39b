"""What stands in front of Streamlit: who gets which request, headers, quick sockets."""

from __future__ import annotations

import json
import re
import socket
from unittest.mock import MagicMock

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes

from backend.server.app import RestApp
from backend.server.front import Front
from backend.server.listeners import nodelay_listeners
from backend.server.page_paths import is_page_path

pytestmark = pytest.mark.in_front


@pytest.fixture
def client(behind, console):
    return behind(Middleware(Front, rest=RestApp(console)))


@pytest.mark.parametrize(
    "path",
    ["/", "/videos", "/media/file.mp4", "/static/js/x.js", "/consoles", "/_stcore/health", "/videos/_stcore/health"],
)
def test_pages_and_streamlits_own_paths_go_to_streamlit(path, client):
    assert client.get(path).text == "streamlit"


@pytest.mark.parametrize(
    "path",
    ["/console", "/console/", "/console/x", "/vodVideo/x", "/media/a/b", "/media/a/b/c", "/media/a/b/c/d", "/x.php"],
)
def test_what_is_the_rest_servers_goes_there(path, client):
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json()["code"] == "404"


def test_health_is_the_rest_servers(client):
    assert client.get("/healthz").json()["code"] == "200"


@pytest.mark.anyio
async def test_lifespan_goes_to_streamlit(console):
    asked = []

    async def streamlit(scope, receive, send):
        asked.append(scope["type"])

    await Front(streamlit, RestApp(console))({"type": "lifespan"}, None, drop)

    assert asked == ["lifespan"]


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/", "/console/vod/getVideos"])
async def test_where_descriptors_are_short_they_are_for_people_who_are_signed_in(path, console, token):
    """backend/server/uvicorn_protocols.py marks such requests."""

    async def page(scope, receive, send):
        await PlainTextResponse("streamlit")(scope, receive, send)

    async def ask(*headers, query=b""):
        said = []

        async def send(message):
            said.append(message)

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        asked = {**scope(("127.0.0.1", 1)), "path": path, "short": True, "headers": headers, "query_string": query}
        await Front(page, RestApp(console))({**asked, "scheme": "http"}, receive, send)
        return said[0]["status"], b"".join(one.get("body", b"") for one in said)

    status, body = await ask()
    assert (status, json.loads(body)["message"]) == (503, "Too many connections are open. Try again in a moment.")
    assert (await ask((b"cookie", b"qu_session=wrong")))[0] == 503
    assert (await ask((b"cookie", f"qu_session={token}".encode())))[0] == 200
    assert (await ask((b"authorization", f"Bearer {token}".encode())))[0] == 200
    assert (await ask(query=f"consoleToken={token}".encode()))[0] == 200

    status, body = await ask((b"accept", b"text/html,*/*;q=0.8"), (b"accept-language", b"zh-CN,en;q=0.5"))
    assert status == 503
    assert ("连接过多，请稍后重试。" in body.decode() and b'http-equiv="refresh"' in body) == (path == "/")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([(b"accept-language", b"zh-CN,en;q=0.5")], "页面还没有打开，可能是当前打开的页面过多，系统会自动重试。"),
        (
            [(b"accept-language", b"zh"), (b"cookie", b"qu_language=en")],
            "The page is not available yet; many pages may be",
        ),
        ([], "The page is not available yet; many pages may be"),
    ],
)
async def test_a_page_that_finds_no_room_tells_so_in_the_language_of_its_reader(headers, told, console):
    """It stayed empty: what Streamlit shows until its WebSocket is open is hidden."""
    said = []

    async def page(scope, receive, send):
        await HTMLResponse("<html><head></head><body>streamlit</body></html>")(scope, receive, send)

    async def send(message):
        said.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    asked = {**scope(("127.0.0.1", 1)), "path": "/videos", "headers": headers, "query_string": b"", "scheme": "http"}
    await Front(page, RestApp(console))(asked, receive, send)

    head = b"".join(one.get("body", b"") for one in said).decode().partition("</head>")[0]
    assert f'[data-testid=stAppSkeleton]::after{{\ncontent:"{told}' in head


@pytest.mark.parametrize("path", ["/", "/videos", "/_stcore/health", "/static/js/x.js"])
def test_pages_are_read_and_nothing_else(path, client):
    answer = client.post(path)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["message"] == "POST is not allowed here; use GET or HEAD."


@pytest.mark.parametrize("path", ["/", "/console/x", "/healthz"])
def test_every_answer_carries_the_security_headers(path, client):
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors" in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


def test_pages_and_answers_have_policies_of_their_own(client):
    page, answer = (client.get(path).headers["Content-Security-Policy"] for path in ("/", "/console/x"))

    assert all(rule in page for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'"))
    assert answer.startswith("default-src 'none'")


def test_nothing_but_immutable_files_may_be_kept(behind, console):
    async def bundle(request):
        return Response("x", headers={"Cache-Control": "public, immutable, max-age=31536000"})

    async def page(request):
        return Response("x", headers={"Cache-Control": "no-cache"})

    routes = [Route("/static/js/x.js", bundle), Route("/index", page)]
    client = behind(Middleware(Front, rest=RestApp(console)), routes=routes)

    assert client.get("/static/js/x.js").headers["Cache-Control"] == "public, immutable, max-age=31536000"
    for path in ("/", "/index", "/console/x", "/media/a/b/c", "/healthz"):
        assert client.get(path).headers["Cache-Control"] == "no-store"


def test_the_rest_server_may_be_made_at_the_first_request(behind, console):
    made = []

    def make():
        made.append(RestApp(console))
        return made[0]

    client = behind(Middleware(Front, rest=make))
    assert made == []

    for _ in range(2):
        assert client.get("/healthz").status_code == 200
    assert len(made) == 1


def test_a_console_that_cannot_be_opened_is_503_until_it_can(behind, console, caplog):
    outcomes = [RuntimeError("no disk"), RestApp(console)]

    def make():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    client = behind(Middleware(Front, rest=make))
    first = client.get("/console/vod/getVideos")

    assert (first.status_code, first.json()["code"], first.headers["Retry-After"]) == (503, "503", "5")
    assert first.headers["X-Request-Id"] == first.json()["requestId"]
    assert "no disk" not in first.text
    assert "no disk" in caplog.text
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("server", "url"),
    [
        (("192.0.2.7", 8501), "http://192.0.2.7:8501"),
        (("::1", 80), "http://[::1]:80"),
        (("::ffff:127.0.0.1", 8501), "http://127.0.0.1:8501"),
    ],
)
@pytest.mark.anyio
async def test_the_first_request_tells_the_console_where_it_listens(server, url, console):
    front = Front(Starlette(), RestApp(console))
    for at in (server, ("198.51.100.1", 1)):
        await front(scope(at), None, drop)

    assert console.own_url == url


@pytest.mark.anyio
async def test_a_unix_socket_is_no_address(console):
    before = console.own_url
    await Front(Starlette(), RestApp(console))(scope(("/run/console.sock", None)), None, drop)

    assert console.own_url == before


def test_every_door_of_streamlit_is_known():
    """A new release may bring others: then decide about each, in backend/server/page_paths.py."""
    runtime = MagicMock()
    known = {
        "/_stcore/health": True,
        "/_stcore/host-config": True,
        "/_stcore/metrics": False,
        "/_stcore/script-health-check": False,
        "/media/{file_id:path}": True,
        "/_stcore/upload_file/{session_id}/{file_id}": False,
        "/component/{path:path}": False,
        "/_stcore/bidi-components/{path:path}": False,
        "/_stcore/stream": False,  # for WebSockets alone
        "/auth/login": False,
        "/auth/logout": False,
        "/oauth2callback": False,
        "/_stcore/agent/interact": False,
        "/_stcore/agent/openapi.json": False,
        "/_stcore/agent/mcp": False,
        "": True,  # the pages
    }

    found = {route.path for route in create_streamlit_routes(runtime)}

    assert found <= known.keys()
    for path in found:
        assert is_page_path(re.sub(r"{[^}]+}", "x", path) or "/") == known[path], path


def scope(server):
    return {"type": "http", "method": "GET", "path": "/nothing", "headers": [], "server": server, "root_path": ""}


async def drop(message):
    pass


def test_listeners_lose_their_delay_and_nothing_else_happens():
    with socket.socket() as listener, socket.socket() as idle:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        nodelay_listeners()

        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert not idle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert listener.fileno() >= 0
