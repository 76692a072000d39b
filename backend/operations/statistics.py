"""Counts for the overview."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from backend.api.registry import operation
from backend.model import JobKind, JobState

if TYPE_CHECKING:
    from backend.console import Call

DAYS = 30


class DayData(msgspec.Struct, rename="camel"):
    day: str
    uploaded: int
    recommended: int


class StatisticsData(msgspec.Struct, rename="camel"):
    videos: int
    recommended: int
    bytes: int
    seconds: float
    by_censor_status: dict[str, int]
    failed_transcodes: int
    running_transcodes: int
    narrow_bytes: int
    narrow_bytes_plain: int
    waiting_jobs: int
    running_jobs: int
    failed_jobs: int
    demo_done: int
    demo_total: int
    day_list: list[DayData]


@operation("GET", "/vod/getStatistics")
def get_statistics(call: Call) -> StatisticsData:
    """Return the counts of the overview; days are the last 30, oldest first."""
    zone = call.settings.time_zone
    midnight = datetime.fromtimestamp(call.now(), zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    counts = call.store.statistics.count_everything([int(day.timestamp()) for day in days])
    jobs = call.store.jobs.count_jobs()

    def total(*states: JobState, demo: bool = False) -> int:
        return sum(count for (kind, state), count in jobs.items() if state in states and (kind is JobKind.DEMO) == demo)

    return StatisticsData(
        videos=counts.videos,
        recommended=counts.recommended,
        bytes=counts.bytes,
        seconds=counts.seconds,
        by_censor_status={status.value: count for status, count in counts.by_censor_status.items()},
        failed_transcodes=counts.failed_transcodes,
        running_transcodes=counts.running_transcodes,
        narrow_bytes=counts.narrow_bytes,
        narrow_bytes_plain=counts.narrow_bytes_plain,
        waiting_jobs=total(JobState.QUEUED),
        running_jobs=total(JobState.RUNNING),
        failed_jobs=total(JobState.FAILED),
        demo_done=total(JobState.DONE, JobState.FAILED, demo=True),
        demo_total=total(*JobState, demo=True),
        day_list=[
            DayData(day.strftime("%Y-%m-%d"), uploaded, recommended)
            for day, (_, uploaded, recommended) in zip(days, counts.by_day, strict=True)
        ],
    )
