"""Review queues, through all doors: whose rule a clip meets, who may work it, and what comes first."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.model import CensorStatus, User

TRAVEL = {"code": "travel", "nameZh": "旅游", "nameEn": "Travel", "words": "Beach, 海滩"}


@pytest.fixture
def ben(make_account, sign_in):
    """The token of a reviewer."""
    return sign_in(make_account("ben", Role.REVIEWER))


@pytest.fixture
def edit(door):
    return lambda **given: door.data("editReviewQueue", **given)


@pytest.fixture
def taken(door):
    """Takes clips, gives them back, and returns their ids."""

    def take(token=None, **given):
        found = door.data("takeReview", token=token, count=3, **given)
        door.data("releaseReview", token=token)
        return [lease["video"]["videoId"] for lease in found["leaseList"]]

    return take


def waiting(door, token=None):
    """What waits per queue that one may work."""
    return {one["code"]: one["waiting"] for one in door.data("getReviewQueues", token=token)["queueList"]}


@pytest.mark.every_door
def test_a_clip_waits_in_the_first_queue_whose_rule_it_meets(door, edit, make_video, taken):
    make_video(video_id="plain")
    make_video(video_id="beach", title="a day at the ＢＥＡＣＨ")
    made = edit(**TRAVEL)
    edit(code="long", nameZh="长视频", nameEn="Long", minSeconds=60, maxSeconds=90, position=1)
    make_video(video_id="long", title="Beach", duration=60)
    make_video(video_id="tagged", tags="海滩,夏天")

    assert (made["moved"], made["queue"]["waiting"], made["queue"]["rule"]["words"]) == (1, 1, ["beach", "海滩"])
    assert waiting(door) == {"long": 1, "travel": 2, "default": 1}
    assert taken() == ["long", "beach", "tagged"]
    assert taken(queue="travel") == ["beach", "tagged"]
    assert door.data("getReviewQueue", queue="travel")["free"] == 2
    door.data("editVideo", videoId="plain", title="beach")
    assert taken(queue="travel") == ["plain", "beach", "tagged"]

    assert door.data("deleteReviewQueue", code="travel") == {"moved": 3}
    assert waiting(door) == {"long": 1, "default": 3}


def test_only_those_named_may_work_a_queue(door, edit, make_video, taken, ben):
    make_video(video_id="beach", title="beach")
    make_video(video_id="plain")
    edit(**TRAVEL, userNames="ben")
    edit(code="default", roles="admin, manager")

    assert taken(token=ben) == ["beach"]
    assert taken() == ["plain"]
    assert door.data("getReviewQueue", token=ben)["waiting"] == 1
    assert waiting(door, ben) == {"travel": 1}
    assert [(one["code"], one["mine"]) for one in door.data("getReviewQueues")["queueList"]] == [
        ("travel", False), ("default", True),
    ]  # fmt: skip
    answer = door("takeReview", token=ben, queue="default")
    said = "You may not work the review queue Everything else (default)."
    assert (answer["code"], answer["message"]) == ("400", said)


def test_a_decision_is_stored_though_its_reviewer_may_not_go_on(door, edit, make_video, ben):
    make_video(video_id="beach", title="beach")
    make_video(video_id="more", title="beach")
    edit(**TRAVEL)
    (lease,) = door.data("takeReview", token=ben, queue="travel")["leaseList"]
    edit(code="travel", roles="admin")

    made = door.data("decideReview", token=ben, leaseKey=lease["leaseKey"], status="Normal", count=1, queue="travel")

    assert (made["videoId"], made["leaseList"]) == ("beach", [])
    assert door.data("getVideoById", videoId="beach")["censorStatus"] == "success"


def test_what_began_to_wait_first_comes_first_or_last(door, edit, make_video, taken, clock):
    make_video(video_id="first")
    clock.move(5)
    make_video(video_id="old but late", created=int(clock()) - 10**6)

    assert taken() == ["first", "old but late"]
    edit(code="default", order="newest")
    assert taken() == ["old but late", "first"]


def test_a_clip_that_comes_back_has_its_place_of_before(door, make_video, taken, clock):
    make_video(video_id="first")
    clock.move(5)
    make_video(video_id="second")
    (lease,) = door.data("takeReview")["leaseList"]
    door.data("decideReview", leaseKey=lease["leaseKey"], status="Normal")
    clock.move(5)
    door.data("undoReview", leaseKey=lease["leaseKey"])
    door.data("releaseReview")

    assert taken() == ["first", "second"]
    assert door.data("getReviewQueue")["oldestSeconds"] == 10


def test_a_manager_says_what_is_reviewed_first(door, edit, make_video, taken):
    edit(**TRAVEL)
    for name in ("a", "b", "c"):
        make_video(video_id=name, title="beach" if name == "a" else "clip")

    make_video(video_id="passed", censor_status=CensorStatus.SUCCESS)

    made = door.data("setReviewPriority", videoIds="c,passed")
    assert made == {"videoIds": ["c"], "unchangedIds": ["passed"]}
    unknown = door("setReviewPriority", videoIds="a,gone")
    assert (unknown["code"], unknown["message"]) == ("404", "There is no video gone. It may have been deleted.")
    assert taken() == ["c", "a", "b"]
    places = door.data("getReviewPlaces", videoIds="c,a,gone")["placeList"]
    assert [(one["videoId"], one["queue"], one["first"], one["reported"]) for one in places] == [
        ("a", "travel", False, False), ("c", "default", True, False),
    ]  # fmt: skip
    door.data("setReviewPriority", videoIds="c", first="false")
    assert taken() == ["a", "b", "c"]


def test_new_uploaders_are_those_with_few_passed_clips_when_the_clip_came(door, edit, make_video):
    edit(code="new", nameZh="新用户", nameEn="New uploaders", passedBelow=1)
    for name in ("one", "two"):
        make_video(video_id=name, user=User("7", "Anne"))
    assert waiting(door) == {"new": 2, "default": 0}

    door.data("createAudit", mediaId="one", status="Normal")
    make_video(video_id="three", user=User("7", "Anne"))

    assert waiting(door) == {"new": 1, "default": 1}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"code": "Travel"}, "code must be small letters, digits, - and _, got 'Travel'."),
        ({"code": "x"}, "nameZh is required."),
        ({"code": "x", "nameZh": "x", "nameEn": "x"}, "A review queue needs at least one condition."),
        ({**TRAVEL, "suggestions": "blocked"}, "suggestions contains 'blocked', which does not exist. "
         "Available: pass, review, block."),
        ({**TRAVEL, "roles": "analyst"}, "roles contains 'analyst', which does not exist. "
         "Available: admin, manager, reviewer."),
        ({**TRAVEL, "userNames": "nobody"}, "There is no account nobody."),
        ({**TRAVEL, "cateId": 77}, "There is no category 77."),
        ({**TRAVEL, "minSeconds": 5, "maxSeconds": 4}, "minSeconds must be at most maxSeconds."),
        ({"code": "default", "nameZh": ""}, "nameZh is required."),
        ({"code": "default", "words": "x"}, "The default queue has no conditions: it holds what meets no rule."),
    ],
)  # fmt: skip
def test_nonsense_is_named_and_changes_nothing(door, given, said):
    before = door.data("getReviewQueues")

    assert door("editReviewQueue", **given)["message"] == said
    assert door.data("getReviewQueues") == before
