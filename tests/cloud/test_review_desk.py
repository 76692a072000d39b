"""Verdicts of the review desk in cloud mode: stored at once, and VOD hears of each in the end."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus, JobKind
from backend.model.cloud import TELLS


@pytest.fixture
def lease(do):
    """Takes the next clip, and returns its lease's key and its id."""

    def take():
        (found,) = do("takeReview")["leaseList"]
        return found["leaseKey"], found["video"]["videoId"]

    return take


@pytest.fixture
def send(console):
    return console.cloud.background.send_verdicts


@pytest.fixture
def verdicts_at_vod(alibaba):
    return lambda video_id: [one["Status"] for one in alibaba.vod.verdicts.get(video_id, [])]


def test_nobody_waits_for_vod_and_vod_hears_of_it_with_the_reason(
    console, alibaba, do, new_video, lease, send, verdicts_at_vod
):
    new_video()
    key, video_id = lease()
    alibaba.fail("CreateAudit", "done_dropped", times=99)

    do("decideReview", leaseKey=key, status="Blocked", reason="广告 🔞")

    assert alibaba.count("CreateAudit") == 0
    assert console.store.catalogue.get_video(video_id).censor_status is CensorStatus.FAIL
    assert do("getDrift")["unfinished"] == 1
    alibaba.faults.clear()
    assert send() == 1
    (told,) = alibaba.vod.verdicts[video_id]
    assert (told["Status"], told["Reason"]) == ("Blocked", "广告")
    assert console.store.cloud.find_intents(0.0, TELLS) == []
    assert send() == 0


def test_a_hundred_verdicts_make_a_few_calls(console, alibaba, do, new_video, lease, send):
    ids = {new_video().video_id for _ in range(60)}
    for _ in ids:
        do("decideReview", leaseKey=lease()[0], status="Blocked", reason="广告")

    assert send() == 60
    assert alibaba.count("CreateAudit") <= 3
    assert {alibaba.vod.verdicts[one][0]["Status"] for one in ids} == {"Blocked"}


def test_what_vod_does_not_take_is_sent_again_later(console, alibaba, do, new_video, lease, send, verdicts_at_vod):
    new_video()
    key, video_id = lease()
    do("decideReview", leaseKey=key, status="Normal")
    alibaba.fail("CreateAudit", "dropped", times=99)

    assert send() == 0

    (intent,) = console.store.cloud.list_intents(*TELLS)
    assert intent.tries == 1
    assert verdicts_at_vod(video_id) == []
    alibaba.faults.clear()
    console.store.cloud.note_intent(intent, intent.payload)  # its pause is over
    assert send() == 1
    assert verdicts_at_vod(video_id) == ["Normal"]


def test_a_verdict_taken_back_before_vod_heard_of_it_never_gets_there(
    console, alibaba, do, new_video, lease, send, verdicts_at_vod
):
    new_video()
    key, video_id = lease()
    do("decideReview", leaseKey=key, status="Blocked", reason="广告")

    again = do("undoReview", leaseKey=key)["lease"]

    assert send() == 0
    assert verdicts_at_vod(video_id) == []
    assert console.store.catalogue.get_video(video_id).censor_status is CensorStatus.CHECK
    do("decideReview", leaseKey=again["leaseKey"], status="Normal")
    assert send() == 1
    assert verdicts_at_vod(video_id) == ["Normal"]


def test_a_verdict_taken_back_after_vod_heard_of_it_is_taken_back_there(
    console, alibaba, do, new_video, lease, send, verdicts_at_vod
):
    new_video()
    key, video_id = lease()
    do("decideReview", leaseKey=key, status="Blocked", reason="广告")
    send()

    do("undoReview", leaseKey=key)

    assert verdicts_at_vod(video_id)[0] == "Normal"
    assert console.store.catalogue.get_video(video_id).censor_status is CensorStatus.CHECK


def test_a_later_verdict_from_elsewhere_is_the_last_that_vod_hears(do, new_video, lease, send, verdicts_at_vod):
    new_video()
    key, video_id = lease()
    do("decideReview", leaseKey=key, status="Normal")

    do("createAudit", mediaId=video_id, status="Blocked", reason="版权")

    assert send() == 0
    assert verdicts_at_vod(video_id) == ["Blocked"]


def test_a_video_that_went_into_the_trash_stays_blocked_at_vod(do, new_video, lease, send, verdicts_at_vod):
    made = new_video()
    key, video_id = lease()
    do("decideReview", leaseKey=key, status="Normal")

    do("deleteVideoById", videoId=video_id, userId=made.user.user_id)

    assert send() == 0
    assert verdicts_at_vod(video_id)[0] == "Blocked"


def test_what_is_gone_at_vod_is_given_up(console, alibaba, do, new_video, lease, send):
    new_video()
    key, video_id = lease()
    do("decideReview", leaseKey=key, status="Normal")
    del alibaba.vod.videos[video_id]

    assert send() == 0
    assert console.store.cloud.find_intents(0.0, TELLS) == []


def test_events_do_not_bring_back_what_vod_still_has_of_before(console, alibaba, do, new_video, lease, send, hear):
    made = new_video()
    do("createAudit", mediaId=made.video_id, status="Normal")
    do("undoAudit", videoId=made.video_id)
    key, video_id = lease()
    do("decideReview", leaseKey=key, status="Blocked", reason="广告")

    hear()
    assert console.store.catalogue.get_video(video_id).censor_status is CensorStatus.FAIL
    send()
    assert alibaba.vod.verdicts[video_id][0]["Status"] == "Blocked"


def test_an_approved_clip_is_transcoded_once_vod_knows_that_it_passed(console, do, new_video, lease, send):
    made = new_video()
    key, video_id = lease()
    before = len(console.store.jobs.find_jobs(kind=JobKind.TRANSCODE, size=50).items)

    do("decideReview", leaseKey=key, status="Normal")

    assert len(console.store.jobs.find_jobs(kind=JobKind.TRANSCODE, size=50).items) == before
    send()
    one_of_ours = [job for job in console.store.jobs.find_jobs(kind=JobKind.TRANSCODE, size=50).items
                   if job.video_id == made.video_id]  # fmt: skip
    assert len(one_of_ours) <= 1
    assert video_id == made.video_id
