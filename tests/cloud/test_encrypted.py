"""Encrypted renditions are named as such, and nothing that plain players cannot play is given to them."""

from __future__ import annotations

import pytest


@pytest.fixture
def transcode(do, work, hear, new_video):
    """A video that was transcoded with a group."""

    def make(group):
        video_id = new_video(Status="Normal").video_id
        do("submitTranscode", mediaId=video_id, templateGroupId=group)
        work()
        hear()
        return video_id

    return make


@pytest.mark.parametrize(("group", "kind"), [("private-group", "aliyunEncrypted"), ("hls-group", "hlsEncrypted")])
def test_an_encrypted_rendition_is_named_and_not_played(console, do, transcode, group, kind):
    video_id = transcode(group)

    play = do("getPlayInfo", videoId=video_id)

    assert play["playInfoList"] == []
    (locked,) = play["encryptedInfoList"]
    assert (locked["kind"], locked["width"]) == (kind, 640)
    assert "auth_key" not in str(locked)
    assert play["videoBase"]["transcodeStatus"] == "success"
    assert play["videoBase"]["fileUrlList"] == []


def test_what_is_encrypted_is_neither_prewarmed_nor_given_to_the_feed(console, alibaba, do, work, transcode):
    video_id = transcode("private-group")
    do("createAudit", mediaId=video_id, status="Normal")

    do("recommendVideo", videoId=video_id, isCache="true")

    assert do("getRecommendVideoById", videoId=video_id)["fileUrl"] == ""
    assert do("getPrewarms")["prewarmList"] == []


def test_it_is_not_transcoded_again_and_again(console, alibaba, do, work, hear, transcode):
    video_id = transcode("private-group")
    do("createAudit", mediaId=video_id, status="Normal")
    do("submitTranscode", mediaId=video_id)
    work()
    console.cloud.background.reconcile_batch()
    hear()
    work()

    assert alibaba.count("SubmitTranscodeJobs") == 1


def test_plain_and_encrypted_renditions_stand_side_by_side(do, work, hear, transcode):
    video_id = transcode("private-group")
    do("submitTranscode", mediaId=video_id, templateGroupId="logo-group")
    work()
    hear()

    play = do("getPlayInfo", videoId=video_id)

    assert [info["kind"] for info in play["playInfoList"]] == ["common"]
    assert [info["kind"] for info in play["encryptedInfoList"]] == ["aliyunEncrypted"]


def test_one_that_was_encrypted_elsewhere_is_named_too(console, alibaba, do, hear, new_video):
    video_id = new_video(Status="Normal").video_id
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video_id, "TemplateGroupId": "private-group"})
    for _ in range(2):
        alibaba.vod.go_on()
    hear()

    found = console.store.catalogue.get_video(video_id)

    assert [file.kind for file in found.encrypted] == ["aliyunEncrypted"]
    assert found.renditions == ()
