"""Floods of a dashboard by visitors without an account, at 1024 descriptors.

`python benchmarks/floods.py` makes more of them, beside a person in Chromium.
"""

from __future__ import annotations

import re
import socket
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.attackers import forgeries, rerun
from tests.acceptance.server_process import ServerProcess, with_descriptors
from tests.sockets import BINARY, CONTINUE, PING, PONG, TEXT, Page, frame
from tests.waiting import until

pytestmark = pytest.mark.slow

VISITORS, SILENT = 48, 64  # as backend/server/page_sockets.py has them for 1024 descriptors and one network
ROOM = 700  # descriptors, of which a flood leaves the rest
LEFT = 100  # some of which are sessions of a person whose connections broke off, and who may come back


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory):
    stand = ServerProcess(tmp_path_factory.mktemp("dashboard"), dashboard=True, prefix=with_descriptors(1024))
    stand.start()
    yield stand
    assert stand.end() == 0
    assert "Traceback" not in stand.said()
    assert "connection failed" not in stand.said()
    assert stand.said().count("\n") < 200


@pytest.fixture
def crowd(dashboard):
    """Opens pages as a browser does, as many as it likes, and closes them at the end."""
    opened = []

    def open_page(*messages, cookie=""):
        page = Page(dashboard.port, cookie)
        opened.append(page)
        if messages:
            assert page.status == 101
        for message in messages:
            page.send(message)
        return page

    yield open_page
    for page in opened:
        page.close()
    until(lambda: count_pages(dashboard) == 0, "no page is open")
    until(lambda: dashboard.descriptors() < LEFT, "the descriptors are given back")


def count_pages(stand):
    """Count the pages that the server believes to be open."""
    return sum(map(float, re.findall(r"^qu_pages\{.*\} (.*)$", stand.get("/metrics")[1].decode(), re.MULTILINE)))


def is_well(stand):
    """Say whether everybody gets what they ask for."""
    return stand.get("/healthz")[0] == stand.get("/")[0] == 200 and bool(stand.sign_in())


def test_visitors_are_refused_in_words_when_there_are_too_many(dashboard, crowd):
    """The first of all: there are handshakes enough to ask for all at once, before one is idle and makes room."""
    pages = [crowd() for _ in range(VISITORS)]
    assert {page.status for page in pages} == {101}
    for page in pages:
        page.send(rerun())

    assert {page.status for page in [crowd() for _ in range(8)]} == {503}
    assert is_well(dashboard)


def test_300_pages_that_say_nothing_leave_room_and_are_ended(dashboard, crowd):
    pages = [crowd() for _ in range(300)]

    assert {page.status for page in pages[:VISITORS]} == {101}
    assert {page.status for page in pages[VISITORS:]} == {101, 503}  # only so many handshakes a second are made
    until(lambda: dashboard.descriptors() < 2 * SILENT, "those that came first made room")
    assert is_well(dashboard)
    assert {page.close_code() for page in pages if page.status == 101} == {1013}


def test_250_visitors_at_their_pages_leave_room_for_a_person(dashboard, crowd):
    """Each had four descriptors: REST, pages and /healthz were reset."""
    token = dashboard.sign_in()
    pages = [crowd() for _ in range(250)]
    for page in pages:
        if page.status == 101:
            page.pour(frame(rerun()))

    person = crowd(rerun(), cookie=token)

    assert person.status == 101
    assert person.take()
    assert dashboard.descriptors() < ROOM
    assert is_well(dashboard)


def test_one_person_cannot_take_the_room_of_the_others(dashboard, crowd):
    token = dashboard.sign_in()
    pages = [crowd(cookie=token) for _ in range(40)]  # all before the first is idle, which would make room

    assert Counter(page.status for page in pages) == {101: 32, 503: 8}
    assert is_well(dashboard)


def test_pages_that_are_left_while_they_are_drawn_are_no_fault(dashboard, crowd):
    """Each wrote an error into the log."""
    for _ in range(12):
        page = crowd(rerun())
        for number in range(3):
            page.send(rerun(query=str(number)))
        assert page.take()
        page.close()

    until(lambda: dashboard.descriptors() < LEFT, "they are gone")
    assert "connection failed" not in dashboard.said()


@pytest.mark.parametrize(
    ("payload", "kind", "code"),
    [
        (b"\xff\xff\xff", BINARY, 1002),
        (b"hello", TEXT, 1008),
        (b"", BINARY, 1008),
        (b"\x0a" * 1000, BINARY, 1002),
        (b"\0" * (65 << 10), BINARY, 1009),
        (b"\xff\xfe", TEXT, 1007),
    ],
    ids=["no message", "text", "nothing", "broken", "huge", "broken text"],
)
def test_what_is_no_message_of_a_page_ends_it(payload, kind, code, dashboard, crowd):
    page = crowd()
    assert page.status == 101
    page.send(payload, kind)

    assert page.close_code() == code
    assert is_well(dashboard)


def test_a_message_of_many_megabytes_is_never_taken_in(dashboard, crowd):
    page = crowd(rerun())
    page.send(b"", BINARY, last=False)
    for _ in range(400):
        if page.pour(frame(b"x" * 65000, CONTINUE, last=False)):
            break
    else:
        raise AssertionError("26 MB were taken")
    assert is_well(dashboard)


def test_forged_widgets_change_nothing(dashboard, crowd):
    """They wrote tracebacks."""
    page = crowd(rerun())
    assert page.take()
    for message in forgeries():
        page.send(message)
        assert page.take()

    assert is_well(dashboard)


@pytest.mark.parametrize(
    "flood",
    [frame(b"", PING), frame(b"x" * 125, PING), frame(b"", PONG), frame(b"", CONTINUE, last=False), frame(b"\x0a\0")],
    ids=["pings", "long pings", "pongs", "empty pieces", "messages"],
)
def test_a_flood_of_frames_is_cut_off(flood, dashboard, crowd):
    """Nothing of it is read by Streamlit; uvicorn answered each ping, and kept each piece."""
    before = dashboard.memory()
    page = crowd(rerun())
    page.send(b"", BINARY, last=False)

    assert any(page.pour(flood * 100_000) for _ in range(30))
    assert dashboard.memory() - before < 50e6
    assert is_well(dashboard)


def test_1000_connections_that_send_nothing_leave_room(dashboard):
    """They were reset, and everybody else with them."""
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(socket.create_connection(("127.0.0.1", dashboard.port), timeout=90))
        assert is_well(dashboard)
        assert dashboard.descriptors() < 1000
    until(lambda: dashboard.descriptors() < LEFT, "the descriptors are given back")


def test_1000_bodies_that_never_end_leave_room(dashboard):
    head = b"POST /console/vod/getVideos HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nx"
    with ExitStack() as stack:
        for _ in range(1000):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", dashboard.port), timeout=90))
            one.sendall(head)
        assert is_well(dashboard)
    until(lambda: dashboard.descriptors() < LEFT, "the descriptors are given back")


def test_the_soft_limit_is_raised_to_the_hard_one(tmp_path):
    prefix = ("sh", "-c", 'ulimit -Sn 200; ulimit -Hn 900; exec "$@"', "sh")
    stand = ServerProcess(tmp_path, prefix=prefix)
    stand.start()
    limits = Path(f"/proc/{stand.process.pid}/limits").read_text()
    stand.end()

    assert re.search(r"Max open files +900 +900 ", limits)
