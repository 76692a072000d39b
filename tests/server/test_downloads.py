"""Files that are made while they are sent: bounded by person and in all, and ended where nobody reads."""

from __future__ import annotations

import contextlib
import gc
import json
from pathlib import Path

import pytest

from backend.auth.permissions import Role
from backend.errors import TooMany
from backend.exports import download
from backend.exports.download import Download, Exports
from backend.model import User, Video
from backend.server import downloads
from tests.conftest import TESTS

GET = "GET {path}?format={format}&consoletoken={token} HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def many(console):
    """More videos than the buffers of a connection hold as CSV."""
    text = "海" * 600
    videos = [Video(f"v{number:05}", "t", User("u1"), 1547043000 + number, description=text) for number in range(4000)]
    console.store.catalogue.load_videos(videos, TESTS)


@pytest.fixture
def begin(raw, many):
    """Begins an export over a connection of its own, and reads no more than how its answer begins."""

    def begin(token, path="/console/vod/exportVideos", file_format="csv"):
        connection = raw(GET.format(path=path, token=token, format=file_format).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        return connection, head.decode()

    return begin


def is_file(head):
    return "content-disposition: attachment" in head.lower()


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def running(console):
    return console.exports._running.total()


def test_exports_that_nobody_reads_are_bounded_by_person_and_in_all(
    console, begin, make_account, sign_in, monkeypatch, eventually
):
    monkeypatch.setattr(download, "MAX_AT_ONCE", 6)
    anne, ben, eve = (sign_in(make_account(name, Role.ANALYST)) for name in ("anne", "ben", "eve"))
    before = open_descriptors()

    opened = [begin(anne) for _ in range(20)]

    assert [is_file(head) for _, head in opened] == [True] * 4 + [False] * 16
    (refused, _) = opened[-1]
    answer = json.loads(refused.recv(10_000))
    assert (answer["code"], answer["message"]) == (
        "429", "You have 4 exports running. Wait until one of them has finished."
    )  # fmt: skip
    assert is_file(begin(ben)[1])
    assert is_file(begin(ben)[1])
    assert not is_file(begin(eve)[1]), "six are the most that there may be"
    assert open_descriptors() - before < 6 * 15 + 2 * 26
    link = console.call("createExportLink", {}, anne)
    assert link["code"] == "429"

    for connection, _ in opened[:2]:
        connection.close()

    eventually(lambda: running(console) == 4)
    assert is_file(begin(eve)[1])


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_an_export_ends_when_its_reader_stands_still(console, begin, token, monkeypatch, eventually, file_format):
    monkeypatch.setattr(downloads, "STILL_SECONDS", 0.1)
    opened = [begin(token, file_format=file_format) for _ in range(4)]

    assert all(is_file(head) for _, head in opened)
    eventually(lambda: running(console) == 0)
    assert is_file(begin(token)[1])


def test_a_slow_reader_gets_the_whole_file(console, begin, token, monkeypatch):
    monkeypatch.setattr(downloads, "STILL_SECONDS", 5.0)
    connection, _ = begin(token, file_format="jsonl")

    content = bytearray()
    while b"\r\n0\r\n\r\n" not in content[-20:]:
        content += connection.recv(50_000)

    assert content.count(b'"videoId":') == 4000


def test_the_history_counts_among_the_exports(console, begin, token):
    opened = [begin(token) for _ in range(3)]
    assert all(is_file(head) for _, head in opened)
    first = console.call("exportHistory", {}, token)

    assert first["code"] == "200"
    assert console.call("exportHistory", {}, token)["code"] == "429"
    list(first["data"].chunks)
    assert console.call("exportHistory", {}, token)["code"] == "200"


@pytest.mark.parametrize("end", ["read", "closed", "forgotten", "broken"])
def test_an_export_counts_until_it_is_read_closed_forgotten_or_broken(end):
    exports = Exports()

    def chunks():
        yield b"a"
        if end == "broken":
            raise KeyError

    held = exports.begin("anne", Download("a", "text/csv", chunks()))
    assert exports._running == {"anne": 1}

    if end == "forgotten":
        del held
        gc.collect()
    elif end == "closed":
        held.chunks.close()
    else:
        with contextlib.suppress(KeyError):
            assert list(held.chunks) == [b"a"]

    assert exports._running == {}


def test_what_is_refused_leaves_nothing_open():
    exports, closed = Exports(), []

    def chunks():
        try:
            yield b""
        finally:
            closed.append(True)

    held = [exports.begin("anne", Download("a", "text/csv", chunks())) for _ in range(download.MAX_OF_ONE)]
    started = chunks()
    next(started)
    with pytest.raises(TooMany):
        exports.begin("anne", Download("a", "text/csv", started))

    assert (len(held), closed) == (download.MAX_OF_ONE, [True])
