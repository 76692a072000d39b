"""Concurrency of job kinds, and time estimates based on this machine's recent throughput."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from backend.jobs.machine import memory_limit, usable_processors
from backend.model import Job, JobKind, JobState

FAST = (JobKind.SNAPSHOT, JobKind.COVER, JobKind.PREWARM)
CHECKS = (JobKind.FLAGS,)  # neither delay fast jobs nor wait for slow ones
PULLS = (JobKind.PULL,)  # these wait for other servers
BULKS = (JobKind.BULK,)
SLOW = (JobKind.DEMO, JobKind.TRANSCODE, JobKind.NARROW)
UPLOADS = (JobKind.UPLOAD,)
SERVER_BYTES, ENCODE_BYTES = 1 << 30, 2 << 30  # of memory for the console and for each slow job, generously
MIN_SECONDS = 1.0  # of starting ffmpeg and probing the source, however short the video
MAX_UPLOADS = 8  # concurrent uploads to a cloud
ENOUGH_PROGRESS = 0.05  # progress from which a job's own speed is used for the estimate


@cache
def slow_concurrency() -> int:
    """Return the number of concurrent slow jobs per worker.

    One per two processors, because ffmpeg is multithreaded, and where memory is limited no more than it has room for.
    """
    memory = memory_limit()
    room = usable_processors() if memory is None else (memory - SERVER_BYTES) // ENCODE_BYTES
    return max(1, min(usable_processors() // 2, room))


def local_lanes() -> tuple[tuple[tuple[JobKind, ...], int], ...]:
    """Return groups of job kinds that do not wait for each other, with the concurrency of each group."""
    return (FAST, 1), (CHECKS, 1), (PULLS, 1), (BULKS, 1), (SLOW, slow_concurrency()), (UPLOADS, MAX_UPLOADS)


@dataclass(frozen=True, slots=True)
class QueueEstimate:
    """A job's position in the queue (0: running), and the seconds until it finishes, if known."""

    position: int
    seconds_left: int | None


def estimate_queue(
    queue: Iterable[tuple[Job, float]], pace: Mapping[JobKind, float], now: float, lanes: int = 1
) -> dict[str, QueueEstimate]:
    """Return the estimates of all jobs of one queue, by job id.

    `queue` has jobs in execution order with the duration of their videos; `pace` is the recent processing time per
    second of video; `lanes` is the concurrency.
    """
    found: dict[str, QueueEstimate] = {}
    position, ahead = 0, 0.0
    known = True
    for job, duration in sorted(queue, key=lambda item: item[0].state is not JobState.RUNNING):
        left = _seconds_left(job, duration, pace, now)
        known = known and left is not None
        ahead += (left or 0.0) / lanes
        if job.state is JobState.RUNNING:
            found[job.job_id] = QueueEstimate(0, None if left is None else round(left))
        else:
            position += 1
            found[job.job_id] = QueueEstimate(position, round(ahead) if known else None)
    return found


def _seconds_left(job: Job, duration: float, pace: Mapping[JobKind, float], now: float) -> float | None:
    spent = now - job.started if job.state is JobState.RUNNING and job.started is not None else 0.0
    if spent and job.progress >= ENOUGH_PROGRESS:
        return spent * (1 - job.progress) / job.progress
    if job.kind not in pace or duration <= 0:
        return None
    return max(0.0, max(MIN_SECONDS, pace[job.kind] * duration) - spent)
