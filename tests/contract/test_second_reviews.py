"""Second reviews through all doors: blind, and without a trace on the video."""

from __future__ import annotations

import json

import pytest

from backend.auth.permissions import Role
from backend.model import FileKind, JobKind, MediaFile, User, VideoFilter

FILES = (MediaFile(FileKind.SOURCE, "source.mp4", 56, 1080, 1920, 12.5, 800_000, "avc1"),
         MediaFile(FileKind.COVER, "cover.jpg"), MediaFile(FileKind.SNAPSHOT, "s0.jpg"))  # fmt: skip
COMMON = MediaFile(FileKind.COMMON, "common.mp4", 30, 720, 1280, 12.5, 400_000, "avc1")
ALL = {"secondReviews": True, "newcomerDecisions": 1000, "maximum": 100}


@pytest.fixture
def people(make_account, sign_in):
    """The tokens of reviewers, a manager and an administrator."""
    roles = {"ben": Role.REVIEWER, "cleo": Role.REVIEWER, "mary": Role.MANAGER}
    return {name: sign_in(make_account(name, role)) for name, role in roles.items()}


@pytest.fixture
def take(door):
    def ask(token=None, count=1):
        return door.data("takeReview", token=token, count=count)

    return ask


def decide(door, lease, token=None, status="Normal", **given):
    reason = {"reasonCode": "spam"} if status == "Blocked" else {}
    return door("decideReview", token=token, leaseKey=lease["leaseKey"], status=status, seconds=2, **reason, **given)


def shown(lease, media_key):
    """A lease as it reads for the person, without what is random in it."""
    text = json.dumps({**lease, "leaseKey": lease["leaseKey"].partition(".")[2]})
    return json.loads(text.replace(media_key, "KEY"))


@pytest.mark.parametrize("status", ["Normal", "Blocked"])
def test_a_second_review_reads_like_a_first_one_field_by_field(door, console, people, take, make_video, clock, status):
    uploader = User("7", "Uploader")
    make_video(video_id="old", user=uploader)
    door.data("createAudit", mediaId="old", status="Blocked", reasonCode="spam")
    make_video(video_id="v0", user=uploader, files=FILES, created=int(clock()) - 100)
    make_video(video_id="v1", user=uploader, created=int(clock()) - 50)
    door.data("setReviewSampling", **ALL)
    clock.move(90)
    first = take(people["ben"])
    door.data("releaseReview", token=people["ben"])
    key = console.store.catalogue.get_video("v0").media_key

    decide(door, take()["leaseList"][0], status=status)
    if status == "Normal":
        job = console.store.jobs.claim_job([JobKind.TRANSCODE], "worker")
        console.store.jobs.settle_done(job, "worker", (COMMON,), {})
        door.data("recommendVideo", videoId="v0")
        door.data("deleteRecommendById", videoId="v0")
    again = take(people["ben"], 2)
    second = next(lease for lease in again["leaseList"] if lease["video"]["videoId"] == "v0")

    assert shown(second, console.store.catalogue.get_video("v0").media_key) == shown(first["leaseList"][0], key)
    counted = ("waiting", "withOthers", "skippedByYou", "askedByYou", "oldestSeconds", "oldestTime", "doneToday")
    assert {name: again["queue"][name] for name in counted} == {name: first["queue"][name] for name in counted}
    other = next(lease for lease in again["leaseList"] if lease["video"]["videoId"] == "v1")
    answers = [decide(door, lease, people["ben"]) for lease in (second, other)]
    assert [(one["code"], one["message"], list(one["data"])) for one in answers[:1]] == [
        (one["code"], one["message"], list(one["data"])) for one in answers[1:]
    ]
    assert answers[0]["data"]["known"] is None
    assert answers[1]["data"]["queue"]["doneToday"] == 2


