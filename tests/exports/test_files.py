"""What leaves the console as a file, held against the same rows written the plain way."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from openpyxl.utils.escape import unescape

from backend.api import wire
from backend.exports.columns import RECOMMENDED, VIDEOS, CellKind, FileFormat
from backend.exports.download import Progress
from backend.exports.file import ExportInfo, make_download
from backend.exports.xlsx import workbook_chunks
from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Video, VideoFilter
from backend.model.sheets import Texts
from backend.store import export_batches, open_store
from tests.exports.rows import videos, zones

TESTS = Actor("tests", "tests")
BASE_URL = "http://console.test"
NO_XML = re.compile("[\ufffe\uffff]")
FORMULA = re.compile("'*[-=+@\t\r\n＝＋－＠]")
FORMULA_START = re.compile(r"[=+@\t\r\n＝＋－＠]|-(?![0-9]+$)")
ONCE = settings(max_examples=25)


def label(file_format, listing=VIDEOS, columns=None, zone="Asia/Shanghai", filters=None):
    when = datetime(2019, 1, 9, 22, 11, 29, tzinfo=ZoneInfo(zone))
    return ExportInfo(listing, columns or listing.columns, file_format, filters or {}, when, zone, "anne", Progress(0))


def exported(store, said, wanted=None, folder=None):
    pieces = store.exporting.export_batches(
        said.listing, said.columns, said.file_format, wanted or VideoFilter(), ZoneInfo(said.zone), BASE_URL
    )
    return b"".join(make_download(said, pieces, folder).chunks)


def edition(video):
    return Texts(video.title, video.description, video.tags, video.cate_id, video.cate_name).edition


def plain(video, zone):
    """The row of a video, by name, as the API says it."""
    data = json.loads(wire.encode(wire.Writer(ZoneInfo(zone), BASE_URL).listed(video)))
    data |= data["user"] | {"width": video.width, "height": video.height, "edition": edition(video)}
    return {column.name: data[column.name] for column in VIDEOS.columns}


def cell(kind, value):
    """A cell of CSV, by the rules that the guide promises."""
    if kind is CellKind.TIME:
        return value.removesuffix(".0")
    if kind is CellKind.LINKS:
        return " ".join(value)
    if kind is CellKind.TEXT or (kind is CellKind.ID and not value[:1].isdecimal()):
        return f"'{value}" if FORMULA.match(value) else value
    if (
        kind is CellKind.ID
        and re.fullmatch(r"[-0-9eE+./:, ]*", value)
        and not re.fullmatch("0|[1-9][0-9]{0,10}", value)
    ):
        return f"{value}\t"
    return str(value)


@pytest.fixture(scope="module")
def keep(tmp_path_factory):
    """Fills one store anew, since a new one for each example would cost more than the test."""
    store = open_store(tmp_path_factory.mktemp("exporting"), lambda: 1547043089)

    def fill(videos):
        with store.engine.writing() as db:
            for table in ("history", "videos", "users"):
                db.execute(f"delete from {table}")
        store.catalogue.load_videos(videos, TESTS)
        return store

    yield fill
    store.close()


def recommend(store, video_id, **shown):
    with store.engine.writing() as db:
        db.execute("update videos set censor_status = ? where video_id = ?", [CensorStatus.SUCCESS, video_id])
    store.catalogue.recommend(video_id, shown, TESTS, at=1547000000)


@ONCE
@given(videos, zones)
def test_csv_and_json_lines_hold_what_the_plain_way_would_write(keep, videos, zone):
    store = keep(videos)
    rows = [plain(video, zone) for video in store.catalogue.find_videos(VideoFilter(), 1, 100).items]

    lines = exported(store, label(FileFormat.JSONL, zone=zone))
    table = exported(store, label(FileFormat.CSV, zone=zone))

    assert [json.loads(line) for line in lines.split(b"\n")[:-1]] == rows
    assert table.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), strict=True))
    assert read == [list(VIDEOS.names)] + [
        [cell(column.kind, row[column.name]) for column in VIDEOS.columns] for row in rows
    ]
    assert not any(FORMULA_START.match(one) for row in read for one in row)


@ONCE
@given(videos, zones)
def test_a_workbook_holds_numbers_as_numbers_dates_as_dates_and_all_else_as_text(keep, tmp_path_factory, videos, zone):
    store = keep(videos)
    found = store.catalogue.find_videos(VideoFilter(), 1, 100).items

    made = exported(store, label(FileFormat.XLSX, zone=zone), folder=tmp_path_factory.getbasetemp())
    sheet = openpyxl.load_workbook(io.BytesIO(made))["videos"]

    cells = [
        [unescape(one.value) if isinstance(one.value, str) else one.value for one in row] for row in sheet.iter_rows()
    ]
    assert cells[0] == list(VIDEOS.names)
    for row, video in zip(cells[1:], found, strict=True):
        assert row == [in_excel(column, plain(video, zone)[column.name]) for column in VIDEOS.columns]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:")


def in_excel(column, value):
    if column.kind is CellKind.TIME:
        return datetime.fromisoformat(value.removesuffix(".0"))
    if column.kind is CellKind.LINKS:
        return " ".join(value) or None
    return NO_XML.sub("\ufffd", value) or None if isinstance(value, str) else value


def test_the_recommended_list_is_what_the_api_says(keep):
    files = (MediaFile(FileKind.COVER, "cover.jpg"), MediaFile(FileKind.NARROW, "narrow.mp4"))
    store = keep([Video(f"v{number}", "own", User("1", "Anne"), 1547043000 + number, files=files) for number in (1, 2)])
    recommend(store, "v1")
    recommend(store, "v2", title="shown", cover_url="/cover.png", user_id="nobody", size=7)
    writer = wire.Writer(ZoneInfo("Asia/Shanghai"), BASE_URL)
    entries = store.catalogue.find_recommendations(VideoFilter(), 1, 10).items

    lines = exported(store, label(FileFormat.JSONL, RECOMMENDED)).splitlines()

    for line, entry in zip(lines, entries, strict=True):
        data = json.loads(wire.encode(writer.recommended(entry)))
        data |= data["user"] | {"width": entry.video.width, "height": entry.video.height}
        data |= {"startTime": "2019-01-09 10:13:20.0", "endTime": None, "pin": None, "rank": None}
        data["edition"] = "s1547000000-0-0-0"
        assert json.loads(line) == {name: data[name] for name in RECOMMENDED.names}


@pytest.mark.parametrize("wanted", [VideoFilter(), VideoFilter(title="a"), VideoFilter(user_name="anne", start=103)])
def test_every_row_comes_once_and_in_order_however_many_there_are(keep, monkeypatch, wanted):
    monkeypatch.setattr(export_batches, "FIRST_ROWS", 3)
    monkeypatch.setattr(export_batches, "ROWS", 4)
    titles = ["a", "b", "ab"]
    user = User("1", "Anne")
    store = keep([Video(f"v{number:02}", titles[number % 3], user, 100 + number // 2) for number in range(40)])
    expected = [video.video_id for video in store.catalogue.find_videos(wanted, 1, 100).items]
    only_ids = VIDEOS.chosen(("videoId",))

    table = exported(store, label(FileFormat.CSV, columns=only_ids), wanted).decode("utf-8-sig")

    assert [line.strip('"') for line in table.splitlines()] == ["videoId", *expected]


def test_a_full_sheet_is_followed_by_another(keep, tmp_path):
    store = keep([Video(f"v{number}", "title", User("1"), number) for number in range(7)])
    said = label(FileFormat.XLSX, filters={"title": "=a"})
    pieces = store.exporting.export_batches(VIDEOS, VIDEOS.columns, FileFormat.XLSX, VideoFilter(), ZoneInfo("UTC"))

    made = b"".join(workbook_chunks(said, pieces, tmp_path, most_rows=3))

    book = openpyxl.load_workbook(io.BytesIO(made))
    assert book.sheetnames == ["videos", "about", "videos 2", "videos 3"]
    assert [book[name].max_row for name in book.sheetnames if name != "about"] == [4, 4, 2]
    about = {row[0].value: row[1].value for row in book["about"].iter_rows()}
    assert about["筛选 Filter"] == "title = =a"
    assert about["行数 Rows"] == 7
    assert about["时区 Time zone"] == "Asia/Shanghai"
    assert about["导出人 By"] == "anne"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_a_file_that_is_given_up_leaves_nothing_open(keep, tmp_path, monkeypatch, file_format):
    monkeypatch.setattr(export_batches, "FIRST_ROWS", 1)
    monkeypatch.setattr(export_batches, "ROWS", 1)
    store = keep([Video(f"v{number}", "title", User("1"), number) for number in range(9)])
    store.exporting.export_batches(VIDEOS, VIDEOS.columns, file_format, VideoFilter(), ZoneInfo("UTC")).close()
    before = open_files(tmp_path.parent)
    said = label(file_format)
    pieces = store.exporting.export_batches(VIDEOS, VIDEOS.columns, file_format, VideoFilter(), ZoneInfo("UTC"))
    chunks = make_download(said, pieces, tmp_path).chunks
    next(chunks)
    assert open_files(tmp_path.parent) > before

    chunks.close()

    assert open_files(tmp_path.parent) == before
    assert list(tmp_path.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("export")]


def open_files(folder):
    links = (str(number.resolve()) for number in Path("/proc/self/fd").iterdir())
    return sum(link.startswith(str(folder.parent)) for link in links)


@pytest.mark.parametrize("value", ['a/b\\c:d*e?f"g<h>i|j', "..", "\n", "CON", "海" * 300, "‮gpj", "a b", "\u202e"])
def test_the_name_of_a_file_is_safe_everywhere(value):
    name = label(FileFormat.CSV, filters={"title": value, "userName": value}).file_name

    assert re.fullmatch(r"videos-20190109-221129_Asia-Shanghai_0-rows_title=[\w=-]*\.csv", name)
    assert len(name.encode()) <= 255
