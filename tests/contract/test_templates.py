"""Transcode templates over every door: an embedded console has none, and says so."""

from __future__ import annotations

import pytest


@pytest.mark.every_door
def test_an_embedded_console_lists_none(door):
    assert door.data("getTranscodeTemplates") == {"total": 0, "templateGroupList": []}
    assert door.data("getWatermarks") == {"total": 0, "watermarkList": []}


def test_one_that_is_asked_for_all_the_same_is_refused(door, make_video):
    made = make_video()

    answer = door("submitTranscode", mediaId=made.video_id, templateGroupId="some")

    assert (answer["code"], answer["message"]) == ("400", "This console has no transcode templates to choose from.")
    assert door("submitTabTranscode", mediaId=made.video_id, watermarkText="x")["code"] == "400"
    assert door.data("getVideoById", videoId=made.video_id)["transcodeStatus"] == made.transcode_status


def test_a_video_of_an_embedded_console_has_nothing_encrypted(door, make_video):
    assert door.data("getPlayInfo", videoId=make_video().video_id)["encryptedInfoList"] == []
