"""Templates and watermarks of VOD: listed, chosen for a transcode, and never paid for twice."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def asked(alibaba):
    """What VOD was asked to transcode."""
    return lambda: [parameters for action, parameters in alibaba.calls if action == "SubmitTranscodeJobs"]


def test_groups_are_listed_with_what_they_make(do):
    found = {one["templateGroupId"]: one for one in do("getTranscodeTemplates")["templateGroupList"]}

    assert (found["plain-group"]["kind"], found["plain-group"]["isSetting"]) == ("transcode", True)
    assert (found["narrow-group"]["kind"], found["narrow-group"]["isSetting"]) == ("narrow", True)
    assert found["logo-group"]["watermarkIdList"] == ["logo", "user-name"]
    assert [found[name]["isEncrypted"] for name in ("logo-group", "private-group", "hls-group")] == [False, True, True]
    (made,) = found["logo-group"]["templateList"]
    assert (made["definition"], made["width"], made["format"]) == ("LD", 640, "mp4")


def test_they_are_asked_for_once_in_a_while(alibaba, do):
    for _ in range(2):
        do("getTranscodeTemplates")
        do("getWatermarks")

    assert (alibaba.count("ListTranscodeTemplateGroup"), alibaba.count("ListWatermark")) == (1, 1)


def test_watermarks_are_listed(do):
    found = {one["watermarkId"]: one for one in do("getWatermarks")["watermarkList"]}

    assert (found["logo"]["type"], found["logo"]["content"]) == ("Image", "https://oss.example.com/logo.png")
    assert (found["user-name"]["type"], found["user-name"]["content"]) == ("Text", "趣视频")


def test_a_chosen_template_is_what_vod_transcodes_with(do, work, asked, new_video):
    video = new_video()

    do("submitTranscode", mediaId=video.video_id, templateGroupId="logo-group")
    work()

    (parameters,) = asked()
    assert (parameters["TemplateGroupId"], "OverrideParams" in parameters) == ("logo-group", False)
    (info,) = do("getPlayInfo", videoId=video.video_id)["playInfoList"]
    assert (info["kind"], info["width"]) == ("common", 640)


def test_a_text_watermark_is_given_other_words(do, work, asked, new_video):
    video = new_video()

    do(
        "submitTranscode", mediaId=video.video_id, templateGroupId="logo-group", watermarkId="user-name",
        watermarkText="用户：安妮",
    )  # fmt: skip
    work()

    (parameters,) = asked()
    watermarks = json.loads(parameters["OverrideParams"])["Watermarks"]
    assert watermarks == [{"WatermarkId": "user-name", "Content": "用户：安妮"}]
    (job,) = do("getJobs", videoId=video.video_id, kind="transcode")["jobList"]
    assert job["state"] == "done"


def test_the_same_again_is_said_to_be_there_and_costs_nothing(ask, do, work, hear, asked, new_video):
    video_id = new_video().video_id
    do("submitTranscode", mediaId=video_id, templateGroupId="logo-group")
    work()
    hear()

    answer = ask("submitTranscode", mediaId=video_id, templateGroupId="logo-group")

    assert (answer["code"], "with this template already" in answer["message"]) == ("409", True)
    do("submitTranscode", mediaId=video_id, templateGroupId="plain-group")  # what the settings say: nothing to do
    assert len(asked()) == 1
    words = {"watermarkId": "user-name", "watermarkText": "别的文字"}
    do("submitTranscode", mediaId=video_id, templateGroupId="logo-group", **words)
    work()
    assert len(asked()) == 2


def test_what_the_console_of_vod_transcoded_with_it_is_taken_over(alibaba, do, work, asked, new_video):
    video_id = new_video().video_id
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video_id, "TemplateGroupId": "logo-group"})

    do("submitTranscode", mediaId=video_id, templateGroupId="logo-group")
    work()

    assert asked() == []
    assert len(do("getPlayInfo", videoId=video_id)["playInfoList"]) == 1


def test_a_lost_answer_is_looked_up_by_the_chosen_group(alibaba, do, work, new_video):
    video_id = new_video().video_id
    alibaba.fail("SubmitTranscodeJobs", "done_dropped")

    do("submitTranscode", mediaId=video_id, templateGroupId="logo-group")
    work()

    assert len(alibaba.vod.tasks) == 1


def test_while_one_runs_another_template_waits_for_a_new_question(ask, do, new_video):
    video_id = new_video().video_id
    do("submitTranscode", mediaId=video_id)

    answer = ask("submitTranscode", mediaId=video_id, templateGroupId="logo-group")

    assert (answer["code"], "waits or runs" in answer["message"]) == ("409", True)


@pytest.mark.parametrize(
    ("operation", "choice", "said"),
    [
        ("submitTranscode", {"templateGroupId": "nowhere"}, "There is no template group nowhere"),
        ("submitTranscode", {"templateGroupId": "narrow-group"}, "submitTabTranscode"),
        ("submitTabTranscode", {"templateGroupId": "logo-group"}, "submitTranscode"),
        ("submitTranscode", {"templateGroupId": "logo-group", "watermarkId": "unbound"}, "it has logo, user-name"),
        ("submitTranscode", {"watermarkId": "logo"}, "plain-group has no watermark logo"),
        (
            "submitTranscode",
            {"templateGroupId": "logo-group", "watermarkId": "logo", "watermarkText": "x"},
            "has no text",
        ),
        ("submitTranscode", {"templateGroupId": "logo-group", "watermarkText": "x"}, "watermarkId is required"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_before_anything_is_asked(ask, asked, new_video, operation, choice, said):
    answer = ask(operation, mediaId=new_video().video_id, **choice)

    assert (answer["code"], said in answer["message"]) == ("400", True), answer
    assert asked() == []


def test_doctor_names_a_group_that_encrypts_and_rights_that_are_missing(make_console, alibaba):
    console = make_console(template_group="private-group")
    alibaba.denied.add("ListWatermark")

    said = " ".join(one.text for one in console.cloud.examine() if not one.good)

    assert "QU_TEMPLATE_GROUP=private-group: encrypts FD" in said
    assert "vod:ListWatermark" in said
