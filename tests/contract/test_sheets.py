"""Sheets: what was exported, edited in a spreadsheet and uploaded, is compared, applied and undone."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
import pytest

from backend.api.parameters import Upload
from backend.model import Role

MINE, THEIRS = "我的标题", "别人的标题"


@pytest.fixture
def export(console, token):
    """Exports all videos, and returns the rows as a spreadsheet shows them."""

    def rows():
        made = console.call("exportVideos", {"sort": "creationTime"}, token)["data"]
        text = b"".join(made.chunks).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    return rows


@pytest.fixture
def send(console, token, tmp_path):
    """Uploads a file as a sheet, and returns the envelope."""

    def send(content, name="videos.csv", token=token):
        path = tmp_path / "upload"
        path.write_bytes(content)
        return console.call("checkSheet", {"file": Upload(path, name, len(content))}, token)

    return send


@pytest.fixture
def check(send):
    """Uploads rows as a sheet, and returns what it would change."""

    def check(rows, encoding="utf-8-sig", delimiter=",", columns=None):
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, columns or list(rows[0]), delimiter=delimiter, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
        answer = send(text.getvalue().encode(encoding, "replace"))
        assert answer["code"] == "200", answer
        return answer["data"]

    return check


def counts(sheet):
    return {kind: count for kind, count in sheet["counts"].items() if count}


def changes(sheet):
    """video -> field -> (before, after)"""
    return {
        row["videoId"]: {one["field"]: (one["before"], one["after"]) for one in row["changeList"]}
        for row in sheet["rowList"]
    }


def test_three_titles_changed_in_a_gbk_file_one_of_them_meanwhile_by_somebody(
    door, make_video, export, check, make_account, sign_in
):
    for number in range(4):
        make_video(video_id=f"v{number}", title=f"海边{number}")
    rows = export()
    for row in rows[:3]:
        row["title"] = f"{MINE}{row['videoId']}"
    other = sign_in(make_account("ben", Role.MANAGER))
    door("editVideo", videoId="v1", title=THEIRS, token=other)

    sheet = check(rows, encoding="gb18030")

    assert counts(sheet) == {"unchanged": 1, "changed": 2, "conflict": 1}
    assert changes(sheet)["v0"] == {"title": ("海边0", f"{MINE}v0")}
    assert sheet["rowList"][1]["why"] == "ben has changed the video since the export."

    assert door.data("applySheet", sheetId=sheet["sheetId"]) == {
        "sheetId": sheet["sheetId"], "done": 2, "refusedList": []
    }  # fmt: skip
    assert titles(door) == {f"{MINE}v0", THEIRS, f"{MINE}v2", "海边3"}

    assert door.data("undoSheet", sheetId=sheet["sheetId"])["done"] == 2
    assert titles(door) == {"海边0", THEIRS, "海边2", "海边3"}


def titles(door):
    return {video["title"] for video in door.data("getVideos")["videoList"]}


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-16-le", "\t"), ("gb18030", ","), ("gb18030", "\t")],
)
def test_an_export_that_a_spreadsheet_only_saved_again_changes_nothing(
    make_video, export, check, encoding, delimiter
):  # fmt: skip
    for number, title in enumerate(["=1+1", "'=1", "-海边", "two\r\nlines", "007", "1e5", "a,b;c", "海 🎉 é"]):
        make_video(video_id=f"{number}23456789012345678", title=title, description=f"{title}\r\nx", tags="a,b")

    rows = export()
    if encoding == "gb18030":  # Excel saves GBK, with question marks for the rest
        rows = [{name: cell.replace("🎉", "??").replace("é", "é") for name, cell in row.items()} for row in rows]

    assert counts(check(rows, encoding, delimiter)) == {"unchanged": 8}


def test_question_marks_for_characters_that_a_program_lost_are_no_titles(make_video, export, check):
    for number, title in enumerate(["零下二十度，值了。", "Fireworks 🎆", "café", "Rain", "真的吗？"]):
        make_video(video_id=f"v{number}", title=title)

    def saved(cell):  # as LibreOffice does in a Western character set
        return cell.replace("，", ",").replace("🎆", "??").encode("ascii", "replace").decode()

    rows = {row["videoId"]: {name: saved(cell) for name, cell in row.items()} for row in export()}
    assert rows["v0"]["title"] == "?????,???"

    assert counts(check(list(rows.values()))) == {"unchanged": 5}
    rows["v0"]["title"] = "???"
    rows["v1"]["title"] = "Fireworks again"
    rows["v3"]["title"] = "Rain?"
    sheet = check(list(rows.values()))
    assert counts(sheet) == {"unchanged": 2, "changed": 2, "invalid": 1}
    assert {row["videoId"]: row["why"].partition(";")[0] for row in sheet["rowList"] if row["why"]} == {
        "v0": "title has question marks in place of characters that the program lost which saved the file"
    }

    rows["v2"]["title"], rows["v4"]["title"] = "雨", "真的吗?"  # the file has kept what is not ASCII
    assert counts(check([rows[video_id] for video_id in ("v2", "v4")])) == {"changed": 2}


def test_an_exported_workbook_comes_back_as_it_was(console, token, make_video, send):
    for number, title in enumerate(["=1+1", "'=1", "two\r\nlines", "007"]):
        make_video(video_id=f"{number}23456789012345678", title=title, description=f"{title}\r\nx")
    made = b"".join(console.call("exportVideos", {"format": "xlsx"}, token)["data"].chunks)
    book = openpyxl.load_workbook(io.BytesIO(made))

    assert counts(send(made, "videos.xlsx")["data"]) == {"unchanged": 4}

    book["videos"]["C2"] = MINE
    saved = io.BytesIO()
    book.save(saved)
    (row,) = send(saved.getvalue(), "videos.xlsx")["data"]["rowList"]
    assert (row["kind"], row["line"], row["changeList"][0]["after"]) == ("changed", 2, MINE)


def test_an_empty_cell_leaves_a_value_and_clear_empties_it(door, make_video, export, check):
    make_video(video_id="v1", title="海边", description="说明", tags="a,b", cate_id=5, cate_name="动物")
    make_video(video_id="v2", title="山", description="说明")
    first, second = export()
    first |= {"title": "", "description": "（Clear）", "tags": "(clear)", "cateName": "(CLEAR)"}
    second |= {"title": "(clear)"}

    sheet = check([first, second])

    assert changes(sheet)["v1"] == {
        "description": ("说明", ""), "tags": ("a,b", ""), "cateId": ("5", "0"), "cateName": ("动物", "")
    }  # fmt: skip
    assert (sheet["rowList"][1]["kind"], sheet["rowList"][1]["why"]) == ("invalid", "title may not be empty.")
    door.data("applySheet", sheetId=sheet["sheetId"])
    video = door.data("getVideoById", videoId="v1")
    assert (video["title"], video["description"], video["tags"], video["cateId"]) == ("海边", "", "", 0)


def test_tags_are_separated_by_chinese_commas_and_semicolons_too(make_video, export, check):
    make_video(video_id="v1", tags="a")
    make_video(video_id="v2", tags="海,山")
    make_video(video_id="v3", tags="a")
    first, second, third = export()
    first["tags"], second["tags"], third["tags"] = " 海， 夜空；b;c 、d ，", "海、山", "、"

    assert changes(check([first, second, third])) == {"v1": {"tags": ("a", "海,夜空,b,c,d")}}


def test_categories_are_taken_by_name_or_id_whichever_cell_was_changed(door, make_video, export, check):
    make_video(video_id="v0", cate_id=5, cate_name="动物")
    make_video(video_id="v1", cate_id=6, cate_name="风景")
    for number in range(2, 7):
        make_video(video_id=f"v{number}", cate_id=5, cate_name="动物")
    rows = export()
    rows[2]["cateName"] = "风景"
    rows[3]["cateId"] = "6"
    rows[4]["cateName"] = rows[5]["cateName"] = "新"
    rows[6] |= {"cateId": "6", "cateName": "新"}

    sheet = check(rows)

    assert changes(sheet)["v2"] == changes(sheet)["v3"] == {"cateId": ("5", "6"), "cateName": ("动物", "风景")}
    assert changes(sheet)["v4"] == {"cateName": ("动物", "新")}
    assert sheet["rowList"][-1]["kind"] == "invalid"
    assert door.data("applySheet", sheetId=sheet["sheetId"])["done"] == 4
    found = {video["videoId"]: (video["cateId"], video["cateName"]) for video in door.data("getVideos")["videoList"]}
    assert found["v2"] == found["v3"] == (6, "风景")
    assert found["v4"] == found["v5"] == (7, "新")

    door.data("undoSheet", sheetId=sheet["sheetId"])
    assert {video["cateName"] for video in door.data("getVideos")["videoList"]} == {"动物", "风景"}


def test_only_columns_that_no_export_has_are_called_ignored(make_video, export, check):
    make_video(video_id="v1")
    rows = [{**row, "备注": "x", "FileUrl": "y"} for row in export()]

    sheet = check(rows)

    assert (sheet["listing"], sheet["columnList"], sheet["ignoredList"]) == (
        "videos", ["title", "description", "tags", "cateId", "cateName"], ["备注"]
    )  # fmt: skip


def test_rows_that_name_no_video_or_one_twice_are_told_apart(make_video, export, check):
    make_video(video_id="v1", title="海边")
    make_video(video_id="v2", title="山")
    one, two = export()
    rows = [
        {**one, "title": MINE}, {**one, "title": THEIRS}, {**two, "videoId": "v3"}, {**two, "videoId": ""},
        {**two, "videoId": "1.23457E+17"}, {**two, "title": "x" * 201}, {**two, "edition": "1.2E+5", "title": MINE},
    ]  # fmt: skip

    assert counts(check(rows[:3])) == {"doubled": 2, "unknown": 1}
    for row, why in (
        (rows[3], "videoId is required."), (rows[4], "videoId 1.23457E+17 is what a spreadsheet made of a long number"),
        (rows[5], "title has 201 characters"), (rows[6], "edition is not what the export wrote; export again"),
    ):  # fmt: skip
        (found,) = check([row])["rowList"]
        assert (found["kind"], found["why"][: len(why)]) == ("invalid", why)


def packed(name):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"title,edition\n", "videos.csv has no column videoId; its first line must name at least videoId, edition."),
        (b"videoId,title\n", "videos.csv has no column edition;"),
        (b"videoId,edition,status\n", "videos.csv has none of the columns title, description, tags, cateId, cateName"),
        (b"", "videos.csv holds no table."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "videos.csv is a picture (PNG), not a table; use a CSV or XLSX file."),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "videos.csv is a picture (JPEG), not a table"),
        (b"\0\0\0\x18ftypheic\0\0", "videos.csv is a picture (HEIC), not a table"),
        (b"\0\0\0\x18ftypmp42\0\0", "videos.csv is a video (MP4), not a table"),
        (b"%PDF-1.7\n%\xe2\xe3", "videos.csv is a document (PDF), not a table"),
        (b"\x1f\x8b\x08\0", "videos.csv is an archive (GZIP); unpack it"),
        (packed("photo.png"), "videos.csv is an archive (ZIP); unpack it and use the CSV or XLSX file in it."),
        (packed("word/document.xml"), "videos.csv is a document (Office), not a table"),
        (b"\r\n \r\n", "videos.csv holds no table."),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(send, content, why):
    answer = send(content)

    assert (answer["code"], answer["message"][: len(why)]) == ("400", why)


def test_chosen_rows_are_applied_once_and_their_editions_checked_again(door, make_video, export, check):
    for number in range(3):
        make_video(video_id=f"v{number}", title=f"海边{number}")
    sheet = check([{**row, "title": f"{MINE}{row['videoId']}"} for row in export()])
    door("editVideo", videoId="v1", title=THEIRS)

    first = door.data("applySheet", sheetId=sheet["sheetId"], rows="1, 2")

    assert first["done"] == 1
    assert [(row["videoId"], row["why"]) for row in first["refusedList"]] == [
        ("v1", "anne has changed the video since the export.")
    ]
    assert titles(door) == {f"{MINE}v0", THEIRS, "海边2"}
    assert door("applySheet", sheetId=sheet["sheetId"], rows="1")["code"] == "400"
    assert door("applySheet", sheetId=sheet["sheetId"], rows="x")["code"] == "400"
    assert counts(door.data("getSheet", sheetId=sheet["sheetId"])) == {"applied": 1, "changed": 1, "conflict": 1}
    assert door.data("applySheet", sheetId=sheet["sheetId"])["done"] == 1


def test_undoing_leaves_what_was_changed_since_and_a_file_can_be_sent_again_after_it(door, make_video, export, check):
    for number in range(3):
        make_video(video_id=f"v{number}", title=f"海边{number}", tags="a")
    rows = [{**row, "title": f"{MINE}{row['videoId']}"} for row in export()]
    sheet = check(rows)
    door.data("applySheet", sheetId=sheet["sheetId"], rows="1")
    door.data("applySheet", sheetId=sheet["sheetId"])
    door("editVideo", videoId="v1", title=THEIRS)
    door("editVideo", videoId="v2", tags="b")  # something else

    undone = door.data("undoSheet", sheetId=sheet["sheetId"])

    assert undone["done"] == 2
    assert [(row["videoId"], row["title"]) for row in undone["refusedList"]] == [("v1", THEIRS)]
    assert titles(door) == {"海边0", THEIRS, "海边2"}
    assert door("undoSheet", sheetId=sheet["sheetId"])["code"] == "404"
    assert counts(check(rows)) == {"changed": 1, "conflict": 2}
    assert door.data("applySheet", sheetId=sheet["sheetId"])["done"] == 1
    (applied, *_) = door.data("getAppliedSheets")["sheetList"]
    assert (applied["fileName"], applied["userName"], applied["done"], applied["isUndone"]) == (
        "videos.csv", "anne", 1, False
    )  # fmt: skip


def test_the_history_has_each_video_and_the_sheet(door, make_video, export, check):
    made = make_video(video_id="v1", title="海边")
    sheet = check([{**row, "title": MINE} for row in export()])
    door.data("applySheet", sheetId=sheet["sheetId"])

    lines = door.data("findHistory")["historyList"]

    assert (lines[0]["action"], lines[0]["target"]) == ("applySheet", sheet["sheetId"])
    assert lines[0]["after"] == {"file": "videos.csv", "count": 1}
    assert (lines[1]["action"], lines[1]["target"], lines[1]["before"]) == ("editVideo", "v1", {"title": made.title})
    assert lines[0]["requestId"] == lines[1]["requestId"]


def test_a_sheet_belongs_to_who_uploaded_it_and_is_kept_for_an_hour(
    door, clock, make_video, export, check, make_account, sign_in
):
    make_video(video_id="v1")
    sheet = check([{**row, "title": MINE} for row in export()])
    other = sign_in(make_account("ben", Role.MANAGER))

    assert door("applySheet", sheetId=sheet["sheetId"], token=other)["code"] == "404"
    clock.move(3600)
    assert door("applySheet", sheetId=sheet["sheetId"])["code"] == "404"
    assert "Upload the file again" in door("getSheet", sheetId=sheet["sheetId"])["message"]


def test_a_browser_sends_a_sheet_by_a_link_once(door, server, http, make_video, export):
    make_video(video_id="v1")
    (row,) = export()
    content = f"videoId,edition,title\n{row['videoId']},{row['edition']},{MINE}\n".encode()
    link = door.data("createSheetLink")["url"]

    first, second = (http.post(link, files={"file": ("videos.csv", content)}).json() for _ in range(2))

    assert counts(first["data"]) == {"changed": 1}
    assert second["code"] == "403"


def test_an_edition_changes_with_what_a_sheet_can_change_and_nothing_else(door, console, make_video, export):
    make_video(video_id="v1", title="a", description="b", tags="c", cate_id=5, cate_name="动物")
    editions = [export()[0]["edition"]]
    for change in ({"title": "b"}, {"description": "c"}, {"tags": "d"}, {"cateName": "新"}):
        door.data("editVideo", videoId="v1", **change)
        editions.append(export()[0]["edition"])
    door.data("renameCategory", cateId=6, cateName="newer")
    editions.append(export()[0]["edition"])
    assert len(set(editions)) == 6

    door.data("createAudit", mediaId="v1", status="Normal")
    assert export()[0]["edition"] == editions[-1]

    door.data("deleteVideoById", videoId="v1", userId=console.store.catalogue.get_video("v1").user.user_id)
    door.data("restoreVideo", videoId="v1")
    assert export()[0]["edition"] == editions[-1]


def test_a_video_that_comes_back_from_the_trash_in_another_category_is_as_it_was_exported_then(
    door, make_video, export, check
):
    category = door.data("addCategory", cateName="旅行")["cateId"]
    make_video(video_id="v1", title="海", cate_id=category, cate_name="旅行")
    door.data("deleteVideoById", videoId="v1", userId="2434793223202")
    door.data("renameCategory", cateId=category, cateName="风景")
    door.data("restoreVideo", videoId="v1")
    rows = export()
    rows[0]["title"] = "山"

    assert rows[0]["cateName"] == "风景"
    assert counts(check(rows)) == {"changed": 1}
