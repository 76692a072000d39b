"""Prewarming: which lines are good, and what fetching them tells."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from backend.errors import BadRequest
from backend.jobs.runner import Done, Failed
from backend.model import Job, JobKind, JobState, WarmState
from backend.prewarm import check_lines, read_line
from backend.prewarm.http_cache import HttpCache
from tests.jobs.begun import Begun

HOSTS = ("example.com", "cdn.example.com:8080")


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("example.com/image/1.png", "http://example.com/image/1.png"),
        ("https://EXAMPLE.com/a.mp4?x=1", "https://example.com/a.mp4?x=1"),
        ("  cdn.example.com:8080/a  ", "http://cdn.example.com:8080/a"),
        ("example.com/视频.mp4", "http://example.com/%E8%A7%86%E9%A2%91.mp4"),
        ("example.com/a%20b.mp4", "http://example.com/a%20b.mp4"),
        ("example.com/a#part", "http://example.com/a"),
    ],
)
def test_a_line_means_a_whole_address(line, url):
    assert read_line(line, HOSTS) == url


@pytest.mark.parametrize(
    "line",
    [
        "", "example.com", "example.com/", "example.com/folder/", "other.com/a", "example.com:81/a", "a b.com/c",
        "ftp://example.com/a", "file:///etc/passwd", "javascript:alert(1)", "http://user@example.com/a",
        "//example.com/a",
        "http://[::1/a", "http://2130706433/a", "http://0x7f.1/a", "127.0.0.1/a", "example.com.evil.com/a",
        "http://example.com\\@evil.com/a", "example.com/" + "a" * 1100,
    ],
)  # fmt: skip
def test_anything_else_is_refused(line):
    with pytest.raises(BadRequest):
        read_line(line, HOSTS)


def test_blank_and_repeated_lines_count_once_and_bad_ones_keep_their_number():
    checked = check_lines(
        ["", "example.com/1", "nonsense", "http://example.com/1", "/media/a"], HOSTS, "http://example.com"
    )

    assert [(line.number, line.url, bool(line.wrong)) for line in checked] == [
        (2, "http://example.com/1", False),
        (3, "", True),
        (5, "http://example.com/media/a", False),
    ]


@contextmanager
def serving(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Origin(BaseHTTPRequestHandler):
    """Serves /good, sends /moved there and /away elsewhere, and has nothing else."""

    def do_GET(self):
        if self.path in ("/moved", "/circle"):
            self.send_response(301)
            self.send_header("Location", "/good" if self.path == "/moved" else "/circle")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/good":
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"12345")
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/inside")  # another port is another host
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def origin():
    with serving(Origin) as url:
        yield url


@pytest.fixture
def cache(origin):
    """Warms what lies on the origin, which the operator named by its address."""
    return HttpCache(lambda: (urlsplit(origin).netloc,))


def finish(cache, urls):
    return Begun(cache, Job("job", JobKind.PREWARM, JobState.RUNNING, 0, payload={"urls": urls})).end()


def test_a_batch_that_can_be_fetched_is_warm(origin, cache):
    outcome = finish(cache, [f"{origin}/good", f"{origin}/moved"])

    assert isinstance(outcome, Done)
    assert {state for state, _ in outcome.facts["warmed"].values()} == {WarmState.WARM}
    assert outcome.facts["warmed"][0][1].startswith("5 B")


def test_each_address_that_cannot_be_fetched_says_why(origin, cache):
    outcome = finish(cache, [f"{origin}/{name}" for name in ("good", "gone", "away", "circle")])

    assert isinstance(outcome, Failed)
    assert str(outcome.reason).startswith("3 of 4")
    assert [outcome.facts["warmed"][place] for place in (1, 2, 3)] == [
        (WarmState.FAILED, "HTTP 404"),
        (
            WarmState.FAILED,
            f"the host 127.0.0.1:1 is not one of those that can be prewarmed ({urlsplit(origin).netloc})",
        ),
        (WarmState.FAILED, "more than 5 redirects"),
    ]
