"""Periods and quantiles of the page of figures.

Counts are kept by quarter of an hour, by hour, eight hours and day, in UTC. A period of a time zone consists of whole
days of UTC and what is around them; quarters are exact for every offset in use today. Durations have no quarters: where
the zone's hours do not begin with those of UTC, an hour counts for the period in which it begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from math import sqrt
from typing import TypeAlias
from zoneinfo import ZoneInfo

SLOT_SECONDS, SLOTS_A_DAY = 900, 96
QUARTERS, HOURS, EIGHT_HOURS, DAYS = 0, 1, 2, 3  # what slots of a segment are
ALL_SPANS = (DAYS, EIGHT_HOURS, HOURS, QUARTERS)
TO_THE_HOUR = (DAYS, EIGHT_HOURS, HOURS)
SPARSE, SPARSE_TO_THE_HOUR = (DAYS, QUARTERS), (DAYS, HOURS)  # of series that are named by a reviewer
LENGTHS = (1, 4, 32, SLOTS_A_DAY)  # in quarters
FOREVER = 86_400 * 10**8  # seconds since 1970, later than everything
LONGEST = 1_000_000_000  # seconds

Segment: TypeAlias = tuple[int, int, int, int]  # number of the period, what slots are, the first, that after the last


class PeriodLength(StrEnum):
    """What figures are summed by; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


MAX_DAYS = {PeriodLength.DAY: 92, PeriodLength.WEEK: 735, PeriodLength.MONTH: 1100}


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its first day, and from when until when it is (seconds since 1970, `end` excluded)."""

    day: date
    start: int
    end: int


def make_periods(by: PeriodLength, first: date, last: date, zone: ZoneInfo) -> list[Period]:
    """Return the periods that contain the days from `first` to `last`, oldest first; they are whole."""
    day = _first_day(by, first)
    days = [day]
    while (day := _next(by, day)) <= last:
        days.append(day)
    starts = [int(datetime.combine(one, time(), zone).timestamp()) for one in (*days, day)]
    return [Period(*one) for one in zip(days, starts, starts[1:], strict=False)]


def make_segments(periods: Sequence[Period], spans: Sequence[int] = ALL_SPANS) -> list[Segment]:
    """Return what to sum for each period, in these spans: the whole days of UTC in it, and what is around them."""
    found: list[Segment] = []
    length = LENGTHS[spans[-1]]
    for number, period in enumerate(periods):
        first, last = (-(-second // SLOT_SECONDS // length) * length for second in (period.start, period.end))
        found += [(number, *one) for one in _cover(first, last, spans)]
    return found


def _cover(first: int, last: int, spans: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield slots that cover these quarters, as few as these spans allow; the longest comes first."""
    span, *finer = spans
    length = LENGTHS[span]
    begin, end = -(-first // length), last // length
    if begin < end:
        yield span, begin, end
    elif finer:
        yield from _cover(first, last, finer)
        return
    if finer:
        yield from _cover(first, begin * length, finer)
        yield from _cover(end * length, last, finer)


def quarters_of(periods: Sequence[Period]) -> list[Segment]:
    """Return each period as quarters of an hour alone."""
    return [
        (number, QUARTERS, one.start // SLOT_SECONDS, one.end // SLOT_SECONDS) for number, one in enumerate(periods)
    ]


def make_bounds() -> tuple[int, ...]:
    """Return the lower bounds of the classes of durations, in seconds, as the database has them too."""
    bounds = [0]
    while bounds[-1] < LONGEST:
        bounds.append(max(bounds[-1] + 1, bounds[-1] * 11 // 10))
    return tuple(bounds)


BOUNDS = make_bounds()
ABOVE = dict(pairwise(BOUNDS))


def find_quantile(counts: Mapping[int, int], share: float) -> float | None:
    """Return a quantile of durations counted by the lower bounds of their classes; None without any.

    It is exact up to 10 seconds, and above at most 5 % away from the duration at that rank.
    """
    total = sum(counts.values())
    if total <= 0:
        return None
    seen = 0
    for low in sorted(counts):
        seen += counts[low]
        if seen >= share * total:
            break
    return sqrt(low * (ABOVE.get(low, low + 1) - 1))


def _first_day(by: PeriodLength, day: date) -> date:
    if by is PeriodLength.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by is PeriodLength.MONTH else day


def _next(by: PeriodLength, day: date) -> date:
    if by is PeriodLength.MONTH:
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if by is PeriodLength.WEEK else 1)
