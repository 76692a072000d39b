"""The feed by the clock: windows, pins and specials of the programme as phones see them."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.model import CensorStatus, FileKind, MediaFile, User, VideoStatus
from tests.clock import SEED_TIME, process_zone

COMMON = MediaFile(FileKind.COMMON, "common.mp4", 1000, 720, 1280)
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3600


@pytest.fixture
def clip(make_video):
    """Makes a clip that may be recommended, of a user of its own."""

    def make(name):
        return make_video(
            video_id=name, title=f"clip {name}", user=User(f"of {name}", name), files=(COMMON,),
            censor_status=CensorStatus.SUCCESS, status=VideoStatus.NORMAL,
        ).video_id  # fmt: skip

    return make


@pytest.fixture
def plan(door, clip):
    """Recommends a new clip; times are in seconds from the present."""

    def make(name, start=None, end=None, **values):
        now = SEED_TIME
        if start is not None:
            values["startTime"] = written(now + start)
        if end is not None:
            values["endTime"] = written(now + end)
        door.data("recommendVideo", videoId=clip(name), **values)

    return make


@pytest.fixture
def feed(door):
    key = door.data("addFeedKey")["key"]
    return lambda **given: door.data("getFeed", token="", **{"key": key, **given})


def written(second):
    return datetime.fromtimestamp(second, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def ids(page):
    return [clip["videoId"] for clip in page["videoList"]]


def test_what_begins_and_ends_by_the_clock_does_so_to_the_second(feed, plan, clock):
    plan("always")
    plan("later", start=HOUR)
    plan("until", end=HOUR)
    clock.now = SEED_TIME + HOUR - 1
    assert (ids(feed()), feed()["nextChange"]) == (["until", "always"], SEED_TIME + HOUR)

    clock.move(1)

    assert (ids(feed()), feed()["nextChange"]) == (["later", "always"], None)


def test_caches_keep_the_first_page_until_the_next_boundary_at_most(server, http, door, plan, clock):
    url = f"{server}/vodVideo/getFeed?key={door.data('addFeedKey')['key']}"
    plan("always")
    plan("later", start=HOUR)

    def kept(before):
        clock.now = SEED_TIME + HOUR - before
        return http.get(url).headers["Cache-Control"]

    assert kept(76) == "public, max-age=15, s-maxage=15, stale-while-revalidate=60, stale-if-error=86400"
    assert kept(74) == "public, max-age=15, s-maxage=15, stale-if-error=86400"
    assert kept(4) == "public, max-age=4, s-maxage=4, stale-if-error=86400"
    assert kept(0.5) == "public, max-age=1, s-maxage=1, stale-if-error=86400"
    assert "stale-while-revalidate" in kept(0)


def test_a_pinned_clip_blocked_while_a_phone_pages_on(feed, plan, door, http, clock):
    for number in range(60):
        plan(f"c{number}")
    plan("pinned", pin=41)
    first = feed()
    url = feed(pageSize=50)["videoList"][40]["playInfoList"][0]["playURL"]
    second = feed(cursor=first["nextCursor"])

    door("createAudit", mediaId="pinned", status="Blocked", reason="x")
    third = feed(cursor=second["nextCursor"])
    fourth = feed(cursor=third["nextCursor"])

    found = ids(first) + ids(second) + ids(third) + ids(fourth)
    assert len(found) == len(set(found)) == 60
    assert "pinned" not in found
    assert http.get(url).status_code == 404
    door("undoAudit", videoId="pinned")
    again = feed(pageSize=50)["videoList"][40]
    assert (again["videoId"], again["place"]) == ("pinned", 41)
    assert again["playInfoList"][0]["playURL"] != url


def test_a_special_takes_the_feed_over_and_gives_it_back(feed, plan, clip, door, clock):
    plan("usual")
    door.data(
        "saveSpecial", name="festival", videoIds=clip("festive"), startTime=written(SEED_TIME + HOUR),
        endTime=written(SEED_TIME + 2 * HOUR),
    )  # fmt: skip

    assert ids(feed()) == ["usual"]
    clock.move(HOUR)
    assert ids(feed()) == ["festive"]
    clock.move(HOUR)
    assert ids(feed()) == ["usual"]


def test_an_entry_of_another_slot_is_in_its_feed_alone(feed, plan, door):
    door.data("saveSlot", slot="kids", name="Kids")
    plan("usual")
    plan("small", slot="kids")

    assert ids(feed()) == ["usual"]
    assert ids(feed(slot="kids")) == ["small"]
    assert feed(cursor="", slot="kids")["version"] != feed()["version"]


def test_the_feed_of_a_deleted_slot_is_gone(plan, door):
    key = door.data("addFeedKey")["key"]
    door.data("saveSlot", slot="kids")
    for name in ("small", "smaller"):
        plan(name, slot="kids")
    cursor = door.data("getFeed", token="", key=key, slot="kids", pageSize=1)["nextCursor"]

    door.data("deleteSlot", slot="kids")

    for page in ({}, {"cursor": cursor}):
        assert door("getFeed", token="", key=key, slot="kids", **page)["code"] == "404", page


@pytest.fixture
def los_angeles():
    """The process believes that it is in Los Angeles; the console's zone stays Asia/Shanghai."""
    with process_zone("America/Los_Angeles"):
        yield


