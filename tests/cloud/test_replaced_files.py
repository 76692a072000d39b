"""Whoever has the keys of an upload can send another file: the video goes back to review, whatever VOD tells of it."""

from __future__ import annotations

import time

import pytest

from backend import LANGUAGES
from backend.aliyun import oss_upload as oss
from backend.model.cloud import Action
from pages.components.i18n import text

ASKED = {"fileName": "VID_0001.MP4", "title": "海边", "userId": "u9", "userName": "小林"}


@pytest.fixture
def clips(small_clip, tmp_path):
    """The file that is reviewed, one of the same size, and a longer one."""
    body = small_clip.read_bytes()
    made = {"first": body, "same size": body[:-1] + bytes([body[-1] ^ 1]), "longer": body + b"\0" * 64}
    for name, content in made.items():
        (tmp_path / f"{name}.mp4").write_bytes(content)
    return {name: tmp_path / f"{name}.mp4" for name in made}


@pytest.fixture
def send(alibaba, clips, tmp_path):
    """Sends a file by what the console gave, as if so many seconds had passed at VOD."""

    def go(grant, name="first", later=0):
        alibaba.clock = lambda: time.time() + later
        place = oss.UploadTarget.read(grant["uploadAddress"], grant["uploadAuth"])
        oss.send(lambda: place, clips[name], tmp_path, lambda _part: None)

    return go


@pytest.fixture
def approved(do, send, hear, work):
    """An upload of a phone that was approved, transcoded and recommended, and whose keys still live."""
    grant = do("createUploadAuth", **ASKED)
    send(grant)
    hear()
    work()
    do("createAudit", mediaId=grant["videoId"], status="Normal")
    work()
    hear()
    do("recommendVideo", videoId=grant["videoId"])
    return grant


@pytest.fixture
def expect_review(alibaba, console, do):
    """Fails unless a video waits for review again, is nowhere to be seen, and its page can say why."""

    def check(video_id):
        video = do("getVideoById", videoId=video_id)
        assert (video["censorStatus"], video["transcodeStatus"], video["isRecommend"]) == ("check", "", "false")
        assert do("getRecommendVideos")["total"] == 0
        assert console.store.catalogue.get_video(video_id).renditions == ()
        line = next(line for line in do("getHistory", videoId=video_id) if line["action"] == "replaceFile")
        assert (line["userName"], line["before"]["censorStatus"], line["after"]["censorStatus"]) == (
            "vod", "success", "check"
        )  # fmt: skip
        assert alibaba.vod.videos[video_id]["Status"] == "Blocked"  # nobody plays it by an old address

    return check


@pytest.mark.parametrize("other", ["same size", "longer"])
def test_a_file_that_takes_anothers_place_after_approval_goes_back_to_review(
    alibaba, console, do, ask, send, hear, work, approved, expect_review, other
):
    video_id, tasks = approved["videoId"], set(alibaba.vod.tasks)
    old = {info["playURL"].partition("?")[0] for info in do("getPlayInfo", videoId=video_id)["playInfoList"]}
    seen = do("getChanges")["line"]

    send(approved, other, later=90)
    hear()
    work()

    expect_review(video_id)
    # A verdict of somebody who watched the file before does not count, nor can the old one be taken back.
    assert ask("createAudit", mediaId=video_id, status="Normal", seenLine=seen)["code"] == "409"
    assert ask("undoAudit", videoId=video_id)["code"] == "409"
    (refresh,) = console.store.cloud.list_intents(Action.REFRESH, video_id)  # the feed has one of its own
    assert refresh.payload["why"] == "replaced"
    assert [language for language in LANGUAGES if text(language, "why.replaced") == "why.replaced"] == []

    do("createAudit", mediaId=video_id, status="Normal")
    work()
    hear()
    shown = do("getPlayInfo", videoId=video_id)["playInfoList"]
    assert shown
    assert not old & {info["playURL"].partition("?")[0] for info in shown}
    assert len(set(alibaba.vod.tasks) - tasks) == 1
    assert do("getVideoById", videoId=video_id)["censorStatus"] == "success"


WAYS = {
    "what changed": lambda cloud: cloud.background.sync_changes(),
    "what is recommended": lambda cloud: cloud.background.reconcile_recommended(),
    "everything": lambda cloud: cloud.background.reconcile_batch(),
    "sync": lambda cloud: cloud.sync.run(lambda _progress: None),
}


