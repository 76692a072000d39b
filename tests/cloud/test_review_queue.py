"""What waits for review in cloud mode: videos whose file is there, however it was found, and no others."""

from __future__ import annotations

import pytest

from backend.aliyun import oss_upload
from backend.model import SECONDS_A_DAY, CensorStatus, VideoFilter

ASKED = {"fileName": "VID_0001.MOV", "title": "海边", "userId": "u9", "userName": "小林"}


@pytest.fixture
def send(small_clip, tmp_path):
    def go(grant):
        place = oss_upload.UploadTarget.read(grant["uploadAddress"], grant["uploadAuth"])
        oss_upload.send(lambda: place, small_clip, tmp_path, lambda _part: None)

    return go


@pytest.fixture
def waiting(console, do):
    """The titles that wait for review, as the overview counts and the list shows them."""

    def look():
        videos = do("getVideos", censorStatus="check", pageIndex=1, pageSize=100)
        counted = console.store.statistics.count_everything([0]).by_censor_status[CensorStatus.CHECK]
        assert counted == videos["total"]
        return [video["title"] for video in videos["videoList"]]

    return look


@pytest.fixture
def days_later(clock):
    """Sets the clock to so many days from now."""

    def go(days):
        clock.ahead = days * SECONDS_A_DAY

    return go


def find_by(console, way):
    """Has what VOD holds be found without its callback."""
    if way == "sync":
        console.cloud.sync.run(lambda _progress: None, afresh=True)
        return
    {"changes": console.cloud.background.sync_changes, "walk": console.cloud.background.reconcile_batch}[way]()
    console.cloud.background.process_events()


def test_a_phones_video_waits_for_review_when_its_file_came_and_not_before(do, send, hear, waiting):
    grant = do("createUploadAuth", **ASKED)
    video = do("getVideoById", videoId=grant["videoId"])
    assert (video["status"], video["censorStatus"], waiting()) == ("Uploading", "onCensor", [])

    send(grant)
    assert waiting() == []
    hear()

    assert do("getVideoById", videoId=grant["videoId"])["censorStatus"] == "check"
    assert waiting() == ["海边"]


@pytest.mark.parametrize("way", ["changes", "walk", "sync"])
def test_a_file_whose_callback_was_lost_waits_for_review_too(console, do, send, waiting, way):
    grant = do("createUploadAuth", **ASKED)
    find_by(console, way)
    assert waiting() == []

    send(grant)
    find_by(console, way)

    assert waiting() == ["海边"]


@pytest.mark.parametrize("way", ["changes", "walk", "sync"])
def test_an_upload_that_failed_waits_for_no_review_until_it_is_made_good(
    console, do, send, work, waiting, days_later, way
):
    grant = do("createUploadAuth", **ASKED)
    days_later(2)
    console.cloud.background.expire_uploads()
    video = do("getVideoById", videoId=grant["videoId"])
    assert (video["status"], video["censorStatus"], waiting()) == ("UploadFail", "onCensor", [])

    send(do("refreshUploadAuth", videoId=grant["videoId"]))
    days_later(0)
    find_by(console, way)
    work()

    assert waiting() == ["海边"]
    if way != "sync":
        assert do("getVideoById", videoId=grant["videoId"])["snapshotStatus"] == "success"


@pytest.mark.parametrize("status", ["Uploading", "UploadFail"])
def test_what_another_app_began_to_upload_waits_for_no_review_until_its_file_came(console, alibaba, waiting, status):
    there = alibaba.vod.add(Title="别处", Status=status, CreationTime="2026-01-01T00:00:00Z")
    find_by(console, "sync")
    assert (waiting(), console.store.catalogue.find_videos(VideoFilter()).total) == ([], 1)

    there["Status"] = "Normal"
    find_by(console, "walk")

    assert waiting() == ["别处"]


@pytest.mark.parametrize("status", ["UploadFail", "Uploading"])
def test_a_video_that_vod_says_has_no_file_leaves_the_queue(console, new_video, alibaba, waiting, status):
    video = new_video(Status="UploadSucc")
    assert waiting() == ["海边"]

    alibaba.vod.videos[video.video_id]["Status"] = status
    find_by(console, "walk")

    assert waiting() == []


@pytest.mark.settings(review="off")
@pytest.mark.parametrize("way", ["changes", "walk", "sync"])
def test_without_review_what_comes_is_approved(console, do, send, waiting, way):
    grant = do("createUploadAuth", **ASKED)
    send(grant)
    find_by(console, way)

    assert do("getVideoById", videoId=grant["videoId"])["censorStatus"] == "success"
    assert waiting() == []


def test_a_machine_review_puts_no_video_without_a_file_into_the_queue(console, do, waiting):
    grant = do("createUploadAuth", **ASKED)

    console.store.cloud.expect_event("AIMediaAuditComplete", grant["videoId"])
    console.cloud.background.process_events()

    assert waiting() == []


def test_a_verdict_stays_whatever_the_status_says(console, alibaba, do, new_video):
    video = new_video(Status="Normal")
    do("createAudit", mediaId=video.video_id, status="Normal")
    for status in ("Uploading", "Normal"):
        alibaba.vod.videos[video.video_id]["Status"] = status
        find_by(console, "walk")

    assert do("getVideoById", videoId=video.video_id)["censorStatus"] == "success"


def test_the_consoles_own_upload_waits_for_review_once_vod_has_its_file(upload, work, waiting):
    upload()
    assert waiting() == []

    work()

    assert waiting() == ["海边 🌊"]


def test_the_consoles_own_upload_that_broke_off_leaves_the_queue(alibaba, upload, work, waiting):
    alibaba.denied.add("RefreshUploadVideo")
    upload()
    work()

    assert waiting() == []
