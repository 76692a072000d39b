"""What VOD blocks is blocked here, soon and by every way; and nothing counts as reviewed that nobody reviewed."""

from __future__ import annotations

import json

import pytest

from backend.model import Actor, CensorStatus, VideoFilter
from backend.model.cloud import Action

FILTER = VideoFilter()


@pytest.fixture
def recommended(console, do, new_video):
    """A video that was approved and recommended."""
    video = new_video(Status="Normal", censor=CensorStatus.SUCCESS)
    do("recommendVideo", videoId=video.video_id)
    return video.video_id


@pytest.fixture
def censor_of(console):
    return lambda video_id: console.store.catalogue.get_video(video_id).censor_status


@pytest.fixture
def expect_blocked(console, do, censor_of):
    """Fails unless a video is blocked here, and off the feed."""

    def check(video_id, reason):
        assert censor_of(video_id) is CensorStatus.FAIL
        assert do("getRecommendVideos")["total"] == 0
        assert console.store.history.find_history(video_id)[0].after["reason"] == reason

    return check


def sync(console):
    console.cloud.sync.run(lambda _progress: None)


WAYS = {
    "what changed": lambda background: background.sync_changes(),
    "what is recommended": lambda background: background.reconcile_recommended(),
    "everything": lambda background: background.reconcile_batch(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("synced", [False, True], ids=["", "after a sync"])
def test_a_video_blocked_at_vod_is_blocked_here_though_no_event_came(
    console, alibaba, recommended, expect_blocked, way, synced
):
    alibaba.vod.judge(recommended, "Blocked", "违规")
    if synced:
        sync(console)  # it copies VOD's status, and must not hide that the verdict is missing

    WAYS[way](console.cloud.background)
    console.cloud.background.process_events()

    expect_blocked(recommended, "违规")


def test_sync_alone_has_a_block_at_vod_followed(console, alibaba, recommended, expect_blocked):
    alibaba.vod.judge(recommended, "Blocked", "违规")

    sync(console)
    console.cloud.background.process_events()

    expect_blocked(recommended, "违规")


def test_a_block_counts_at_once_though_vod_does_not_tell_its_reason_until_later(
    console, alibaba, hear, recommended, expect_blocked, make_late
):
    alibaba.vod.judge(recommended, "Blocked", "违规")
    alibaba.fail("GetAuditHistory", "busy", times=99)

    hear()
    expect_blocked(recommended, "已在视频点播控制台屏蔽")

    alibaba.faults.clear()
    make_late(600)
    console.cloud.background.process_events()
    expect_blocked(recommended, "违规")


def test_an_event_that_vod_does_not_answer_for_hours_is_still_followed(
    console, alibaba, new_video, censor_of, make_late
):
    video = new_video(Status="Normal", censor=CensorStatus.CHECK)
    alibaba.vod.judge(video.video_id, "Blocked", "违规")
    console.store.cloud.enqueue_event("CreateAuditComplete", video.video_id, {})
    alibaba.fail("GetAuditHistory", "busy", times=10_000)
    for hours in range(4):
        make_late(hours * 3600)
        console.cloud.background.process_events()

    alibaba.faults.clear()
    make_late(5 * 3600)
    console.cloud.background.process_events()

    assert censor_of(video.video_id) is CensorStatus.FAIL


@pytest.fixture
def make_late(clock):
    """Has the events of a console fall due as if so many seconds had passed."""

    def move(seconds):
        clock.ahead = seconds

    return move


def test_a_video_that_was_approved_again_at_vod_is_approved_here(console, alibaba, new_video, censor_of):
    video = new_video(Status="Normal", censor=CensorStatus.SUCCESS)
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video.video_id, "TemplateGroupId": "plain-group"})
    alibaba.vod.go_on()
    alibaba.vod.go_on()
    for status in ("Blocked", "Normal"):
        alibaba.vod.judge(video.video_id, status, "")
        console.cloud.background.sync_changes()
        console.cloud.background.process_events()

    assert censor_of(video.video_id) is CensorStatus.SUCCESS


@pytest.mark.parametrize("way", ["sync", "changes"])
def test_what_vod_transcoded_without_a_verdict_waits_for_a_person(console, alibaba, way, censor_of):
    there = alibaba.vod.add(Status="Normal")

    bring_in(console, way)

    assert censor_of(there["VideoId"]) is CensorStatus.CHECK


@pytest.mark.settings(review="off")
@pytest.mark.parametrize("way", ["sync", "changes"])
def test_without_review_it_passes(console, alibaba, way, censor_of):
    there = alibaba.vod.add(Status="Normal")

    bring_in(console, way)

    assert censor_of(there["VideoId"]) is CensorStatus.SUCCESS


def bring_in(console, way):
    if way == "sync":
        sync(console)
    else:
        console.cloud.background.sync_changes()
        console.cloud.background.process_events()


