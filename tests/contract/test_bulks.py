"""One action on everything that matches a filter: nothing twice, nothing that changed meanwhile, and undone as one."""

from __future__ import annotations

import pytest

import backend
from backend.errors import Conflict
from backend.jobs.runner import Task
from backend.lifecycle.bulk import BulkRunner
from backend.model import CensorStatus, FileKind, JobKind, MediaFile, Role, TranscodeStatus, VideoStatus

PLAYED = (MediaFile(FileKind.SOURCE, "source.mp4"), MediaFile(FileKind.COMMON, "common.mp4"))
NORMAL = {"censor_status": CensorStatus.SUCCESS, "status": VideoStatus.NORMAL, "transcode_status": "success"}


@pytest.fixture
def waiting(make_video):
    """Makes videos that wait for review, and one of another title."""
    make_video(title="山", censor_status=CensorStatus.CHECK)
    return [
        make_video(video_id=f"v{number:02}", title=f"海 {number}", censor_status=CensorStatus.CHECK, files=PLAYED)
        for number in range(45)
    ]


@pytest.fixture
def work(console):
    """Runs the queued bulk actions as the worker does, and returns how each ended."""

    def work():
        worker = backend.make_worker(console)
        kinds = [JobKind.BULK]
        ended = []
        while job := console.store.jobs.claim_job(kinds, "w"):
            done = BulkRunner(console).run(job, None, Task())
            console.store.jobs.settle_done(job, "w", done.files, done.facts)
            ended.append(done.facts)
        worker.stop()
        return ended

    return work


def total(door, **filters):
    return door.data("getVideos", **filters)["total"]


@pytest.mark.every_door
def test_everything_that_matches_is_approved_and_undone_as_one(door, waiting, work):
    begun = door.data("startBulk", action="approve", title="海", expectedTotal="45")

    assert (begun["total"], begun["done"], begun["state"], begun["canUndo"]) == (45, 0, "queued", False)
    assert work() == [{"done": 45, "refused": 0}]
    assert total(door, censorStatus="success") == 45
    ended = door.data("getBulk", bulkId=begun["bulkId"])
    assert (ended["done"], ended["refused"], ended["state"], ended["canUndo"]) == (45, 0, "done", True)

    undone = door.data("undoBulk", bulkId=begun["bulkId"])
    assert (undone["total"], undone["undoes"]) == (45, begun["bulkId"])
    assert work() == [{"done": 45, "refused": 0}]
    assert total(door, censorStatus="check") == 46
    assert door("undoBulk", bulkId=begun["bulkId"])["code"] == "409"
    assert [one["bulkId"] for one in door.data("getBulks")["bulkList"]][::-1] != []


def test_the_set_is_that_of_the_moment_of_asking(door, waiting, work, make_video):
    door.data("startBulk", action="approve", title="海")
    make_video(title="海 new", censor_status=CensorStatus.CHECK, files=PLAYED)

    work()

    assert total(door, censorStatus="success") == 45


def test_what_somebody_changed_meanwhile_is_left_alone_and_listed(door, waiting, work, make_account, sign_in):
    line = door.data("getChanges")["line"]
    other = sign_in(make_account("ben", Role.MANAGER))
    door("editVideo", videoId="v03", tags="seen", token=other)
    begun = door.data("startBulk", action="block", title="海", reason="spam", seenLine=str(line))
    door("deleteVideoById", videoId="v07", userId=waiting[7].user.user_id, token=other)
    door("createAudit", mediaId="v09", status="Normal", token=other)

    assert work() == [{"done": 42, "refused": 3}]

    refused = door.data("getBulk", bulkId=begun["bulkId"])["refusedList"]
    assert {row["videoId"]: row["why"] for row in refused} == dict.fromkeys(
        ("v03", "v07", "v09"), "ben has changed the video meanwhile."
    )
    assert total(door, censorStatus="fail") == 42
    door("createAudit", mediaId="v01", status="Normal", token=other)
    door.data("undoBulk", bulkId=begun["bulkId"])
    assert work() == [{"done": 41, "refused": 1}]


def test_what_it_does_not_fit_is_listed_with_the_reason(door, make_video, work):
    make_video(video_id="a", files=PLAYED, **NORMAL)
    make_video(video_id="b", censor_status=CensorStatus.CHECK, files=PLAYED)
    make_video(video_id="c", status=VideoStatus.UPLOADING)
    door.data("recommendVideo", videoId=make_video(video_id="d", files=PLAYED, **NORMAL).video_id)

    begun = door.data("startBulk", action="recommend")

    assert work() == [{"done": 1, "refused": 3}]
    why = {row["videoId"]: row["why"] for row in door.data("getBulk", bulkId=begun["bulkId"])["refusedList"]}
    assert why["d"] == "The video is recommended already."
    assert set(why) == {"b", "c", "d"}
    door.data("undoBulk", bulkId=begun["bulkId"])
    work()
    assert total(door, isRecommend="true") == 1


