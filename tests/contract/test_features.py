"""What a console says of itself over every door, and that its limits are those it holds to."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role


@pytest.mark.every_door
def test_the_rules_are_those_of_the_console(door):
    found = door.data("getFeatures")

    assert (found["mode"], found["timeZone"], found["trashDays"]) == ("embedded", "Asia/Shanghai", 7)
    assert found["limits"] == {
        "pageSize": 100, "reasonBytes": 128, "commentBytes": 512, "titleLength": 200, "descriptionLength": 2000,
        "tagsLength": 500, "nameLength": 100, "watermarkTextLength": 128, "minPasswordLength": 10,
        "maxPasswordLength": 1024, "uploadBytes": 20_000_000, "prewarmAddresses": 1000, "pulledAddresses": 100,
        "reviewedVideos": 100, "watchedVideos": 100, "categoryLevels": 3, "sheetRows": 5000, "entrySheetRows": 5000,
    }  # fmt: skip
    assert {one["role"]: set(one["rightList"]) for one in found["roleList"]} == {
        role.value: {right.value for right in role.rights} for role in Role
    }
    assert found["tokenRightList"] == ["read", "report", "upload", "export", "review", "manage"]
    assert found["exportFormatList"] == ["csv", "xlsx", "jsonl"]
    assert "callback" not in found["wayList"]


@pytest.mark.settings(trash_days=0)
def test_a_console_without_a_trash_says_so(door):
    assert door.data("getFeatures")["trashDays"] == 0


def test_limits_are_where_operations_begin_to_refuse(door, make_video):
    limits = door.data("getFeatures")["limits"]
    video_id = make_video().video_id

    def code(name, **parameters):
        return door(name, **parameters)["code"]

    for name, most, field in (
        ("createAudit", limits["reasonBytes"], "reason"),
        ("createAudit", limits["commentBytes"], "comment"),
        ("editVideo", limits["titleLength"], "title"),
        ("editVideo", limits["tagsLength"], "tags"),
        ("editVideo", limits["descriptionLength"], "description"),
    ):
        given = {"mediaId": video_id, "status": "Blocked", "reason": "x"} if name == "createAudit" else {}
        given = given or {"videoId": video_id}
        assert code(name, **{**given, field: "x" * (most + 1)}) == "400", field
        assert code(name, **{**given, field: "x" * most}) == "200", field
    assert code("getVideos", pageSize=limits["pageSize"] + 1) == "400"
    assert code("getVideos", pageSize=limits["pageSize"]) == "200"


def test_the_columns_offered_are_those_that_exports_take(door):
    found = door.data("getFeatures")

    assert door("createExportLink", columns=",".join(found["exportColumnList"]))["code"] == "200"
    columns = ",".join(found["recommendedExportColumnList"])
    assert door("createExportLink", columns=columns, recommended="true")["code"] == "200"
    assert door("createExportLink", columns=f"{columns},nothing", recommended="true")["code"] == "400"