def test_an_account_that_was_reviewed_elsewhere_can_be_accepted_as_it_plays(console, alibaba, censor_of):
    playing, new = alibaba.vod.add(Status="Normal"), alibaba.vod.add(Status="UploadSucc")

    console.cloud.sync.run(lambda _progress: None, accept_playable=True)

    assert (censor_of(playing["VideoId"]), censor_of(new["VideoId"])) == (CensorStatus.SUCCESS, CensorStatus.CHECK)


def test_a_verdict_of_vods_own_console_counts_for_what_waits_here(console, alibaba, new_video, censor_of):
    video = new_video(Status="Normal", censor=CensorStatus.CHECK)
    alibaba.vod.judge(video.video_id, "Normal")
    alibaba.vod.videos[video.video_id]["Status"] = "Normal"

    console.cloud.background.sync_changes()
    console.cloud.background.process_events()

    assert censor_of(video.video_id) is CensorStatus.SUCCESS


def test_an_upload_by_the_app_whose_event_was_lost_is_found_with_its_owner(console, alibaba, do, work):
    data = json.dumps({"Extend": {"userId": "u9", "userName": "小林"}}, ensure_ascii=False)
    there = alibaba.vod.add(Title="来自手机", UserData=data)

    console.cloud.background.sync_changes()
    console.cloud.background.process_events()
    work()

    video = do("getVideoById", videoId=there["VideoId"])
    assert (video["title"], video["user"]["userId"], video["user"]["userName"]) == ("来自手机", "u9", "小林")
    assert (video["censorStatus"], video["snapshotStatus"]) == ("check", "success")


def test_looking_at_what_changed_is_one_call_where_nothing_did(console, alibaba):
    for number in range(250):
        alibaba.vod.add(CreationTime="2020-01-01T00:00:00Z", ModificationTime=f"2020-01-01T00:{number // 60:02}:00Z")
    console.cloud.background.sync_changes()
    before = len(alibaba.calls)

    console.cloud.background.sync_changes()

    assert len(alibaba.calls) - before == 1


def test_what_changed_while_the_console_was_away_is_found_page_by_page(console, alibaba):
    console.cloud.background.sync_changes()
    for _ in range(230):
        alibaba.vod.add()

    assert console.cloud.background.sync_changes() == 230
    console.cloud.background.process_events()

    assert console.store.catalogue.find_videos(FILTER).total == 230


def test_a_verdict_that_vod_never_got_is_not_in_the_history(console, alibaba, do, ask, new_video, recommended):
    do("createAudit", mediaId=recommended, status="Blocked", reason="first")
    alibaba.fail("CreateAudit", "dropped", times=99)

    assert ask("createAudit", mediaId=recommended, status="Blocked", reason="second")["code"] == "502"
    alibaba.faults.clear()
    console.cloud.background.finish_intents(older_than=0)

    reasons = [line.after.get("reason") for line in console.store.history.find_history(recommended)]
    assert reasons.count("second") == 0
    assert alibaba.vod.verdicts[recommended][0]["Reason"] == "first"


def test_an_intent_that_vod_does_not_answer_is_settled_later_and_later(console, alibaba, ask, new_video):
    video = new_video()
    alibaba.fail("CreateAudit", "done_dropped", times=99)
    ask("createAudit", mediaId=video.video_id, status="Blocked", reason="x")
    alibaba.faults.clear()
    alibaba.fail("GetAuditHistory", "dropped", times=999)

    console.cloud.background.finish_intents(older_than=0)
    asked = alibaba.count("GetAuditHistory")
    console.cloud.background.finish_intents(older_than=0)

    assert alibaba.count("GetAuditHistory") == asked
    assert console.store.cloud.count_intents() == 1


def test_what_cannot_be_settled_at_all_keeps_no_other_from_being_settled(console, alibaba, ask, new_video, caplog):
    odd, other = new_video().video_id, new_video().video_id
    console.store.cloud.begin(Action.AUDIT, odd, {"nothing": "that is known"}, Actor("anne", "tests"))
    alibaba.fail("CreateAudit", "done_dropped", times=99)
    ask("createAudit", mediaId=other, status="Blocked", reason="x")
    alibaba.faults.clear()

    for _ in range(2):
        console.cloud.background.finish_intents(older_than=0)

    assert console.store.catalogue.get_video(other).censor_status is CensorStatus.FAIL
    assert len([line for line in caplog.messages if "failed unexpectedly" in line]) == 1


def test_an_event_that_cannot_be_followed_keeps_no_other_waiting(console, alibaba, new_video, censor_of, monkeypatch):
    odd, video = new_video().video_id, new_video().video_id
    follow = console.cloud.event_handler.handle

    def break_at_one(event):
        if event.target == odd:
            raise KeyError("nobody thought of this")
        follow(event)

    monkeypatch.setattr(console.cloud.event_handler, "handle", break_at_one)
    for video_id in (odd, video):
        alibaba.vod.judge(video_id, "Blocked", "违规")
        console.store.cloud.enqueue_event("CreateAuditComplete", video_id, {})

    console.cloud.background.process_events()

    assert censor_of(video) is CensorStatus.FAIL
    assert console.store.cloud.count_events() == 1
