"""The worker for jobs that are done elsewhere: many in hand, none lost, and nothing waits for a slow call."""

from __future__ import annotations

import threading

import pytest

from backend.errors import CloudError, MediaError
from backend.jobs.runner import Done, Failed, Lost, Running
from backend.jobs.worker import MAX_REMOTE, Worker
from backend.model import Actor, JobKind, JobState
from tests.jobs.test_worker import Hasty, refusals

ANNE = Actor("anne", "tests")


class Elsewhere:
    """Answers as it is told: a list of outcomes or errors for each question, the last of which stays."""

    def __init__(self):
        self.starts, self.polls = [None], [Done()]
        self.started, self.cancelled = [], []

    def start(self, job, video):
        self.started.append(job.job_id)
        return self._next(self.starts) or f"ref-{job.job_id}"

    def poll(self, reference):
        return self._next(self.polls)

    def cancel(self, reference):
        self.cancelled.append(reference)

    @staticmethod
    def _next(answers):
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def elsewhere():
    return Elsewhere()


@pytest.fixture
def worker(console, elsewhere):
    worker = Worker(console.store, {JobKind.PREWARM: elsewhere}, clock=Hasty())
    yield worker
    worker.stop()


@pytest.fixture
def queue(console):
    """Queues jobs, and gives them as they are now."""

    def add(count=1):
        for number in range(count):
            console.store.prewarming.enqueue([f"http://example.com/{number}"], ANNE)

    return add


@pytest.fixture
def jobs(console):
    return lambda: console.store.jobs.find_jobs(size=1000).items


def passing(**how):
    return CloudError("Alibaba Cloud did not answer {action} in time ({words}); try again in a minute.",
                      passing=True, action="x", words="y", **how)  # fmt: skip


def test_a_job_is_started_watched_and_settled(worker, queue, jobs, elsewhere):
    elsewhere.polls = [Running(0.5), Running(0.9), Done(facts={"found": 1})]
    queue()

    worker.run_until_idle()

    (job,) = jobs()
    assert (job.state, job.result, job.reference) == (JobState.DONE, {"found": 1}, f"ref-{job.job_id}")


def test_many_jobs_are_in_hand_at_once(worker, queue, jobs, elsewhere):
    elsewhere.polls = [Running()]
    queue(MAX_REMOTE + 20)

    worker.step()

    assert sum(job.state is JobState.RUNNING for job in jobs()) == MAX_REMOTE


def test_what_passes_is_asked_again(worker, queue, jobs, elsewhere):
    elsewhere.starts = [passing(), passing(), None]
    elsewhere.polls = [passing(), Running(), passing(), Done()]
    queue()

    worker.run_until_idle()

    assert jobs()[0].state is JobState.DONE
    assert jobs()[0].attempts == 1


def test_what_cannot_be_begun_for_too_long_fails_with_the_last_word(worker, queue, jobs, elsewhere):
    elsewhere.starts = [passing(cloud_code="Throttling", request_id="R1")]
    queue()

    worker.run_until_idle()

    assert jobs()[0].state is JobState.FAILED
    assert jobs()[0].detail == "Throttling R1"


def test_what_was_begun_goes_on_however_long_nobody_tells_how_it_stands(worker, queue, jobs, elsewhere):
    elsewhere.polls = [*[passing(cloud_code="Throttling")] * 60, Done()]  # an hour, at a minute each
    queue()

    worker.run_until_idle()

    assert (jobs()[0].state, len(elsewhere.started)) == (JobState.DONE, 1)


def test_jobs_of_one_kind_that_go_on_for_long_keep_no_other_kind_waiting(console, queue, jobs, elsewhere):
    elsewhere.polls = [Running()]
    worker = Worker(console.store, {JobKind.PREWARM: elsewhere, JobKind.DEMO: elsewhere}, clock=Hasty())
    queue(MAX_REMOTE + 1)
    console.store.jobs.enqueue_demo([1])

    worker.step()

    assert [job.state for job in jobs() if job.kind is JobKind.DEMO] == [JobState.RUNNING]
    worker.stop()


