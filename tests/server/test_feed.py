"""The feed over HTTP: what caches and phones are told, and that every process says the same."""

from __future__ import annotations

import gzip
import uuid

import pytest

import backend
from backend.model import CensorStatus, FileKind, MediaFile, User, VideoStatus
from backend.server.app import RestApp
from tests.conftest import TESTS

COMMON = MediaFile(FileKind.COMMON, "common.mp4", 1000, 720, 1280)
BROWSER = {"Accept-Encoding": "gzip, deflate"}


@pytest.fixture
def recommend(console, make_video, clock):
    def add(count=1):
        for _ in range(count):
            clock.move(1)
            video = make_video(
                user=User(f"u{clock()}"), files=(COMMON,), censor_status=CensorStatus.SUCCESS, status=VideoStatus.NORMAL
            )
            console.store.catalogue.recommend(video.video_id, {}, TESTS)
        return video.video_id

    return add


@pytest.fixture
def url(console, server, recommend):
    recommend(25)
    return f"{server}/vodVideo/getFeed?key={console.store.feed_keys.add(TESTS).key}"


@pytest.fixture
def other_process(console, serve, clock):
    """A second server over the same data, as another process has it."""
    other = backend.open_console(console.settings, clock)
    yield serve(RestApp(other))
    other.close()


def test_equal_bytes_for_everybody(url, http):
    first, second = http.get(url), http.get(url)

    assert first.content == second.content
    request_id = uuid.UUID(first.json()["requestId"])
    assert request_id.version == 5
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"] != str(request_id)
    assert first.headers["X-Content-Type-Options"] == "nosniff"


def test_two_processes_give_the_same_bytes_and_answer_each_others_cursors(url, http, server, other_process, recommend):
    same_host = {"Host": "feed.example.com"}
    other = url.replace(server, other_process)
    mine, theirs = http.get(url, headers=same_host), http.get(other, headers=same_host)
    assert (mine.content, mine.headers["ETag"]) == (theirs.content, theirs.headers["ETag"])

    cursor = mine.json()["data"]["nextCursor"]
    recommend()  # after which the version is an old one
    pages = [http.get(f"{one}&cursor={cursor}", headers=same_host) for one in (other, url)]
    assert pages[0].content == pages[1].content
    assert len(pages[0].json()["data"]["videoList"]) == 5
    assert not pages[0].json()["data"]["restarted"]


def test_the_first_page_and_the_following_may_be_kept_for_15_seconds(url, http):
    first = http.get(url)
    cursor = first.json()["data"]["nextCursor"]

    assert first.headers["Cache-Control"] == (
        "public, max-age=15, s-maxage=15, stale-while-revalidate=60, stale-if-error=86400"
    )
    assert http.get(f"{url}&cursor={cursor}").headers["Cache-Control"] == (
        "public, max-age=15, s-maxage=15, stale-if-error=86400"
    )


def test_whoever_has_the_page_is_not_sent_it_again(url, http):
    first = http.get(url)
    tag = first.headers["ETag"]

    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = http.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers[name] == first.headers[name]
    assert http.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_change_is_shown_at_once_and_what_does_not_concern_it_is_not(url, http, recommend, console, make_video):
    tag = http.get(url).headers["ETag"]
    other = make_video()
    console.store.catalogue.record_audit(other.video_id, backend.model.Verdict.NORMAL, "", "", TESTS)
    assert http.get(url).headers["ETag"] == tag

    new = recommend()

    page = http.get(url)
    assert page.headers["ETag"] != tag
    assert page.json()["data"]["videoList"][0]["videoId"] == new


def test_it_is_sent_compressed_to_whoever_takes_that(url, http):
    packed, plain = http.get(url, headers=BROWSER), http.get(url, headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 3
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert gzip.compress(plain.content, 6, mtime=0)[:3] == b"\x1f\x8b\x08"


@pytest.mark.parametrize("wrong", ["key=qf_wrong", "key=", "pageSize=51", "slot=none", "pageSize=a"])
def test_no_error_is_kept(url, http, wrong):
    answer = http.get(f"{url}&{wrong}")

    assert answer.json()["result"] == "false"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-Id"] == answer.json()["requestId"]


def test_a_retired_key_is_refused_at_once(url, http, console):
    assert http.get(url).json()["code"] == "200"
    console.store.feed_keys.retire(1, TESTS)

    assert http.get(url).json()["code"] == "403"


def test_what_cannot_be_read_has_a_status_that_lets_caches_show_what_they_have(url, http, console, monkeypatch):
    def fail(*_):
        raise backend.StoreError("the disk is gone")

    monkeypatch.setattr(console.store.feed_keys, "check", fail)

    answer = http.get(url)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
