"""How long jobs will take: learnt from those before, corrected by how far a job has come itself."""

from __future__ import annotations

from backend.jobs.concurrency import QueueEstimate, estimate_queue
from backend.model import Job, JobKind, JobState

PACE = {JobKind.TRANSCODE: 2.0, JobKind.NARROW: 5.0}


def job(job_id, state=JobState.QUEUED, kind=JobKind.TRANSCODE, **values):
    return Job(job_id, kind, state, created=0, **values)


def test_a_waiting_job_waits_for_those_before_it():
    queue = [(job("a"), 10.0), (job("b"), 5.0), (job("c", kind=JobKind.NARROW), 2.0)]

    assert estimate_queue(queue, PACE, now=0) == {
        "a": QueueEstimate(1, 20),
        "b": QueueEstimate(2, 30),
        "c": QueueEstimate(3, 40),
    }


def test_jobs_side_by_side_wait_less():
    assert estimate_queue([(job("a"), 10.0), (job("b"), 10.0)], PACE, now=0, lanes=2)["b"] == QueueEstimate(2, 20)


def test_a_running_job_is_judged_by_its_own_progress_once_it_has_some():
    running = {"state": JobState.RUNNING, "started": 100}

    assert estimate_queue([(job("a", progress=0.25, **running), 10.0)], PACE, now=130)["a"] == QueueEstimate(0, 90)
    assert estimate_queue([(job("a", progress=0.01, **running), 10.0)], PACE, now=105)["a"] == QueueEstimate(0, 15)


def test_what_runs_comes_before_what_waits_whatever_its_priority():
    queue = [(job("waits"), 10.0), (job("runs", JobState.RUNNING, started=0), 10.0)]

    assert [place.position for place in estimate_queue(queue, PACE, now=0).values()] == [0, 1]


def test_where_nothing_was_learnt_nothing_is_claimed():
    queue = [(job("a", kind=JobKind.DEMO), 0.0), (job("b"), 10.0)]

    assert estimate_queue(queue, PACE, now=0) == {"a": QueueEstimate(1, None), "b": QueueEstimate(2, None)}