@pytest.mark.parametrize("error", [MediaError("The file is empty. Send it again."), CloudError("x"), ValueError("bug")])
def test_what_does_not_pass_fails_at_once(worker, queue, jobs, elsewhere, error):
    elsewhere.starts = [error]
    queue()

    worker.run_until_idle()

    assert (jobs()[0].state, len(elsewhere.started)) == (JobState.FAILED, 1)


def test_a_lost_job_is_started_again(worker, queue, jobs, elsewhere):
    elsewhere.polls = [Lost(), Done()]
    queue()

    worker.run_until_idle()

    assert (jobs()[0].state, len(elsewhere.started)) == (JobState.DONE, 2)


def test_a_job_that_is_lost_again_and_again_is_begun_later_and_later(console, queue, jobs, elsewhere, paused):
    elsewhere.polls = [Lost(), Lost(), Lost(), Done()]
    queue()
    worker = Worker(console.store, {JobKind.PREWARM: elsewhere}, clock=paused)

    worker.run_until_idle()
    worker.stop()

    assert (jobs()[0].state, jobs()[0].attempts, len(elsewhere.started)) == (JobState.DONE, 1, 4)
    assert paused.pauses == [0.5, 1.0, 2.0]


def test_a_failure_keeps_its_words(worker, queue, jobs, elsewhere):
    elsewhere.polls = [Failed(CloudError("x"), "the tool's own words")]
    queue()

    worker.run_until_idle()

    assert (jobs()[0].state, jobs()[0].detail) == (JobState.FAILED, "the tool's own words")


def test_a_job_that_somebody_cancelled_is_let_go(console, worker, queue, jobs, elsewhere, eventually):
    elsewhere.polls = [Running(0.5)]
    queue()
    worker.step()
    console.store.jobs.cancel_job(jobs()[0].job_id, ANNE)

    eventually(lambda: worker.step() or elsewhere.cancelled)

    assert jobs()[0].state is JobState.CANCELLED


def test_a_worker_that_stops_gives_its_jobs_back_unharmed(worker, queue, jobs, elsewhere, eventually):
    elsewhere.polls = [Running(0.5)]
    queue(3)
    eventually(lambda: worker.step() or len(elsewhere.started) == 3)

    worker.stop()

    assert {(job.state, job.attempts) for job in jobs()} == {(JobState.QUEUED, 0)}


def test_a_call_that_hangs_keeps_nobody_else_waiting(console, queue, jobs, elsewhere, eventually):
    hanging = threading.Event()
    first = []

    def start(job, video):
        if not first:
            first.append(job.job_id)
            hanging.wait(60)
        return "reference"

    elsewhere.start = start
    worker = Worker(console.store, {JobKind.PREWARM: elsewhere})
    queue(3)
    worker.start()
    try:
        eventually(lambda: sum(job.state is JobState.DONE for job in jobs()) == 2)
    finally:
        hanging.set()
        worker.stop()


def test_what_breaks_while_an_end_is_prepared_is_told(console, queue, jobs, elsewhere):
    def settle(job, outcome):
        raise MediaError("The file is empty. Send it again.", "why")

    worker = Worker(console.store, {JobKind.PREWARM: elsewhere}, {JobKind.PREWARM: settle}, Hasty())
    queue()

    worker.run_until_idle()
    worker.stop()

    assert (jobs()[0].state, jobs()[0].detail) == (JobState.FAILED, "why")


def test_an_end_that_a_locked_database_refused_is_recorded_later_and_nothing_is_asked_again(
    console, worker, elsewhere, queue, jobs, monkeypatch
):
    settle, errors = console.store.jobs.settle_done, refusals(3)

    def refuse(*arguments):
        if error := next(errors, None):
            raise error
        return settle(*arguments)

    monkeypatch.setattr(console.store.jobs, "settle_done", refuse)
    queue()

    worker.run_until_idle()

    (job,) = jobs()
    assert (job.state, job.attempts, len(elsewhere.started)) == (JobState.DONE, 1, 1)
