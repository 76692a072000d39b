"""Changes to videos: what goes together, what is written into the history, and what changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from backend.model import (
    Actor,
    CensorStatus,
    FileKind,
    JobKind,
    JobState,
    MediaFile,
    TranscodeStatus,
    Verdict,
    VideoFilter,
    VideoStatus,
)

ANNE = Actor("anne", "page", "10.0.0.7", "request-1")
SOURCE = MediaFile(FileKind.SOURCE, "source.mp4")
COMMON = MediaFile(FileKind.COMMON, "common-720.mp4")


@pytest.fixture
def catalogue(console):
    return console.store.catalogue


def test_blocking_changes_verdict_recommendation_media_address_and_history_together(console, catalogue, make_video):
    before = make_video(censor_status=CensorStatus.SUCCESS)
    catalogue.recommend(before.video_id, {}, ANNE)

    catalogue.record_audit(before.video_id, Verdict.BLOCKED, "违规", "seen twice", ANNE)

    after = catalogue.get_video(before.video_id)
    assert (after.status, after.censor_status, after.is_recommend) == (VideoStatus.BLOCKED, CensorStatus.FAIL, False)
    assert after.media_key != before.media_key
    line = console.store.history.find_history(before.video_id)[0]
    assert (line.actor, line.action) == (ANNE, "createAudit")
    ended = line.before.pop("recommendation")  # with which it can come back
    assert ended["video_id"] == before.video_id
    assert line.before == {"status": "Checking", "censorStatus": "success", "isRecommend": True}
    assert line.after == {"status": "Blocked", "censorStatus": "fail", "reason": "违规", "comment": "seen twice"}


def test_a_change_that_fails_half_way_leaves_nothing(console, catalogue, make_video, monkeypatch):
    made = make_video(censor_status=CensorStatus.SUCCESS)
    catalogue.recommend(made.video_id, {}, ANNE)
    monkeypatch.setattr("backend.store.history.append", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        catalogue.record_audit(made.video_id, Verdict.BLOCKED, "违规", "", ANNE)

    after = catalogue.get_video(made.video_id)
    assert (after.censor_status, after.is_recommend) == (CensorStatus.SUCCESS, True)


def test_the_same_verdict_twice_is_one_line_of_history(console, catalogue, make_video):
    made = make_video()

    assert catalogue.record_audit(made.video_id, Verdict.NORMAL, "", "", ANNE)
    assert not catalogue.record_audit(made.video_id, Verdict.NORMAL, "", "", ANNE)

    assert [line.action for line in console.store.history.find_history(made.video_id)] == ["createAudit", "uploadVideo"]


def test_identical_recommendations_in_parallel_have_one_effect(console, catalogue, make_video):
    made = make_video(censor_status=CensorStatus.SUCCESS)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            pool.submit(catalogue.recommend, made.video_id, {"title": "once"}, ANNE, narrow=True)

    lines = [line.action for line in console.store.history.find_history(made.video_id)]
    assert lines == ["recommendVideo", "uploadVideo"]
    assert console.store.jobs.find_jobs(kind=JobKind.NARROW).total == 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [((SOURCE,), TranscodeStatus.RUNNING), ((SOURCE, COMMON), TranscodeStatus.NEVER), ((), TranscodeStatus.NEVER)],
)
def test_approving_starts_a_rendition_only_where_there_is_a_source_and_none_yet(catalogue, make_video, files, expected):
    made = make_video(files=files)

    catalogue.record_audit(made.video_id, Verdict.NORMAL, "", "", ANNE)

    assert catalogue.get_video(made.video_id).transcode_status is expected


def test_deleting_takes_jobs_files_and_recommendation_along(console, catalogue, make_video):
    made = make_video(censor_status=CensorStatus.SUCCESS, files=(SOURCE,))
    catalogue.recommend(made.video_id, {}, ANNE)
    console.store.jobs.enqueue_for_video(JobKind.TRANSCODE, made.video_id, "submitTranscode", ANNE)

    catalogue.delete_video(made.video_id, made.user.user_id, ANNE)

    assert console.store.jobs.find_jobs().items[0].state is JobState.CANCELLED
    assert console.store.check() == []
    assert catalogue.is_empty()


def test_an_entry_follows_the_catalogue_again_once_a_job_has_settled(console, catalogue, make_video):
    made = make_video(censor_status=CensorStatus.SUCCESS, files=(SOURCE,))
    catalogue.recommend(made.video_id, {"transcode_status": "onTranscode"}, ANNE)
    console.store.jobs.enqueue_for_video(JobKind.TRANSCODE, made.video_id, "submitTranscode", ANNE)
    job = console.store.jobs.claim_job([JobKind.TRANSCODE], "worker")

    console.store.jobs.settle_done(job, "worker", (COMMON,), {})

    assert catalogue.get_recommendation(made.video_id).video.transcode_status is TranscodeStatus.SUCCESS


def test_the_overview_counts_what_narrow_band_saves(console, make_video):
    narrow = MediaFile(FileKind.NARROW, "narrow-720.mp4", 300)
    make_video(files=(SOURCE, MediaFile(FileKind.COMMON, "common-720.mp4", 1000), narrow))
    make_video(files=(SOURCE, MediaFile(FileKind.COMMON, "common-720.mp4", 500)))

    counts = console.store.statistics.count_everything([0])

    assert (counts.narrow_bytes, counts.narrow_bytes_plain) == (300, 1000)


def test_many_videos_come_in_at_once_and_those_that_were_there_are_named(console, catalogue, make_video):
    there = make_video(title="was there")
    video = replace(there, video_id="new", title="Neu", created=there.created + 5, files=(SOURCE, COMMON), media_key="")
    given = [replace(video, video_id=there.video_id), video, video, replace(video, video_id="newer")]

    assert catalogue.load_videos(given, ANNE) == [there.video_id, "new"]

    newest = catalogue.find_videos(VideoFilter()).items
    assert [one.video_id for one in newest] == ["newer", "new", there.video_id]
    assert (newest[1].title, newest[1].files, newest[2].title) == ("Neu", (COMMON, SOURCE), "was there")
    assert len({one.id for one in newest}) == len({one.media_key for one in newest}) == 3
    assert [line.action for line in console.store.history.find_history("new")] == ["importVideo"]


def test_narrow_band_is_held_against_the_plain_rendition_of_its_size(console, make_video):
    ladder = [("common-720.mp4", 1000, 720, 0), ("common-540.mp4", 600, 540, 1), ("narrow-540.mp4", 200, 540, 0)]
    make_video(
        files=tuple(
            MediaFile(FileKind(name[:6]), name, size, height=height, position=position)
            for name, size, height, position in ladder
        )
    )

    counts = console.store.statistics.count_everything([0])

    assert (counts.narrow_bytes, counts.narrow_bytes_plain) == (200, 600)
