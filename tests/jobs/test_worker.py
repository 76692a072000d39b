"""The worker: it gives back what it cannot finish, lets go of what was cancelled, and outlives what breaks."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from contextlib import closing

import pytest

from backend.errors import ConsoleError
from backend.jobs import process_identity
from backend.jobs.concurrency import slow_concurrency
from backend.jobs.runner import Done, Failed
from backend.jobs.worker import Worker
from backend.model import JobKind, JobState
from backend.store import Reason, StoreError
from backend.store.jobs import LEASE_SECONDS, LIVING_SECONDS
from tests.conftest import TESTS


class Endless:
    """A runner whose jobs never end by themselves."""

    def __init__(self):
        self.starts, self.stopped = [], []

    def run(self, job, video, task):
        self.starts.append(job.job_id)
        task.report(0.5)
        task.stopped.wait(60)
        self.stopped.append(job.job_id)
        task.report(0.5)
        return Done()


class Instant:
    """A runner whose jobs end at once, as it is told."""

    def __init__(self, end=None):
        self.starts, self.end = [], end or Done()

    def run(self, job, video, task):
        self.starts.append(job.job_id)
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


class Hasty:
    """A clock that runs some seconds at each look."""

    now = 0.0

    def __call__(self):
        self.now += 10.0
        return self.now


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
    eventually(lambda: runner.starts)
    return worker, runner, made


def test_a_worker_that_stops_gives_its_job_back_unharmed(jobs, at_work):
    worker, runner, _ = at_work

    worker.stop()

    job = jobs.find_jobs().items[0]
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert runner.stopped == [job.job_id]


def test_a_worker_stops_working_for_a_video_that_was_deleted(jobs, at_work, console, eventually):
    worker, runner, made = at_work

    console.store.catalogue.delete_video(made.video_id, made.user.user_id, TESTS)

    eventually(lambda: bool(runner.stopped))
    worker.stop()
    assert jobs.find_jobs().items[0].state is JobState.CANCELLED


def test_pictures_are_taken_while_encodes_run(jobs, queued, start, eventually):
    for _ in range(slow_concurrency() + 1):
        queued()
    start(transcode=Endless(), snapshot=Instant())
    eventually(lambda: jobs.find_jobs(state=JobState.RUNNING).total == slow_concurrency())

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


def test_a_job_of_an_unknown_kind_is_left_alone_and_all_others_are_done(console, jobs, queued, start, eventually):
    made = [queued(), queued(), queued(JobKind.SNAPSHOT)]
    with console.store.engine.writing() as db:
        db.execute("update jobs set kind = 'hologram', priority = -1 where video_id = ?", [made[0].video_id])

    start(transcode=Instant(), snapshot=Instant())

    eventually(lambda: jobs.find_jobs(state=JobState.DONE).total == 2)
    (unknown,) = jobs.find_jobs(state=JobState.QUEUED).items
    assert (unknown.kind, unknown.attempts, unknown.video_id) == ("hologram", 0, made[0].video_id)


def test_a_job_that_is_added_here_is_taken_up_without_waiting_for_the_next_look(
    jobs, queued, start, eventually, monkeypatch
):
    monkeypatch.setattr("backend.jobs.worker.CLAIM_SECONDS", 3600.0)
    claims, claim = [], jobs.claim_job
    monkeypatch.setattr(jobs, "claim_job", lambda *given: claims.append(claim(*given)) or claims[-1])
    start(transcode=Instant())
    eventually(lambda: claims == [None])

    queued()

    eventually(lambda: jobs.find_jobs(state=JobState.DONE).total == 1)


def test_what_prepares_an_end_is_asked_again_where_the_database_refused_and_nothing_is_done_again(
    jobs, queued, console, paused
):
    prepared, errors, runner = [], refusals(3), Instant()

    def settle(job, outcome):
        if error := next(errors, None):
            raise error
        prepared.append(job.job_id)

    queued()
    worker = Worker(console.store, {JobKind.TRANSCODE: runner}, {JobKind.TRANSCODE: settle}, paused)
    worker.run_until_idle()

    (job,) = jobs.find_jobs().items
    assert (job.state, job.attempts, prepared) == (JobState.DONE, 1, [job.job_id])
    assert (len(runner.starts), paused.pauses) == (1, [0.5, 1.0, 2.0])


def test_work_that_nobody_can_watch_any_more_is_stopped(jobs, queued, start, eventually, monkeypatch):
    queued()
    runner = Endless()

    def refuse(*arguments):
        raise StoreError("The database cannot be written: database or disk is full")

    monkeypatch.setattr(jobs, "renew_lease", refuse)
    start(transcode=runner)

    eventually(lambda: bool(runner.stopped))


def refusals(count, reason=Reason.BUSY):
    """Errors as a database raises them that is locked, or cannot be used for another reason, so many times."""
    for _ in range(count):
        yield StoreError(f"The database cannot be written: it is {reason}", reason)


def refusing(function, errors):
    def refuse(*arguments, **named):
        if error := next(errors, None):
            raise error
        return function(*arguments, **named)

    return refuse


@pytest.mark.parametrize("reason", [Reason.BUSY, Reason.FULL, Reason.OTHER])
@pytest.mark.parametrize("end", ["settle_done", "settle_failed"])
def test_an_end_that_the_database_refused_is_recorded_later_and_later_and_nothing_is_done_again(
    jobs, queued, console, monkeypatch, caplog, paused, end, reason
):
    monkeypatch.setattr(jobs, end, refusing(getattr(jobs, end), refusals(7, reason)))
    queued()
    runner = Instant(Done() if end == "settle_done" else Failed(ConsoleError("It cannot be done.")))

    Worker(console.store, {JobKind.TRANSCODE: runner}, clock=paused).run_until_idle()

    (job,) = jobs.find_jobs().items
    assert paused.pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert job.state is (JobState.DONE if end == "settle_done" else JobState.FAILED)
    assert (len(runner.starts), job.attempts) == (1, 1)
    assert "worker died" not in job.error
    assert len([line for line in caplog.messages if "failed: It cannot be done" in line]) == (end == "settle_failed")


@pytest.mark.sqlite
def test_an_end_waits_for_another_program_that_holds_the_database(settings, request, monkeypatch):
    monkeypatch.setattr("backend.store.sqlite.connections.BUSY_SECONDS", 0)
    console, queued = (request.getfixturevalue(name) for name in ("console", "queued"))
    queued()
    runner = Instant()
    settle, tries = console.store.jobs.settle_done, itertools.count(1)

    with closing(sqlite3.connect((settings.data / "console.sqlite3"), isolation_level=None)) as other:

        def settle_under_a_lock(*arguments):
            number = next(tries)
            if number == 1:
                other.execute("begin immediate")
            elif number == 4:
                other.execute("rollback")
            return settle(*arguments)

        monkeypatch.setattr(console.store.jobs, "settle_done", settle_under_a_lock)
        Worker(console.store, {JobKind.TRANSCODE: runner}, clock=Hasty()).run_until_idle()

    (job,) = console.store.jobs.find_jobs().items
    assert (job.state, job.attempts, len(runner.starts), next(tries)) == (JobState.DONE, 1, 1, 5)


class Reporting:
    """A runner that reports its progress as often as it is told, once the last report was noted."""

    def __init__(self, times, noted):
        self.times, self.noted, self.starts = times, noted, []

    def run(self, job, video, task):
        self.starts.append(job.job_id)
        for number in range(self.times):
            self.noted.clear()
            task.report(number / self.times)
            assert self.noted.wait(60)
        return Done()


@pytest.fixture
def noted(jobs, monkeypatch):
    """Is set each time a worker tried to note the progress of a job; the first tries are refused, as often as told."""
    event, renew, errors = threading.Event(), jobs.renew_lease, []
    event.refusals = errors

    def renewing(*arguments):
        try:
            if errors:
                raise errors.pop()
            return renew(*arguments)
        finally:
            event.set()

    monkeypatch.setattr("backend.jobs.worker.RENEW_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "renew_lease", renewing)
    return event


def test_a_beat_that_a_locked_database_refused_stops_no_work(jobs, queued, console, noted):
    noted.refusals.extend(refusals(2))
    queued()
    runner = Reporting(4, noted)

    Worker(console.store, {JobKind.TRANSCODE: runner}).run_until_idle()

    assert len(runner.starts) == 1
    assert jobs.find_jobs().items[0].state is JobState.DONE


def test_progress_that_the_database_refuses_again_and_again_is_logged_once(jobs, queued, console, noted, caplog):
    noted.refusals.extend(refusals(5))
    queued()

    Worker(console.store, {JobKind.TRANSCODE: Reporting(9, noted)}).run_until_idle()

    assert len([line for line in caplog.messages if "cannot be noted now" in line]) == 1


def test_a_job_that_the_database_lets_nobody_begin_is_begun_later_and_later(jobs, queued, console, monkeypatch, paused):
    catalogue = console.store.catalogue
    monkeypatch.setattr(catalogue, "get_video", refusing(catalogue.get_video, refusals(4)))
    queued()
    runner = Instant()

    worker = Worker(console.store, {JobKind.TRANSCODE: runner}, clock=paused)
    worker.run_until_idle()

    job = jobs.find_jobs().items[0]
    assert (job.state, job.attempts, len(runner.starts)) == (JobState.DONE, 1, 1)
    assert paused.pauses == [0.5, 1.0, 2.0, 4.0]


def test_a_job_whose_owner_lives_here_is_not_taken_from_it_for_a_late_beat(jobs, queued, clock):
    queued()
    owner = f"{process_identity.name()}/lane"
    job = jobs.claim_job([JobKind.TRANSCODE], owner, process_identity.is_gone, process_identity.is_here)

    clock.move(LEASE_SECONDS + LIVING_SECONDS - 1)
    assert jobs.claim_job([JobKind.TRANSCODE], "another", process_identity.is_gone, process_identity.is_here) is None
    assert jobs.settle_done(job, owner, (), {})


def test_an_end_is_recorded_of_a_job_that_was_taken_back_and_not_begun_anew(jobs, queued, clock):
    queued()
    job = jobs.claim_job([JobKind.TRANSCODE], "late")
    clock.move(LEASE_SECONDS + 1)
    assert jobs.claim_job([JobKind.SNAPSHOT], "another") is None
    assert jobs.get_job(job.job_id).state is JobState.QUEUED

    assert jobs.settle_done(job, "late", (), {})

    assert jobs.get_job(job.job_id).state is JobState.DONE


def test_whatever_breaks_no_lane_ends(jobs, queued, start, eventually, monkeypatch):
    claim, surprises = jobs.claim_job, iter([KeyError("what nobody thought of")] * 3)
    monkeypatch.setattr(jobs, "claim_job", refusing(claim, surprises))
    monkeypatch.setattr("backend.jobs.worker.STORE_BACKOFF", (0.01, 0.01))
    queued()

    start(transcode=Instant())

    eventually(lambda: jobs.find_jobs(state=JobState.DONE).total == 1)


def test_cancelling_stops_a_job_that_runs(jobs, at_work, eventually):
    worker, runner, _ = at_work

    jobs.cancel_job(jobs.find_jobs().items[0].job_id, TESTS)

    eventually(lambda: bool(runner.stopped))
    worker.stop()
    assert jobs.find_jobs().items[0].state is JobState.CANCELLED


def test_a_job_that_was_cancelled_is_held_no_longer_as_soon_as_it_has_stopped(console, jobs, at_work, eventually):
    lease = "select lease_until from jobs where state = 'cancelled'"

    def until():
        with console.store.engine.reading() as db:
            return db.fetch(lease)

    _, runner, _ = at_work
    jobs.cancel_job(jobs.find_jobs().items[0].job_id, TESTS)
    assert runner.stopped or until() > [(0,)]

    eventually(lambda: until() == [(0,)])
    assert runner.stopped
