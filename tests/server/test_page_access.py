"""What a visitor without an account, and a page of another site, get of the dashboard: a real server is asked."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
from contextlib import closing

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.acceptance.server_process import ServerProcess
from tests.acceptance.videos import add_videos

pytestmark = pytest.mark.slow
FEW_DESCRIPTORS = ("sh", "-c", 'ulimit -n 1024; exec "$@"', "sh")


@pytest.fixture(scope="module")
def outside():
    """What stands between the server and every other host: a proxy that keeps what it is asked for."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096))

        threading.Thread(target=listen, daemon=True).start()
        yield asked, f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory, outside):
    """A dashboard with few descriptors."""
    _, proxy = outside
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy)
    stand = ServerProcess(tmp_path_factory.mktemp("dashboard"), dashboard=True, prefix=FEW_DESCRIPTORS, **proxies)
    stand.start()
    yield stand
    assert stand.end() == 0
    assert "Traceback" not in stand.said()


def shake_hands(stand, origin=None, path="/_stcore/stream", **headers):
    """Return the answer to a WebSocket's handshake: its status, and its body where it is none."""
    address = f"ws://127.0.0.1:{stand.port}{path}"
    try:
        with connect(address, origin=origin, additional_headers=headers, subprotocols=["streamlit"], proxy=None):
            return 101, None
    except InvalidStatus as refused:
        body = refused.response.body
        return refused.response.status_code, json.loads(body) if body.startswith(b"{") else None


FOREIGN = [
    "http://evil.example",
    "https://evil.example",
    "http://127.0.0.1:{other}",
    "http://localhost:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:{port}.evil.example",
    "http://evil.example@127.0.0.1:{other}",
    "http://127.0.0.1:{port}:80",
    "ws://127.0.0.1:{port}",
    "file://",
    "null",
    "",
    "chrome-extension://abcdefghijklmnop",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_site_is_refused_before_any_other_host_is_asked(origin, dashboard, outside):
    status, envelope = shake_hands(dashboard, origin.format(port=dashboard.port, other=dashboard.port + 1))

    assert outside[0] == []
    assert status == 403
    assert envelope["message"] == "Requests from other sites are not allowed."


def test_a_page_of_ours_and_a_program_are_let_in(dashboard, outside):
    assert shake_hands(dashboard, f"http://127.0.0.1:{dashboard.port}")[0] == 101
    assert shake_hands(dashboard)[0] == 101
    assert outside[0] == []


def test_what_a_stranger_says_about_forwarding_opens_nothing(dashboard):
    assert shake_hands(dashboard, "http://evil.example", **{"X-Forwarded-Host": "evil.example"})[0] == 403


@pytest.mark.parametrize(
    "path", ["/", "/stream", "/console/vod/getVideos", "/_stcore/stream/", "/videos/_stcore/stream"]
)
def test_there_is_one_place_for_websockets(path, dashboard):
    assert shake_hands(dashboard, path=path)[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/_stcore/upload_file/a/b", 404),
        ("DELETE", "/_stcore/upload_file/a/b", 404),
        ("OPTIONS", "/_stcore/upload_file/a/b", 404),
        ("GET", "/_stcore/metrics", 404),
        ("GET", "/_stcore/script-health-check", 404),
        ("GET", "/_stcore/bidi-components/x/y.js", 404),
        ("GET", "/component/x/index.html", 404),
        ("GET", "/app/static/x", 404),
        ("GET", "/auth/login", 404),
        ("GET", "/auth/logout", 404),
        ("GET", "/oauth2callback", 404),
        ("POST", "/_stcore/agent/interact", 404),
        ("GET", "/_stcore/agent/openapi.json", 404),
        ("POST", "/_stcore/agent/mcp", 404),
        ("GET", "/static/js/./index.js", 404),
        ("GET", "/static/js/%2e/index.js", 404),
        ("GET", "/static/../index.html", 404),
        ("GET", "//evil.example/", 404),
        ("GET", "/wp-login.php", 404),
        ("GET", "/index.html", 404),
        ("GET", "/a/b/c", 404),
        ("GET", "/videos%00", 404),
        ("GET", "/" + "x" * 300, 404),
        ("OPTIONS", "/_stcore/health", 405),
        ("OPTIONS", "/media/a", 405),
        ("POST", "/", 405),
        ("PUT", "/videos", 405),
        ("DELETE", "/favicon.png", 405),
    ],
)
def test_of_streamlit_only_what_the_pages_need_is_reached(method, path, status, dashboard):
    with closing(dashboard.connect()) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()

    assert answer.status == status
    assert json.loads(body)["code"] == str(status)
    assert answer.getheader("X-Content-Type-Options") == "nosniff"


def test_no_other_name_of_a_bundle_is_answered_and_bundles_stay_small(dashboard):
    """Each alias took room of its own beside the bundle."""
    bundle = re.search(rb'src="\./(static/js/[^"]+)"', dashboard.get("/")[1])[1].decode()
    folder, _, name = bundle.rpartition("/")
    aliases = [f"/{folder}/{'./' * count}{name}" for count in range(1, 22)]

    assert {dashboard.get(alias, {"Accept-Encoding": "gzip"})[0] for alias in aliases} == {404}
    whole = dashboard.get(f"/{bundle}")[1]
    assert gzip.decompress(dashboard.get(f"/{bundle}", {"Accept-Encoding": "gzip"})[1]) == whole


@pytest.mark.parametrize(
    "path", ["/", "/videos", "/videos?v_page=2", "/_stcore/health", "/_stcore/host-config", "/favicon.png"]
)
def test_what_the_pages_need_is_there(path, dashboard):
    assert dashboard.get(path)[0] == 200


def run(socket, held=()):
    """Let a page run, as a browser that holds messages of these hashes, and return what comes."""
    asked = BackMsg()
    asked.rerun_script.page_name = "videos"
    asked.rerun_script.cached_message_hashes.extend(held)
    socket.send(asked.SerializeToString())
    came = []
    while not came or came[-1].WhichOneof("type") != "script_finished":
        came.append(ForwardMsg.FromString(socket.recv(timeout=60)))
    return came


def test_large_messages_come_whole_however_long_ago_the_browser_had_them(dashboard):
    """A reference to one that it has dropped meanwhile, while the server was slow, ended the page for good."""
    add_videos(dashboard.data, 200)
    address = f"ws://127.0.0.1:{dashboard.port}/_stcore/stream"
    cookie = {"Cookie": f"qu_session={dashboard.sign_in()}"}
    with connect(address, additional_headers=cookie, subprotocols=["streamlit"], proxy=None) as page:
        first = run(page)
        again = run(page, [message.hash for message in first if message.hash])

    assert max(message.ByteSize() for message in first) > 10_000
    assert [message.WhichOneof("type") for message in again].count("ref_hash") == 0
    assert max(message.ByteSize() for message in again) > 10_000
