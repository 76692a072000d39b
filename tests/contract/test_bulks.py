"""One action on everything that matches a filter: nothing twice, nothing that changed meanwhile, and undone as one."""

from __future__ import annotations

import threading

import pytest

import backend
from backend.errors import Conflict
from backend.jobs.runner import Task
from backend.lifecycle.bulk import BulkRunner
from backend.model import CensorStatus, FileKind, JobKind, MediaFile, Role, TranscodeStatus, VideoStatus
from backend.store.jobs import LEASE_SECONDS

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
        worker, ended = backend.make_worker(console), []
        while job := console.store.jobs.claim_job([JobKind.BULK], "w"):
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
    already = {"d", "e"}
    for video_id in already:
        door.data("recommendVideo", videoId=make_video(video_id=video_id, files=PLAYED, **NORMAL).video_id)

    begun = door.data("startBulk", action="recommend")

    assert work() == [{"done": 1, "refused": 4}]
    detail = door.data("getBulk", bulkId=begun["bulkId"])
    assert detail["reasonList"][0] == {"why": "The video is recommended already.", "count": 2}
    assert sum(one["count"] for one in detail["reasonList"]) == 4
    assert {row["videoId"] for row in detail["refusedList"][:2]} == {"b", "c"}, "the rarest reasons come last"
    assert {row["videoId"] for row in detail["refusedList"] if row["why"] == detail["reasonList"][0]["why"]} == already
    assert door.data("getBulk", bulkId=begun["bulkId"], pageIndex=2, pageSize=3)["refusedList"] == [
        detail["refusedList"][3]
    ]
    door.data("undoBulk", bulkId=begun["bulkId"])
    work()
    assert total(door, isRecommend="true") == 2


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
    console.store.jobs.note_stopped(job, "w")

    assert (found := door.data("getBulk", bulkId=begun["bulkId"]))["state"] == "cancelled"
    assert (found["done"], total(door, censorStatus="success")) == (20, 20)
    door.data("undoBulk", bulkId=begun["bulkId"])
    assert work() == [{"done": 20, "refused": 0}]
    assert total(door, censorStatus="success") == 0

    door.data("retryJob", jobId=begun["jobId"])
    with pytest.raises(Conflict, match="was undone already"):
        work()
    assert total(door, censorStatus="success") == 0


@pytest.fixture
def within_a_batch(door, console):
    """Does something as soon as a video of the second batch is changed, and returns what came of it."""
    guard, answers = threading.Lock(), []

    def begin(act):
        def look():
            if guard.acquire(blocking=False):
                if not answers and total(door, censorStatus="success") > 20:
                    answers.append(act())
                guard.release()

        console.store.listeners.append(look)
        return answers

    yield begin
    console.store.listeners.pop()


def test_one_that_is_stopped_is_undone_as_soon_as_the_videos_under_way_are_finished(
    door, console, waiting, work, within_a_batch
):
    begun = door.data("startBulk", action="approve", title="海")
    job = console.store.jobs.claim_job([JobKind.BULK], "w")
    told = within_a_batch(lambda: [door(name, bulkId=begun["bulkId"]) for name in ("cancelBulk", "undoBulk")])
    with pytest.raises(backend.jobs.runner.Cancelled):
        BulkRunner(console).run(job, None, Task())

    assert told[0][1]["message"] == "This bulk action is still stopping. Try again in a moment."
    found = door.data("getBulk", bulkId=begun["bulkId"])
    assert (found["state"], found["canUndo"], found["done"]) == ("stopping", False, 40)
    assert door("retryJob", jobId=begun["jobId"])["message"] == told[0][1]["message"]
    console.store.jobs.note_stopped(job, "w")
    (listed,) = door.data("getBulks")["bulkList"]
    assert (listed["state"], listed["canUndo"]) == ("cancelled", True)
    assert door.data("undoBulk", bulkId=begun["bulkId"])["total"] == 40
    assert work() == [{"done": 40, "refused": 0}]
    assert total(door, censorStatus="success") == 0


def test_one_whose_worker_died_before_it_could_record_what_it_did_is_undone_as_a_whole(
    door, console, waiting, work, clock, monkeypatch
):
    begun = door.data("startBulk", action="approve", title="海")
    job = console.store.jobs.claim_job([JobKind.BULK], "w")
    record = console.store.bulks.record

    def die_later(bulk_id, items):
        if items[0].place > 1:
            raise MemoryError
        record(bulk_id, items)

    monkeypatch.setattr(console.store.bulks, "record", die_later)
    with pytest.raises(MemoryError):
        BulkRunner(console).run(job, None, Task())
    monkeypatch.setattr(console.store.bulks, "record", record)
    assert total(door, censorStatus="success") == 40
    door.data("cancelBulk", bulkId=begun["bulkId"])
    assert door("undoBulk", bulkId=begun["bulkId"])["code"] == "409", "the worker may live"
    clock.move(LEASE_SECONDS)
    door.data("undoBulk", bulkId=begun["bulkId"])
    assert work() == [{"done": 40, "refused": 0}]
    assert total(door, censorStatus="success") == 0


def test_one_that_waits_in_the_queue_stops_at_once(door, waiting):
    begun = door.data("startBulk", action="approve", title="海")

    door.data("cancelBulk", bulkId=begun["bulkId"])

    assert door.data("getBulk", bulkId=begun["bulkId"])["state"] == "cancelled"


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


def texts(door, name, **filters):
    return {video["videoId"]: video[name] for video in door.data("getVideos", pageSize="100", **filters)["videoList"]}


