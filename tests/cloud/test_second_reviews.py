"""Second reviews and reported videos in cloud mode: VOD hears of what changes a video, and of nothing else."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.model import CensorStatus

ALL = {"secondReviews": "true", "newcomerDecisions": 1000, "maximum": 100}


@pytest.fixture
def people(console, make_account, sign_in):
    """Runs an operation as one of them, and returns its data."""
    tokens = {name: sign_in(make_account(name, role)) for name, role in
              {"ben": Role.REVIEWER, "cleo": Role.REVIEWER, "mary": Role.MANAGER}.items()}  # fmt: skip

    def run(who, name, **parameters):
        answer = console.call(name, parameters, tokens[who])
        assert answer["code"] == "200", answer
        return answer["data"]

    return run


@pytest.fixture
def send(console):
    return console.cloud.background.send_verdicts


@pytest.fixture
def told(alibaba, send):
    """What VOD has of the verdicts on a video, the newest first, once all were sent."""

    def found(video_id):
        send()
        return [one["Status"] for one in alibaba.vod.verdicts.get(video_id, [])]

    return found


def seen(lease):
    """What a reviewer is shown of a clip, without what is random or signed in it."""
    renditions = [(one["definition"], one["kind"], one["width"], one["height"]) for one in lease["playInfoList"]]
    video = {name: lease["video"][name] for name in ("title", "censorStatus", "status", "transcodeStatus")}
    return renditions, video, lease["machine"]["state"], lease["reports"], lease["flags"]["available"]


@pytest.mark.parametrize("status", ["Normal", "Blocked"])
def test_the_second_reviewer_sees_what_the_first_one_saw_and_vod_hears_of_the_first_alone(
    do, people, new_video, work, told, status
):
    made = new_video()
    do("setReviewSampling", **ALL)
    (first,) = people("ben", "takeReview")["leaseList"]
    reason = {"reason": "广告"} if status == "Blocked" else {}
    people("ben", "decideReview", leaseKey=first["leaseKey"], status=status, **reason)
    assert told(made.video_id) == [status]
    work()  # an approved video has renditions now

    (second,) = people("cleo", "takeReview")["leaseList"]

    assert seen(second) == seen(first)
    people("cleo", "decideReview", leaseKey=second["leaseKey"], status="Blocked", reason="侵权")
    assert told(made.video_id) == [status]
    censor = do("getVideoById", videoId=made.video_id)["censorStatus"]
    assert censor == ("success" if status == "Normal" else "fail")
    figures = do("getReviewAgreement")["total"]
    assert figures["pairs"] == 1


def test_a_lead_settles_a_difference_and_vod_hears_of_that_verdict(do, people, new_video, told):
    made = new_video()
    do("setReviewSampling", **ALL)
    for who, status in {"ben": "Normal", "cleo": "Blocked"}.items():
        (lease,) = people(who, "takeReview")["leaseList"]
        reason = {"reason": "广告"} if status == "Blocked" else {}
        people(who, "decideReview", leaseKey=lease["leaseKey"], status=status, **reason)
    assert told(made.video_id) == ["Normal"]
    (one,) = people("mary", "getReviewDifferences")["differenceList"]

    people("mary", "settleReviewDifference", differenceId=one["differenceId"], status="Blocked", reason="广告")

    assert told(made.video_id) == ["Blocked", "Normal"]


def test_a_reported_video_that_is_blocked_is_blocked_at_vod_until_that_is_undone(do, people, new_video, told):
    made = new_video(censor=CensorStatus.SUCCESS)
    do("reportVideo", videoId=made.video_id, reporterId="7", reasonCode="violence")
    (lease,) = people("ben", "takeReview")["leaseList"]
    assert lease["reports"]["approved"]

    people("ben", "decideReview", leaseKey=lease["leaseKey"], status="Blocked", reason="暴力")
    assert told(made.video_id) == ["Blocked"]
    again = people("ben", "undoReview", leaseKey=lease["leaseKey"])["lease"]

    assert told(made.video_id)[0] == "Normal"
    people("ben", "decideReview", leaseKey=again["leaseKey"], status="Normal")
    assert told(made.video_id)[0] == "Normal"
    assert people("ben", "takeReview")["leaseList"] == []
    assert do("getVideoById", videoId=made.video_id)["censorStatus"] == "success"
