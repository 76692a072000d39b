"""Jobs that a newer version queued: shown, and left to those who know them."""

from __future__ import annotations

import pytest

from backend.model import JobKind, JobState
from backend.store.jobs import LEASE_SECONDS


@pytest.fixture
def strange(jobs, console, make_video):
    """Jobs of a kind that a newer version made, in every state, and one in a state of its own."""
    video = make_video()
    columns = "job_id, kind, state, video_id, priority, created, payload, owner"
    sql = f"insert into jobs ({columns}) values (?, ?, ?, ?, 0, 1, ?, ?)"
    with console.store.engine.writing() as db:
        for number, state in enumerate((*JobState, "paused")):
            db.execute(sql, [f"j{number}", f"hologram{number}", state, video.video_id, "no object", "newer/lane"])
    return video


def test_jobs_of_an_unknown_kind_are_shown_and_left_alone(console, jobs, token, strange, queued, clock):
    queued()
    clock.move(LEASE_SECONDS + 1)

    known = jobs.claim_job(tuple(JobKind), "worker")

    assert known.kind is JobKind.TRANSCODE
    assert jobs.claim_job(tuple(JobKind), "worker2") is None
    states = {job.job_id: job.state for job in jobs.find_jobs(size=100).items if job.job_id.startswith("j")}
    assert states == {f"j{number}": state for number, state in enumerate((*JobState, "paused"))}

    def ask(name, **parameters):
        answer = console.call(name, parameters, token)
        assert answer["code"] == "200", answer["message"]
        return answer["data"]

    assert ask("getJobs", pageSize=100)["total"] == 7
    assert {job["kind"] for job in ask("getQueue")["jobList"]} == {"hologram0", "hologram1", "transcode"}
    assert ask("getJob", jobId="j5")["state"] == "paused"
    assert ask("getStatistics")["failedJobs"] == 1
    assert ask("retryFailedJobs")["count"] == 0
    assert console.call("retryJob", {"jobId": "j3"}, token)["code"] == "409"
    assert console.call("getJobs", {"kind": "hologram0"}, token)["code"] == "400"
    ask("cancelJob", jobId="j0")
    assert ask("getJob", jobId="j0")["state"] == "cancelled"


def test_a_video_with_jobs_of_an_unknown_kind_goes_to_the_trash_and_back(console, jobs, token, strange):
    for name in ("deleteVideoById", "restoreVideo"):
        answer = console.call(name, {"videoId": strange.video_id, "userId": strange.user.user_id}, token)
        assert answer["code"] == "200", answer["message"]

    assert {job.kind.value for job in jobs.find_jobs(state=JobState.QUEUED).items} == {"hologram0", "hologram1"}
