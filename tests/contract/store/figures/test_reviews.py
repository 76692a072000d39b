"""Figures of reviews: verdicts, the time to them, and what waits."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role


def test_verdicts_count_by_reviewer_and_reason_until_they_are_undone(
    door, figures, today, make_video, make_account, sign_in, clock, console
):
    ben = sign_in(make_account("ben", Role.REVIEWER))
    videos = [make_video(cate_id=number % 2 + 1).video_id for number in range(6)]
    clock.move(100)
    for video_id in videos[:3]:
        door.data("createAudit", mediaId=video_id, status="Normal")
    door.data("createAudit", mediaId=videos[3], status="Blocked", reason="words of one's own")
    door.data("undoAudit", videoId=videos[0])
    (lease,) = door.data("takeReview", token=ben, count=1)["leaseList"]
    door.data("decideReview", token=ben, leaseKey=lease["leaseKey"], status="Blocked", reasonCode="spam")

    counts = {"decided": 4, "passed": 2, "blocked": 2, "passRate": 0.5, "undone": 1}
    assert today("reviews") == {"came": 7, **counts, "waiting": 2}  # the one that was undone came again
    assert today("reviews", reviewer="ben") == {
        "came": None, "decided": 1, "passed": 0, "blocked": 1, "passRate": 0, "undone": 0, "waiting": None
    }  # fmt: skip
    assert sum(today("reviews", cateId=number)["decided"] for number in (1, 2)) == 4
    assert figures("reviewsByReviewer") == [
        {"reviewer": "anne", "decided": 3, "passed": 2, "blocked": 1, "passRate": 0.6667, "undone": 1},
        {"reviewer": "ben", "decided": 1, "passed": 0, "blocked": 1, "passRate": 0, "undone": 0},
    ]
    assert {(row["reasonCode"], row["blocked"], row["share"]) for row in figures("reviewsByReason")} == {
        ("", 1, 0.5), ("spam", 1, 0.5)
    }  # fmt: skip
    assert door.data("getFigures", figure="reviewsByReason", language="zh")["rowList"][1]["reason"] == "广告引流"
    assert console.store.recount() == []


def test_category_and_reviewer_narrow_reviews_together(
    door, figures, today, make_video, make_account, sign_in, clock, console
):
    ben = sign_in(make_account("ben", Role.REVIEWER))
    first, _ = (make_video(cate_id=1).video_id for _ in range(2))
    third = make_video(cate_id=2).video_id
    clock.move(100)
    door.data("createAudit", mediaId=first, status="Blocked", reason="x")
    door.data("createAudit", mediaId=third, status="Normal")
    clock.move(900)
    (lease,) = door.data("takeReview", token=ben, count=1)["leaseList"]
    door.data("decideReview", token=ben, leaseKey=lease["leaseKey"], status="Normal")

    def told(**given):
        row = today("reviews", **given)
        return {name: row[name] for name in ("decided", "passed", "blocked", "undone")}

    assert told(cateId=1, reviewer="anne") == {"decided": 1, "passed": 0, "blocked": 1, "undone": 0}
    assert told(cateId=1, reviewer="ben") == {"decided": 1, "passed": 1, "blocked": 0, "undone": 0}
    assert told(cateId=2, reviewer="ben")["decided"] == 0
    assert [row["blocked"] for row in figures("reviewsByReason", cateId=1, reviewer="anne")] == [1]
    assert figures("reviewsByReason", cateId=2, reviewer="anne") == []
    assert [(row["reviewer"], row["decided"]) for row in figures("reviewsByReviewer", cateId=1)] == [
        ("anne", 1), ("ben", 1)
    ]  # fmt: skip

    assert today("decisionTimes", reviewer="anne")["counted"] == 2
    assert today("decisionTimes", reviewer="ben")["median"] == pytest.approx(1000, rel=0.05)
    assert today("decisionTimes", reviewer="anne", cateId=2)["median"] == pytest.approx(100, rel=0.05)
    assert [(row["reviewer"], row["counted"]) for row in figures("decisionTimesByReviewer")] == [
        ("anne", 2), ("ben", 1)
    ]  # fmt: skip
    assert [row["reviewer"] for row in figures("decisionTimesByReviewer", cateId=2)] == ["anne"]

    door.data("editVideo", videoId=first, cateId=0)
    door.data("undoAudit", videoId=first)
    assert told(cateId=1, reviewer="anne") == {"decided": 0, "passed": 0, "blocked": 0, "undone": 1}
    assert today("decisionTimes", reviewer="anne")["counted"] == 1
    assert console.store.recount() == []


def test_the_time_to_a_verdict_is_since_the_upload_and_is_taken_back_with_it(door, today, make_video, clock):
    for seconds in (100, 1000, 10_000):
        made = make_video(created=1, cate_id=seconds)  # imported: what counts is when it came
        clock.move(seconds - 1)
        door.data("createAudit", mediaId=made.video_id, status="Normal")
        clock.move(1)

    found = door.data("getFigures", figure="decisionTimes", by="week", startTime="2019-01-09", endTime="2019-01-11")
    (week,) = found["rowList"]
    assert (week["day"], week["counted"]) == ("2019-01-07", 3)
    assert week["median"] == pytest.approx(999, rel=0.05)
    assert week["p90"] == pytest.approx(9999, rel=0.05)

    door.data("undoAudit", videoId=made.video_id)
    found = door.data("getFigures", figure="decisionTimes", by="week", startTime="2019-01-09", endTime="2019-01-11")
    assert found["rowList"][0]["counted"] == 2


def test_a_verdict_is_taken_back_in_the_category_in_which_it_was_given(door, today, make_video, console):
    made = make_video(cate_id=1, cate_name="旅行").video_id
    door.data("createAudit", mediaId=made, status="Normal")
    door.data("editVideo", videoId=made, cateId=0)
    assert today("reviews", cateId=1)["decided"] == 1

    door.data("undoAudit", videoId=made)

    assert [today("reviews", cateId=number)["decided"] for number in (0, 1)] == [0, 0]
    door.data("createAudit", mediaId=made, status="Normal")
    assert [today("reviews", cateId=number)["decided"] for number in (0, 1)] == [1, 0]
    assert console.store.recount() == []


def test_what_waits_is_counted_by_how_long_it_has(figures, make_video, clock):
    make_video()
    clock.move(2 * 86_400)
    make_video()
    clock.move(3600)
    make_video()

    found = {row["fromSeconds"]: row["videos"] for row in figures("waitingAges")}

    assert {low: count for low, count in found.items() if count} == {0: 2, 86_400: 1}


def test_who_does_not_manage_videos_sees_of_reviewers_only_themselves(door, make_video, make_account, sign_in):
    tokens = {role: sign_in(make_account(role.value, role)) for role in (Role.ANALYST, Role.REVIEWER)}
    for _ in range(2):
        make_video()
    for token in (None, tokens[Role.REVIEWER]):
        (lease,) = door.data("takeReview", token=token, count=1)["leaseList"]
        door.data("decideReview", token=token, leaseKey=lease["leaseKey"], status="Normal")

    def reviewers(token):
        return [row["reviewer"] for row in door.data("getFigures", token=token, figure="reviewsByReviewer")["rowList"]]

    assert reviewers(None) == ["anne", "reviewer"]
    assert reviewers(tokens[Role.REVIEWER]) == ["reviewer"]
    assert reviewers(tokens[Role.ANALYST]) == []
    assert [row["reviewer"] for row in door.data(
        "getFigures", token=tokens[Role.REVIEWER], figure="decisionTimesByReviewer"
    )["rowList"]] == ["reviewer"]  # fmt: skip
    answer = door("getFigures", token=tokens[Role.ANALYST], figure="reviews", reviewer="anne")
    assert (answer["code"], answer["message"]) == (
        "403", "Only those who manage videos see the figures of other reviewers."
    )  # fmt: skip
    assert door.data("getFigures", token=tokens[Role.ANALYST], figure="reviews")["rowList"][-1]["decided"] == 2