@pytest.mark.every_door
def test_a_second_opinion_leaves_the_video_and_its_history_as_they_are(door, console, people, take, make_video):
    make_video(video_id="v0", files=FILES)
    door.data("setReviewSampling", **ALL)
    decide(door, take()["leaseList"][0], status="Blocked")
    before = door.data("getVideoById", videoId="v0"), door.data("getHistory", videoId="v0")

    (lease,) = take(people["ben"])["leaseList"]
    made = decide(door, lease, people["ben"])
    undone = door.data("undoReview", token=people["ben"], leaseKey=lease["leaseKey"])
    decide(door, undone["lease"], people["ben"], "Blocked")

    assert (made["code"], made["data"]["status"]) == ("200", "Normal")
    assert (door.data("getVideoById", videoId="v0"), door.data("getHistory", videoId="v0")) == before
    assert console.store.catalogue.find_recommendations(VideoFilter()).total == 0


def test_the_addresses_of_a_blocked_clip_play_for_the_second_person_and_old_ones_stay_dead(
    door, console, people, take, make_video, http
):
    make_video(video_id="v0", files=FILES)
    path = console.settings.data / "media" / "v0" / "source.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a clip")
    door.data("setReviewSampling", **ALL)
    (first,) = take()["leaseList"]
    decide(door, first, status="Blocked")
    (second,) = take(people["ben"])["leaseList"]

    answers = [http.get(lease["playInfoList"][0]["playURL"]) for lease in (first, second)]

    assert [(one.status_code, one.content[:6]) for one in answers] == [(404, answers[0].content[:6]), (200, b"a clip")]
    assert answers[1].headers["Cache-Control"].startswith("private")


@pytest.mark.every_door
def test_the_rules_are_kept_and_only_administrators_change_them(door, console, people):
    assert door.data("getReviewSampling") == {
        "secondReviews": False, "approvals": 3, "blocks": 10, "hasty": 20, "newcomerDecisions": 50, "reasonCodes": [],
        "dailyMinimum": 5, "maximum": 15, "knownClips": 0,
    }  # fmt: skip
    changed = door.data("setReviewSampling", secondReviews=True, approvals=2.5, reasonCodes="minors, sexual")

    assert changed == door.data("getReviewSampling")
    assert (changed["approvals"], changed["reasonCodes"], changed["blocks"]) == (2.5, ["minors", "sexual"], 10)
    assert door.data("setReviewSampling", reasonCodes="")["reasonCodes"] == []
    line = next(one for one in console.store.history.find_history("review") if one.before.get("approvals"))
    assert (line.action, line.before["approvals"], line.after["approvals"]) == ("setReviewSampling", 3, 2.5)
    assert door("getReviewSampling", token=people["mary"])["code"] == "403"
    assert door("setReviewSampling", token=people["mary"], blocks=1)["code"] == "403"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"approvals": 101}, "approvals must be from 0 to 100, got 101."),
        ({"knownClips": 1.5}, "knownClips must be from 0 to 1, got 1.5."),
        ({"dailyMinimum": 51}, "dailyMinimum must be from 0 to 50, got 51."),
        ({"reasonCodes": "spam,nothing"}, "There is no reason nothing in the list."),
    ],
)
def test_rules_that_are_none_are_named(door, given, said):
    assert door("setReviewSampling", **given)["message"] == said


def test_a_known_clip_is_told_as_such_right_after_the_verdict(door, people, take, make_video, monkeypatch):
    make_video(video_id="v0", files=FILES)
    door.data("setReviewSampling", **ALL, knownClips=1)
    decide(door, take()["leaseList"][0], status="Blocked")
    decide(door, take(people["ben"])["leaseList"][0], people["ben"], status="Blocked")
    make_video(video_id="v1")
    monkeypatch.setattr("backend.store.second_reviews._happens", lambda chance: chance > 0)

    (lease,) = take(people["cleo"])["leaseList"]
    answer = decide(door, lease, people["cleo"])

    assert lease["video"]["videoId"] == "v0"
    assert lease["video"]["censorStatus"] == "check"
    reason = "The video contains advertising or leads viewers elsewhere"
    assert answer["data"]["known"] == {"reason": reason, "reasonCode": "spam"}
    undone = door("undoReview", token=people["cleo"], leaseKey=lease["leaseKey"])
    assert (undone["code"], undone["message"]) == ("409", "This was a known clip: there is nothing to undo.")
    assert take(people["cleo"])["queue"]["doneToday"] == 0
