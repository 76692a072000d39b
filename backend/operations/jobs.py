"""The queue as people see it: what runs, what waits and how long, what failed and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from backend.api.parameters import PageIndex, PageSize
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import ConsoleError
from backend.i18n.messages import say
from backend.jobs.schedule import SLOW, QueueEstimate, estimate_queue, slow_concurrency
from backend.model import Job, JobKind, JobState

if TYPE_CHECKING:
    from backend.console import Call

Queue: TypeAlias = list[tuple[Job, float]]  # as Jobs.find_queue returns it

NOT_IN_QUEUE = QueueEstimate(0, None)
FOLDERS = re.compile(r"(?<![\w:/.~-])/(?:[^\s/'\":]+/)+")  # of a path; not those of an address, nor `bt709/unknown`


class JobData(msgspec.Struct, rename="camel"):
    """A job: `progress` goes from 0 to 1, `error` says why it failed, `detail` holds the tool's own words, also of
    a job that is done although its source is damaged.

    While it waits, `position` is its place in the queue, from 1; `secondsLeft` is null where that is not known.
    `videoId` is empty where a job is of no video, or of one that a `pull` has not fetched yet.
    `result` is what a finished job found out, such as the quality and the saving of a narrow-band rendition.
    """

    job_id: str
    kind: str
    state: str
    video_id: str
    title: str
    progress: float
    attempts: int
    creation_time: str
    finish_time: str
    position: int
    seconds_left: int | None
    error: str
    detail: str
    result: dict[str, Any]


class JobPage(msgspec.Struct, rename="camel"):
    total: int
    job_list: list[JobData]


class CountData(msgspec.Struct, rename="camel"):
    count: int


@operation("GET", "/vod/getJobs", extension=True)
def get_jobs(
    call: Call,
    *,
    page_index: PageIndex = 1,
    page_size: PageSize = 10,
    video_id: str = "",
    kind: JobKind | None = None,
    state: JobState | None = None,
) -> JobPage:
    """List jobs, newest first; where `state` is one in which jobs end, those first that ended last."""
    page = call.store.jobs.find_jobs(video_id=video_id, kind=kind, state=state, index=page_index, size=page_size)
    return JobPage(page.total, describe_jobs(call, page.items))


@operation("POST", "/vod/retryJob", message="已重新排队", right=Right.MANAGE, extension=True)
def retry_job(call: Call, *, job_id: str) -> None:
    """Put a failed job back into the queue."""
    call.store.jobs.retry_job(job_id, call.actor)


@operation("GET", "/vod/getJob", extension=True)
def get_job(call: Call, *, job_id: str) -> JobData:
    """Return one job."""
    return describe_jobs(call, [call.store.jobs.get_job(job_id)])[0]


@operation("GET", "/vod/getQueue", extension=True)
def get_queue(call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10) -> JobPage:
    """List what runs and what waits, in the order in which it will be done."""
    queue = call.store.jobs.find_queue()
    jobs = sorted((job for job, _ in queue), key=lambda job: job.state is not JobState.RUNNING)
    first = (page_index - 1) * page_size
    page = call.store.jobs.get_jobs([job.job_id for job in jobs[first : first + page_size]])
    return JobPage(len(jobs), describe_jobs(call, page, queue))


@operation("POST", "/vod/cancelJob", message="已取消", right=Right.MANAGE, extension=True)
def cancel_job(call: Call, *, job_id: str) -> None:
    """Take a job out of the queue, or stop it where it runs."""
    call.store.jobs.cancel_job(job_id, call.actor)
    if call.console.cloud is not None:
        call.console.cloud.pulls.withdraw(job_id)


@operation("POST", "/vod/retryFailedJobs", message="已重新排队", right=Right.MANAGE, extension=True)
def retry_failed_jobs(call: Call) -> CountData:
    """Put every failed job back into the queue, and say how many those were."""
    return CountData(call.store.jobs.retry_failed_jobs(call.actor))


def describe_jobs(call: Call, jobs: Iterable[Job], queue: Queue | None = None) -> list[JobData]:
    """Return jobs as the wire has them, with the titles of their videos and how long they will take.

    `queue` is that of the store, where the caller has it already.
    """
    jobs = list(jobs)
    titles = call.store.catalogue.find_titles(job.video_id for job in jobs)
    waits = any(job.state in (JobState.QUEUED, JobState.RUNNING) for job in jobs)
    ahead = _outlook(call, call.store.jobs.find_queue() if queue is None else queue) if waits else {}
    return [_job(call, job, titles.get(job.video_id, ""), ahead.get(job.job_id, NOT_IN_QUEUE)) for job in jobs]


def _outlook(call: Call, queue: Queue) -> dict[str, QueueEstimate]:
    pace = call.store.jobs.find_pace()
    quick = [item for item in queue if item[0].kind not in SLOW and item[0].kind in tuple(JobKind)]
    slow = [item for item in queue if item[0].kind in SLOW]
    return estimate_queue(quick, pace, call.now()) | estimate_queue(slow, pace, call.now(), slow_concurrency())


def _job(call: Call, job: Job, title: str, ahead: QueueEstimate) -> JobData:
    return JobData(
        job_id=job.job_id,
        kind=job.kind.value,
        state=job.state.value,
        video_id=job.video_id or str(job.result.get("videoId", "")),
        title=title or str(job.payload.get("title", "")),
        progress=job.progress,
        attempts=job.attempts,
        creation_time=call.write.time(job.created),
        finish_time=call.write.time(job.finished) if job.finished is not None else "",
        position=ahead.position,
        seconds_left=ahead.seconds_left,
        error=_without_paths(call, say(ConsoleError.unpack(job.error), call.caller.language)) if job.error else "",
        detail=_without_paths(call, job.detail),
        result=job.result,
    )


def _without_paths(call: Call, text: str) -> str:
    """Return what a tool said, with the names of files but not of the folders of this machine that they lie in."""
    data = call.settings.data
    for folder in (data.resolve(), data.absolute(), data):  # which may have blanks in them
        text = re.sub(rf"(?<![\w.-]){re.escape(str(folder))}/", "/", text)
    return FOLDERS.sub("", text)
