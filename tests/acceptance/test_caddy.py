"""Caddy in front of the dashboard, with the Caddyfile of docs/deploy: TLS, WebSockets, uploads, and who a client is."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess

import pytest
import requests
from requests.adapters import HTTPAdapter
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.acceptance.server_process import PASSWORD, ServerProcess
from tests.paths import ROOT
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.slow

CADDYFILE = ROOT / "docs/deploy/Caddyfile"
CONSOLE = "127.0.0.2"  # where a dashboard with the default settings does not listen
CLIENT = "127.0.0.9"


class FromClient(HTTPAdapter):
    """Connects from the client's address."""

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(CLIENT, 0), **options)


@pytest.fixture(scope="module")
def port():
    """Caddy's port for TLS, before a console that runs as compose.yaml runs it."""
    return free_port()


@pytest.fixture(scope="module")
def address(port):
    return f"https://localhost:{port}"


@pytest.fixture(scope="module")
def console(tmp_path_factory, address):
    settings = {"QU_ADDRESS": CONSOLE, "QU_PROXIES": "127.0.0.1", "QU_PUBLIC_URL": address}
    made = ServerProcess(tmp_path_factory.mktemp("console"), dashboard=True, host=CONSOLE, **settings)
    made.start()
    yield made
    assert made.end() == 0


@pytest.fixture(scope="module")
def trusted(console, port, tmp_path_factory):
    """Runs Caddy, and gives the certificate of the authority that it made for `localhost`."""
    program = shutil.which("caddy")
    if program is None:
        say = pytest.fail if os.environ.get("TEST_CADDY") == "required" else pytest.skip
        say("caddy is missing: apt-get install caddy")
    folder = tmp_path_factory.mktemp("caddy")
    own = f"{{\n\tadmin off\n\thttp_port {free_port()}\n\thttps_port {port}\n\tskip_install_trust\n}}\n"
    (folder / "Caddyfile").write_text(own + CADDYFILE.read_text(encoding="utf-8"))
    environment = {
        **os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
        "QU_HOST": "localhost", "QU_CONSOLE": f"{CONSOLE}:{console.port}",
    }  # fmt: skip
    log = folder / "caddy.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [program, "run", "--config", "Caddyfile"], cwd=folder, env=environment, stdout=written, stderr=written
        )
    root = folder / "caddy/pki/authorities/local/root.crt"
    try:
        until(lambda: root.is_file() or process.poll() is not None, "Caddy's certificate")
        assert process.poll() is None, log.read_text()
        yield root
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def client(trusted, address):
    """Asks through Caddy."""
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(trusted)
        session.mount("https://", FromClient())

        def is_served():
            try:
                return session.get(f"{address}/livez", timeout=60).ok
            except requests.ConnectionError:
                return False

        until(is_served, "an answer through Caddy")
        yield session


def test_the_page_is_served_over_tls_and_metrics_are_not(client, address):
    page = client.get(address, timeout=60)

    assert (page.status_code, "<title>" in page.text) == (200, True)
    assert page.headers["Content-Security-Policy"]
    assert client.get(f"{address}/metrics", timeout=60).status_code == 404


@pytest.mark.parametrize(("own", "accepted"), [(True, True), (False, False)])
def test_the_websocket_is_for_pages_of_this_address_alone(own, accepted, client, trusted, address):
    """The console sees the host that the browser asked for, though the request comes from Caddy by http."""
    origin = address if own else "https://evil.example"
    context = ssl.create_default_context(cafile=trusted)
    url = f"{address.replace('https', 'wss')}/_stcore/stream"
    try:
        with connect(url, origin=origin, ssl=context, subprotocols=["streamlit"], proxy=None):
            status = 101
    except InvalidStatus as refused:
        status = refused.response.status_code

    assert (status == 101) == accepted


def test_somebody_signs_in_uploads_and_plays_at_the_public_address(client, address, small_clip):
    given = {"userName": "admin", "password": PASSWORD}
    token = client.post(f"{address}/console/user/login", data=given, timeout=60).json()["data"]["consoleToken"]
    with small_clip.open("rb") as file:
        upload = client.post(
            f"{address}/console/vod/uploadVideo", data={"consoleToken": token}, files={"file": ("海边.mp4", file)},
            timeout=60,
        ).json()  # fmt: skip
    video = upload["data"]["videoId"]

    def files():
        parameters = {"videoId": video, "consoleToken": token}
        return client.get(f"{address}/vodVideo/getVideoById", params=parameters, timeout=60).json()["data"][
            "playInfoList"
        ]

    url = until(files, "a rendition", 60)[0]["playURL"]
    assert url.startswith(f"{address}/media/")
    assert client.get(url, headers={"Range": "bytes=4-7"}, timeout=60).content == b"ftyp"


def test_the_console_knows_the_client_by_its_address_and_not_by_what_it_says(client, address):
    given = {"userName": "admin", "password": PASSWORD}
    headers = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    answer = client.post(f"{address}/console/user/login", data=given, headers=headers, timeout=60).json()
    parameters = {"consoleToken": answer["data"]["consoleToken"]}
    sessions = client.get(f"{address}/console/user/getOwnSessions", params=parameters, timeout=60).json()["data"]

    assert [session["address"] for session in sessions if session["isOwn"]] == [CLIENT]
