"""Usage of the Alibaba account: daily figures, most played videos, and the prefetch quota."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from backend.api.parameters import End, Start
from backend.api.registry import operation
from backend.errors import BadRequest, Conflict, ConsoleError
from backend.i18n.messages import say
from backend.model import SECONDS_A_DAY
from backend.model.limits import FIRST_SECOND, LAST_SECOND
from backend.model.usage import Figure, UsageSource, day_of

if TYPE_CHECKING:
    from backend.console import Call

DAYS = 30
MAX_DAYS = 366
TOP_VIDEOS = 10


class UsageDayData(msgspec.Struct, rename="camel"):
    """A day in Beijing time, which Alibaba's billing uses. Unknown figures are null: they arrive hours late."""

    day: str
    traffic_bytes: int | None
    peak_bandwidth: int | None
    storage_bytes: int | None
    transcoded_seconds: int | None
    plays: int | None
    viewers: int | None
    played_seconds: int | None


class TopVideoData(msgspec.Struct, rename="camel"):
    """`viewers` is the maximum of any day. `isHere` is false for videos not in the catalogue."""

    video_id: str
    title: str
    plays: int
    viewers: int
    played_seconds: int
    is_here: bool


class KeptQuotaData(msgspec.Struct, rename="camel"):
    """Today's prefetch quota as of `time`; `sent` is the number sent by this console."""

    total: int
    left: int
    sent: int
    time: str


class SourceData(msgspec.Struct, rename="camel"):
    """`time` is the last successful response, empty if none; `problem` is the current error, if any."""

    source: str
    time: str
    problem: str


class UsageData(msgspec.Struct, rename="camel"):
    """Totals over the period, except peak bandwidth (bits per second) and storage (of the last known day)."""

    start_day: str
    end_day: str
    traffic_bytes: int | None
    peak_bandwidth: int | None
    storage_bytes: int | None
    transcoded_seconds: int | None
    plays: int | None
    played_seconds: int | None
    day_list: list[UsageDayData]
    top_video_list: list[TopVideoData]
    prewarm_quota: KeptQuotaData | None
    source_list: list[SourceData]


@operation("GET", "/vod/getUsage")
def get_usage(call: Call, *, start_time: Start = None, end_time: End = None) -> UsageData:
    """Return the usage of the Alibaba account: traffic, storage, transcoding and plays. Cloud mode only.

    Days are in Beijing time, the last 30 by default, oldest first, at most 366. The figures are fetched in the
    background every 15 minutes; `sourceList` has the age of each part.
    """
    cloud = call.console.cloud
    if cloud is None:
        raise Conflict("This console does not use Alibaba Cloud (QU_MODE is embedded).")
    first, last = _days(call, start_time, end_time)
    usage, days = call.store.usage, _between(first, last)
    known = usage.find_days(first, last)
    kept = cloud.cache.kept_quota()
    by_day = [UsageDayData(day, *(_whole(known.get(day, {}).get(figure)) for figure in Figure)) for day in days]
    return UsageData(
        start_day=first,
        end_day=last,
        traffic_bytes=_total(one.traffic_bytes for one in by_day),
        peak_bandwidth=max((one.peak_bandwidth for one in by_day if one.peak_bandwidth is not None), default=None),
        storage_bytes=next((one.storage_bytes for one in reversed(by_day) if one.storage_bytes is not None), None),
        transcoded_seconds=_total(one.transcoded_seconds for one in by_day),
        plays=_total(one.plays for one in by_day),
        played_seconds=_total(one.played_seconds for one in by_day),
        day_list=by_day,
        top_video_list=[
            TopVideoData(one.video_id, one.title, one.plays, one.viewers, round(one.seconds), one.is_here)
            for one in usage.find_top(first, last, TOP_VIDEOS)
        ],
        prewarm_quota=kept and KeptQuotaData(kept[0].total, kept[0].left, kept[0].sent, call.write.time(int(kept[1]))),
        source_list=_sources(call),
    )


def _days(call: Call, start: int | None, end: int | None) -> tuple[str, str]:
    last = end if end is not None else int(call.now())
    first = start if start is not None else last - (DAYS - 1) * SECONDS_A_DAY
    if first > last:
        raise BadRequest("startTime is later than endTime.")
    first, last = max(first, FIRST_SECOND), min(last, LAST_SECOND)
    if last - first >= MAX_DAYS * SECONDS_A_DAY:
        raise BadRequest("From startTime to endTime are more than {most} days.", most=MAX_DAYS)
    return day_of(first), day_of(last)


def _between(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=number)).isoformat() for number in range((end - start).days + 1)]


def _sources(call: Call) -> list[SourceData]:
    states = {state.source: state for state in call.store.usage.find_sources()}
    found = []
    for source in UsageSource:
        state = states.get(source)
        time = call.write.time(int(state.read)) if state and state.read else ""
        problem = say(ConsoleError.unpack(state.error), call.caller.language) if state and state.error else ""
        found.append(SourceData(source.value, time, problem))
    return found


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _total(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
