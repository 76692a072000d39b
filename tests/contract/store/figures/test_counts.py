"""Figures by day, week and month: a scripted day has exact ones, in every zone and after every undo."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from backend.auth.permissions import Role
from backend.errors import ConsoleError
from backend.model import CensorStatus, FileKind, JobKind, MediaFile, User, Verdict, WarmState
from backend.operations.figure_tables import TABLES, Figure
from tests.conftest import TESTS
from tests.contract.store.figures.conftest import TODAY

SOURCE = MediaFile(FileKind.SOURCE, "source.mp4", 1000)
LATER = 1 << 32
BEN = User("7", "Ben")


def end_job(jobs, clock, kind, waiting, working, error=None, facts=None):
    """Have the next job of a kind wait, work and end."""
    clock.move(waiting)
    job = jobs.claim_job([kind], "w")
    clock.move(working)
    if error:
        jobs.settle_failed(job, "w", error)
    else:
        jobs.settle_done(job, "w", (), facts or {})
    return job


@pytest.mark.every_door
def test_uploads_count_by_day_user_and_category_also_when_they_are_deleted(door, figures, today, make_video, console):
    made = [make_video(size=10, cate_id=number % 2 + 1) for number in range(4)]
    other = make_video(size=100, user=BEN)

    console.store.trash.put(made[0].video_id, made[0].user.user_id, LATER, TESTS)
    console.store.trash.restore(made[0].video_id, TESTS)
    for one in (made[1], other):
        console.store.trash.put(one.video_id, one.user.user_id, LATER, TESTS)
    console.store.trash.forget(other.video_id, TESTS)

    assert figures("uploads")[0] == {"day": "2019-01-08", "complete": True, "uploads": 0, "bytes": 0}
    assert today("uploads") == {"uploads": 5, "bytes": 140}
    assert today("uploads", userId="7") == {"uploads": 1, "bytes": 100}
    assert today("uploads", cateId=2) == {"uploads": 2, "bytes": 20}
    assert figures("uploadsByUser") == [
        {"userId": "2434793223202", "userName": "Anne", "uploads": 4, "bytes": 40},
        {"userId": "7", "userName": "Ben", "uploads": 1, "bytes": 100},
    ]
    assert [(row["cateId"], row["uploads"]) for row in figures("uploadsByCategory")] == [(1, 2), (2, 2), (12, 1)]
    assert console.store.recount() == []


def test_an_upload_is_counted_in_the_category_that_it_has_now(door, today, make_video, console):
    made = make_video(cate_id=1, cate_name="旅行")

    door.data("editVideo", videoId=made.video_id, cateId=0)

    assert (today("uploads", cateId=1)["uploads"], today("uploads", cateId=0)["uploads"]) == (0, 1)
    assert console.store.recount() == []


def test_transcodes_count_by_outcome_with_their_times_and_reasons_in_words(figures, today, queued, jobs, clock, door):
    for working, error in (
        (10, None),
        (20, None),
        (30, ConsoleError("The disk is full. Free some space and try again.")),
    ):
        queued()
        end_job(jobs, clock, JobKind.TRANSCODE, 5, working, error)
    made = queued()
    jobs.cancel_job(jobs.find_jobs(video_id=made.video_id).items[0].job_id, TESTS)

    found = today("transcodes")

    assert (found["done"], found["failed"], found["cancelled"]) == (2, 1, 1)
    assert today("transcodeWaits") == {"counted": 3, "median": 5, "p90": 5}
    assert today("transcodeWorks")["median"] == pytest.approx(20, rel=0.05)
    assert figures("transcodeFailures")[0]["reason"] == "The disk is full. Free some space and try again."
    (zh,) = door.data("getFigures", figure="transcodeFailures", language="zh")["rowList"]
    assert zh == {"kind": "transcode", "reason": "磁盘已满，请清理空间后重试。", "failed": 1}

    jobs.retry_failed_jobs(TESTS)
    end_job(jobs, clock, JobKind.TRANSCODE, 1, 1)
    assert (today("transcodes")["done"], today("transcodes")["failed"]) == (3, 1)


def test_transcodes_count_for_the_category_that_their_video_had_when_they_ended(
    figures, today, make_video, jobs, clock, console, door
):
    made = [make_video(cate_id=number, files=(SOURCE,)) for number in (1, 1, 2)]

    def queue(one):
        jobs.enqueue_for_video(JobKind.TRANSCODE, one.video_id, "submitTranscode", TESTS)

    queue(made[0])
    end_job(jobs, clock, JobKind.TRANSCODE, 1, 1)
    queue(made[1])
    end_job(jobs, clock, JobKind.TRANSCODE, 1, 1, ConsoleError("The disk is full. Free some space and try again."))
    door.data("editVideo", videoId=made[0].video_id, cateId=0)
    queue(made[2])
    console.store.trash.put(made[2].video_id, made[2].user.user_id, LATER, TESTS)

    outcomes = ("cateId", "done", "failed", "cancelled")
    assert [tuple(row[name] for name in outcomes) for row in figures("transcodesByCategory")] == [
        (1, 1, 1, 0), (2, 0, 0, 1)
    ]  # fmt: skip
    assert today("transcodes", cateId=1) == {"done": 1, "failed": 1, "cancelled": 0}
    assert today("transcodes", cateId=0) == {"done": 0, "failed": 0, "cancelled": 0}
    assert console.store.recount() == []


def test_bytes_are_known_by_kind_with_what_narrow_band_saves_and_how_good_it_is(
    figures, today, make_video, jobs, clock, console, door
):
    plain = MediaFile(FileKind.COMMON, "common-720.mp4", 400, 1280, 720)
    made = make_video(files=(SOURCE, plain))
    jobs.enqueue_for_video(JobKind.NARROW, made.video_id, "submitTabTranscode", TESTS)
    job = jobs.claim_job([JobKind.NARROW], "w")
    narrow = MediaFile(FileKind.NARROW, "narrow-720.mp4", 150, 1280, 720)
    jobs.settle_done(job, "w", (narrow,), {"vmaf": 94.26})
    assert today("bytes") == {"bytes": 1550, "growth": 1550}

    clock.move(86_400)
    console.store.trash.put(made.video_id, made.user.user_id, LATER, TESTS)

    later = {"startTime": TODAY, "endTime": "2019-01-10"}
    assert [(row["bytes"], row["growth"]) for row in figures("bytes", **later)] == [(1550, 1550), (1550, 0)]
    assert figures("bytesByKind", **later) == [{"kind": "trash", "files": 3, "bytes": 1550, "growth": 1550}]
    assert [(row["savedBytes"], row["scored"], row["medianScore"]) for row in figures("narrowBand", **later)] == [
        (250, 1, 94.5), (0, 0, None)
    ]  # fmt: skip
    console.store.trash.forget(made.video_id, TESTS)
    assert figures("bytes", **later)[-1]["bytes"] == 0
    assert console.store.recount() == []


def test_recommendations_and_prewarms_count_by_day(door, today, make_video, jobs, console):
    made = make_video(censor_status=CensorStatus.SUCCESS, files=(SOURCE,)).video_id
    door.data("recommendVideo", videoId=made)
    door.data("deleteRecommendById", videoId=made)
    door.data("recommendVideo", videoId=made)
    door.data("pushObjectCache", objectPath="https://example.com/a.png\nhttps://example.com/b.png")
    job = jobs.claim_job([JobKind.PREWARM], "w")
    jobs.settle_done(job, "w", (), {"warmed": {0: (WarmState.WARM, ""), 1: (WarmState.FAILED, "404")}})

    nothing = {"impressions": 0, "plays": 0, "completes": 0}
    assert today("recommendations") == {"added": 2, "removed": 1, **nothing}
    assert today("prewarms") == {"warm": 1, "failed": 1, "shared": 0}


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata", "America/St_Johns", "Pacific/Chatham", "UTC"])
def test_days_are_those_of_the_consoles_zone_also_with_a_part_of_an_hour(zone, settings, make_video, console):
    midnight = int(datetime(2019, 3, 10, tzinfo=ZoneInfo(zone)).timestamp())
    for second in (midnight - 1, midnight, midnight + 86_399 - 3600, midnight + 86_400 + 3600):
        make_video(created=second)
    console.settings = replace(console.settings, time_zone=ZoneInfo(zone))
    span = {"figure": "uploads", "startTime": "2019-03-09", "endTime": "2019-03-11"}
    account = console.store.accounts.add_account("zoe", "x", Role.ANALYST, TESTS)
    console.store.sessions.open_session(account, "t" * 48, 30, TESTS)

    def ask(**more):
        answer = console.call("getFigures", {**span, **more}, "t" * 48)
        return [(row["day"], row["uploads"]) for row in answer["data"]["rowList"]]

    assert ask() == [("2019-03-09", 1), ("2019-03-10", 2), ("2019-03-11", 1)]
    assert ask(by="week") == [("2019-03-04", 3), ("2019-03-11", 1)]
    assert ask(by="month") == [("2019-03-01", 4)]
    assert ask(userId="2434793223202") == ask()


def test_the_quota_of_prewarming_is_kept_by_day_with_the_most_that_was_used(figures, console):
    for day, total, left in (("2019-01-08", 500, 480), ("2019-01-08", 600, 420), ("2019-01-08", 600, 600),
                             ("2019-01-09", 600, 599)):  # fmt: skip
        console.store.cloud.save_cursor("quota", {"day": day, "total": total, "left": left, "at": 1.0})
    console.store.cloud.save_cursor("quota", {})
    console.store.cloud.save_cursor("videos", {"day": "2019-01-07"})

    rows = figures("prewarmQuota", startTime="2019-01-07")
    assert [(row["quota"], row["used"]) for row in rows] == [(None, None), (600, 180), (600, 1)]
    (month,) = figures("prewarmQuota", by="month")
    assert (month["day"], month["quota"], month["used"]) == ("2019-01-01", 1200, 181)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata", "America/St_Johns"])
def test_what_is_narrowed_by_two_is_exact_in_every_zone_too(zone, make_video, make_account, sign_in, console, clock):
    console.settings = replace(console.settings, time_zone=ZoneInfo(zone))
    midnight = int(datetime(2019, 3, 10, tzinfo=ZoneInfo(zone)).timestamp())
    for second in (midnight - 1, midnight, midnight + 86_399 - 3600, midnight + 86_400 + 3600):
        made = make_video(cate_id=3)
        clock.move(second - clock())
        console.store.catalogue.record_audit(made.video_id, Verdict.NORMAL, "", "", TESTS)
    token = sign_in(make_account("zoe", Role.MANAGER))
    span = {"startTime": "2019-03-09", "endTime": "2019-03-11", "cateId": "3", "reviewer": TESTS.name}

    def ask(**more):
        answer = console.call("getFigures", {"figure": "reviews", **span, **more}, token)
        return [row["decided"] for row in answer["data"]["rowList"]]

    assert (ask(), ask(by="week"), ask(by="month")) == ([1, 2, 1], [3, 1], [4])


def test_the_counts_are_those_of_the_history_whatever_happens(door, figures, make_video, console, clock):
    dice = random.Random(4)
    videos = [make_video(cate_id=dice.randrange(3)).video_id for _ in range(6)]
    for _ in range(120):
        clock.move(dice.expovariate(1 / 2000))
        video_id = dice.choice(videos)
        match dice.randrange(5):
            case 0 | 1:
                door("createAudit", mediaId=video_id, status=dice.choice(["Normal", "Blocked"]), reason="x")
            case 2:
                door("undoAudit", videoId=video_id)
            case 3:
                door("editVideo", videoId=video_id, cateId=0)
            case 4:
                door("deleteVideoById", videoId=video_id, userId="2434793223202")
                door("restoreVideo", videoId=video_id)

    stands: Counter[str] = Counter()
    last: dict[str, str] = {}
    for line in reversed(console.store.history.find_history(limit=10_000)):
        day = datetime.fromtimestamp(line.at, console.settings.time_zone).date().isoformat()
        if line.action == "createAudit":
            stands[day] += 1
            last[line.target] = day
        elif line.action == "undoAudit":
            stands[last[line.target]] -= 1
    rows = figures("reviews", endTime="2019-02-09")
    assert {row["day"]: row["decided"] for row in rows if row["decided"]} == {day: n for day, n in stands.items() if n}
    assert len(stands) > 2
    assert rows[-1]["waiting"] == console.store.figures.count_waiting()
    both = [figures("reviews", endTime="2019-02-09", cateId=one, reviewer="anne") for one in range(3)]
    assert sum(row["decided"] for table in both for row in table) == sum(stands.values())
    assert console.store.recount() == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"startTime": "2019-01-09", "endTime": "2019-01-08"}, "startTime is later than endTime."),
        ({"startTime": "2018-01-01", "endTime": "2019-01-08"}, "From startTime to endTime are more than 92 days."),
        ({"startTime": "2013-01-01", "by": "month"}, "From startTime to endTime are more than 1100 days."),
        ({"reviewer": "anne"}, "uploads cannot be narrowed by reviewer."),
        ({"userId": "7", "cateId": 3}, "Figures can be narrowed by userId / cateId one at a time: give one of them."),
    ],
)
def test_what_cannot_be_answered_is_named(door, given, message):
    answer = door("getFigures", figure="uploads", **given)
    assert (answer["code"], answer["message"]) == ("400", message)


@pytest.mark.parametrize("figure", Figure)
def test_every_table_has_its_columns_in_every_row_also_of_an_empty_console(door, figure):
    found = door.data("getFigures", figure=figure.value, startTime="2018-12-01", endTime="2018-12-07")

    assert [column["name"] for column in found["columnList"]] == list(TABLES[figure].columns)
    assert all(list(row) == list(TABLES[figure].columns) for row in found["rowList"])
    if "day" in TABLES[figure].columns:
        assert [row["day"] for row in found["rowList"]] == [f"2018-12-0{number}" for number in range(1, 8)]
        assert all(row["complete"] for row in found["rowList"])
    assert (found["startDay"], found["endDay"], found["timeZone"]) == ("2018-12-01", "2018-12-07", "Asia/Shanghai")


def test_days_are_dates_in_excel(console, token, make_video):
    make_video(size=3)
    asked = {"figure": "uploads", "format": "xlsx", "startTime": "2019-01-08", "endTime": TODAY}

    made = b"".join(console.call("exportFigures", asked, token)["data"].chunks)

    (first, *_) = openpyxl.load_workbook(io.BytesIO(made)).worksheets[0].iter_rows(min_row=2, max_row=2)
    assert (first[0].value, first[0].number_format) == (datetime(2019, 1, 8), "yyyy-mm-dd")


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "xlsx"])
def test_a_table_is_exported_with_the_rows_that_it_shows(door, http, figures, make_video, file_format, console):
    make_video(user=User("=1", "=cmd()"), size=3)
    asked = {"figure": "uploadsByUser", "format": file_format, "startTime": "2019-01-08", "endTime": TODAY}

    link = door.data("createFiguresLink", **asked)["url"]
    answer = http.get(link if "://" in link else door.base_url + link)

    assert answer.headers["Content-Disposition"].count(f".{file_format}") >= 1
    if file_format == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows == [["userId", "userName", "uploads", "bytes"], ["'=1", "'=cmd()", "1", "3"]]
    elif file_format == "jsonl":
        assert [json.loads(line) for line in answer.text.splitlines()] == figures("uploadsByUser")
    else:
        assert answer.content[:2] == b"PK"
    assert console.store.history.find_history(limit=1)[0].action == "exportFigures"
