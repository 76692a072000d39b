"""Sheets of the recommended list: windows and places are edited in a spreadsheet, compared, applied and undone."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from backend.api.parameters import Upload
from backend.model import Actor, CensorStatus, Role

ZONE = ZoneInfo("Asia/Shanghai")
TIMES = ("startTime", "endTime")


@pytest.fixture
def export(console, token):
    """Exports the recommended list, and returns the rows as a spreadsheet shows them."""

    def rows():
        made = console.call("exportRecommendVideos", {"sort": "title", "state": "all"}, token)["data"]
        text = b"".join(made.chunks).decode("utf-8-sig")
        return sorted(csv.DictReader(io.StringIO(text, newline="")), key=lambda row: row["videoId"])

    return rows


@pytest.fixture
def send(console, token, tmp_path):
    def send(content, name="recommended.csv"):
        path = tmp_path / "upload"
        path.write_bytes(content)
        answer = console.call("checkSheet", {"file": Upload(path, name, len(content))}, token)
        assert answer["code"] == "200", answer
        return answer["data"]

    return send


@pytest.fixture
def check(send):
    def check(rows):
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
        return send(text.getvalue().encode("utf-8-sig"))

    return check


@pytest.fixture
def recommend(door, make_video):
    """Recommends videos v0, v1 …, and returns how the list has each of them now."""

    def recommend(count, **given):
        for number in range(count):
            make_video(video_id=f"v{number}", title=f"海边{number}", censor_status=CensorStatus.SUCCESS)
            door.data("recommendVideo", videoId=f"v{number}", **given)

    return recommend


@pytest.fixture
def now(console):
    """The entries' windows and places by video, from the store."""

    def now():
        entries = console.store.programme.get("feed").entries
        return {one.video_id: (one.starts, one.ends, one.pin, one.rank) for one in entries}

    return now


@pytest.fixture
def later(clock):
    """How a spreadsheet has a time of the console's zone so many minutes from now."""

    def later(minutes):
        return f"{datetime.fromtimestamp(second_in(clock, minutes), ZONE):%Y/%m/%d %H:%M}"

    return later


def second_in(clock, minutes):
    return int(clock()) // 60 * 60 + minutes * 60


def counts(sheet):
    return {kind: count for kind, count in sheet["counts"].items() if count}


def changes(sheet):
    return {
        row["videoId"]: {one["field"]: (one["before"], one["after"]) for one in row["changeList"]}
        for row in sheet["rowList"]
    }


def test_an_export_that_a_spreadsheet_only_saved_again_changes_nothing(recommend, door, export, check, clock, later):
    recommend(3)
    clock.move(37)  # spreadsheets do not show the seconds
    door.data("editRecommend", videoId="v0", endTime=later(90), pin=2)
    door.data("editRecommend", videoId="v1", rank=7)
    rows = export()
    for row in rows:
        for name in TIMES:
            row[name] = row[name][:16].replace("-", "/")

    assert counts(check(rows)) == {"unchanged": 3}


def test_an_exported_workbook_comes_back_as_it_was(recommend, door, console, token, send, clock, later):
    recommend(3)
    for number in range(3):  # times with seconds, which a workbook has as fractions of a day
        clock.move(101)
        door.data("editRecommend", videoId=f"v{number}", startTime=f"2019-01-09 22:2{number}:1{number}", pin=number)
    door.data("editRecommend", videoId="v0", endTime="2019-01-10 00:00", pin=2)
    made = b"".join(console.call("exportRecommendVideos", {"format": "xlsx", "state": "all"}, token)["data"].chunks)

    assert counts(send(made, "recommended.xlsx")) == {"unchanged": 3}

    book = openpyxl.load_workbook(io.BytesIO(made))
    sheet = book["recommended"]
    names = [cell.value for cell in sheet[1]]
    sheet.cell(2, names.index("rank") + 1).value = 3
    saved = io.BytesIO()
    book.save(saved)
    (row,) = send(saved.getvalue(), "recommended.xlsx")["rowList"]
    assert (row["kind"], row["changeList"]) == ("changed", [{"field": "rank", "before": "", "after": "3"}])