SPANS = st.tuples(
    st.integers(0, 48), st.integers(1, 48) | st.none(), st.integers(1, 5) | st.none(), st.integers(0, 9)
)  # hours to the start and from there to the end, pin, creator


@given(st.lists(SPANS, min_size=1, max_size=8), st.lists(st.integers(0, 4 * 96), min_size=1, max_size=4))
@settings(max_examples=15)
def test_the_preview_of_a_moment_is_the_feed_at_that_moment(
    los_angeles, console, token, make_video, clock, spans, quarters
):
    clock.now = SEED_TIME
    key = key_of(console, token)
    for old in console.call("getRecommendVideos", {"state": "all", "pageSize": "100"}, token)["data"]["videoList"]:
        console.call("deleteRecommendById", {"videoId": old["videoId"]}, token)
    for start, length, pin, creator in spans:
        video = make_video(
            user=User(f"u{creator}"), files=(COMMON,), censor_status=CensorStatus.SUCCESS, status=VideoStatus.NORMAL
        )
        given = {"videoId": video.video_id, "startTime": written(SEED_TIME + start * HOUR)}
        given |= {"pin": str(pin)} if pin else {}
        given |= {"endTime": written(SEED_TIME + (start + length) * HOUR)} if length else {}
        answer = console.call("recommendVideo", given, token)
        assert answer["code"] == "200", answer
    moments = sorted(SEED_TIME + quarter * 900 for quarter in quarters)
    previews = [console.call("previewFeed", {"time": written(moment)}, token)["data"] for moment in moments]

    for moment, preview in zip(moments, previews, strict=True):
        clock.now = moment
        page = console.call("getFeed", {"key": key, "pageSize": "50"})["data"]
        assert ids(page) == [place["entry"]["videoId"] for place in preview["placeList"]]


def key_of(console, token):
    known = console.call("getFeedKeys", {}, token)["data"]["keyList"]
    return (known or [console.call("addFeedKey", {}, token)["data"]])[0]["key"]


def test_phones_report_what_they_were_shown_in_a_revision(feed, plan, door, clock):
    plan("a")
    page = feed()
    at = int(clock() * 1000)
    event = {"type": "impression", "videoId": "a", "version": page["version"], "place": 1, "at": at}
    key = door.data("getFeedKeys")["keyList"][0]["key"]

    door.data("reportEvents", token="", key=key, batchId="b", sentAt=at, events=json.dumps([event]))

    (figures,) = door.data("getFeedStatistics", by="revision")["figureList"]
    assert figures["revision"] == door.data("getSlots")["slotList"][0]["revision"]
