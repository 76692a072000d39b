"""Two consoles behind nginx, as docs/scale.md says: one database, and either may end at any time."""

from __future__ import annotations

import re
import signal
import subprocess

import pytest
import requests

from tests.acceptance import nginx
from tests.acceptance.server_process import PASSWORD, ServerProcess
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.slow

ADDRESSES = ("10.0.0.11", "10.0.0.12")
REQUESTS = re.compile(r'^qu_requests_total{.*operation="getVideos".*} ([0-9.]+)$', re.MULTILINE)


@pytest.fixture
def consoles(tmp_path, postgres):
    nginx.require()
    settings = {"QU_DATABASE": postgres, "QU_PROXIES": "127.0.0.1"}
    made = {name: ServerProcess(tmp_path / name, dashboard=True, **settings) for name in "ab"}
    for one in made.values():
        one.start()
    yield made
    for one in made.values():
        if one.process is not None and one.process.poll() is None:
            one.end(signal.SIGKILL)


@pytest.fixture
def url(consoles, tmp_path):
    port, key, certificate = free_port(), tmp_path / "qu.key", tmp_path / "qu.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    changed = {
        **{f"{address}:8502": f"127.0.0.1:{one.port}"
           for address, one in zip(ADDRESSES, consoles.values(), strict=True)},
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/nginx/qu.crt": str(certificate),
        "/etc/nginx/qu.key": str(key),
    }  # fmt: skip
    with nginx.running("nginx-servers.conf", changed, port, tmp_path / "nginx"):
        yield f"https://localhost:{port}"


@pytest.fixture
def browser(url, tmp_path):
    """Keeps cookies as a browser does."""
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(tmp_path / "qu.crt")
        yield session


def sign_in(browser, url):
    answer = browser.post(f"{url}/console/user/login", data={"userName": "admin", "password": PASSWORD}, timeout=60)
    return {"Authorization": f"Bearer {answer.json()['data']['consoleToken']}"}


def lists(browser, url, headers):
    return browser.get(f"{url}/console/vod/getVideos", headers=headers, timeout=60).json()["code"]


def test_pages_come_from_one_console_and_operations_from_both(consoles, url, browser):
    drawn = browser.get(url, timeout=60).headers["Set-Cookie"]
    assert re.fullmatch(r"qu_server=[ab]; Path=/; HttpOnly; Secure; SameSite=Lax", drawn)
    assert "Set-Cookie" not in browser.get(url, timeout=60).headers

    headers = sign_in(browser, url)
    assert {lists(browser, url, headers) for _ in range(20)} == {"200"}

    for one in consoles.values():
        assert sum(map(float, REQUESTS.findall(one.get("/metrics")[1].decode()))) >= 1


def test_a_session_that_was_ended_at_one_console_is_refused_at_both(url, browser):
    headers = sign_in(browser, url)
    assert {lists(browser, url, headers) for _ in range(6)} == {"200"}

    browser.post(f"{url}/console/user/signOut", headers=headers, timeout=60)

    assert {lists(browser, url, headers) for _ in range(6)} == {"403"}


def test_the_other_console_takes_over(consoles, url, browser):
    browser.get(url, timeout=60)
    headers = sign_in(browser, url)
    ended = consoles[browser.cookies["qu_server"]]
    ended.kill()

    assert browser.get(url, timeout=60).status_code == 200
    assert {lists(browser, url, headers) for _ in range(6)} == {"200"}

    ended.launch()
    until(ended.is_ready, "the console is back", 60)
    assert lists(browser, url, headers) == "200"
