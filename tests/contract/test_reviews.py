"""Verdicts on many videos at once, through all doors."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus


@pytest.fixture
def censor_of(console):
    return lambda made: console.store.catalogue.get_video(made.video_id).censor_status


@pytest.mark.every_door
def test_many_videos_are_judged_and_each_answers_for_itself(door, make_video, censor_of):
    made = [make_video(video_id=f"v{number}") for number in range(3)]

    found = door.data("createAudits", mediaIds=" v0, v1,,v1, nobody's ,v2", status="Blocked", reason="违规")

    assert [(one["mediaId"], one["code"]) for one in found["auditList"]] == [
        ("v0", "200"), ("v1", "200"), ("nobody's", "404"), ("v2", "200"),
    ]  # fmt: skip
    assert found["refused"] == 1
    assert found["auditList"][0]["message"] == "审核完成"
    assert "nobody's" in found["auditList"][2]["message"]
    assert {censor_of(one) for one in made} == {CensorStatus.FAIL}


def test_the_verdict_of_a_list_is_taken_back_for_one_of_it(door, make_video, censor_of):
    made = [make_video(video_id=f"v{number}") for number in range(2)]
    answer = door("createAudits", mediaIds="v0,v1", status="Normal")

    door.data("undoAudit", videoId="v0", requestId=answer["requestId"])

    assert [censor_of(one) for one in made] == [CensorStatus.CHECK, CensorStatus.SUCCESS]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mediaIds": ",,"}, "mediaIds has 0 ids; from 1 to 100 are allowed."),
        ({"mediaIds": ",".join(map(str, range(101)))}, "mediaIds has 101 ids; from 1 to 100 are allowed."),
        ({"status": "Blocked"}, "reason is required when status is Blocked."),
        ({"status": "Blocked", "reason": "字" * 43}, "reason has 129 bytes; at most 128 are allowed."),
        ({"comment": "x" * 513}, "comment has 513 bytes; at most 512 are allowed."),
    ],
)
def test_what_is_wrong_with_all_is_said_once_and_nothing_is_done(door, make_video, censor_of, given, said):
    made = make_video(video_id="1")

    answer = door("createAudits", **{"mediaIds": "1", "status": "Normal", **given})

    assert (answer["code"], answer["message"], answer["data"]) == ("400", said, None)
    assert censor_of(made) is CensorStatus.CHECK


def test_who_decided_meanwhile_is_not_overruled(door, make_video):
    make_video(video_id="v0")
    make_video(video_id="v1")
    seen = door.data("getChanges")["line"]
    door.data("createAudit", mediaId="v0", status="Normal")

    found = door.data("createAudits", mediaIds="v0,v1", status="Blocked", reason="x", seenLine=seen)

    assert [one["code"] for one in found["auditList"]] == ["409", "200"]