def test_a_worker_that_dies_before_it_records_does_nothing_twice(door, console, waiting, work, monkeypatch):
    begun = door.data("startBulk", action="block", title="海", reason="spam")
    job = console.store.jobs.claim_job([JobKind.BULK], "w")
    record = console.store.bulks.record

    def die(*given):
        raise MemoryError

    monkeypatch.setattr(console.store.bulks, "record", die)
    with pytest.raises(MemoryError):
        BulkRunner(console).run(job, None, Task())
    monkeypatch.setattr(console.store.bulks, "record", record)
    assert total(door, censorStatus="fail") == 20
    console.store.jobs.release_job(job, "w")

    assert work() == [{"done": 45, "refused": 0}]

    lines = console.store.history.find_history("v44")
    assert [line.action for line in lines].count("createAudit") == 1
    assert door.data("getBulk", bulkId=begun["bulkId"])["state"] == "done"


def test_one_that_was_cancelled_stops_and_its_part_can_be_undone(door, console, waiting, work):
    begun = door.data("startBulk", action="approve", title="海")
    job = console.store.jobs.claim_job([JobKind.BULK], "w")
    assert door("undoBulk", bulkId=begun["bulkId"])["code"] == "409", "it is not finished"

    class Once(Task):
        def report(self, progress, facts=None):
            if progress:
                door.data("cancelBulk", bulkId=begun["bulkId"])
            super().report(progress, facts)

    with pytest.raises(backend.jobs.runner.Cancelled):
        BulkRunner(console).run(job, None, Once())

    assert (found := door.data("getBulk", bulkId=begun["bulkId"]))["state"] == "cancelled"
    assert (found["done"], total(door, censorStatus="success")) == (20, 20)
    door.data("undoBulk", bulkId=begun["bulkId"])
    assert work() == [{"done": 20, "refused": 0}]
    assert total(door, censorStatus="success") == 0

    door.data("retryJob", jobId=begun["jobId"])
    with pytest.raises(Conflict, match="was undone already"):
        work()
    assert total(door, censorStatus="success") == 0


def test_deleted_videos_come_back(door, waiting, work):
    begun = door.data("startBulk", action="delete", title="海")
    work()
    assert total(door) == 1

    door.data("undoBulk", bulkId=begun["bulkId"])
    work()
    assert total(door) == 46


def test_transcodes_are_queued_where_they_are_needed(door, waiting, work, make_video):
    make_video(title="海 x", transcode_status=TranscodeStatus.RUNNING, files=PLAYED)
    begun = door.data("startBulk", action="narrow", title="海")

    assert work() == [{"done": 46, "refused": 0}]
    assert total(door, narrowTranscodeStatus="onTranscode") == 46
    assert door("undoBulk", bulkId=begun["bulkId"])["message"] == "This bulk action cannot be undone."
    again = door.data("startBulk", action="narrow", title="海")
    assert work() == [{"done": 0, "refused": 46}]
    assert door.data("getBulk", bulkId=again["bulkId"])["refusedList"][0]["why"] == "There was nothing to do."


@pytest.mark.parametrize(
    ("given", "code", "why"),
    [
        ({"action": "approve", "title": "nothing"}, "400", "There is no video to do this to."),
        ({"action": "approve", "title": "海", "expectedTotal": "44"}, "409", "45 videos match now, not 44;"),
        ({"action": "block", "title": "海"}, "400", "reason is required when status is Blocked."),
        ({"action": "purge", "title": "海"}, "400", "action must be one of approve, block,"),
    ],
)
def test_what_cannot_begin_is_refused(door, waiting, given, code, why):
    answer = door("startBulk", **given)

    assert (answer["code"], answer["message"][: len(why)]) == (code, why)


def test_reviewers_judge_and_managers_do_the_rest(door, waiting, make_account, sign_in):
    reviewer = sign_in(make_account("rita", Role.REVIEWER))
    other = sign_in(make_account("rob", Role.REVIEWER))

    begun = door("startBulk", action="approve", title="海", token=reviewer)["data"]

    assert door("startBulk", action="delete", title="海", token=reviewer)["code"] == "403"
    assert door("cancelBulk", bulkId=begun["bulkId"], token=other)["code"] == "403"
    assert door("cancelBulk", bulkId=begun["bulkId"], token=reviewer)["code"] == "200"
