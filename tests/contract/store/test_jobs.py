"""The queue: a job is claimed once, kept by its lease, taken again when its worker is gone, and settled whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.errors import Conflict, ConsoleError
from backend.model import FileKind, JobKind, JobState, MediaFile, TranscodeStatus, VideoStatus
from backend.store.jobs import FIRST_WAIT, LEASE_SECONDS, MAX_CRASHES, SUSPECT_DEATHS
from tests.conftest import TESTS

ALL = tuple(JobKind)
COMMON = MediaFile(FileKind.COMMON, "common-720.mp4")


def test_a_job_is_claimed_once_however_many_workers_ask(jobs, queued):
    for _ in range(20):
        queued()

    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda number: jobs.claim_job(ALL, f"worker {number}"), range(40)))

    ids = [job.job_id for job in claimed if job]
    assert len(ids) == len(set(ids)) == 20


def test_asking_again_while_one_waits_or_runs_makes_no_second_job(jobs, queued):
    made = queued()

    assert not jobs.enqueue_for_video(JobKind.TRANSCODE, made.video_id, "submitTranscode", TESTS)
    jobs.claim_job(ALL, "worker")
    assert not jobs.enqueue_for_video(JobKind.TRANSCODE, made.video_id, "submitTranscode", TESTS)
    assert jobs.find_jobs().total == 1


def test_pictures_do_not_wait_behind_encodes(jobs, queued):
    queued(JobKind.NARROW)
    queued(JobKind.TRANSCODE)
    queued(JobKind.SNAPSHOT)

    assert [jobs.claim_job(ALL, f"worker {number}").kind for number in range(3)] == [
        JobKind.SNAPSHOT, JobKind.TRANSCODE, JobKind.NARROW,
    ]  # fmt: skip


def test_a_job_whose_worker_is_silent_is_taken_again_and_the_silent_one_can_no_longer_settle_it(jobs, queued, clock):
    made = queued()
    lost = jobs.claim_job(ALL, "silent")
    assert jobs.claim_job(ALL, "next") is None

    clock.move(LEASE_SECONDS + 1)
    again = jobs.claim_job(ALL, "next")

    assert (again.job_id, again.attempts) == (lost.job_id, 2)
    assert not jobs.renew_lease(lost, "silent", "", 0.5, {})
    assert not jobs.settle_done(lost, "silent", (COMMON,), {})
    assert jobs.settle_done(again, "next", (COMMON,), {})
    assert jobs.get_job(lost.job_id).state is JobState.DONE
    assert made.transcode_status is TranscodeStatus.NEVER


def test_a_beat_keeps_a_job(jobs, queued, clock):
    queued()
    job = jobs.claim_job(ALL, "worker")

    for _ in range(5):
        clock.move(LEASE_SECONDS - 1)
        assert jobs.renew_lease(job, "worker", "reference", 0.5, {})

    assert jobs.claim_job(ALL, "other") is None
    assert jobs.get_job(job.job_id).progress == 0.5


def test_the_job_of_a_worker_that_is_known_to_be_gone_is_taken_at_once(jobs, queued):
    queued()
    lost = jobs.claim_job(ALL, "gone")

    again = jobs.claim_job(ALL, "next", lambda owner: owner == "gone")

    assert (again.job_id, again.attempts) == (lost.job_id, 2)


def test_what_a_lane_seems_to_hold_while_it_asks_for_more_goes_back(jobs, queued):
    queued()
    left = jobs.claim_job(ALL, "worker")

    assert jobs.claim_job(ALL, "worker").job_id == left.job_id


def gone(owner):
    return True


@pytest.fixture
def dies(jobs, clock):
    """Lets workers die of whatever is next, and returns what that was."""

    def die(times=1):
        for _ in range(times):
            job = jobs.claim_job(ALL, "doomed", gone)
        jobs.claim_job((), "witness", gone)
        return job

    return die


def test_a_job_that_lost_two_workers_goes_behind_all_others(jobs, queued, dies):
    suspect, other = queued(), queued(JobKind.NARROW)

    assert dies(SUSPECT_DEATHS).video_id == suspect.video_id

    assert [job.video_id for job, _ in jobs.find_queue()] == [other.video_id, suspect.video_id]
    assert jobs.claim_job(ALL, "next").video_id == other.video_id
    assert jobs.claim_job(ALL, "one more").video_id == suspect.video_id


def test_suspects_run_one_at_a_time_and_hold_nobody_else_up(jobs, queued, clock):
    pair = {queued().video_id, queued().video_id}
    for _ in range(SUSPECT_DEATHS):
        assert {jobs.claim_job(ALL, name).video_id for name in ("first", "second")} == pair
        jobs.claim_job((), "witness", gone)

    assert jobs.claim_job(ALL, "first").video_id in pair
    assert jobs.claim_job(ALL, "second") is None

    innocent = queued(JobKind.SNAPSHOT)
    assert jobs.claim_job(ALL, "second").video_id == innocent.video_id


def test_a_suspect_waits_longer_after_each_death_and_is_given_up_in_the_end(jobs, queued, clock, dies, console):
    made = queued()
    dies(SUSPECT_DEATHS)

    for number in range(MAX_CRASHES - SUSPECT_DEATHS - 1):
        assert dies()
        clock.move(FIRST_WAIT * 2**number - 1)
        assert jobs.claim_job(ALL, "early") is None
        clock.move(1)
    assert dies()

    failed = jobs.find_jobs(state=JobState.FAILED).items[0]
    assert f"crashed {MAX_CRASHES} times" in str(ConsoleError.unpack(failed.error))
    assert console.store.catalogue.get_video(made.video_id).transcode_status is TranscodeStatus.FAIL


def test_stopping_a_worker_however_often_is_held_against_nobody(jobs, queued):
    queued()

    for _ in range(2 * MAX_CRASHES):
        jobs.release_job(jobs.claim_job(ALL, "worker"), "worker")

    assert jobs.claim_job(ALL, "worker").attempts == 1


def test_a_done_job_leaves_files_status_and_history_together(jobs, queued, console):
    made = queued()
    job = jobs.claim_job(ALL, "worker")

    jobs.settle_done(job, "worker", (COMMON,), {})

    video = console.store.catalogue.get_video(made.video_id)
    assert video.renditions == (COMMON,)
    assert video.transcode_status is TranscodeStatus.SUCCESS
    assert console.store.history.find_history(made.video_id)[0].after == {"transcode_status": "success"}


def test_a_narrow_band_job_that_made_the_plain_rendition_too_says_so(jobs, queued, console):
    made = queued(JobKind.NARROW)
    job = jobs.claim_job(ALL, "worker")

    jobs.settle_done(job, "worker", (COMMON, MediaFile(FileKind.NARROW, "narrow-720.mp4")), {"vmaf": 95.2})

    video = console.store.catalogue.get_video(made.video_id)
    assert (video.transcode_status, video.narrow_transcode_status) == (TranscodeStatus.SUCCESS,) * 2
    assert jobs.get_job(job.job_id).result == {"vmaf": 95.2}


def test_a_failed_transcode_shows_until_a_retry_succeeds(jobs, queued, console):
    made = queued()
    job = jobs.claim_job(ALL, "worker")
    jobs.settle_failed(job, "worker", ConsoleError("The disk is full."), "No space left on device")
    assert console.store.catalogue.get_video(made.video_id).status is VideoStatus.TRANSCODE_FAIL

    jobs.retry_job(job.job_id, TESTS)
    again = jobs.claim_job(ALL, "worker")
    jobs.settle_done(again, "worker", (COMMON,), {})

    assert console.store.catalogue.get_video(made.video_id).status is VideoStatus.CHECKING
    assert jobs.find_jobs(state=JobState.FAILED).total == 0


def test_a_new_job_answers_what_failed_before(jobs, queued):
    made = queued()
    job = jobs.claim_job(ALL, "worker")
    jobs.settle_failed(job, "worker", ConsoleError("The disk is full. Free some space and try again."))

    jobs.enqueue_for_video(JobKind.TRANSCODE, made.video_id, "submitTranscode", TESTS)

    assert [found.state for found in jobs.find_jobs().items] == [JobState.QUEUED]


def test_a_video_that_is_deleted_takes_its_failed_jobs_along(jobs, queued, console):
    made = queued()
    job = jobs.claim_job(ALL, "worker")
    jobs.settle_failed(job, "worker", ConsoleError("The disk is full. Free some space and try again."))

    console.store.catalogue.delete_video(made.video_id, made.user.user_id, TESTS)

    assert jobs.find_jobs().total == 0


def test_only_a_failed_job_can_be_tried_again(jobs, queued):
    queued()
    job = jobs.claim_job(ALL, "worker")

    with pytest.raises(Conflict, match="only a failed job"):
        jobs.retry_job(job.job_id, TESTS)


def test_complaints_about_a_damaged_source_are_kept_with_the_job_that_is_done(jobs, queued):
    queued()
    job = jobs.claim_job(ALL, "worker")

    jobs.settle_done(job, "worker", (COMMON,), {}, "[h264] error while decoding MB 6 3")

    done = jobs.get_job(job.job_id)
    assert (done.state, done.error, done.detail) == (JobState.DONE, "", "[h264] error while decoding MB 6 3")


def test_what_ended_last_comes_first(jobs, queued, clock):
    for kind in (JobKind.SNAPSHOT, JobKind.TRANSCODE):
        queued(kind)
        clock.move(5)
    pictures, rendition = jobs.claim_job(ALL, "one"), jobs.claim_job(ALL, "two")
    jobs.settle_done(rendition, "two", (COMMON,), {})
    clock.move(5)
    jobs.settle_done(pictures, "one", (), {})

    assert [job.kind for job in jobs.find_jobs(state=JobState.DONE).items] == [pictures.kind, rendition.kind]
    assert [job.kind for job in jobs.find_jobs().items] == [rendition.kind, pictures.kind]


def test_cancelling_takes_a_job_out_and_the_video_back_to_what_it_has(jobs, queued, console):
    made = queued()
    job = jobs.find_jobs().items[0]

    jobs.cancel_job(job.job_id, TESTS)

    assert jobs.claim_job(ALL, "worker") is None
    assert console.store.catalogue.get_video(made.video_id).transcode_status is TranscodeStatus.NEVER
    with pytest.raises(Conflict, match="only a waiting or running job"):
        jobs.cancel_job(job.job_id, TESTS)


def test_every_failed_job_can_be_tried_again_at_once(jobs, queued):
    for _ in range(3):
        queued()
    for _ in range(2):
        job = jobs.claim_job(ALL, "worker")
        jobs.settle_failed(job, "worker", ConsoleError("The disk is full. Free some space and try again."))

    assert jobs.retry_failed_jobs(TESTS) == 2
    assert jobs.find_jobs(state=JobState.QUEUED).total == 3


def test_the_pace_is_learnt_from_jobs_that_are_done(jobs, queued, clock):
    for _ in range(2):
        queued(duration=10.0)
        job = jobs.claim_job(ALL, "worker")
        clock.move(5)
        jobs.renew_lease(job, "worker", "", 0.5, {})
        clock.move(10)
        jobs.settle_done(job, "worker", (COMMON,), {})

    assert jobs.find_pace() == {JobKind.TRANSCODE: 1.5}
