"""The documented operations on an account at Alibaba."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus, FileKind, VideoFilter

FILTER = VideoFilter()


def test_an_upload_goes_to_vod_is_reviewed_transcoded_recommended_and_prewarmed(
    console, alibaba, do, work, hear, upload, small_clip
):
    video_id = upload()

    assert do("getVideoById", videoId=video_id)["status"] == "Uploading"
    work()
    hear()
    work()

    there = alibaba.vod.videos[video_id]
    assert there["Title"] == "海边"
    assert alibaba.oss.objects[there["file"]] == small_clip.read_bytes()
    video = do("getVideoById", videoId=video_id)
    assert (video["status"], video["censorStatus"], video["snapshotStatus"]) == ("Normal", "check", "success")
    assert (len(video["SnapshotList"]), video["title"]) == (8, "海边 🌊")
    assert not (console.settings.media_folder / video_id).exists()

    do("createAudit", mediaId=video_id, status="Normal")
    work()
    hear()

    video = do("getVideoById", videoId=video_id)
    assert (video["status"], video["transcodeStatus"], len(video["fileUrlList"])) == ("Normal", "success", 2)
    assert all("auth_key=" in url for url in video["fileUrlList"])

    do("recommendVideo", videoId=video_id, isNarrow="true", isCache="true")
    work()

    entry = do("getRecommendVideoById", videoId=video_id)
    assert (entry["narrowTranscodeStatus"], entry["fileUrl"].startswith(f"{video_id}/")) == ("success", True)
    (batch,) = do("getPrewarms")["prewarmList"]
    assert {url["state"] for url in batch["urlList"]} == {"warm"}
    assert alibaba.count("SubmitTranscodeJobs") == 2


def test_a_verdict_reaches_vod_before_it_counts_here(console, alibaba, do, new_video):
    video = new_video()

    do("createAudit", mediaId=video.video_id, status="Blocked", reason="违规", comment="seen")

    assert alibaba.vod.verdicts[video.video_id][0]["Reason"] == "违规"
    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.FAIL
    assert console.store.cloud.find_intents() == []


def test_a_verdict_that_vod_refuses_changes_nothing(console, alibaba, ask, new_video):
    video = new_video()
    alibaba.denied.add("CreateAudit")

    answer = ask("createAudit", mediaId=video.video_id, status="Blocked", reason="违规")

    assert answer["code"] == "502"
    assert "RAM policy" in answer["message"]
    assert "Forbidden.RAM" in answer["message"]
    assert console.store.catalogue.get_video(video.video_id) == video
    assert console.store.cloud.find_intents() == []


@pytest.mark.settings(trash_days=0)
def test_deleting_is_done_at_vod_first_and_stays_when_it_is_refused(console, alibaba, ask, do, new_video):
    kept, gone = new_video(forbidden=True), new_video()

    assert ask("deleteVideoById", videoId=kept.video_id, userId="u1")["code"] == "502"
    assert ask("deleteVideoById", videoId=gone.video_id, userId="u2")["code"] == "404"
    do("deleteVideoById", videoId=gone.video_id, userId="u1")

    assert set(alibaba.vod.videos) == {kept.video_id}
    assert [video.video_id for video in console.store.catalogue.find_videos(FILTER).items] == [kept.video_id]


def test_what_vod_has_lost_already_can_be_deleted_here(alibaba, do, new_video):
    video = new_video()
    alibaba.vod.videos.clear()

    do("deleteVideoById", videoId=video.video_id, userId="u1")


def test_each_kind_of_transcode_uses_its_own_template_group(console, alibaba, do, work, new_video):
    video = new_video()

    do("submitTranscode", mediaId=video.video_id)
    do("submitTabTranscode", mediaId=video.video_id)
    work()

    groups = {task["TranscodeTemplateGroupId"] for task in alibaba.vod.tasks.values()}
    assert groups == {"plain-group", "narrow-group"}
    found = console.store.catalogue.get_video(video.video_id)
    assert len(found.files_of(FileKind.COMMON)) == 2
    assert len(found.files_of(FileKind.NARROW)) == 1
    assert len(console.store.cloud.kinds_of(video.video_id)) == 3


@pytest.mark.parametrize(("which", "status"), [("half_failing", "success"), ("failing", "fail")])
def test_a_transcode_counts_when_one_stream_plays(console, alibaba, do, work, new_video, which, status):
    video = new_video()
    getattr(alibaba.vod, which).add(video.video_id)

    do("submitTranscode", mediaId=video.video_id)
    work()

    assert do("getVideoById", videoId=video.video_id)["transcodeStatus"] == status
    (job,) = do("getJobs", videoId=video.video_id)["jobList"]
    assert ("InvalidParameter.Stream" in job["error"]) == (status == "fail")


def test_play_addresses_are_fresh_and_asked_for_once_in_a_while(console, alibaba, do, new_video, clock):
    video = new_video(Status="Normal", censor=CensorStatus.SUCCESS)
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video.video_id, "TemplateGroupId": "plain-group"})
    finish(alibaba)
    console.media.addresses.clock = clock

    first = do("getPlayInfo", videoId=video.video_id)["playInfoList"]
    assert do("getPlayInfo", videoId=video.video_id)["playInfoList"] == first
    assert alibaba.count("GetPlayInfo") == 1
    clock.move(301)

    assert do("getPlayInfo", videoId=video.video_id)["playInfoList"] != first


def test_what_was_just_transcoded_plays_though_the_video_was_looked_at_before(do, work, new_video):
    video = new_video()
    do("getVideoById", videoId=video.video_id)
    do("submitTranscode", mediaId=video.video_id)
    work()

    addresses = do("getVideoById", videoId=video.video_id)["fileUrlList"]

    assert ["auth_key=" in address for address in addresses] == [True, True]


def test_a_blocked_video_shows_its_source_to_whoever_reviews_it(alibaba, do, new_video):
    video = new_video(Status="Blocked")

    (info,) = do("getPlayInfo", videoId=video.video_id)["playInfoList"]

    assert (info["definition"], "auth_key=" in info["playURL"]) == ("OD", True)


def finish(alibaba):
    for task_id in list(alibaba.vod.tasks):
        for _ in range(2):
            alibaba.vod.GetTranscodeTask({"TranscodeTaskId": task_id})


def test_what_vod_has_made_is_not_submitted_again(alibaba, do, work, hear, new_video):
    video = new_video()
    for _ in range(2):
        do("submitTranscode", mediaId=video.video_id)
        work()
        hear()

    assert alibaba.count("SubmitTranscodeJobs") == 1
