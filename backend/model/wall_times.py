"""Times as people type them: wall times of a zone, the instants they mean, and the windows made of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from backend.errors import BadRequest
from backend.model import SECONDS_A_DAY

MIN_WINDOW_SECONDS = 60
MAX_DAYS_AHEAD = 366


class TypedTime(msgspec.Struct, frozen=True):
    """An instant (seconds since 1970, UTC) and what was typed: wall time and zone, an IANA name or an offset."""

    at: int
    wall: str
    zone: str


def instants_of(wall: datetime, zone: ZoneInfo) -> list[int]:
    """Return the instants at which clocks in `zone` show `wall`: one, two when it exists twice, none when skipped."""
    found = {int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)}
    return sorted(one for one in found if datetime.fromtimestamp(one, zone).replace(tzinfo=None) == wall)


def instant_of(wall: datetime, zone: ZoneInfo, name: str) -> int:
    """Return the only instant at which clocks in `zone` show `wall`.

    Raises BadRequest, naming the parameter `name`: with the moments around a wall time that is skipped, and with both
    offsets of one that exists twice.
    """
    wall = wall.replace(microsecond=0)
    found = instants_of(wall, zone)
    if len(found) == 1:
        return found[0]
    if found:
        first, second = (datetime.fromtimestamp(one, zone).isoformat(" ") for one in found)
        raise BadRequest(
            "{name}: {wall} exists twice in {zone}, as {first} and as {second}. Add the offset.",
            name=name, wall=_shown(wall), zone=zone.key, first=first, second=second,
        )  # fmt: skip
    last, first = (datetime.fromtimestamp(one, zone).isoformat(" ") for one in moments_around(wall, zone))
    raise BadRequest(
        "{name}: {wall} does not exist in {zone}; clocks go from {last} to {first}.",
        name=name, wall=_shown(wall), zone=zone.key, last=last, first=first,
    )  # fmt: skip


def moments_around(wall: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Return the last instant before a skipped wall time, and the first one after it."""
    low, high = sorted(int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    before = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if datetime.fromtimestamp(middle, zone).utcoffset() == before else (low, middle)
    return low, high


def check_window(starts: int, ends: int | None, now: int) -> None:
    """Raise BadRequest unless an entry may have this window; `starts` is at least `now` or was accepted before."""
    if ends is not None:
        if ends <= now:  # before the next, as a start in the past means now
            raise BadRequest("endTime is in the past.")
        if ends <= starts:
            raise BadRequest("endTime must be after startTime.")
        if ends - starts < MIN_WINDOW_SECONDS:
            raise BadRequest("From startTime to endTime there must be at least {count} seconds.",
                             count=MIN_WINDOW_SECONDS)  # fmt: skip
    if max(starts, ends or starts) > now + MAX_DAYS_AHEAD * SECONDS_A_DAY:
        raise BadRequest("startTime and endTime must be at most {count} days ahead.", count=MAX_DAYS_AHEAD)


def day_start(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of a day in `zone`; days have 23 to 25 hours."""
    return int(datetime.combine(day, time(), zone).timestamp())


def day_of(at: int, zone: ZoneInfo) -> date:
    """Return the day of an instant in `zone`."""
    return datetime.fromtimestamp(at, zone).date()


def week_days(day: date) -> list[date]:
    """Return the seven days of the week of a day, from Monday."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def shift_days(at: int, days: int, zone: ZoneInfo) -> tuple[int, bool]:
    """Return the instant whose wall time in `zone` is `days` later, and whether it is exactly that wall time.

    Of a wall time that exists twice the first is meant; a skipped one becomes the first instant after it.
    """
    wall = datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0) + timedelta(days=days)
    found = instants_of(wall, zone)
    return (found[0], True) if found else (moments_around(wall, zone)[1], False)


def _shown(wall: datetime) -> str:
    return wall.isoformat(" ", "seconds" if wall.second else "minutes")