def test_windows_and_places_are_compared_applied_in_one_revision_and_undone_as_one(
    recommend, door, export, check, now, clock, later
):
    recommend(4)
    door.data("editRecommend", videoId="v2", endTime=later(60), pin=3)
    before, revision = now(), door.data("getProgramme")["revision"]
    rows = export()
    rows[0] |= {"startTime": later(30), "endTime": later(120)}
    rows[1] |= {"pin": "1", "rank": "12.0"}
    rows[2] |= {"endTime": "(clear)", "pin": "0"}

    sheet = check(rows)

    assert (sheet["listing"], sheet["columnList"]) == ("recommended", ["startTime", "endTime", "pin", "rank"])
    assert counts(sheet) == {"unchanged": 1, "changed": 3}
    assert changes(sheet)["v1"] == {"pin": ("", "1"), "rank": ("", "12")}
    assert changes(sheet)["v2"]["pin"] == ("3", "")
    assert now() == before

    assert door.data("applySheet", sheetId=sheet["sheetId"])["done"] == 3
    start = before["v1"][0]
    assert now() == before | {
        "v0": (second_in(clock, 30), second_in(clock, 120), None, None),
        "v1": (start, None, 1, 12),
        "v2": (before["v2"][0], None, None, None),
    }
    assert door.data("getProgramme")["revision"] == revision + 1
    (made, *_) = door.data("getLineups")["lineupList"]
    assert (made["action"], made["userName"]) == ("applySheet", "anne")

    assert door.data("undoSheet", sheetId=sheet["sheetId"])["done"] == 3
    assert now() == before
    actions = [one["action"] for one in door.data("getLineups")["lineupList"]]
    assert (len(actions), actions[0]) == (revision + 2, "undoSheet")
    assert counts(door.data("getSheet", sheetId=sheet["sheetId"])) == {"unchanged": 1, "changed": 3}
    assert [one["isUndone"] for one in door.data("getAppliedSheets")["sheetList"]] == [True]


def test_who_changed_an_entry_since_the_export_is_told_before_and_after_the_upload(
    recommend, door, export, check, make_account, sign_in
):
    recommend(3)
    rows = [{**row, "rank": "5"} for row in export()]
    other = sign_in(make_account("ben", Role.MANAGER))
    door.data("editRecommend", videoId="v0", pin=1, token=other)

    sheet = check(rows)

    assert counts(sheet) == {"changed": 2, "conflict": 1}
    assert sheet["rowList"][0]["why"] == "ben has changed the recommendation since the export."
    door.data("editRecommend", videoId="v1", pin=2, token=other)
    done = door.data("applySheet", sheetId=sheet["sheetId"])
    assert (done["done"], [(one["videoId"], one["why"]) for one in done["refusedList"]]) == (
        1, [("v1", "ben has changed the recommendation since the export.")]
    )  # fmt: skip


def test_undoing_leaves_what_was_changed_or_taken_out_since(recommend, door, export, check, now, make_account, sign_in):
    recommend(3)
    sheet = check([{**row, "rank": "5"} for row in export()])
    door.data("applySheet", sheetId=sheet["sheetId"])
    other = sign_in(make_account("ben", Role.MANAGER))
    door.data("editRecommend", videoId="v0", rank=6, token=other)
    door.data("deleteRecommendById", videoId="v1")

    undone = door.data("undoSheet", sheetId=sheet["sheetId"])

    assert undone["done"] == 1
    assert [(one["videoId"], one["why"]) for one in undone["refusedList"]] == [
        ("v0", "ben has changed the recommendation since the export."), ("v1", "Video v1 is not recommended."),
    ]  # fmt: skip
    assert {video_id: rank for video_id, (*_, rank) in now().items()} == {"v0": 6, "v2": None}


