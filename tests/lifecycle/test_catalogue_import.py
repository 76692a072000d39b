"""Catalogues that come in from files."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import BadRequest
from backend.exports.columns import guard_id
from backend.lifecycle import catalogue_import
from backend.lifecycle.catalogue_import import load_catalogue, read_rows
from backend.model import (
    Actor,
    CensorStatus,
    FileKind,
    MediaFile,
    TranscodeStatus,
    User,
    Video,
    VideoFilter,
    VideoStatus,
)
from backend.store.sqlite import export_sql

TESTS = Actor("tests", "tests")
GOOD = {"videoId": "v1", "title": "海边", "creationTime": "2019-01-09 22:11:29", "userId": "u1"}
NASTY = ["=cmd|' /C calc'!A0", "'=1", "''", 'a "quoted", word', "line\r\nline", "-1", "\t", "🎉", "%s"]


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "xlsx"])
def test_what_was_exported_comes_in_as_it_was(console, kept, tmp_path, file_format):
    files = (
        MediaFile(FileKind.COMMON, "common-720.mp4"),
        MediaFile(FileKind.COMMON, "https://elsewhere.test/a.mp4", position=1),
        MediaFile(FileKind.COVER, "cover.jpg"),
        MediaFile(FileKind.NARROW, "narrow-720.mp4", position=2),
    )
    videos = [
        Video(
            f"{number:05}", title, User(str(10**12 + number), title[:9], "https://elsewhere.test/a.png"),
            1547043089 + number // 2, description=title, duration=1.5 * number, size=2**40, width=720, height=1280,
            cate_id=number, cate_name=title, tags=title, status=VideoStatus.NORMAL, censor_status=CensorStatus.SUCCESS,
            transcode_status=TranscodeStatus.SUCCESS, files=files, share_url="/share",
        )
        for number, title in enumerate(NASTY)
    ]  # fmt: skip
    console.store.catalogue.load_videos(videos, TESTS)
    before = kept()
    made = console.run_as_operator("exportVideos", {"format": file_format}, TESTS)
    path = tmp_path / f"videos.{file_format}"
    path.write_bytes(b"".join(made.chunks))
    for video in before:
        console.store.catalogue.delete_video(video.video_id, video.user.user_id, TESTS)

    tally = load_catalogue(console, path, TESTS, lambda read: None)

    assert (tally.taken, tally.known, tally.refused) == (len(NASTY), 0, 0)
    assert kept() == before


def test_an_import_that_was_interrupted_goes_on(console, load, kept, monkeypatch):
    monkeypatch.setattr(catalogue_import, "BATCH", 2)
    rows = [{**GOOD, "videoId": f"v{number}"} for number in range(5)]
    load_videos, left = console.store.catalogue.load_videos, iter([True])
    monkeypatch.setattr(
        console.store.catalogue, "load_videos", lambda *given: next(left) and load_videos(*given), raising=True
    )
    with pytest.raises(StopIteration):
        load(rows)
    assert len(kept()) == 2
    monkeypatch.undo()

    assert load(rows) == (3, 2, 0)

    assert [video.video_id for video in kept()][-2:] == ["v1", "v0"] or len(kept()) == 5
    assert load(rows) == (0, 5, 0)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"title": "x" * 201}, "title has 201 characters; at most 200 are allowed."),
        ({"title": "a\0b"}, "title contains characters that are not valid text."),
        ({"title": None}, "title is required."),
        ({"title": ["a"]}, "title must be a single value."),
        ({"videoId": "../a"}, "videoId may hold 1 to 128 letters, digits, - and _; got '../a'."),
        ({"videoId": "v1"}, "videoId v1 has been in this file before."),
        ({"censorStatus": "maybe"}, "censorStatus must be one of onCensor, check, success, fail; got 'maybe'."),
        ({"size": "big"}, "size must be a whole number, got 'big'."),
        ({"size": -1}, "size must be from 0 to 10000000000000, got -1."),
        ({"size": 10**15}, "size must be from 0 to 10000000000000, got 1000000000000000."),
        ({"size": 10**30}, "size must be from 0 to 10000000000000, got 1000000000000000000000000000000."),
        ({"duration": 10**15}, "duration must be from 0 to 10000000, got 1000000000000000."),
        ({"creationTime": "0001-01-01"}, "creationTime must be from 1900-01-02 to 2199-12-30, got 0001-01-01."),
        ({"creationTime": "9999-12-31T23:59:59Z"}, "creationTime must be from 1900-01-02 to 2199-12-30, got 9999-"),
        ({"userId": "a\0"}, "userId contains characters that are not valid text."),
        ({"cateName": "\0"}, "cateName contains characters that are not valid text."),
        ({"duration": "nan"}, "duration must be a number of at least 0, got 'nan'."),
        ({"creationTime": "2019-02-30"}, "creationTime must be a time like 2019-01-09 22:11:29 or a date like"),
        ({"coverUrl": "javascript:1"}, "coverUrl must be an http or https address, got 'javascript:1'."),
        ({"coverUrl": "/media/other/0123456789/cover.jpg"}, "coverUrl must be an http or https address"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_reason_and_the_others_are_taken(load, refused, kept, changed, reason):
    assert load([GOOD, {**GOOD, "videoId": "v2", **changed}, {**GOOD, "videoId": "v3"}]) == (2, 0, 1)

    assert list(refused()) == [2]
    assert refused()[2].startswith(reason)
    assert {video.video_id for video in kept()} == {"v1", "v3"}


def test_lines_that_are_no_rows_are_refused(load, refused):
    good = json.dumps(GOOD).encode()

    assert load(b"\xef\xbb\xbf" + good + b'\n\n{broken\n[1]\n"\xff"\n') == (1, 0, 3)

    assert [refused()[line].split(":")[0] for line in (3, 4, 5)] == [
        "The line is not valid JSON", "The line must be a JSON object.", "The line holds bytes that are not UTF-8."
    ]  # fmt: skip


def test_lines_of_csv_are_counted_as_an_editor_does(load, refused):
    head = b"videoId,title,creationTime,userId,extra\n"
    rows = b'v1,"two\nlines",2019-01-09,u1,\nv2,short\nv3,\xff,2019-01-09,u1,\n\n'
    rows += "v4,海边日落的清晨,2019-01-09,u1,x\n".encode()

    assert load(head + rows, "videos.csv") == (2, 0, 2)

    assert refused("videos.csv") == {
        4: "The line has 2 cells, and the first line names 5.",
        5: "title contains characters that are not valid text.",
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"videoId,title\nv1,a\n", "has no column creationTime, userId; its first line must name at least videoId"),
        (b"", "holds no table"),
        ("videoId,title".encode("utf-16"), "has no column creationTime, userId"),
        ("videoId,title,creationTime,userId\nv1,café,2019-01-09,u1\n".encode("latin-1"), "neither UTF-8 nor GB18030"),
        ("videoId,title,creationTime,userId\nv1,日落海邊的風景,2019-01-09,u1\n".encode("big5"), "save it as CSV UTF-8"),
        (b"videoId,title,creationTime,userId,title\n", "names the column title twice"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(load, content, reason):
    with pytest.raises(BadRequest, match=reason):
        load(content, "videos.csv")


def test_what_was_refused_before_is_forgotten_when_all_is_well(load, tmp_path):
    load([{**GOOD, "title": ""}])
    assert (tmp_path / "videos.jsonl.refused.csv").exists()

    assert load([GOOD]) == (1, 0, 0)

    assert not (tmp_path / "videos.jsonl.refused.csv").exists()


def test_the_fields_of_the_api_are_taken_with_their_user(load, kept):
    row = {key: value for key, value in GOOD.items() if key != "userId"} | {
        "user": {"userId": "u7", "userName": "Anne", "avatarUrl": "https://elsewhere.test/a.png"},
        "duration": 12.5, "snapshotList": ["https://elsewhere.test/1.jpg"], "isRecommend": "true", "unknown": {},
    }  # fmt: skip

    assert load([row]) == (1, 0, 0)

    (video,) = kept()
    assert video.user == User("u7", "Anne", "https://elsewhere.test/a.png")
    assert (video.created, video.duration) == (1547043089, 12.5)
    assert video.files == (MediaFile(FileKind.SNAPSHOT, "https://elsewhere.test/1.jpg"),)


@pytest.mark.sqlite
def test_a_large_import_leaves_the_search_index_in_one_piece(console, load, monkeypatch):
    monkeypatch.setattr(catalogue_import, "BATCH", 5)
    store = console.store

    def pieces():
        with store.engine.reading() as db:
            return db.execute("select count(distinct id >> 37) from videos_words_data where id >> 37 > 0").fetchone()[0]

    load([{**GOOD, "videoId": f"v{number}", "title": f"海边 {number}"} for number in range(40)])
    assert pieces() == 1
    load([{**GOOD, "videoId": "v99"}])
    assert pieces() == 2, "not worth it"

    store.optimize_search()
    assert pieces() == 1
    assert store.catalogue.find_videos(VideoFilter(title="海边")).total == 41
    assert store.recount() == []


HEAD = "videoId,title,creationTime,userId,duration"
ROW = "a1,海边日落,2024/1/9 22:11,u1,12.5"
FORMS = {
    "Chinese Excel": f"{HEAD}\r\n{ROW}\r\n".encode("gb18030"),
    "CSV UTF-8": f"{HEAD}\r\n{ROW}\r\n".encode("utf-8-sig"),
    "Unicode text": f"{HEAD}\r\n{ROW}\r\n".replace(",", "\t").encode("utf-16"),
    "UTF-16 of the other order": b"\xfe\xff" + f"{HEAD}\r\n{ROW}\r\n".encode("utf-16-be"),
    "UTF-16 without a mark": f"{HEAD}\r\n{ROW}\r\n".encode("utf-16-le"),
    "old Mac": f"{HEAD}\r{ROW}\r".encode(),
    "semicolons": f"{HEAD}\n{ROW}\n".replace(",", ";").encode(),
    "tabs": f"{HEAD}\n{ROW}\n".replace(",", "\t").encode(),
    "sep=": f"sep=;\r\n{HEAD}\r\n{ROW}\r\n".replace(",", ";").encode(),
    "sep= after a mark": f"sep=,\r\n{HEAD}\r\n{ROW}\r\n".encode("utf-8-sig"),
    "empty lines and cells": f"\r\n{HEAD},,\r\n,,,,,,\r\n{ROW},,\r\n,,\r\n".encode(),
    "cells left out at the end": f"{HEAD},tags,cateName\r\n{ROW}\r\n".encode(),
    "other spelling of the names": f"{HEAD.upper().replace(',', ' , ')}\r\n{ROW}\r\n".encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_table_comes_in_however_a_spreadsheet_saved_it(load, kept, form):
    assert load(FORMS[form], "videos.csv") == (1, 0, 0)

    (video,) = kept()
    assert (video.video_id, video.title, video.user.user_id, video.duration) == ("a1", "海边日落", "u1", 12.5)
    assert video.created == 1704809460


def test_damaged_utf_8_is_not_taken_for_another_encoding(load, refused, kept):
    rows = "".join(f"v{number},海边日落{number},2024-01-09,u1,1\n" for number in range(9)).encode()

    assert load(f"{HEAD}\n".encode() + rows + b"v9,\xe6\xb5,2024-01-09,u1,1\n", "videos.csv") == (9, 0, 1)

    assert refused("videos.csv") == {11: "title contains characters that are not valid text."}
    assert {video.title[:4] for video in kept()} == {"海边日落"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('a,t,2024-01-09,u,"1,234.5","1,234,567"', (1234.5, 1_234_567)),
        ("a,t,2024-01-09,u,1234,1 234 567", (1234, 1_234_567)),
        ("a;t;2024-01-09;u;12,5;1.234.567", (12.5, 1_234_567)),
        ("a;t;2024-01-09;u;1.234,5;12", (1234.5, 12)),
        ("a;t;2024-01-09;u;1,5;1,234,567", (1.5, 1_234_567)),
        ("a,t,2024-01-09,u,3.0,1234.0", (3, 1234)),  # as pandas writes a column with an empty cell
        ("a;t;2024-01-09;u;3.0;1234.0", (3, 1234)),
        ("a;t;2024-01-09;u;3,0;1234,0", (3, 1234)),
    ],
)
def test_numbers_are_read_as_spreadsheets_write_them(load, kept, row, expected):
    head = f"{HEAD},size".replace(",", ";" if ";" in row else ",")

    assert load(f"{head}\n{row}\n".encode(), "videos.csv") == (1, 0, 0)

    assert (kept()[0].duration, kept()[0].size) == expected


@pytest.mark.parametrize("cell", ["1,5", "1,23,4", "1.234,5", "1,234.5", "12,34,567", "-1,0,0"])
def test_a_number_that_is_none_is_quoted_as_it_stands_in_the_file(load, refused, cell):
    assert load(
        f"{HEAD},size\na,t,2024-01-09,u,1,0\n".replace(",", ";").replace(";0\n", f";{cell}\n").encode(), "videos.csv"
    ) == (0, 0, 1)

    assert refused("videos.csv") == {2: f"size must be a whole number, got '{cell}'."}


def test_a_byte_that_is_no_text_costs_json_lines_their_own_line_alone(load, refused, kept):
    good = json.dumps({**GOOD, "title": "a"}).encode()

    assert load(good + b'\n{"videoId":"v2","title":"\xff","creationTime":"2024-1-1","userId":"u"}\n') == (1, 0, 1)

    assert refused() == {2: "The line holds bytes that are not UTF-8."}


@pytest.mark.parametrize("cell", ["45300.9243055556", "2024/1/9 22:11", "2024年1月9日 22:11", "2024/1/9 10:11 PM"])
def test_dates_are_read_as_excel_writes_them(load, kept, cell):
    assert load(f"{HEAD}\na1,t,{cell},u1,1\n".encode(), "videos.csv") == (1, 0, 0)

    assert kept()[0].created == 1704809460


def test_a_date_that_can_be_two_is_refused_with_the_form_that_is_right(load, refused):
    assert load(f"{HEAD}\na1,t,1/9/2024 22:11,u1,1\n".encode(), "videos.csv") == (0, 0, 1)

    assert "must be a time like 2019-01-09 22:11:29" in refused("videos.csv")[2]


def test_ids_that_a_spreadsheet_cut_short_are_refused_by_name(load, refused):
    rows = "2.43479E+12,t,2024-01-09,u1,1\nv2,t,2024-01-09,1.2E+17,1\n2434793223202\t,t,2024-01-09,12e5\t,1\n"
    rows += "v5,t,2024-01-09,24534.0,1\n123456789012345000,t,2024-01-09,u1,1\n1234567890123400,t,2024-01-09,u1,1\n"

    assert load(f"{HEAD}\n{rows}".encode(), "videos.csv") == (2, 0, 4)

    assert refused("videos.csv")[2].startswith("videoId 2.43479E+12 is what a spreadsheet made of a long number;")
    assert refused("videos.csv")[3].startswith("userId 1.2E+17 is what a spreadsheet made of a long number;")
    assert refused("videos.csv")[5].startswith("userId 24534.0 is what a spreadsheet made of a long number;")
    assert refused("videos.csv")[6].startswith("videoId 123456789012345000 is what a spreadsheet made of a long")


@pytest.mark.parametrize(
    "cell",
    ['"[""https://a.test/1.mp4"",""https://a.test/2.mp4""]"', '"https://a.test/1.mp4, https://a.test/2.mp4"',
     '"https://a.test/1.mp4\nhttps://a.test/2.mp4"', "https://a.test/1.mp4;https://a.test/2.mp4"],
)  # fmt: skip
def test_several_addresses_in_a_cell_are_several_files(load, kept, cell):
    content = f'videoId,title,creationTime,userId,fileUrlList,tags\na1,t,2024-01-09,u1,{cell},"[""a"", ""b""]"\n'

    assert load(content.encode(), "videos.csv") == (1, 0, 0)

    assert [file.name for file in kept()[0].files] == ["https://a.test/1.mp4", "https://a.test/2.mp4"]
    assert kept()[0].tags == "a,b"


def test_lists_of_json_lines_are_taken(load, kept):
    assert load([{**GOOD, "tags": ["a", "b"], "fileUrlList": ["https://a.test/1.mp4"]}]) == (1, 0, 0)

    assert (kept()[0].tags, len(kept()[0].files)) == ("a,b", 1)


def test_an_open_quotation_mark_costs_its_own_line_and_no_other(load, refused, kept):
    rows = [f"v{number},t,2024-01-09,u1,1" for number in range(2000)]
    rows[3] = 'v3,"t,2024-01-09,u1,1'
    rows[5] = 'v5,t,2024-01-09,u1,"1'
    rows[7] = 'v7,"two\nlines",2024-01-09,u1,1'
    rows[-1] = 'v1999,"t,2024-01-09,u1,1'

    assert load("\n".join([HEAD, *rows]).encode(), "videos.csv") == (1997, 0, 3)

    assert list(refused("videos.csv")) == [5, 7, 2002]
    assert "quotation mark" in refused("videos.csv")[5]
    assert "two\nlines" in {video.title for video in kept()}


def test_one_json_array_is_refused_as_a_whole(load):
    with pytest.raises(BadRequest, match="is one JSON array; in JSON lines, each line holds one object"):
        load(json.dumps([GOOD], indent=1).encode())


@given(st.binary(max_size=300), st.sampled_from(["", HEAD + "\n", HEAD.replace(",", ";") + "\r"]))
def test_whatever_a_file_holds_there_are_rows_and_reasons(content, head):
    for name in ("a.csv", "a.jsonl"):
        with contextlib.suppress(BadRequest):
            list(read_rows(io.BytesIO(head.encode() + content), Path(name)))


@given(st.one_of(st.sampled_from([*NASTY, "007", "12e5", "12", "2434793223202", "12x"]), st.text(max_size=9)))
def test_ids_are_guarded_alike_in_sql_and_in_python(text):
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        return
    sql = export_sql.ID_CELL.format(":id", guarded=export_sql.TEXT_CELL.format(":id"))

    assert sqlite3.connect(":memory:").execute(f"select {sql}", {"id": text}).fetchone()[0] == guard_id(text)
