"""What a request says about where it comes from counts only from proxies of ours."""

from __future__ import annotations

from ipaddress import ip_network

import anyio
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.lifespan.on import LifespanOn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend.server.app import RestApp
from backend.server.forwarded import ForwardedHeaders
from backend.settings import SettingsError, read_settings

pytestmark = pytest.mark.in_front

OURS = [ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
HEADER = b"x-forwarded-for"


def client(peer, *told, proxies=OURS, schemes=()):
    """Return who asks, as an app behind the middleware sees it, and the scheme; empty where nothing told it."""
    headers = [(HEADER, value.encode()) for value in told]
    headers += [(b"x-forwarded-proto", value.encode()) for value in schemes]
    scope = {"type": "http", "client": (peer, 1), "scheme": "", "headers": headers}
    seen = []

    async def app(scope, receive, send):
        seen.append((scope["client"][0], scope["scheme"]))

    anyio.run(ForwardedHeaders(app, proxies), scope, None, None)
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "told", "expected"),
    [
        ("192.0.2.7", ["198.51.100.9"], "192.0.2.7"),  # no proxy of ours: whatever it says
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.9, 192.0.2.7"], "192.0.2.7"),  # the left one was written by the client itself
        ("127.0.0.1", ["198.51.100.9", "192.0.2.7"], "192.0.2.7"),  # two lines are one list
        ("127.0.0.1", ["198.51.100.9, 192.0.2.7, 10.1.2.3"], "192.0.2.7"),  # through two proxies
        ("127.0.0.1", ["10.0.0.1, 10.0.0.2"], "10.0.0.1"),  # from a proxy itself
        ("127.0.0.1", ["192.0.2.7:4711"], "192.0.2.7"),
        ("127.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("127.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:127.0.0.1", ["::ffff:192.0.2.7"], "192.0.2.7"),
        ("fd00::1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["192.0.2.7, unknown"], "127.0.0.1"),  # what is no address ends the reading
        ("127.0.0.1", ["192.0.2.7, unknown, 10.0.0.1"], "10.0.0.1"),
        ("127.0.0.1", ["192.0.2.7,"], "127.0.0.1"),
    ],
)
def test_the_list_is_read_from_the_right_past_our_own(peer, told, expected):
    assert client(peer, *told)[0] == expected


def test_without_the_setting_nobody_is_believed():
    assert client("127.0.0.1", "192.0.2.7", proxies=(), schemes=["https"]) == ("127.0.0.1", "")


@pytest.mark.parametrize(
    ("schemes", "expected"),
    [
        (["https"], "https"),
        (["HTTPS"], "https"),
        (["https, http"], "http"),  # the left one was written by the client itself
        (["javascript"], ""),
        ([], ""),
    ],
)
def test_the_scheme_is_what_our_own_proxy_says(schemes, expected):
    assert client("127.0.0.1", "192.0.2.7", schemes=schemes)[1] == expected


def test_through_two_proxies_the_scheme_is_that_of_the_first_one_asked():
    told = "198.51.100.9, 192.0.2.7, 10.1.2.3"

    assert client("127.0.0.1", told, schemes=["http, https, http"])[1] == "https"
    assert client("127.0.0.1", told, schemes=["https"])[1] == "https"


@given(st.text(), st.text(alphabet="0123456789abcdef.:,[] x", max_size=60))
def test_whatever_a_stranger_writes_left_of_the_proxys_word_changes_nothing(peer, written):
    assert client("127.0.0.1", f"{written},192.0.2.7")[0] == "192.0.2.7"
    assert client("192.0.2.9", written)[0] == "192.0.2.9"
    client(peer, written)


@pytest.mark.settings(proxies=(ip_network("127.0.0.1"),))
def test_who_is_throttled_behind_a_proxy_is_who_asked_it(server, http, account, password):
    def login(address, given):
        headers = {"X-Forwarded-For": f"10.9.9.9, {address}"}
        data = {"userName": "anne", "password": given}
        return http.post(f"{server}/console/user/login", data=data, headers=headers).json()

    for _ in range(6):
        wrong = login("192.0.2.7", "a wrong one")

    assert "Try again" in wrong["message"]
    assert "Try again" in login("192.0.2.7", password)["message"]
    assert login("192.0.2.8", password)["code"] == "200"


def test_no_header_helps_who_guesses_where_no_proxy_is_set(server, http, account):
    for number in range(6):
        headers = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        data = {"userName": "anne", "password": "a wrong one"}
        answer = http.post(f"{server}/console/user/login", data=data, headers=headers).json()

    assert "Try again" in answer["message"]


@pytest.mark.anyio
async def test_uvicorn_believes_nobody_in_our_place(console):
    config = uvicorn.Config(RestApp(console), forwarded_allow_ips="*")
    config.load()
    assert isinstance(config.loaded_app, ProxyHeadersMiddleware)

    await LifespanOn(config).startup()

    assert not isinstance(config.loaded_app, ProxyHeadersMiddleware)


def test_the_setting_takes_addresses_and_networks():
    given = {"QU_PROXIES": "127.0.0.1, 10.0.0.0/8, ::1"}

    assert read_settings(given, None).proxies == (
        ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("::1"),
    )  # fmt: skip
    for wrong in ("proxy.example.com", "10.0.0.1/8", "*"):
        with pytest.raises(SettingsError, match="QU_PROXIES"):
            read_settings({"QU_PROXIES": wrong}, None)
