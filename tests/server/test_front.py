"""What stands in front of Streamlit: who gets which request, headers, compressed bundles, quick sockets."""

from __future__ import annotations

import gzip
import json
import re
import socket
from ipaddress import ip_network
from unittest.mock import MagicMock

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes

from backend.server import static_files
from backend.server.app import RestApp
from backend.server.front import Front
from backend.server.listeners import nodelay_listeners
from backend.server.page_paths import is_page_path
from backend.server.static_files import CompressedStatic

SCRIPT = b"console.log('hello');\n" * 500


class Client:
    """Asks one server for paths."""

    def __init__(self, http, url):
        self._http, self._url = http, url

    def get(self, path, **headers):
        return self._http.get(self._url + path, headers=headers)

    def head(self, path):
        return self._http.head(self._url + path)

    def post(self, path):
        return self._http.post(self._url + path)


@pytest.fixture
def behind(serve, http):
    """Puts middleware before an app that answers everything as Streamlit would."""

    async def page(request):
        return PlainTextResponse("streamlit")

    def put(*middleware, routes=()):
        app = Starlette(routes=[*routes, Route("/{path:path}", page)], middleware=list(middleware))
        return Client(http, serve(app))

    return put


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


@pytest.fixture
def shake_hands(console):
    """Opens a WebSocket to Streamlit, and returns whether it was asked, else the status and message of the refusal."""

    async def shake(*headers, path="/_stcore/stream", client="192.0.2.1"):
        answered, asked = [], []
        coming = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "bytes": b""}])

        async def streamlit(scope, receive, send):
            asked.append(scope)
            console.sockets.tell(key_of(scope), "a session", "")

        async def receive():
            return next(coming, {"type": "websocket.disconnect"})

        async def send(message):
            answered.append(message)

        raw = [(name.encode(), value.encode()) for name, value in headers]
        await Front(streamlit, RestApp(console))(
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
        ([(b"accept-language", b"zh-CN,en;q=0.5")], "页面还没有打开，可能是当前打开的页面过多；系统会自动重试。"),
        ([(b"accept-language", b"zh"), (b"cookie", b"qu_language=en")], "The page is not there yet. Many pages may be"),
        ([], "The page is not there yet. Many pages may be"),
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


@pytest.fixture
def anyio_backend():
    return "asyncio"


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


class TestCompressedStatic:
    @pytest.fixture
    def client(self, tmp_path, behind):
        (tmp_path / "index.abc.js").write_bytes(SCRIPT)
        (tmp_path / "font.woff2").write_bytes(b"font" * 1000)
        self.served = []

        class Counted:
            def __init__(inner, app):
                inner.app = app

            async def __call__(inner, scope, receive, send):
                self.served.append(scope["path"])
                await inner.app(scope, receive, send)

        bundles = Mount("/static", StaticFiles(directory=tmp_path))
        return behind(Middleware(CompressedStatic), Middleware(Counted), routes=[bundles])

    def test_a_bundle_is_compressed_once(self, client):
        for _ in range(2):
            answer = client.get("/static/index.abc.js", **{"Accept-Encoding": "gzip, br"})
            assert answer.content == SCRIPT
            assert answer.headers["Content-Encoding"] == "gzip"
            assert int(answer.headers["Content-Length"]) == len(gzip.compress(SCRIPT, 6, mtime=0))
            assert "accept-encoding" in answer.headers["Vary"].lower()
            assert answer.headers["ETag"].startswith("W/")
            assert answer.headers["Content-Type"].startswith("text/javascript")

        assert self.served == ["/static/index.abc.js"]

    def test_a_bundle_that_was_not_read_to_its_end_is_not_kept(self):
        bodies = [b"", SCRIPT]

        async def broken_off_first(scope, receive, send):
            headers = [(b"content-length", str(len(SCRIPT)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": bodies.pop(0)})

        async def ask(app):
            sent = []

            async def send(message):
                sent.append(message)

            headers = [(b"accept-encoding", b"gzip")]
            await app({"type": "http", "method": "GET", "path": "/static/a.js", "headers": headers}, None, send)
            return b"".join(message.get("body", b"") for message in sent)

        app = CompressedStatic(broken_off_first)
        anyio.run(ask, app)
        assert gzip.decompress(anyio.run(ask, app)) == SCRIPT

    def test_when_there_are_too_many_those_nobody_asks_for_go(self, client, tmp_path, monkeypatch):
        """Once it was full, everything else went out as it is, for good."""
        size = len(gzip.compress(SCRIPT, 6, mtime=0))
        monkeypatch.setattr(static_files, "MAX_COMPRESSED", 2 * size)
        for name in ("a", "b", "c"):
            (tmp_path / f"{name}.js").write_bytes(SCRIPT)
        for name in ("a", "b", "a", "c", "a", "c"):
            answer = client.get(f"/static/{name}.js", **{"Accept-Encoding": "gzip"})
            assert (answer.content, answer.headers["Content-Encoding"]) == (SCRIPT, "gzip")

        assert self.served == ["/static/a.js", "/static/b.js", "/static/c.js"]

    @pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", ""])
    def test_who_cannot_read_gzip_gets_the_file(self, accepted, client):
        answer = client.get("/static/index.abc.js", **{"Accept-Encoding": accepted})

        assert "Content-Encoding" not in answer.headers
        assert answer.content == SCRIPT

    def test_a_known_bundle_is_304(self, client):
        tag = client.get("/static/index.abc.js").headers["ETag"]

        assert client.get("/static/index.abc.js", **{"If-None-Match": tag}).status_code == 304

    def test_parts_other_kinds_and_failures_pass_as_they_are(self, client):
        assert client.get("/static/index.abc.js", **{"Range": "bytes=0-6"}).content == b"console"
        assert "Content-Encoding" not in client.get("/static/font.woff2").headers
        assert client.get("/static/nothing.js").status_code == 404
        assert client.get("/videos.js").text == "streamlit"
        assert client.head("/static/index.abc.js").headers["Content-Length"] == str(len(SCRIPT))

    def test_what_is_compressed_already_passes_as_it_is(self, behind):
        async def packed(request):
            return Response(gzip.compress(SCRIPT), headers={"Content-Encoding": "gzip"}, media_type="text/javascript")

        client = behind(Middleware(CompressedStatic), routes=[Route("/static/a.js", packed)])

        assert client.get("/static/a.js").content == SCRIPT


def test_listeners_lose_their_delay_and_nothing_else_happens():
    with socket.socket() as listener, socket.socket() as idle:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        nodelay_listeners()

        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert not idle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert listener.fileno() >= 0
