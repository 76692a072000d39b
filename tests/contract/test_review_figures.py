"""Figures of the review desk, through all doors."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.store.review_figures import active_seconds


@pytest.fixture
def ben(make_account, sign_in):
    """The token of a reviewer."""
    return sign_in(make_account("ben", Role.REVIEWER))


@pytest.fixture
def shift(door, make_video, ben, clock):
    """Anne approves two clips and blocks one within a minute, and takes one back; ben judges one much later."""
    for number in range(5):
        make_video(video_id=f"v{number}", created=int(clock()) - 500 + number)

    def decide(token, seconds, **given):
        (lease,) = door.data("takeReview", token=token)["leaseList"]
        clock.move(20)
        door.data("decideReview", token=token, leaseKey=lease["leaseKey"], seconds=seconds, **given)
        return lease["leaseKey"]

    decide(None, 2, status="Normal")
    decide(None, 4, status="Blocked", reasonCode="spam")
    undone = decide(None, 9, status="Normal")
    door.data("undoReview", leaseKey=undone)
    door.data("releaseReview")
    clock.move(3600)
    decide(ben, 3, status="Blocked", reason="words of one's own")


def test_those_who_manage_see_everybody(door, shift):
    found = door.data("getReviewFigures")

    assert (found["waiting"], found["oldestSeconds"]) == (2, 3600 + 80)
    assert found["personList"] == [
        {"userName": "anne", "decisions": 2, "approved": 1, "blocked": 1, "undone": 1, "activeMinutes": 0.7,
         "decisionsPerHour": round(2 * 3600 / 42, 1), "medianSeconds": 4},
        {"userName": "ben", "decisions": 1, "approved": 0, "blocked": 1, "undone": 0, "activeMinutes": 0.1,
         "decisionsPerHour": 1200, "medianSeconds": 3},
    ]  # fmt: skip
    assert found["reasonList"] == [{"code": "", "count": 1}, {"code": "spam", "count": 1}]


def test_everybody_else_sees_themselves(door, shift, ben):
    found = door.data("getReviewFigures", token=ben)

    assert [one["userName"] for one in found["personList"]] == ["ben"]
    assert found["reasonList"] == [{"code": "", "count": 1}]


def test_a_range_of_time_narrows_them(door, shift):
    found = door.data("getReviewFigures", startTime="2019-01-09 23:00:00", endTime="2019-01-10")

    assert [one["userName"] for one in found["personList"]] == ["ben"]
    assert found["startTime"] == "2019-01-09 23:00:00.0"
    assert door.data("getReviewFigures", startTime="2019-01-10", endTime="2019-01-11")["personList"] == []


@pytest.mark.parametrize(
    "given",
    [{"startTime": "2019-01-09", "endTime": "2019-01-08"}, {"startTime": "2018-01-01", "endTime": "2019-01-01"}],
)
def test_a_range_that_is_none_or_too_long_is_named(door, given):
    answer = door("getReviewFigures", **given)
    assert (answer["code"], answer["message"]) == ("400", "endTime must be after startTime, by at most 92 days.")


@pytest.mark.parametrize(
    ("decided", "seconds"),
    [([], 0), ([(100, 2)], 2), ([(100, 2), (110, 9)], 12), ([(100, 2), (161, 9)], 11), ([(0, 999)], 60)],
)
def test_pauses_over_a_minute_are_no_work(decided, seconds):
    assert active_seconds(decided) == seconds