def test_a_category_is_set_and_taken_back(door, waiting, work):
    for number in range(3):
        door.data("editVideo", videoId=f"v{number:02}", cateName="旧的")

    begun = door.data("startBulk", action="category", title="海", newCateName="海洋")

    assert work() == [{"done": 45, "refused": 0}]
    assert set(texts(door, "cateName", title="海").values()) == {"海洋"}
    assert len(set(texts(door, "cateId", title="海").values())) == 1
    door.data("startBulk", action="category", title="海", newCateId=next(iter(texts(door, "cateId").values())))
    assert work() == [{"done": 0, "refused": 45}], "they have it already"

    door.data("undoBulk", bulkId=begun["bulkId"])
    assert work() == [{"done": 45, "refused": 0}]
    found = texts(door, "cateName", title="海")
    assert {video_id for video_id, name in found.items() if name == "旧的"} == {"v00", "v01", "v02"}
    assert set(found.values()) == {"旧的", "12"}


def test_tags_are_added_removed_and_taken_back(door, make_video, work):
    for video_id, tags in (("a", "Sea,风"), ("b", ""), ("c", "山"), ("d", "x" * 495)):
        make_video(video_id=video_id, tags=tags)

    added = door.data("startBulk", action="addTags", changedTags="sea, 夏天")

    assert work() == [{"done": 3, "refused": 1}]
    assert {**texts(door, "tags"), "d": ""} == {"a": "Sea,风,夏天", "b": "sea,夏天", "c": "山,sea,夏天", "d": ""}
    (refused,) = door.data("getBulk", bulkId=added["bulkId"])["refusedList"]
    assert (refused["videoId"], refused["why"]) == ("d", "tags has 502 characters; at most 500 are allowed.")

    removed = door.data("startBulk", action="removeTags", changedTags="SEA,山", maxSize="99000000000")
    work()
    assert {**texts(door, "tags"), "d": ""} == {"a": "风,夏天", "b": "夏天", "c": "夏天", "d": ""}
    door.data("undoBulk", bulkId=removed["bulkId"])
    assert work() == [{"done": 3, "refused": 0}]
    assert {**texts(door, "tags"), "d": ""} == {"a": "Sea,风,夏天", "b": "sea,夏天", "c": "山,sea,夏天", "d": ""}
    door.data("undoBulk", bulkId=added["bulkId"])
    assert work() == [{"done": 0, "refused": 3}], "they were changed since"


def test_a_deleted_category_comes_back_with_its_name(door, waiting, work):
    made = door.data("addCategory", cateName="短的")
    door.data("startBulk", action="category", title="海", newCateId=made["cateId"])
    work()
    begun = door.data("startBulk", action="category", title="海", newCateId="0")
    work()
    assert set(texts(door, "cateName", title="海").values()) == {""}
    door.data("deleteCategory", cateId=made["cateId"])

    door.data("undoBulk", bulkId=begun["bulkId"])

    assert work() == [{"done": 45, "refused": 0}]
    assert set(texts(door, "cateName", title="海").values()) == {"短的"}


@pytest.mark.settings(public_url="https://cdn.example.com", prewarm_hosts=("cdn.example.com",))
def test_what_passed_review_is_prewarmed_as_few_batches(door, console, make_video, work):
    for number in range(25):
        make_video(video_id=f"v{number}", files=PLAYED, **NORMAL)
    make_video(video_id="waits", files=PLAYED, censor_status=CensorStatus.CHECK)
    make_video(video_id="bare", **NORMAL)

    begun = door.data("startBulk", action="prewarm")

    assert work() == [{"done": 25, "refused": 2}]
    refused = {row["videoId"]: row["why"] for row in door.data("getBulk", bulkId=begun["bulkId"])["refusedList"]}
    assert refused["bare"] == "The video has no file that can be prewarmed."
    assert "has not passed review" in refused["waits"]
    sent = [job.payload["urls"] for job in console.store.jobs.find_jobs(kind=JobKind.PREWARM, size=100).items]
    assert len(sent) == 2
    assert len({url for urls in sent for url in urls}) == sum(map(len, sent)) == 25

    door.data("startBulk", action="prewarm")
    assert work() == [{"done": 25, "refused": 2}], "it is on its way"
    assert console.store.jobs.find_jobs(kind=JobKind.PREWARM).total == 2
    assert not door.data("getBulk", bulkId=begun["bulkId"])["canUndo"]


def test_a_worker_that_dies_between_two_videos_goes_on_with_those_that_are_left(
    door, console, waiting, work, monkeypatch
):
    begun = door.data("startBulk", action="addTags", title="海", changedTags="sea")
    job = console.store.jobs.claim_job([JobKind.BULK], "w")
    run = console.run_as_operator

    def die(name, parameters, actor):
        if parameters["videoId"] == "v30":
            raise MemoryError
        return run(name, parameters, actor)

    monkeypatch.setattr(console, "run_as_operator", die)
    with pytest.raises(MemoryError):
        BulkRunner(console).run(job, None, Task())
    monkeypatch.setattr(console, "run_as_operator", run)
    assert texts(door, "tags", title="海")["v30"] == "测试"
    assert door.data("getBulk", bulkId=begun["bulkId"])["done"] == 0, "it could not record"
    assert 1 < total(door, tags="sea") < 45
    console.store.jobs.release_job(job, "w")

    assert work() == [{"done": 45, "refused": 0}]

    lines = [line.action for number in range(45) for line in console.store.history.find_history(f"v{number:02}")]
    assert lines.count("editVideo") == 45


@pytest.mark.parametrize(
    ("given", "code", "why"),
    [
        ({"action": "category", "title": "海"}, "400", "newCateId is required."),
        ({"action": "category", "title": "海", "newCateId": "77"}, "400", "There is no category 77;"),
        ({"action": "addTags", "title": "海", "changedTags": " , "}, "400", "changedTags is required."),
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
