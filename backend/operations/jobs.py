"""The job queue: running and queued jobs with estimates, failures, retry and cancel."""

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
from backend.jobs.concurrency import SLOW, QueueEstimate, estimate_queue, slow_concurrency
from backend.model import Job, JobKind, JobState

if TYPE_CHECKING:
    from backend.console import Call

Queue: TypeAlias = list[tuple[Job, float]]  # as returned by Jobs.find_queue

NOT_IN_QUEUE = QueueEstimate(0, None)
# Directories of a path, but not of a URL, nor `bt709/unknown`
FOLDERS = re.compile(r"(?<![\w:/.~-])/(?:[^\s/'\":]+/)+")


class JobData(msgspec.Struct, rename="camel"):
    """A job.

    `progress` is between 0 and 1, `error` is the reason of a failure, `detail` is the tool's output, also for a
    finished job with a damaged source. While queued, `position` is its place, from 1; `secondsLeft` is null if unknown.
    `videoId` is empty for jobs without a video, and for a `pull` that has not fetched one yet. `result` has the
    findings of a finished job, such as quality and savings of a narrow-band rendition.
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


@operation("GET", "/vod/getJobs")
def get_jobs(
    call: Call,
    *,
    page_index: PageIndex = 1,
    page_size: PageSize = 10,
    video_id: str = "",
    kind: JobKind | None = None,
    state: JobState | None = None,
) -> JobPage:
    """List jobs, newest first, or most recently finished first if `state` is final."""
    page = call.store.jobs.find_jobs(video_id=video_id, kind=kind, state=state, index=page_index, size=page_size)
    return JobPage(page.total, describe_jobs(call, page.items))


@operation("POST", "/vod/retryJob", message="已重新排队", right=Right.MANAGE)
def retry_job(call: Call, *, job_id: str) -> None:
    """Queue a failed job again."""
    call.store.jobs.retry_job(job_id, call.actor)


@operation("GET", "/vod/getJob")
def get_job(call: Call, *, job_id: str) -> JobData:
    """Return one job."""
    return describe_jobs(call, [call.store.jobs.get_job(job_id)])[0]


@operation("GET", "/vod/getQueue")
def get_queue(call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10) -> JobPage:
    """List running and queued jobs in execution order."""
    queue = call.store.jobs.find_queue()
    jobs = sorted((job for job, _ in queue), key=lambda job: job.state is not JobState.RUNNING)
    first = (page_index - 1) * page_size
    page = call.store.jobs.get_jobs([job.job_id for job in jobs[first : first + page_size]])
    return JobPage(len(jobs), describe_jobs(call, page, queue))


@operation("POST", "/vod/cancelJob", message="已取消", right=Right.MANAGE)
def cancel_job(call: Call, *, job_id: str) -> None:
    """Cancel a queued or running job."""
    call.store.jobs.cancel_job(job_id, call.actor)
    if call.console.cloud is not None:
        call.console.cloud.pulls.withdraw(job_id)


@operation("POST", "/vod/retryFailedJobs", message="已重新排队", right=Right.MANAGE)
def retry_failed_jobs(call: Call) -> CountData:
    """Queue all failed jobs again and return how many."""
    return CountData(call.store.jobs.retry_failed_jobs(call.actor))


def describe_jobs(call: Call, jobs: Iterable[Job], queue: Queue | None = None) -> list[JobData]:
    """Return jobs as sent to clients, with video titles and time estimates.

    Pass `queue` if the store's queue was read already.
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
    """Return a tool's output without the directories of this machine."""
    data = call.settings.data
    for folder in (data.resolve(), data.absolute(), data):  # these may contain spaces
        text = re.sub(rf"(?<![\w.-]){re.escape(str(folder))}/", "/", text)
    return FOLDERS.sub("", text)
