"""What VOD's machine review found, kept here; and reviews that are paid, and so submitted once for one wish."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus

FRAMES = ((12_000, "Porn", "sexy", 81.5), (1_500, "Ad", "qrcode", 99.0), (30_000, "Terrorism", "weapon", 70.0))


@pytest.fixture
def censor_of(console):
    return lambda video_id: console.store.catalogue.get_video(video_id).censor_status


@pytest.fixture
def pass_time(clock):
    """Moves the clock ahead."""
    return clock.move


@pytest.fixture
def settle(console, pass_time):
    """Lets time pass until nothing is pending any more of reviews, and follows up what came of them."""

    def go(rounds=6):
        for _ in range(rounds):
            pass_time(60)
            console.cloud.background.finish_reviews()
            console.cloud.background.process_events()

    return go


def test_what_the_machine_found_is_told_with_labels_moments_and_pictures(alibaba, do, new_video, settle):
    video_id = new_video(Status="Normal").video_id
    alibaba.reviews.arrange(video_id, "review", *FRAMES, title="contraband")

    do("resubmitReview", mediaId=video_id)
    assert do("getReviewResults", videoId=video_id)["state"] == "running"
    settle()

    found = do("getReviewResults", videoId=video_id)
    assert (found["state"], found["suggestion"], found["available"]) == ("done", "review", True)
    assert set(found["labels"]) == {"porn", "ad", "terrorism"}
    assert [(one["seconds"], one["module"], one["label"], one["score"]) for one in found["frameList"]] == [
        (1.5, "ad", "qrcode", 99.0), (12.0, "porn", "sexy", 81.5), (30.0, "terrorism", "weapon", 70.0),
    ]  # fmt: skip
    assert all(f"/{video_id}/review-" in one["pictureUrl"] for one in found["frameList"])
    assert ("title", "contraband") in {(one["part"], one["label"]) for one in found["findingList"]}
    assert ("video", "porn", "sexy") in {(one["part"], one["module"], one["label"]) for one in found["findingList"]}


def test_reading_never_waits_for_vod(alibaba, do, new_video, settle):
    video_id = new_video(Status="Normal").video_id
    alibaba.reviews.results[video_id] = {"suggestion": "block", "frames": FRAMES[:1], "title": ""}
    calls = len(alibaba.calls)

    assert do("getReviewResults", videoId=video_id)["state"] == "unknown"
    assert len(alibaba.calls) == calls
    settle(1)

    assert do("getReviewResults", videoId=video_id)["suggestion"] == "block"
    calls = len(alibaba.calls)
    do("getReviewResults", videoId=video_id)
    assert len(alibaba.calls) == calls


def test_what_was_only_read_is_no_verdict(alibaba, do, new_video, settle, censor_of):
    video_id = new_video(Status="Normal").video_id
    alibaba.reviews.results[video_id] = {"suggestion": "block", "frames": (), "title": ""}
    do("getReviewResults", videoId=video_id)

    settle(1)

    assert censor_of(video_id) is CensorStatus.CHECK


def test_a_video_that_no_machine_reviewed_says_so_and_vod_is_asked_once(alibaba, do, new_video, settle):
    video_id = new_video().video_id
    for _ in range(3):
        do("getReviewResults", videoId=video_id)
        settle(1)

    assert do("getReviewResults", videoId=video_id)["state"] == "none"
    assert alibaba.count("GetMediaAuditResult") == 1


@pytest.mark.parametrize(
    ("suggestion", "censor"),
    [("pass", CensorStatus.SUCCESS), ("block", CensorStatus.FAIL), ("review", CensorStatus.CHECK)],
)
@pytest.mark.parametrize("told", [True, False], ids=["told", "the callback is lost"])
def test_a_review_counts_where_nobody_judged_though_its_callback_is_lost(
    console, alibaba, do, hear, new_video, settle, censor_of, suggestion, censor, told
):
    video_id = new_video(Status="Normal").video_id
    alibaba.reviews.arrange(video_id, suggestion)
    do("resubmitReview", mediaId=video_id)
    assert censor_of(video_id) is CensorStatus.ON_CENSOR

    if told:
        alibaba.reviews.go_on()
        alibaba.reviews.go_on()
        hear()
    settle()

    assert censor_of(video_id) is censor
    assert console.store.cloud.count_intents() == 0
    assert do("getReviewResults", videoId=video_id)["state"] == "done"
    assert len(alibaba.reviews.jobs) == 1


def test_a_persons_verdict_stands_whatever_the_machine_says_later(alibaba, do, new_video, settle, censor_of):
    video_id = new_video(Status="Normal", censor=CensorStatus.SUCCESS).video_id
    alibaba.reviews.arrange(video_id, "block")

    do("resubmitReview", mediaId=video_id)
    settle()

    assert censor_of(video_id) is CensorStatus.SUCCESS
    assert do("getReviewResults", videoId=video_id)["suggestion"] == "block"


def test_a_second_wish_waits_for_the_first(alibaba, do, ask, new_video, settle):
    video_id = new_video(Status="Normal").video_id
    do("resubmitReview", mediaId=video_id)

    answer = ask("resubmitReview", mediaId=video_id)

    assert (answer["code"], "reviewing the video" in answer["message"]) == ("409", True)
    settle()
    do("resubmitReview", mediaId=video_id)
    assert len(alibaba.reviews.jobs) == 2


@pytest.mark.parametrize("told", [True, False], ids=["told", "the callback is lost"])
def test_a_submit_whose_answer_was_lost_is_paid_once_and_its_result_shows(
    console, alibaba, do, ask, hear, new_video, settle, told
):
    video_id = new_video(Status="Normal").video_id
    alibaba.reviews.arrange(video_id, "review", *FRAMES)
    alibaba.fail("SubmitAIMediaAuditJob", "done_dropped", times=99)

    answer = ask("resubmitReview", mediaId=video_id)
    alibaba.faults.clear()
    assert (answer["code"], "not submitted again" in answer["message"]) == ("502", True)
    assert ask("resubmitReview", mediaId=video_id)["code"] == "409"
    for _ in range(2):
        alibaba.reviews.go_on()
    if told:
        hear()
    settle()

    assert do("getReviewResults", videoId=video_id)["state"] == "done"
    assert len(alibaba.reviews.jobs) == 1


def test_a_submit_that_vod_never_got_can_be_made_again_after_a_while(alibaba, do, ask, new_video, settle, pass_time):
    video_id = new_video(Status="Normal").video_id
    alibaba.fail("SubmitAIMediaAuditJob", "dropped", times=99)
    assert ask("resubmitReview", mediaId=video_id)["code"] == "502"
    alibaba.faults.clear()

    settle()
    pass_time(3600)
    settle()

    found = do("getReviewResults", videoId=video_id)
    assert (found["state"], "never confirmed" in found["error"]) == ("failed", True)
    do("resubmitReview", mediaId=video_id)
    assert len(alibaba.reviews.jobs) == 1


def test_a_review_that_failed_says_why_and_leaves_the_video_to_a_person(alibaba, do, new_video, settle, censor_of):
    video_id = new_video(Status="Normal").video_id
    alibaba.reviews.failing.add(video_id)

    do("resubmitReview", mediaId=video_id)
    settle()

    found = do("getReviewResults", videoId=video_id)
    assert (found["state"], "the review broke" in found["error"], "InternalError" in found["error"]) == (
        "failed", True, True,
    )  # fmt: skip
    assert censor_of(video_id) is CensorStatus.CHECK


def test_details_that_vod_has_no_more_leave_the_summary(alibaba, do, new_video, settle):
    video_id = new_video(Status="Normal").video_id
    alibaba.reviews.arrange(video_id, "review", *FRAMES)
    alibaba.reviews.pictures_are_gone = True

    do("resubmitReview", mediaId=video_id)
    settle()

    assert [one["seconds"] for one in do("getReviewResults", videoId=video_id)["frameList"]] == [1.5, 12.0, 30.0]


def test_hundreds_of_pictures_are_read_page_by_page_and_the_worst_are_kept(alibaba, do, new_video, settle):
    video_id = new_video(Status="Normal").video_id
    frames = [(1000 * number, "Ad", "ad", 50.0 + number / 10) for number in range(230)]
    alibaba.reviews.arrange(video_id, "review", *frames)

    do("resubmitReview", mediaId=video_id)
    settle()

    found = do("getReviewResults", videoId=video_id)["frameList"]
    assert (len(found), found[0]["seconds"], found[-1]["seconds"]) == (200, 30.0, 229.0)


@pytest.mark.settings(review_template="template-1")
def test_the_template_is_the_one_that_is_named_or_set(console, alibaba, do, new_video):
    first, second = new_video(Status="Normal").video_id, new_video(Status="Normal").video_id

    do("resubmitReview", mediaId=first)
    do("resubmitReview", mediaId=second, templateId="template-2")

    assert [job["template"] for job in alibaba.reviews.jobs.values()] == ["template-1", "template-2"]
    line = console.store.history.find_history(second)[0]
    assert (line.action, line.after["template"]) == ("resubmitReview", "template-2")


def test_a_right_that_is_missing_is_told_and_nothing_is_pending(console, alibaba, ask, new_video, censor_of):
    video_id = new_video(Status="Normal").video_id
    alibaba.denied.add("SubmitAIMediaAuditJob")

    answer = ask("resubmitReview", mediaId=video_id)

    assert (answer["code"], "RAM policy" in answer["message"]) == ("502", True)
    assert not console.store.cloud.is_begun("SubmitAIMediaAuditJob", video_id)
    assert censor_of(video_id) is CensorStatus.CHECK
