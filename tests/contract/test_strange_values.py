"""No value that is stored makes a list, a page or an export fail: it is shown as well as can be."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from backend.model import Actor, FileKind, MediaFile, User, Video, VideoFilter

TESTS = Actor("tests", "tests")
FIRST, LAST = -62135596800, 253402300799  # of year 1 and year 9999, UTC
ZONES = ("Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "UTC")
SPOILED = {
    "a status of a newer version": "update videos set status = 'Sleeping', transcode_status = 'onHold', "
    "narrow_transcode_status = 'onHold', snapshot_status = 'onHold'",
    "a review status of a newer version": "update videos set censor_status = 'appealed'",
    "an endless duration": "update videos set duration = :endless",
    "a huge duration": "update videos set duration = 1e300",
    "a negative duration": "update videos set duration = -1.5",
    "a huge size": "update videos set size = 9223372036854775807, width = 9223372036854775807",
    "a NUL in the texts": "update videos set title = 'a' || char(0) || 'b', tags = char(0), description = char(0)",
    "texts that are no UTF-8": "update videos set title = cast(x'61ff62' as text), cate_name = cast(x'eda080' as text)",
    "a user's name that is no UTF-8": "update users set user_name = cast(x'ff' as text)",
    "a file of a newer version": "update files set name = 'x.glb' where 1 = 0",
    "an endless file": "delete from files where kind = 'common'",
    "an address that is none": "delete from files where kind = 'common'",
    "a history that is no JSON": "update history set before = 'x', after = '[1]', actor = cast(x'ff' as text)",
    "a job that is no JSON": "update jobs set payload = 'x', result = '[1]', detail = cast(x'ff' as text)",
    "times before there were calendars": "update videos set created = -9000000000000",
    "times after the last one": "update videos set created = 9000000000000",
}
# Only other programs write it: a text that PostgreSQL refuses.
NOT_IN_POSTGRES = ("a NUL in the texts",)
FILES = {
    "a file of a newer version": ("hologram", "f.mp4", 1.0),
    "an endless file": ("common", "f.mp4", 9e999),
    "an address that is none": ("common", "http://[f.mp4", 1.0),
}
LISTS = ("getVideos", "getRecommendVideos", "getFacets", "getStatistics", "findHistory", "getJobs", "getQueue")
PAGES = ("getVideoById", "getPlayInfo", "getRecommendVideoById", "getHistory")


@pytest.fixture
def ask(console, token):
    """Asks an operation as somebody who is signed in, and returns the data of its answer."""

    def ask(name, **parameters):
        answer = console.call(name, parameters, token)
        assert answer["code"] == "200", (name, answer["message"])
        return answer["data"]

    return ask


def read_export(data, file_format):
    content = b"".join(data.chunks)
    if file_format == "jsonl":
        return [json.loads(line) for line in content.decode("utf-8", "replace").splitlines()]
    if file_format == "csv":
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"), newline="")))
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.mark.parametrize("spoiled", SPOILED)
def test_whatever_is_stored_every_list_page_and_export_shows_the_row(console, ask, make_video, spoiled):
    if console.settings.database and spoiled in NOT_IN_POSTGRES:
        pytest.skip("PostgreSQL refuses it")
    video = make_video(files=(MediaFile(FileKind.COMMON, "common-720.mp4", 5), MediaFile(FileKind.COVER, "cover.jpg")))
    make_video(title="another")
    ask("createAudit", mediaId=video.video_id, status="Normal")
    ask("recommendVideo", videoId=video.video_id)

    with console.store.engine.writing() as db:
        db.execute(SPOILED[spoiled], {"endless": math.inf})
        if spoiled in FILES:
            db.execute("insert into files values (?, ?, 0, ?, 1, 1, 1, ?, 1, '')", [video.video_id, *FILES[spoiled]])

    for name in LISTS:
        ask(name)
    for name in PAGES:
        ask(name, videoId=video.video_id)
    assert ask("getVideos")["total"] == len(ask("getVideos")["videoList"]) == 2
    assert len(ask("getVideos", sort="-duration")["videoList"]) == 2
    for file_format in ("csv", "jsonl", "xlsx"):
        assert len(read_export(ask("exportVideos", format=file_format), file_format)) == 2
        assert len(read_export(ask("exportRecommendVideos", format=file_format), file_format)) == 1
    ask("deleteVideoById", videoId=video.video_id, userId=video.user.user_id)
    assert len(ask("getTrash")["trashList"]) == 1
    ask("restoreVideo", videoId=video.video_id)
    assert ask("getVideos")["total"] == 2


@pytest.mark.parametrize("zone", ZONES)
def test_the_first_and_the_last_day_of_the_calendar_are_shown_in_every_zone(console, ask, zone):
    console.settings = replace(console.settings, time_zone=ZoneInfo(zone))
    times = [LAST, LAST - 50_000, 5_000_000_000, -2_300_000_000, FIRST + 50_000, FIRST]
    videos = [Video(f"v{number}", "never", User("u1"), created) for number, created in enumerate(times)]
    console.store.catalogue.load_videos(videos, TESTS)

    shown = [video["creationTime"].removesuffix(".0") for video in ask("getVideos")["videoList"]]

    assert (len(shown), {len(one) for one in shown}) == (len(times), {19})
    assert [row["creationTime"] for row in read_export(ask("exportVideos", format="csv"), "csv")] == shown
    lines = read_export(ask("exportVideos", format="jsonl"), "jsonl")
    assert [row["creationTime"].removesuffix(".0") for row in lines] == shown
    assert [str(row["creationTime"]) for row in read_export(ask("exportVideos", format="xlsx"), "xlsx")] == shown


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("edge", ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_lists_may_be_narrowed_to_all_of_time(console, ask, make_video, edge, zone):
    console.settings = replace(console.settings, time_zone=ZoneInfo(zone))
    make_video()
    limits = {"startTime" if edge.startswith("0001") else "endTime": edge}

    assert ask("getVideos", **limits)["total"] == 1
    assert ask("findHistory", **limits)["total"] == ask("findHistory")["total"]
    assert len(read_export(ask("exportVideos", format="csv", **limits), "csv")) == 1
    assert console.store.catalogue.find_videos(VideoFilter()).total == 1


def test_totals_of_sizes_beyond_all_disks_are_still_shown(console, ask):
    huge = [Video(f"v{cate}", "t", User("u1"), 1, size=2**63 - 1, cate_id=cate) for cate in range(3)]
    console.store.catalogue.load_videos(huge, TESTS)

    assert ask("getStatistics")["bytes"] >= 2**63 - 1
