"""Deleting, restoring, deleting for good, and taking back a verdict: what comes back, and what stays gone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from msgspec import structs

import backend
from backend.errors import ConsoleError, MediaError
from backend.lifecycle.trash import PURGER, SECONDS_A_DAY, Purger, purge_due
from backend.maintenance.backup import back_up, restore
from backend.maintenance.doctor import examine
from backend.media.local import LocalMedia
from backend.model import Actor, CensorStatus, JobKind, JobState, VideoFilter
from tests.lifecycle.shown import FILES, seen, without_key

TESTS = Actor("tests", "tests")


# Restoring


def test_everything_comes_back(console, do, delete, make_video, made):
    make_video(title="another sea", censor_status=CensorStatus.SUCCESS)
    own = {"title": "海报", "tags": "a,b", "coverUrl": f"/media/{made.video_id}/{made.media_key}/snapshot-1.jpg"}
    for video in console.store.catalogue.find_videos(VideoFilter()).items:
        do("recommendVideo", videoId=video.video_id, **(own if video.video_id == made.video_id else {}))
    do("recommendVideo", videoId=make_video(censor_status=CensorStatus.SUCCESS).video_id)
    before = seen(do, made)

    delete(made)
    assert console.store.recount() == []
    assert do("getFacets")["byCensorStatus"]["success"] == 2
    do("restoreVideo", videoId=made.video_id)

    back = console.store.catalogue.get_video(made.video_id)
    assert seen(do, back) == before
    assert back.files == tuple(sorted(FILES, key=lambda file: file.kind))
    assert console.store.recount() == console.store.check() == []


def test_what_is_in_the_trash_is_nowhere_else(ask, do, delete, made):
    delete(made)

    assert do("getVideos")["total"] == 0
    for name, parameter in [
        ("getVideoById", "videoId"),
        ("getPlayInfo", "videoId"),
        ("createAudit", "mediaId"),
        ("submitTranscode", "mediaId"),
        ("recommendVideo", "videoId"),
        ("undoAudit", "videoId"),
    ]:
        assert ask(name, **{parameter: made.video_id}, status="Normal") == "404", name  # fmt: skip
    assert ask("editVideo", videoId=made.video_id, title="new") == "404"


def test_media_addresses_die_with_the_deletion_and_stay_dead(console, server, http, do, delete, made):
    url = f"{server}/media/{made.video_id}/{made.media_key}/common-720.mp4"
    assert http.get(url).status_code == 200

    delete(made)
    assert http.get(url).status_code == 404
    do("restoreVideo", videoId=made.video_id)

    assert http.get(url).status_code == 404
    (new, *_) = do("getVideoById", videoId=made.video_id)["fileUrlList"]
    assert http.get(server + new).status_code == 200


def test_a_second_request_changes_nothing(console, ask, do, delete, made):
    delete(made)
    assert ask("deleteVideoById", videoId=made.video_id, userId=made.user.user_id) == "404"
    do("restoreVideo", videoId=made.video_id)
    assert ask("restoreVideo", videoId=made.video_id) == "404"
    assert ask("purgeVideo", videoId=made.video_id) == "404"

    actions = [line.action for line in console.store.history.find_history(made.video_id)]
    assert actions == ["restoreVideo", "deleteVideoById", "uploadVideo"]


@pytest.mark.parametrize("name", ["restoreVideo", "undoAudit"])
def test_twenty_identical_requests_have_one_effect(console, ask, do, delete, made, name):
    if name == "restoreVideo":
        delete(made)
    else:
        do("createAudit", mediaId=made.video_id, status="Blocked", reason="why")
    start = threading.Barrier(20)

    def send(_):
        start.wait()
        return ask(name, videoId=made.video_id)

    with ThreadPoolExecutor(20) as pool:
        codes = sorted(pool.map(send, range(20)))

    assert codes == ["200", *["404" if name == "restoreVideo" else "409"] * 19]
    assert [line.action for line in console.store.history.find_history(made.video_id)].count(name) == 1


def test_a_wrong_owner_deletes_nothing(ask, do, made):
    assert ask("deleteVideoById", videoId=made.video_id, userId="somebody") == "404"
    assert do("getTrash") == {"total": 0, "trashList": []}


def test_jobs_that_waited_ran_or_failed_come_back(console, do, delete, made):
    jobs = console.store.jobs
    for kind in ("submitTranscode", "submitTabTranscode", "submitSnapshot"):
        do(kind, mediaId=made.video_id)
    do("chooseCover", mediaId=made.video_id, seconds=3)
    failed = jobs.claim_job([JobKind.SNAPSHOT], "worker")
    jobs.settle_failed(failed, "worker", ConsoleError("why"))
    running = jobs.claim_job([JobKind.TRANSCODE], "worker")

    delete(made)
    assert not jobs.renew_lease(running, "worker", "", 0.5, {})
    assert {job.state for job in jobs.find_jobs(size=100).items} == {JobState.CANCELLED}
    do("restoreVideo", videoId=made.video_id)

    found = {job.kind: job for job in jobs.find_jobs(size=100).items}
    assert {kind: job.state for kind, job in found.items()} == {
        JobKind.TRANSCODE: "queued", JobKind.NARROW: "queued", JobKind.COVER: "queued", JobKind.SNAPSHOT: "failed",
    }  # fmt: skip
    assert found[JobKind.COVER].payload == {"seconds": 3.0}
    assert (found[JobKind.SNAPSHOT].job_id, found[JobKind.SNAPSHOT].error) == (failed.job_id, '["why", {}]')
    assert console.store.catalogue.get_video(made.video_id).transcode_status == "onTranscode"


def test_its_place_is_given_on_where_it_was_taken_meanwhile(console, do, delete, make_video):
    first = make_video()
    delete(first)
    second = make_video()

    do("restoreVideo", videoId=first.video_id)

    assert {video.video_id for video in console.store.catalogue.find_videos(VideoFilter()).items} == {
        first.video_id, second.video_id,
    }  # fmt: skip
    assert second.id > first.id
    assert console.store.recount() == []


def test_an_import_leaves_alone_what_is_in_the_trash(console, delete, made):
    delete(made)

    assert console.store.catalogue.load_videos([made], TESTS) == [made.video_id]
    assert console.store.catalogue.is_empty()


def test_the_trash_lists_the_last_deletion_first_and_is_searched_by_title(console, clock, do, delete, make_video):
    for title in ("海边", "ＳＥＡ 100%", "山"):
        delete(make_video(title=title))
        clock.move(60)

    found = do("getTrash", pageSize=2)
    assert (found["total"], [one["title"] for one in found["trashList"]]) == (3, ["山", "ＳＥＡ 100%"])
    assert [one["title"] for one in do("getTrash", pageIndex=2, pageSize=2)["trashList"]] == ["海边"]
    (one,) = do("getTrash", title="sea 100%")["trashList"]
    assert (one["deletedBy"], one["deleteTime"], one["purgeTime"]) == (
        "anne", "2019-01-09 22:12:29.0", "2019-01-16 22:12:29.0",
    )  # fmt: skip
    assert do("getTrash", title="%")["total"] == 1


# The end


@pytest.mark.settings(trash_days=0)
def test_without_a_trash_it_is_gone_at_once(console, ask, do, delete, made):
    delete(made)

    assert do("getTrash")["total"] == 0
    assert ask("restoreVideo", videoId=made.video_id) == "404"
    assert not (console.settings.media_folder / made.video_id).exists()


def test_somebody_deletes_it_for_good(console, ask, do, delete, made):
    delete(made)

    do("purgeVideo", videoId=made.video_id)

    assert not (console.settings.media_folder / made.video_id).exists()
    assert ask("restoreVideo", videoId=made.video_id) == "404"
    line = console.store.history.find_history(made.video_id)[0]
    assert (line.action, line.actor.name, line.before["title"]) == ("purgeVideo", "anne", made.title)


def test_its_time_is_over_after_the_days_that_were_set(console, clock, do, delete, made, make_video):
    delete(made)
    clock.move(6 * SECONDS_A_DAY)
    delete(make_video())
    assert purge_due(console) == 0
    clock.move(SECONDS_A_DAY)

    assert purge_due(console) == 1

    assert not (console.settings.media_folder / made.video_id).exists()
    assert do("getTrash")["total"] == 1
    assert console.store.history.find_history(made.video_id)[0].actor == PURGER


def test_what_cannot_be_deleted_now_waits_and_keeps_nothing_else_waiting(console, clock, delete, make_video, caplog):
    first, second = make_video(), make_video()
    delete(first)
    delete(second)
    clock.move(8 * SECONDS_A_DAY)

    class Stubborn(LocalMedia):
        def deleting(self, video, actor, still):
            if video.video_id == first.video_id:
                raise MediaError("It is locked.")
            return super().deleting(video, actor, still)

    media, console.media = console.media, Stubborn(console.media.files, None)
    assert purge_due(console) == 1
    console.media = media

    assert "It is locked." in caplog.text
    assert console.store.trash.due() == [first.video_id]
    assert purge_due(console) == 1


def test_a_server_empties_the_trash_by_itself(console, clock, delete, made, eventually):
    delete(made)
    clock.move(8 * SECONDS_A_DAY)
    purger = Purger(console, seconds=0.01)

    purger.start()

    eventually(lambda: not console.store.trash.holds(made.video_id))
    purger.stop()


def test_the_doctor_counts_the_trash_and_takes_its_folders_for_no_strays(console, account, delete, made):
    delete(made)

    found = examine(console)

    wrong = [finding.text for finding in found if not finding.good]
    assert [
        text for text in wrong if not text.startswith("durability: fsync is off")
    ] == []  # as tests of servers have it
    assert "trash: 1 videos, 0.0 GB" in [finding.text for finding in found]


@pytest.mark.sqlite
def test_a_backup_holds_the_trash(console, do, delete, made, tmp_path):
    delete(made)
    back_up(console.settings, tmp_path / "backup.tar", console.media.files)
    elsewhere = replace(console.settings, data=tmp_path / "elsewhere")
    restore(elsewhere, tmp_path / "backup.tar")

    again = backend.open_console(elsewhere)
    again.run_as_operator("restoreVideo", {"videoId": made.video_id}, TESTS)

    assert without_key(again.store.catalogue.get_video(made.video_id)) == without_key(
        structs.replace(made, files=tuple(sorted(FILES, key=lambda file: file.kind)))
    )
    assert (elsewhere.media_folder / made.video_id / "source.mp4").read_bytes() == b"12345"
    again.close()