@pytest.mark.parametrize("way", WAYS)
def test_it_is_found_though_the_callback_was_lost(alibaba, console, send, work, approved, expect_review, way):
    send(approved, "longer", later=90)
    alibaba.vod.events.told.clear()

    WAYS[way](console.cloud)
    console.cloud.background.process_events()
    work()

    expect_review(approved["videoId"])


def test_looks_and_events_that_follow_do_not_approve_it_by_the_old_verdict(
    alibaba, console, do, send, hear, approved, expect_review, clock
):
    alibaba.fail("CreateAudit", "busy", times=99)  # VOD is not told yet that nobody may play it
    send(approved, "longer", later=90)
    hear()
    alibaba.vod.suggestions[approved["videoId"]] = "pass"
    alibaba.vod.tell("AIMediaAuditComplete", MediaId=approved["videoId"])
    hear()
    for way in WAYS.values():
        way(console.cloud)
        console.cloud.background.process_events()
    assert do("getVideoById", videoId=approved["videoId"])["censorStatus"] == "check"

    alibaba.faults.clear()
    clock.move(3600)
    console.cloud.background.finish_intents()
    console.cloud.background.process_events()
    expect_review(approved["videoId"])


def test_the_same_event_again_changes_nothing(console, alibaba, do, hear, send, work):
    grant = do("createUploadAuth", **ASKED)
    send(grant)
    event = next(one for one in alibaba.vod.events.told if one["EventType"] == "FileUploadComplete")
    alibaba.vod.events.told.clear()
    console.cloud.background.sync_changes()  # it sees the file before VOD tells of it
    console.cloud.background.process_events()
    do("createAudit", mediaId=grant["videoId"], status="Normal")
    work()

    for _ in range(3):
        alibaba.vod.events.told.append(dict(event))
        hear()

    assert do("getVideoById", videoId=grant["videoId"])["censorStatus"] == "success"
    assert "replaceFile" not in {line["action"] for line in do("getHistory", videoId=grant["videoId"])}

    send(grant, "same size", later=90)
    (second,) = (dict(one) for one in alibaba.vod.events.told if one["EventType"] == "FileUploadComplete")
    hear()
    do("createAudit", mediaId=grant["videoId"], status="Normal")
    alibaba.vod.events.told.append(second)  # at the second of the first time, as a repeated event is
    hear()
    assert do("getVideoById", videoId=grant["videoId"])["censorStatus"] == "success"


@pytest.mark.settings(review="off")
def test_without_review_what_is_played_is_the_new_file(alibaba, do, send, hear, work, approved):
    before = do("getPlayInfo", videoId=approved["videoId"])["playInfoList"]

    send(approved, "longer", later=90)
    hear()
    work()

    video = do("getVideoById", videoId=approved["videoId"])
    assert (video["censorStatus"], video["transcodeStatus"], video["isRecommend"]) == ("success", "success", "true")
    after = do("getPlayInfo", videoId=approved["videoId"])["playInfoList"]
    assert after
    assert not {one["jobId"] for one in before if "jobId" in one} & {one["jobId"] for one in after if "jobId" in one}
    assert alibaba.vod.videos[approved["videoId"]]["Status"] == "Normal"


def test_a_blocked_video_stays_blocked(alibaba, do, send, hear, approved):
    do("createAudit", mediaId=approved["videoId"], status="Blocked", reason="违规")
    hear()

    send(approved, "longer", later=90)
    hear()

    assert do("getVideoById", videoId=approved["videoId"])["censorStatus"] == "fail"
    assert do("getHistory", videoId=approved["videoId"])[0]["action"] == "replaceFile"


def test_a_file_that_was_replaced_in_the_trash_is_not_restored_as_reviewed(console, do, send, hear, approved, clock):
    do("deleteVideoById", videoId=approved["videoId"], userId="u9")
    send(approved, "same size", later=90)
    hear()

    do("restoreVideo", videoId=approved["videoId"])
    clock.move(3600)
    console.cloud.background.process_events()

    assert do("getVideoById", videoId=approved["videoId"])["censorStatus"] == "check"
    assert do("getRecommendVideos")["total"] == 0
