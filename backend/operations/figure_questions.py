"""What is asked of figures, and what the rows of all tables have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from backend.model.figures import (
    ALL_SPANS,
    FOREVER,
    SPARSE_TO_THE_HOUR,
    TO_THE_HOUR,
    Period,
    Segment,
    find_quantile,
    make_segments,
)

if TYPE_CHECKING:
    from backend.console import Call

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: by whom, of which periods, and of whom or what alone."""

    call: Call
    periods: list[Period]
    user_id: str = ""
    cate_id: int | None = None
    reviewer: str = ""

    @property
    def category(self) -> str | None:
        return None if self.cate_id is None else str(self.cate_id)


def by_period(asked: Question, values: Iterable[Row]) -> list[Row]:
    """Return a row for every period, with its first day and whether it is over."""
    now = asked.call.now()
    return [
        {"day": period.day.isoformat(), "complete": period.end <= now, **row}
        for period, row in zip(asked.periods, values, strict=True)
    ]


def time_range(asked: Question) -> Period:
    """Return all periods as one."""
    return Period(asked.periods[0].day, asked.periods[0].start, asked.periods[-1].end)


def whole(asked: Question, spans: Sequence[int] = ALL_SPANS) -> list[Segment]:
    """Return the segments of all periods as one."""
    return make_segments([time_range(asked)], spans)


def segments_and_after(asked: Question) -> list[Segment]:
    """Return the segments of the periods, and as one more period all that is later."""
    last = asked.periods[-1]
    return make_segments([*asked.periods, Period(last.day, last.end, FOREVER)])


def backwards(now: int, changes: list[int]) -> list[int]:
    """Return what was there at the end of each period, from what is there now; the last change is after them all."""
    levels = []
    for change in reversed(changes[1:]):
        now -= change
        levels.append(now)
    return levels[::-1]


def durations_by_period(asked: Question, name: str) -> list[Row]:
    """Return number, median and 90th percentile (seconds) of durations by period, of a category or a reviewer alone."""
    series = name if asked.category is None else f"{name}/{asked.category}"
    if asked.reviewer:
        of = f"by/{asked.reviewer}" if asked.category is None else f"of/{asked.category}/{asked.reviewer}"
        series = f"{name}_{of}"
    counts: list[dict[int, int]] = [{} for _ in asked.periods]
    segments = make_segments(asked.periods, SPARSE_TO_THE_HOUR if asked.reviewer else TO_THE_HOUR)
    for number, low, count, _ in asked.call.store.figures.find(series, segments, ["period", "part"]):
        counts[number][int(low)] = count
    return by_period(asked, map(durations, counts))


def durations(counts: dict[int, int]) -> Row:
    """Return number, median and 90th percentile (seconds) of durations that are counted by classes."""
    median, p90 = (_rounded(find_quantile(counts, share)) for share in (0.5, 0.9))
    return {"counted": sum(counts.values()), "median": median, "p90": p90}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
