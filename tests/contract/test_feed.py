"""getFeed: what phones are shown, page by page, of one version whatever changes meanwhile."""

from __future__ import annotations

import itertools
import json

import pytest

from backend.model import CensorStatus, FileKind, MediaFile, User, VideoStatus
from tests.conftest import TESTS

COMMON = MediaFile(FileKind.COMMON, "common.mp4", 1000, 720, 1280, codec="avc1.64001f")
COVER = MediaFile(FileKind.COVER, "cover.jpg")


@pytest.fixture
def key(door):
    return door.data("addFeedKey")["key"]


@pytest.fixture
def recommend(console, make_video, clock):
    """Puts new clips of different users into the feed, one a second, so that the last one stands first."""
    numbers = itertools.count(1)

    def add(count=1):
        made = []
        for number in itertools.islice(numbers, count):
            clock.move(1)
            video = make_video(
                title=f"clip {number}", user=User(f"u{number}", f"User {number}"), files=(COMMON, COVER),
                censor_status=CensorStatus.SUCCESS, status=VideoStatus.NORMAL, width=720, height=1280,
            )  # fmt: skip
            console.store.catalogue.recommend(video.video_id, {}, TESTS)
            made.append(video.video_id)
        return made

    return add


@pytest.fixture
def feed(door, key):
    return lambda **given: door.data("getFeed", token="", **{"key": key, **given})


def ids(page):
    return [clip["videoId"] for clip in page["videoList"]]


def rest_of(feed, page, **given):
    """All clips of the pages that follow."""
    found = []
    while page["nextCursor"]:
        page = feed(cursor=page["nextCursor"], **given)
        assert not page["restarted"]
        found += ids(page)
    return found


@pytest.mark.every_door
def test_a_clip_has_all_that_a_phone_needs(feed, recommend, door, console):
    (video_id,) = recommend()
    video = console.store.catalogue.get_video(video_id)
    folder = f"{door.base_url}/media/{video_id}/{video.media_key}"

    page = feed()

    assert page["videoList"] == [
        {
            "videoId": video_id, "title": "clip 1", "coverUrl": f"{folder}/cover.jpg", "firstFrameUrl": "",
            "duration": 12, "width": 720, "height": 1280, "tags": "测试",
            "user": {"userId": "u1", "userName": "User 1", "avatarUrl": ""}, "place": 1,
            "playInfoList": [
                {"definition": "SD", "playURL": f"{folder}/common.mp4", "size": 1000, "codec": "avc1.64001f"}
            ],
        }
    ]  # fmt: skip
    assert {name: page[name] for name in ("total", "nextCursor", "nextChange", "restarted")} == {
        "total": 1, "nextCursor": "", "nextChange": None, "restarted": False,
    }  # fmt: skip


@pytest.mark.parametrize("added", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_each_clip_of_a_version_comes_once_while_others_are_added(feed, recommend, added):
    shown = recommend(45)[::-1]
    page = feed()
    found = ids(page)
    while page["nextCursor"]:
        recommend(added // 2)
        page = feed(cursor=page["nextCursor"])
        found += ids(page)

    assert found == shown
    assert len(feed()["videoList"]) == 20
    assert feed()["total"] == min(45 + added, 200)


def test_a_blocked_clip_leaves_old_versions_too_and_comes_back_with_an_undo(feed, recommend, door):
    shown = recommend(50)[::-1]
    first = feed()
    gone = shown[25]

    door("createAudit", mediaId=gone, status="Blocked", reason="x")
    second = feed(cursor=first["nextCursor"])
    assert ids(second) == [one for one in shown[20:40] if one != gone]
    assert [clip["place"] for clip in second["videoList"]][4:7] == [25, 27, 28]
    assert gone not in ids(feed()) + rest_of(feed, feed())
    door("undoAudit", videoId=gone)
    assert gone in ids(feed(cursor=first["nextCursor"]))
    assert ids(feed(pageSize=50)) == shown


def test_a_deleted_clip_leaves_old_versions_too(feed, recommend, door, console):
    shown = recommend(30)[::-1]
    first = feed()
    video = console.store.catalogue.get_video(shown[22])

    door("deleteVideoById", videoId=video.video_id, userId=video.user.user_id)

    assert video.video_id not in ids(feed(cursor=first["nextCursor"]))


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "ünï", "..", "MTIzLjEy", "x" * 200])
def test_an_unknown_cursor_starts_anew(feed, recommend, cursor):
    shown = recommend(3)[::-1]

    page = feed(cursor=cursor)

    assert (page["restarted"], ids(page)) == (True, shown)


def test_a_cursor_works_for_a_day(feed, recommend, clock):
    recommend(25)
    cursor = feed()["nextCursor"]
    recommend()
    feed()

    clock.move(86_400 - 60)
    assert not feed(cursor=cursor)["restarted"]
    clock.move(3600)
    assert feed(cursor=cursor)["restarted"]


def test_sizes_of_pages(feed, recommend, door, key):
    shown = recommend(60)[::-1]

    assert ids(feed(pageSize=50)) == shown[:50]
    page = feed(pageSize=7)
    assert ids(page) + rest_of(feed, page, pageSize=50) == shown
    assert door("getFeed", key=key, pageSize=51)["code"] == "400"


def test_a_change_that_phones_do_not_see_leaves_the_version(feed, recommend, make_video, door):
    recommend(3)
    before = feed()

    make_video()
    door("addCategory", cateName="动物")

    assert feed() == before


def test_a_new_title_is_a_new_version(feed, recommend, door):
    (video_id,) = recommend()
    before = feed()["version"]

    door("editVideo", videoId=video_id, title="another title")

    assert feed()["videoList"][0]["title"] == "another title"
    assert feed()["version"] != before


def test_without_a_valid_key_there_is_no_feed(door, feed, recommend, key, token):
    recommend()

    for wrong in ("qf_wrong", token):
        assert door("getFeed", token="", key=wrong)["code"] == "403"
    assert door("getFeed", token=token)["code"] == "400"
    door("retireFeedKey", keyId=1)
    assert door("getFeed", token="", key=key)["code"] == "403"
    assert door("getFeed", key=door.data("addFeedKey")["key"], slot="other")["code"] == "404"


def test_phones_report_what_they_were_shown(feed, recommend, door, key, clock):
    recommend(2)
    page = feed()
    events = [
        {"type": "impression", "videoId": clip["videoId"], "version": page["version"], "place": clip["place"],
         "at": int(clock() * 1000)}
        for clip in page["videoList"]
    ]  # fmt: skip
    answer = door("reportEvents", token="", key=key, batchId="b", sentAt=int(clock() * 1000), events=json.dumps(events))
    assert answer["data"]["accepted"] == 2