def test_rows_that_cannot_be_are_told(recommend, export, check, later):
    recommend(2)
    first, second = export()
    for row, why in (
        ({**first, "endTime": later(-5)}, "endTime is in the past."),
        ({**first, "startTime": later(30), "endTime": later(20)}, "endTime must be after startTime."),
        ({**first, "startTime": "(clear)"}, "startTime may not be empty."),
        ({**first, "startTime": "soon"}, "startTime must be a time like 2019-01-09 22:11, got 'soon'."),
        ({**first, "pin": "51"}, "pin must be from 0 to 50"),
        ({**first, "rank": "x"}, "rank must be a whole number"),
        ({**first, "edition": "s1", "rank": "1"}, "edition is not what the export wrote; export again"),
        ({**first, "videoId": "v7"}, "Video v7 is not recommended."),
        ({**first, "videoId": ""}, "videoId is required."),
    ):  # fmt: skip
        (found,) = check([row, second])["rowList"]
        assert (found["kind"], found["why"][: len(why)]) == ("invalid", why)
    assert counts(check([{**first, "rank": "1"}, {**first, "rank": "2"}])) == {"doubled": 2}


def test_a_video_that_is_no_longer_recommended_is_told_by_its_title(door, recommend, export, check):
    recommend(2)
    first, second = export()
    door.data("deleteRecommendById", videoId="v1")

    (found,) = check([first, {**second, "rank": "1"}])["rowList"]

    assert (found["kind"], found["title"]) == ("invalid", second["title"])


def test_a_start_in_the_past_means_now_also_when_it_passed_after_the_upload(
    recommend, door, export, check, now, clock, later
):
    recommend(2)
    first, second = export()
    sheet = check([first, {**second, "startTime": later(10)}])
    clock.move(1200)

    door.data("applySheet", sheetId=sheet["sheetId"])

    assert now()["v1"][0] == int(clock())


def test_webhooks_hear_of_what_begins_and_ends_by_a_sheet_and_by_its_undo(
    recommend, door, console, export, check, later
):
    recommend(1)
    hook = console.store.webhooks.add(
        "https://hooks.example.com/in", "", ("recommendation.started", "recommendation.ended", "lineup.changed"),
        Actor("anne", "page"),
    )  # fmt: skip
    sheet = check([{**row, "startTime": later(30)} for row in export()])
    door.data("applySheet", sheetId=sheet["sheetId"])
    door.data("undoSheet", sheetId=sheet["sheetId"])

    found = console.store.webhook_deliveries.find(hook.webhook_id, None, 1, 9).items
    assert [json.loads(one.body())["type"] for one, _ in found][::-1] == [
        "lineup.changed", "recommendation.ended", "lineup.changed", "recommendation.started",
    ]  # fmt: skip


def test_the_history_has_each_entry_and_the_sheet(recommend, door, export, check):
    recommend(1)
    sheet = check([{**row, "pin": "4"} for row in export()])
    door.data("applySheet", sheetId=sheet["sheetId"])

    applied, edited, *_ = door.data("findHistory")["historyList"]

    assert (applied["action"], applied["after"]) == ("applySheet", {"file": "recommended.csv", "count": 1})
    assert (edited["action"], edited["target"], edited["before"], edited["after"]) == (
        "editRecommend", "v0", {"pin": None}, {"pin": 4}
    )  # fmt: skip


def test_json_lines_of_the_list_have_null_for_what_an_entry_has_not(recommend, door, console, token, clock, later):
    recommend(2)
    door.data("editRecommend", videoId="v0", endTime=later(60), rank=4)
    made = console.call("exportRecommendVideos", {"format": "jsonl", "state": "all"}, token)["data"]

    rows = {row["videoId"]: row for row in map(json.loads, b"".join(made.chunks).splitlines())}

    end = datetime.fromtimestamp(second_in(clock, 60), UTC).astimezone(ZONE)
    assert (rows["v0"]["endTime"], rows["v0"]["rank"]) == (f"{end:%Y-%m-%d %H:%M:%S}.0", 4)
    assert [rows["v1"][name] for name in ("endTime", "pin", "rank")] == [None, None, None]
