"""Which jobs run side by side, and how long they will take, learnt from how fast this machine did their kind before."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.model import Job, JobKind, JobState

FAST = (JobKind.SNAPSHOT, JobKind.COVER, JobKind.PREWARM)
PULLS = (JobKind.PULL,)  # which wait for others' servers
SLOW = (JobKind.DEMO, JobKind.TRANSCODE, JobKind.NARROW)
UPLOADS = (JobKind.UPLOAD,)
MIN_SECONDS = 1.0  # that starting ffmpeg and looking at the source take, however short a video is
MAX_UPLOADS = 8  # to a cloud, at once
ENOUGH_PROGRESS = 0.05  # of a job, before its own speed says more than that of others


def slow_concurrency() -> int:
    """Return how many slow jobs a worker does at once: ffmpeg uses every core by itself, so one for every two."""
    return max(1, (os.cpu_count() or 1) // 2)


def local_lanes() -> tuple[tuple[tuple[JobKind, ...], int], ...]:
    """Return the kinds of job that this machine may do, in groups that do not wait for each other, and how many of a
    group go on at once.
    """
    return (FAST, 1), (PULLS, 1), (SLOW, slow_concurrency()), (UPLOADS, MAX_UPLOADS)


@dataclass(frozen=True, slots=True)
class QueueEstimate:
    """Where a job stands: its place in the queue (0: it runs), and the seconds until it is done, if that is known."""

    position: int
    seconds_left: int | None


def estimate_queue(
    queue: Iterable[tuple[Job, float]], pace: Mapping[JobKind, float], now: float, lanes: int = 1
) -> dict[str, QueueEstimate]:
    """Return the estimate of every job of one queue, by job id.

    `queue` holds jobs in the order in which they are taken, each with the seconds its video lasts; `pace` is the
    seconds of work that a second of video took lately; `lanes` jobs run side by side.
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
