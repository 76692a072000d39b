"""The worker: it gives back what it cannot finish, lets go of what was cancelled, and outlives what breaks."""

from __future__ import annotations

import pytest

from backend.model import JobKind, JobState
from backend.pace import slow_lanes
from backend.store import StoreError
from backend.tasks import Done, Running
from backend.worker import Worker
from tests.conftest import TESTS


class Endless:
    """A runner whose jobs never end by themselves."""

    def __init__(self):
        self.cancelled = []

    def start(self, job, video):
        return job.job_id

    def poll(self, reference):
        return Running(0.5)

    def cancel(self, reference):
        self.cancelled.append(reference)


class Instant(Endless):
    """A runner whose jobs are done at once."""

    def poll(self, reference):
        return Done()


@pytest.fixture
def start(console):
    """Starts workers, which stop at the end of the test at the latest."""
    started = []

    def make(**runners):
        worker = Worker(console.store, {JobKind(kind): runner for kind, runner in runners.items()})
        started.append(worker)
        worker.start()
        return worker

    yield make
    for worker in started:
        worker.stop()


@pytest.fixture
def at_work(jobs, queued, start, eventually):
    """A worker in the midst of a transcode, the runner that does it, and the video."""
    made, runner = queued(), Endless()
    worker = start(transcode=runner)
    eventually(lambda: jobs.find_jobs(state=JobState.RUNNING).total == 1)
    return worker, runner, made


def test_a_worker_that_stops_gives_its_job_back_unharmed(jobs, at_work):
    worker, runner, _ = at_work

    worker.stop()

    job = jobs.find_jobs().items[0]
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert runner.cancelled == [job.job_id]


def test_a_worker_stops_working_for_a_video_that_was_deleted(jobs, at_work, console, eventually):
    worker, runner, made = at_work

    console.store.catalogue.delete_video(made.video_id, made.user.user_id, TESTS)

    eventually(lambda: bool(runner.cancelled))
    worker.stop()
    assert jobs.find_jobs().items[0].state is JobState.CANCELLED


def test_pictures_are_taken_while_encodes_run(jobs, queued, start, eventually):
    for _ in range(slow_lanes() + 1):
        queued()
    start(transcode=Endless(), snapshot=Instant())
    eventually(lambda: jobs.find_jobs(state=JobState.RUNNING).total == slow_lanes())

    queued(JobKind.SNAPSHOT)

    eventually(lambda: jobs.find_jobs(kind=JobKind.SNAPSHOT, state=JobState.DONE).total == 1)
    assert jobs.find_jobs(kind=JobKind.TRANSCODE, state=JobState.QUEUED).total == 1


def test_a_job_that_breaks_its_worker_fails_and_the_next_one_is_done(jobs, queued, console):
    broken, whole = queued(), queued()

    def settle(job, outcome):
        if job.video_id == broken.video_id:
            raise KeyError("what nobody thought of")

    worker = Worker(console.store, {JobKind.TRANSCODE: Instant()}, {JobKind.TRANSCODE: settle})
    worker.run_until_idle()

    states = {job.video_id: (job.state, job.detail) for job in jobs.find_jobs().items}
    assert states[broken.video_id] == (JobState.FAILED, "KeyError('what nobody thought of')")
    assert states[whole.video_id] == (JobState.DONE, "")


def test_a_store_that_cannot_be_written_for_a_moment_costs_no_job(jobs, queued, start, eventually, monkeypatch):
    queued()
    settle, refusals = jobs.settle_done, iter([True])

    def refuse_once(*arguments):
        if next(refusals, False):
            raise StoreError("The database cannot be written: database or disk is full")
        return settle(*arguments)

    monkeypatch.setattr(jobs, "settle_done", refuse_once)
    start(transcode=Instant())

    eventually(lambda: jobs.find_jobs(state=JobState.DONE).total == 1)


def test_work_that_nobody_can_watch_any_more_is_stopped(jobs, queued, start, eventually, monkeypatch):
    queued()
    runner = Endless()

    def refuse(*arguments):
        raise StoreError("The database cannot be written: database or disk is full")

    monkeypatch.setattr(jobs, "renew_lease", refuse)
    start(transcode=runner)

    eventually(lambda: bool(runner.cancelled))


def test_cancelling_stops_a_job_that_runs(jobs, at_work, eventually):
    worker, runner, _ = at_work

    jobs.cancel_job(jobs.find_jobs().items[0].job_id, TESTS)

    eventually(lambda: bool(runner.cancelled))
    worker.stop()
    assert jobs.find_jobs().items[0].state is JobState.CANCELLED
