"""Prewarming never reaches into this machine or its network, whatever an address looks like or a name leads to."""

from __future__ import annotations

import gzip
import socket
import threading
from urllib.parse import urlsplit

import pytest
import urllib3

from backend.errors import BadRequest
from backend.model import Job, JobKind, JobState, Video, WarmState
from backend.prewarm import read_line
from backend.prewarm.fetcher import trusted
from backend.prewarm.http_cache import HttpCache, Limits
from backend.prewarm.ssrf import is_literal_address, is_public, own_hosts, resolve_checked
from tests.jobs.begun import Begun
from tests.prewarm.authority import Authority

OWN = "http://127.0.0.1:8501"
HOSTS = ("example.com", *own_hosts(OWN))
ADDRESSES = (
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2002:7f00:1::", "64:ff9b::7f00:1",
    "2001:0:0:0:0:0:80ff:fffe", "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_this_machine_or_its_network_is_inside(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_outside(address):
    assert is_public(address)


def test_a_public_address_of_this_machine_is_inside(monkeypatch):
    class Talk:
        """A socket on a machine that is 203.0.114.9 itself."""

        __init__ = __exit__ = connect = lambda self, *_: None
        __enter__ = lambda self: self  # noqa: E731
        getsockname = lambda self: ("203.0.114.9", 40000)  # noqa: E731

    monkeypatch.setattr(socket, "socket", Talk)

    assert not is_public("203.0.114.9")
    assert is_public("203.0.114.10")


@pytest.mark.parametrize(
    "line",
    [
        "http://2130706433/a", "http://017700000001/a", "http://0x7f000001/a", "http://127.1/a", "http://0177.0.0.1/a",
        "http://[::1]/a", "http://[::ffff:127.0.0.1]/a", "http://[::ffff:7f00:1]/a", "http://[fe80::1%25lo]/a",
        "http://example.com@127.0.0.1/a", "http://127.0.0.1@example.com/a", "http://example.com:22/a",
        "http://example.com:8501/a", "http://example.com./a", "http://localhost/a", "http://１２７.0.0.1/a",
        "http://127。0。0。1/a", "http://example.com%00.evil.com/a", "http://example.com#@127.0.0.1/a",
        "gopher://example.com/a", "http:example.com/a",
    ],
)  # fmt: skip
def test_no_spelling_gets_past_the_hosts_that_were_named(line):
    with pytest.raises(BadRequest):
        read_line(line, HOSTS, own_hosts(OWN))


@pytest.mark.parametrize("place", ["127.0.0.1:8501", "localhost:8501"])
@pytest.mark.parametrize(
    "path",
    [
        "console/vod/getVideos", "console/vod/createAudit?mediaId=1&status=Blocked", "metrics", "healthz", "x.js",
        "media/a/b/../../../metrics", "media/a/b/%2e%2e", "media/%2e%2e/console/x", "media/a/b/c%2f..%2fd", "media/a",
        "media/a/b/.env", "media//b/c", "media/a/b/c/", "MEDIA/a/b/c",
    ],
)  # fmt: skip
def test_of_our_own_host_only_media_are_fetched(place, path):
    with pytest.raises(BadRequest):
        read_line(f"http://{place}/{path}", HOSTS, own_hosts(OWN))
    assert read_line(f"http://{place}/media/abc/K-_9/cover.jpg?x=1", HOSTS, own_hosts(OWN))


@pytest.fixture
def names(monkeypatch):
    """A resolver of ours: it gives each name's addresses, one answer after the other, and notes who asks."""
    answers, asked = {}, []
    real = socket.getaddrinfo

    def resolve(host, port, *arguments, **more):
        if host not in answers:
            return real(host, port, *arguments, **more)
        asked.append(host)
        found = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [item for address in found for item in real(address, port, *arguments, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    answers["asked"] = asked
    return answers


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:192.168.0.1"], ["169.254.169.254"]])
def test_a_name_that_leads_inside_is_refused_even_if_it_also_leads_outside(found, names):
    names["cdn.example.com"] = [found]

    with pytest.raises(BadRequest, match="points to this machine or its network"):
        resolve_checked("cdn.example.com", 80, inside=is_literal_address("cdn.example.com"))


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_a_number_that_the_system_takes_for_an_address_is_a_name_to_us(host):
    with pytest.raises(BadRequest):
        resolve_checked(host, 80, inside=is_literal_address(host))


class Target:
    """A server on this machine that nobody should reach, unless they may; it notes every request."""

    def __init__(self, *pieces: bytes, pause: float = 0.0) -> None:
        self.requests: list[bytes] = []
        self._pieces, self._pause, self._over = pieces, pause, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(65536))
                try:
                    for piece in self._pieces:
                        connection.sendall(piece)
                        if self._over.wait(self._pause):
                            return
                except OSError:
                    continue

    def close(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def target():
    made = []

    def make(*pieces, pause=0.0):
        made.append(Target(*pieces, pause=pause))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def warm():
    """Fetches one address, and returns how that ended."""

    def run(cache, url):
        job = Job("job", JobKind.PREWARM, JobState.RUNNING, 0, payload={"urls": [url]})
        return Begun(cache, job).end().facts["warmed"][0]

    return run


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345"


def test_a_name_is_looked_up_once_and_the_checked_address_is_the_one_connected_to(names, target, warm, monkeypatch):
    """The name of a rebinding attack: outside when it is checked, inside the next time."""
    inside = target(GOOD)
    names["cdn.example.com"] = [["203.0.114.9"], ["127.0.0.1"]]
    tried = []

    def connect(address, *_, **__):
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(urllib3.util.connection, "create_connection", connect)
    place = f"cdn.example.com:{inside.port}"
    state, said = warm(HttpCache(lambda: (place,)), f"http://{place}/a")

    assert (state, said) == (WarmState.FAILED, "ConnectionRefusedError")
    assert names["asked"] == ["cdn.example.com"]
    assert tried == [("203.0.114.9", inside.port)]
    assert inside.requests == []


def test_a_redirect_is_checked_like_a_first_address(names, target, warm):
    inside = target(GOOD)
    names["cdn.example.com"] = [["127.0.0.1"]]
    away = [
        f"http://127.0.0.1:{inside.port}/x",
        f"http://cdn.example.com:{inside.port}/x",
        "file:///etc/passwd",
        "//[::1]/x",
    ]
    for to in away:
        first = target(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())
        hosts = (f"127.0.0.1:{first.port}", f"cdn.example.com:{inside.port}")
        assert warm(HttpCache(lambda hosts=hosts: hosts), f"http://{hosts[0]}/a")[0] is WarmState.FAILED, to
    assert inside.requests == []


def test_an_address_that_the_operator_named_is_reached_wherever_it_is(target, warm):
    cache = target(GOOD)
    for host in ("127.0.0.1", "localhost"):
        place = f"{host}:{cache.port}"
        assert warm(HttpCache(lambda place=place: (place,)), f"http://{place}/a.jpg")[0] is WarmState.WARM
    assert b"\r\nHost: localhost" in cache.requests[-1]


def test_our_own_server_is_reached_for_media_alone(target, warm):
    ours = target(GOOD)
    place = f"127.0.0.1:{ours.port}"
    cache = HttpCache(lambda: (place,), lambda: (place,))

    assert warm(cache, f"http://{place}/console/vod/signOut")[0] is WarmState.FAILED
    assert ours.requests == []
    assert warm(cache, f"http://{place}/media/a/b/c.jpg")[0] is WarmState.WARM


LIMITS = Limits(connect=2, pause=5, seconds=1.0, size=100_000)


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([b"H"] + [b"x"] * 500, "timeout"),
        ([b"HTTP/1.1 200 OK\r\n"] + [b"X-A: b\r\n"] * 50, "timeout"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"] * 500, "timeout"),
        ([b"HTTP/1.1 200 OK\r\n\r\n"] + [b"x"] * 500, "timeout"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"] + [b"x"] * 500, "timeout"),
    ],
    ids=["status", "headers", "continue", "endless body", "long body"],
)  # fmt: skip
def test_an_answer_that_drips_is_cut(pieces, said, target, warm):
    dripping = target(*pieces, pause=0.05)
    place = f"127.0.0.1:{dripping.port}"

    assert warm(HttpCache(lambda: (place,), limits=LIMITS), f"http://{place}/a") == (WarmState.FAILED, said)


def test_an_answer_that_never_ends_is_cut_by_its_size(target, warm):
    endless = target(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 100)
    place = f"127.0.0.1:{endless.port}"

    assert warm(HttpCache(lambda: (place,), limits=LIMITS), f"http://{place}/a")[1] == "it is larger than 100000 bytes"


def test_an_answer_that_ends_too_early_is_not_warm(target, warm):
    short = target(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345")
    place = f"127.0.0.1:{short.port}"

    assert warm(HttpCache(lambda: (place,)), f"http://{place}/a") == (WarmState.FAILED, "IncompleteRead")


def test_an_answer_that_never_begins_is_cut_long_before_the_file_had_to_be_there(target, warm):
    """It kept a thread busy for a quarter of an hour."""
    server = target(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 1_000_000, pause=0.001)
    place = f"127.0.0.1:{server.port}"
    limits = Limits(connect=2, pause=0.5, seconds=3600.0)

    assert warm(HttpCache(lambda: (place,), limits=limits), f"http://{place}/a") == (WarmState.FAILED, "timeout")


BOMB = gzip.compress(bytes(10_000_000))
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        (b"Content-Length: 5, 6\r\n\r\n12345", "failed", "InvalidHeader"),
        (b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n12345", "failed", "InvalidHeader"),
        (b"Content-Length: 4000000000\r\n\r\n12345", "failed", "it is larger than 100000 bytes"),
        (b"Content-Length: -5\r\n\r\n12345", "warm", "5 B"),  # as if it had none
        (b"Content-Length: 5\r\n\r\n12345 and more", "warm", "5 B"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n", "warm", "5 B"),
        (b"Transfer-Encoding: chunked\r\n\r\nno number\r\n12345", "failed", "IncompleteRead"),
        (b"Transfer-Encoding: chunked\r\n\r\n-5\r\n12345", "failed", "IncompleteRead"),
        (b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n12345", "failed", "IncompleteRead"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", "failed", "IncompleteRead"),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"1;" * 70_000, "failed", "LineTooLong"),
        (b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB, "warm", f"{len(BOMB)} B"),
        (b"X: y\r\n" * 300 + b"\r\n12345", "failed", "HTTPException"),
        (b"X: " + b"y" * 70_000 + b"\r\n\r\n12345", "failed", "LineTooLong"),
        (b"Location: http://127.0.0.1:1/\r\nContent-Length: 5\r\n\r\n12345", "warm", "5 B"),  # 200 leads nowhere
    ],
)
def test_what_hostile_servers_send_costs_little_and_is_told(answer, state, said, target, warm):
    place = f"127.0.0.1:{target(HEAD + answer).port}"

    outcome = warm(HttpCache(lambda: (place,), limits=LIMITS), f"http://{place}/a")

    assert (outcome[0].value, outcome[1].partition(",")[0]) == (state, said)


def test_no_proxy_is_asked(target, warm, monkeypatch):
    """It would look the name up itself, and might lead inside."""
    proxy, server = target(GOOD), target(GOOD)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    place = f"127.0.0.1:{server.port}"

    assert warm(HttpCache(lambda: (place,)), f"http://{place}/a")[0] is WarmState.WARM
    assert proxy.requests == []


@pytest.fixture
def authority(monkeypatch, tmp_path):
    """An authority that this console believes."""
    made = Authority()
    (tmp_path / "authority.pem").write_bytes(made.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    trusted.cache_clear()
    yield made
    trusted.cache_clear()


def test_over_tls_the_certificate_must_be_that_of_the_host_which_was_asked_for(authority, names, warm, tmp_path):
    """The connection goes to an address; the name in it, and in the certificate, is that of the host."""
    names["cdn.example.com"] = names["other.example.com"] = [["127.0.0.1"]]
    said = {}
    with authority.serving("cdn.example.com", tmp_path) as (port, asked):
        for host in ("cdn.example.com", "other.example.com", "127.0.0.1"):
            place = f"{host}:{port}"
            said[host] = warm(HttpCache(lambda place=place: (place,), lambda place=place: (place,)),
                              f"https://{place}/media/a/b/c.jpg")  # fmt: skip

    assert said["cdn.example.com"][0] is WarmState.WARM
    assert said["other.example.com"] == said["127.0.0.1"] == (WarmState.FAILED, "SSLCertVerificationError")
    assert asked == {"names": ["cdn.example.com", "other.example.com", None], "hosts": [f"cdn.example.com:{port}"]}


@pytest.mark.parametrize("field", ["coverUrl", "firstFrameUrl"])
def test_recommending_with_addresses_of_others_fetches_none_of_them(field, console, token, make_video):
    video: Video = make_video(censor_status="success")
    given = {"videoId": video.video_id, field: "http://169.254.169.254/latest", "isCache": "true"}

    assert console.call("recommendVideo", given, token)["code"] == "200"
    assert console.store.jobs.find_jobs(kind=JobKind.PREWARM).total == 0


def test_our_own_places_are_those_of_both_our_addresses():
    assert own_hosts("https://media.example.com", OWN) == (
        "media.example.com", urlsplit(OWN).netloc, "localhost:8501",
    )  # fmt: skip


@pytest.mark.settings(public_url="https://media.example.com", prewarm_hosts=())
def test_what_is_not_named_in_the_settings_is_ours_and_gives_media_alone(console, token):
    console.own_url = OWN
    lines = {
        "https://media.example.com/media/a/b/c.jpg": "",
        "https://media.example.com/console/x": "media",
        "/metrics": "media",
    }

    answer = console.call("checkObjectPaths", {"objectPath": "\n".join(lines)}, token)["data"]

    assert [bool(line["problem"]) for line in answer] == [bool(wrong) for wrong in lines.values()]


@pytest.mark.settings(public_url="https://cdn.example.com", prewarm_hosts=("cdn.example.com", "127.0.0.1:8501"))
def test_a_public_host_that_the_operator_names_gives_anything_but_this_server_does_not(console):
    console.own_url = OWN

    assert console.own_hosts == ("127.0.0.1:8501", "localhost:8501")
