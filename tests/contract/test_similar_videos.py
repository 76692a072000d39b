"""Similar videos through all doors: on a video's page, and as a hint beside a clip at the review desk."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.lifecycle.fingerprints import fingerprint_missing
from backend.model import FileKind, MediaFile, User

FRAMES = tuple(0x9E3779B97F4A7C15 * number % (1 << 64) for number in range(1, 17))
FILES = (
    MediaFile(FileKind.SPRITE, "sprite-1.jpg", width=320, height=90),
    MediaFile(FileKind.COVER, "cover.jpg"), MediaFile(FileKind.SNAPSHOT, "s0.jpg"),
)  # fmt: skip


@pytest.fixture
def alike(console, make_video, clock):
    """Three copies of one clip: two by Anne, one by somebody else."""
    users = {"v0": User("7", "Anne"), "v1": User("7", "Anne"), "v2": User("8", "Ben")}
    for number, (video_id, user) in enumerate(users.items()):
        make_video(video_id=video_id, title=f"clip {number}", user=user, files=FILES, created=int(clock()) - 9 + number)
        console.store.similar_videos.keep([(video_id, [FRAMES])])


@pytest.fixture
def take(door):
    """Takes the clip that waits longest, and returns its lease."""
    return lambda **given: door.data("takeReview", **given)["leaseList"][0]


@pytest.mark.every_door
def test_the_hint_at_the_desk_names_what_was_blocked_when_and_why(door, take, alike, clock):
    assert take(desk="another")["hint"] is None
    door.data("releaseReview")
    door.data("createAudit", mediaId="v0", status="Blocked", reasonCode="spam")
    clock.move(3 * 86_400)

    lease = take()

    assert lease["video"]["videoId"] == "v1"
    hint = lease["hint"]
    blocked = door.data("getVideoById", videoId="v0")
    assert hint == {
        "videoId": "v0", "title": "clip 0", "userId": "7", "sameUser": True, "share": 100, "mirrored": False,
        "status": "Blocked", "time": hint["time"], "secondsAgo": 3 * 86_400, "duration": blocked["duration"],
        "reason": "The video contains advertising or leads viewers elsewhere", "reasonCode": "spam", "sensitive": False,
        "coverUrl": blocked["coverUrl"], "snapshotList": blocked["snapshotList"],
        "sprite": door.data("getSprite", videoId="v0"),
    }  # fmt: skip
    assert hint["time"]


def test_a_passed_video_is_a_hint_too_and_a_blocked_one_comes_before_it(door, take, alike):
    door.data("createAudit", mediaId="v0", status="Normal")
    hint = take()["hint"]
    assert (hint["videoId"], hint["status"], hint["reason"], hint["sensitive"]) == ("v0", "Normal", "", False)

    door.data("releaseReview")
    door.data("createAudit", mediaId="v1", status="Blocked", reasonCode="violence")
    hint = take()["hint"]
    assert (hint["videoId"], hint["status"], hint["sensitive"], hint["sameUser"]) == ("v1", "Blocked", True, False)


def test_a_hint_says_nothing_of_the_clip_itself_and_ends_with_what_it_names(door, take, alike):
    door.data("createAudit", mediaId="v0", status="Blocked", reason="x")
    door.data("undoAudit", videoId="v0")
    assert take()["hint"] is None

    door.data("releaseReview")
    door.data("createAudit", mediaId="v1", status="Blocked", reason="y")
    assert take()["hint"]["reason"] == "y"
    door.data("deleteVideoById", videoId="v1", userId="7")
    door.data("releaseReview")
    assert take()["hint"] is None


def test_a_clip_that_was_taken_ahead_gets_its_hint_when_a_copy_is_decided(door, take, alike):
    first, *ahead = door.data("takeReview", count=3)["leaseList"]
    keys = ",".join(one["leaseKey"] for one in ahead)

    made = door.data("decideReview", leaseKey=first["leaseKey"], status="Blocked", reason="x", leaseKeys=keys, count=0)

    assert [one["leaseKey"] for one in made["hintList"]] == keys.split(",")
    assert {(one["hint"]["videoId"], one["hint"]["reason"]) for one in made["hintList"]} == {("v0", "x")}
    assert door.data("decideReview", leaseKey=ahead[0]["leaseKey"], status="Normal", leaseKeys=keys)["hintList"] == []


def test_how_often_hints_are_followed_is_in_the_figures(door, take, alike):
    door.data("createAudit", mediaId="v0", status="Blocked", reason="x")
    door.data("decideReview", leaseKey=take()["leaseKey"], status="Blocked", reason="x")
    door.data("decideReview", leaseKey=take()["leaseKey"], status="Normal")

    assert door.data("getReviewFigures")["hints"] == {"shown": 2, "followed": 1}


def test_clips_like_a_blocked_one_have_a_queue_while_it_is_blocked(door, console, alike):
    door.data("editReviewQueue", code="copies", nameZh="重复", nameEn="Copies", hints="similar, flashing")

    def copies():
        (queue, _) = door.data("getReviewQueues")["queueList"]
        return queue["waiting"]

    assert copies() == 0
    door.data("createAudit", mediaId="v0", status="Blocked", reasonCode="spam")
    assert copies() == 2
    console.store.similar_videos.keep([("v2", [])])
    assert copies() == 1
    console.store.similar_videos.keep([("v2", [FRAMES])])
    assert copies() == 2
    door.data("undoAudit", videoId="v0")
    assert copies() == 0
    assert console.store.recount() == []


def test_similar_videos_are_listed_for_a_video_whatever_was_decided(door, alike, make_account, sign_in):
    door.data("createAudit", mediaId="v1", status="Normal")

    found = door.data("getSimilarVideos", videoId="v0")["videoList"]

    assert [(one["videoId"], one["status"], one["time"] == "") for one in found] == [
        ("v2", "", True), ("v1", "Normal", False),
    ]  # fmt: skip
    assert found[0]["coverUrl"] == door.data("getVideoById", videoId="v2")["coverUrl"]
    assert door("getSimilarVideos", videoId="none")["code"] == "404"
    analyst = sign_in(make_account("carl", Role.ANALYST))
    assert door("getSimilarVideos", videoId="v0", token=analyst)["code"] == "403"


def test_a_video_whose_images_cannot_be_read_is_tried_again_later(console, make_video, clock):
    cues = MediaFile(FileKind.SPRITE_CUES, "sprite-1.vtt")
    video = make_video(video_id="v0", files=(*FILES, cues))
    folder = console.settings.media_folder / video.video_id
    folder.mkdir(parents=True)
    (folder / "sprite-1.vtt").write_text("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nsprite-1.jpg#xywh=0,0,160,90\n")
    (folder / "sprite-1.jpg").write_bytes(b"no image")

    assert fingerprint_missing(console) == 0
    assert console.store.similar_videos.find_missing(9) == []
    clock.move(61)
    assert console.store.similar_videos.find_missing(9) == ["v0"]
