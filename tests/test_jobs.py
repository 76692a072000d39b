"""The queue: a job is claimed once, kept by its lease, taken again when its worker is gone, and settled whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.errors import Conflict, ConsoleError
from backend.model import Actor, FileKind, JobKind, JobState, MediaFile, TranscodeStatus, VideoStatus, WarmState
from backend.store.jobs import LEASE_SECONDS, MOST_ATTEMPTS
from backend.worker import Worker

ANNE = Actor("anne", "page")
ALL = tuple(JobKind)
SOURCE = MediaFile(FileKind.SOURCE, "source.mp4")
COMMON = MediaFile(FileKind.COMMON, "common-720.mp4")


@pytest.fixture
def jobs(console):
    return console.store.jobs


@pytest.fixture
def queued(jobs, make_video):
    """Queues a transcode and returns its video."""

    def queue(kind=JobKind.TRANSCODE, **values):
        made = make_video(files=(SOURCE,), **values)
        assert jobs.enqueue_for_video(kind, made.video_id, "submitTranscode", ANNE)
        return made

    return queue


def test_a_job_is_claimed_once_however_many_workers_ask(jobs, queued):
    for _ in range(20):
        queued()

    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda number: jobs.claim_job(ALL, f"worker {number}"), range(40)))

    ids = [job.job_id for job in claimed if job]
    assert len(ids) == len(set(ids)) == 20


def test_asking_again_while_one_waits_or_runs_makes_no_second_job(jobs, queued):
    made = queued()

    assert not jobs.enqueue_for_video(JobKind.TRANSCODE, made.video_id, "submitTranscode", ANNE)
    jobs.claim_job(ALL, "worker")
    assert not jobs.enqueue_for_video(JobKind.TRANSCODE, made.video_id, "submitTranscode", ANNE)
    assert jobs.find_jobs().total == 1


def test_pictures_do_not_wait_behind_encodes(jobs, queued):
    queued(JobKind.NARROW)
    queued(JobKind.TRANSCODE)
    queued(JobKind.SNAPSHOT)

    assert [jobs.claim_job(ALL, "worker").kind for _ in range(3)] == [
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


def test_a_job_that_kills_its_workers_fails_after_a_few_attempts(jobs, queued, clock, console):
    made = queued()
    for _ in range(MOST_ATTEMPTS):
        assert jobs.claim_job(ALL, "doomed")
        clock.move(LEASE_SECONDS + 1)

    assert jobs.claim_job(ALL, "doomed") is None

    failed = jobs.find_jobs(state=JobState.FAILED).items[0]
    assert "its worker died" in str(ConsoleError.unpack(failed.error))
    assert console.store.catalogue.get_video(made.video_id).transcode_status is TranscodeStatus.FAIL


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

    jobs.retry_job(job.job_id, ANNE)
    again = jobs.claim_job(ALL, "worker")
    jobs.settle_done(again, "worker", (COMMON,), {})

    assert console.store.catalogue.get_video(made.video_id).status is VideoStatus.CHECKING
    assert jobs.find_jobs(state=JobState.FAILED).total == 0


def test_a_new_job_answers_what_failed_before(jobs, queued):
    made = queued()
    job = jobs.claim_job(ALL, "worker")
    jobs.settle_failed(job, "worker", ConsoleError("The disk is full. Make room and try again."))

    jobs.enqueue_for_video(JobKind.TRANSCODE, made.video_id, "submitTranscode", ANNE)

    assert [found.state for found in jobs.find_jobs().items] == [JobState.QUEUED]


def test_a_video_that_is_deleted_takes_its_failed_jobs_along(jobs, queued, console):
    made = queued()
    job = jobs.claim_job(ALL, "worker")
    jobs.settle_failed(job, "worker", ConsoleError("The disk is full. Make room and try again."))

    console.store.catalogue.delete_video(made.video_id, made.user.user_id, ANNE)

    assert jobs.find_jobs().total == 0


def test_only_a_failed_job_can_be_tried_again(jobs, queued):
    queued()
    job = jobs.claim_job(ALL, "worker")

    with pytest.raises(Conflict, match="only a failed job"):
        jobs.retry_job(job.job_id, ANNE)


def test_a_prewarm_tells_of_each_address_while_it_runs(jobs):
    jobs.enqueue_prewarm(["http://example.com/1", "http://example.com/2"], ANNE)
    job = jobs.claim_job(ALL, "worker")

    jobs.renew_lease(job, "worker", "", 0.5, {"warmed": {1: (WarmState.FAILED, "HTTP 404")}})

    assert jobs.warmed_urls([job.job_id])[job.job_id] == [
        {"url": "http://example.com/1", "state": "waiting", "detail": ""},
        {"url": "http://example.com/2", "state": "failed", "detail": "HTTP 404"},
    ]


class Endless:
    """A runner whose jobs never end by themselves."""

    def __init__(self):
        self.cancelled = []

    def start(self, job, video):
        return job.job_id

    def poll(self, reference):
        from backend.tasks import Running

        return Running(0.5)

    def cancel(self, reference):
        self.cancelled.append(reference)


def test_a_worker_that_stops_gives_its_job_back_unharmed(jobs, queued, console, eventually):
    queued()
    runner = Endless()
    worker = Worker(console.store, {JobKind.TRANSCODE: runner})
    worker.start()
    eventually(lambda: jobs.find_jobs(state=JobState.RUNNING).total == 1)

    worker.stop()

    job = jobs.find_jobs().items[0]
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert runner.cancelled == [job.job_id]


def test_a_worker_stops_working_for_a_video_that_was_deleted(jobs, queued, console, eventually):
    made = queued()
    runner = Endless()
    worker = Worker(console.store, {JobKind.TRANSCODE: runner})
    worker.start()
    eventually(lambda: jobs.find_jobs(state=JobState.RUNNING).total == 1)

    console.store.catalogue.delete_video(made.video_id, made.user.user_id, ANNE)

    eventually(lambda: bool(runner.cancelled))
    worker.stop()
    assert jobs.find_jobs().items[0].state is JobState.CANCELLED


def test_cancelling_takes_a_job_out_and_the_video_back_to_what_it_has(jobs, queued, console):
    made = queued()
    job = jobs.find_jobs().items[0]

    jobs.cancel_job(job.job_id, ANNE)

    assert jobs.claim_job(ALL, "worker") is None
    assert console.store.catalogue.get_video(made.video_id).transcode_status is TranscodeStatus.NEVER
    with pytest.raises(Conflict, match="only one that waits or runs"):
        jobs.cancel_job(job.job_id, ANNE)


def test_cancelling_stops_a_job_that_runs(jobs, queued, console, eventually):
    queued()
    runner = Endless()
    worker = Worker(console.store, {JobKind.TRANSCODE: runner})
    worker.start()
    eventually(lambda: jobs.find_jobs(state=JobState.RUNNING).total == 1)

    jobs.cancel_job(jobs.find_jobs().items[0].job_id, ANNE)

    eventually(lambda: bool(runner.cancelled))
    worker.stop()
    assert jobs.find_jobs().items[0].state is JobState.CANCELLED


def test_every_failed_job_can_be_tried_again_at_once(jobs, queued):
    for _ in range(3):
        queued()
    for _ in range(2):
        job = jobs.claim_job(ALL, "worker")
        jobs.settle_failed(job, "worker", ConsoleError("The disk is full. Make room and try again."))

    assert jobs.retry_failed_jobs(ANNE) == 2
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
