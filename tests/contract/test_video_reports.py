"""Reports of viewers, through all doors: they count once each, and a verdict answers them."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.model import CensorStatus, User
from backend.model.reports import MAX_REPORTS, ReportReason


@pytest.fixture
def ben(make_account, sign_in):
    return sign_in(make_account("ben", Role.REVIEWER))


@pytest.fixture
def report(door):
    def send(video_id, reporter="viewer", reason="violence", **given):
        return door.data(
            "reportVideo", videoId=video_id, reporterId=reporter, reasonCode=reason, **given
        )["count"]  # fmt: skip

    return send


@pytest.fixture
def approved(make_video):
    return make_video(video_id="v0", user=User("7", "Anne"), censor_status=CensorStatus.SUCCESS)


@pytest.fixture
def take(door):
    """Takes clips and returns their leases."""
    return lambda count=1, **given: door.data("takeReview", count=count, **given)["leaseList"]


def keep(door, lease, **given):
    return door.data("decideReview", leaseKey=lease["leaseKey"], status="Normal", **given)


def audits(console, video_id="v0"):
    lines = console.store.history.find_history(video_id)
    return [line for line in reversed(lines) if line.action in ("createAudit", "undoAudit")]


def is_waiting(door):
    return door.data("getReviewQueue")["waiting"]


@pytest.mark.every_door
def test_a_reporter_counts_once_and_may_correct_what_they_said(door, report, approved):
    assert report("v0", "7", "spam", words="ads") == 1
    assert report("v0", "7", "spam", words="ads") == 1
    assert report("v0", "7", "sexual", words="  at the end ") == 1
    assert report("v0", "8", "spam") == 2

    found = door.data("getVideoReports", videoId="v0")

    reasons = [{"code": "sexual", "count": 1}, {"code": "spam", "count": 1}]
    assert found["open"] == found["total"] == {"count": 2, "reasonList": reasons}
    assert [(one["reporterId"], one["words"], one["open"]) for one in found["reportList"]] == [
        ("8", "", True), ("7", "at the end", True),
    ]  # fmt: skip


def test_reports_without_a_reporter_count_as_one_of_the_account(door, report, approved):
    assert report("v0", "", "spam") == 1
    assert report("v0", "", "other", words="again") == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"reasonCode": "ugly"}, "reasonCode must be one of"),
        ({"reasonCode": ""}, "reasonCode is required."),
        ({"videoId": " "}, "videoId is required."),
        ({"videoId": "none"}, "There is no video none."),
        ({"words": "x" * 501}, "words has 501 characters; at most 500 are allowed."),
        ({"reporterId": "x" * 101}, "reporterId has 101 characters"),
    ],
)
def test_a_bad_report_is_refused_with_what_is_wrong(door, approved, given, message):
    answer = door("reportVideo", **{"videoId": "v0", "reasonCode": "spam", **given})

    assert answer["code"] in ("400", "404")
    assert answer["message"].startswith(message)


@pytest.mark.parametrize("door", ["over_http_form"], indirect=True)
def test_apps_send_reports_and_reviewers_read_them(door, make_account, sign_in, ben, approved):
    app = sign_in(make_account("phones", Role.APP))
    assert door.data("reportVideo", token=app, videoId="v0", reasonCode="spam", reporterId="7")["count"] == 1
    assert door("getVideoReports", token=app, videoId="v0")["code"] == "403"
    assert door("reportVideo", token=ben, videoId="v0", reasonCode="spam")["code"] == "403"
    assert door("getVideoReports", token=ben, videoId="none")["code"] == "404"
    assert door.data("getVideoReports", token=ben, videoId="v0")["total"]["count"] == 1


def test_a_flood_of_reports_is_bounded(console, approved):
    with console.store.engine.writing() as db:
        db.executemany(
            "insert into video_reports (video_id, reporter, account, reason_code, words, at) "
            "values ('v0', ?, '', 'spam', '', 0)",
            [(str(number),) for number in range(MAX_REPORTS)],
        )  # fmt: skip

    assert console.store.video_reports.add("v0", "another", "app", ReportReason.SPAM, "") == MAX_REPORTS


class TestWaiting:
    def test_the_desk_shows_how_often_and_for_what_a_waiting_clip_was_reported(self, take, report, make_video, clock):
        make_video(video_id="v0")
        for number, reason in enumerate(["violence", "spam", "violence"]):
            report("v0", str(number), reason, words=f"words {number}" if number else "")
        clock.move(60)

        (lease,) = take()

        assert lease["reports"] == {
            "count": 3,
            "reasonList": [{"code": "violence", "count": 2}, {"code": "spam", "count": 1}],
            "wordList": [
                {"reasonCode": "violence", "words": "words 2", "secondsAgo": 60},
                {"reasonCode": "spam", "words": "words 1", "secondsAgo": 60},
            ],
            "approved": False,
        }

    def test_a_queue_may_ask_for_a_number_of_reports(self, door, take, report, make_video, approved):
        make_video(video_id="v1")
        make_video(video_id="v2")
        made = door.data("editReviewQueue", code="reported", nameZh="举报", nameEn="Reported", reported=2)
        assert made["queue"]["rule"]["reported"] == 2
        for reporter in "ab":
            report("v2", reporter)
            report("v0", reporter)

        assert {one["video"]["videoId"] for one in take(3, queue="reported")} == {"v0", "v2"}
        door.data("releaseReview")
        assert door.data("editReviewQueue", code="reported", reported=0, words="x")["moved"] == 2

    def test_the_verdict_answers_the_reports_and_undoing_it_opens_them(self, door, console, take, report, make_video):
        make_video(video_id="v0")
        report("v0")

        keep(door, take()[0])

        assert audits(console)[-1].after["answeredReports"] == 1
        assert door.data("getVideoReports", videoId="v0")["open"]["count"] == 0
        assert is_waiting(door) == 0
        door.data("undoAudit", videoId="v0")
        assert door.data("getVideoReports", videoId="v0")["open"]["count"] == 1
        assert [one["reports"]["approved"] for one in take()] == [False]


class TestApproved:
    def test_an_approved_clip_that_is_reported_comes_up_again_with_its_reports(self, door, take, report, approved, ben):
        assert is_waiting(door) == 0
        report("v0")

        (lease,) = take()

        assert lease["reports"]["approved"]
        assert take(token=ben) == []
        assert door.data("getVideoById", videoId="v0")["censorStatus"] == "success"
        assert door.data("getReviewQueue")["withYou"] == 1

    @pytest.mark.every_door
    def test_keeping_it_is_one_verdict_and_dismisses_the_reports(self, door, console, take, report, approved):
        report("v0")
        lease = take()[0]

        made = keep(door, lease, comment="nothing there")

        assert keep(door, lease) == {**made, "hintList": []}
        (line,) = audits(console)
        assert line.actor.request_id == made["requestId"]
        assert (line.before["censorStatus"], line.after["censorStatus"]) == ("success", "success")
        assert (line.after["answeredReports"], line.after["comment"]) == (1, "nothing there")
        assert take() == []
        assert console.store.recount() == []

    def test_the_number_begins_anew_after_a_verdict_and_a_dismissed_reporter_does_not_count_again(
        self, door, take, report, approved
    ):
        door.data("setReviewSampling", reports=2)
        report("v0", "7")
        assert take() == []
        report("v0", "8")
        keep(door, take()[0])

        assert report("v0", "7") == report("v0", "8") == 0
        assert report("v0", "9") == 1
        assert take() == []
        report("v0", "10")
        assert len(take()) == 1

    def test_blocking_it_ends_its_recommendation_and_undo_brings_all_back(self, door, console, take, report, approved):
        door.data("recommendVideo", videoId="v0", isNarrow="false", isCache="false")
        report("v0")
        key = take()[0]["leaseKey"]

        door.data("decideReview", leaseKey=key, status="Blocked", reasonCode="violence")

        video = door.data("getVideoById", videoId="v0")
        assert (video["censorStatus"], video["isRecommend"]) == ("fail", "false")
        again = door.data("undoReview", leaseKey=key)["lease"]
        video = door.data("getVideoById", videoId="v0")
        assert (video["censorStatus"], video["isRecommend"]) == ("success", "true")
        assert again["reports"]["count"] == 1
        assert [line.action for line in audits(console)] == ["createAudit", "undoAudit"]
        assert console.store.recount() == []

    def test_undoing_a_dismissal_gives_the_clip_back_with_its_reports(self, door, console, take, report, approved):
        report("v0")
        key = take()[0]["leaseKey"]
        door.data("decideReview", leaseKey=key, status="Normal")

        again = door.data("undoReview", leaseKey=key)["lease"]

        assert again["reports"]["count"] == 1
        keep(door, again)
        assert [line.action for line in audits(console)] == ["createAudit", "undoAudit", "createAudit"]

    def test_it_can_be_skipped_and_handed_to_somebody_else(self, door, take, report, approved, ben):
        report("v0")
        door.data("skipReview", leaseKey=take()[0]["leaseKey"])
        assert take() == []
        (lease,) = take(token=ben)

        door.data("askSecondOpinion", token=ben, leaseKey=lease["leaseKey"], note="what do you think?")

        assert door.data("getReviewQueue", token=ben)["askedByYou"] == 1
        assert take(token=ben) == []

    def test_a_verdict_from_elsewhere_ends_the_lease(self, door, take, report, approved, ben):
        report("v0")
        lease = take(token=ben)[0]

        door.data("createAudit", mediaId="v0", status="Normal")

        answer = door("decideReview", token=ben, leaseKey=lease["leaseKey"], status="Blocked", reasonCode="spam")
        assert answer["code"] == "409"
        assert "judged this clip meanwhile (Normal)" in answer["message"]
        assert door.data("getVideoReports", videoId="v0")["open"]["count"] == 0

    def test_reports_can_bring_nothing_back(self, door, take, report, approved):
        report("v0")
        door.data("setReviewSampling", reports=0)
        assert take() == []
        door.data("setReviewSampling", reports=1)
        assert len(take()) == 1

    def test_a_deleted_clip_waits_for_nobody_and_its_reports_come_back_with_it(
        self, door, console, take, report, approved
    ):
        report("v0")

        door.data("deleteVideoById", videoId="v0", userId="7")
        assert is_waiting(door) == 0
        assert door("reportVideo", videoId="v0", reasonCode="spam")["code"] == "404"
        door.data("restoreVideo", videoId="v0")

        assert take()[0]["reports"]["count"] == 1
        door.data("deleteVideoById", videoId="v0", userId="7")
        door.data("purgeVideo", videoId="v0")
        assert console.store.video_reports.find("v0")[1].count == 0

    def test_a_blocked_clip_does_not_come_up(self, door, take, report, approved):
        door.data("createAudit", mediaId="v0", status="Blocked", reasonCode="spam")
        report("v0")
        assert take() == []

    def test_undoing_a_verdict_from_elsewhere_brings_it_back(self, door, take, report, approved):
        report("v0")
        door.data("createAudit", mediaId="v0", status="Normal")
        assert take() == []
        door.data("undoAudit", videoId="v0")
        assert take()[0]["reports"]["approved"]
