"""The rows of the tables of figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from backend.errors import ConsoleError
from backend.i18n.messages import say
from backend.model import JobKind, JobState
from backend.model.figures import (
    FOREVER,
    HOURS,
    SLOT_SECONDS,
    Period,
    Segment,
    find_quantile,
    make_segments,
    quarters_of,
)

if TYPE_CHECKING:
    from backend.console import Call

Row: TypeAlias = dict[str, Any]
MAX_USERS = 100
TRANSCODES = (JobKind.TRANSCODE, JobKind.NARROW)
HOUR = 3600
AGES = (0, HOUR, 6 * HOUR, 24 * HOUR, 3 * 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR)  # seconds at least


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


def uploads(asked: Question) -> list[Row]:
    reader = asked.call.store.figures
    if asked.user_id:
        found = reader.find_of_user(asked.user_id, quarters_of(asked.periods))
    else:
        found = reader.find("uploads/category", make_segments(asked.periods), ["period"], asked.category)
    sums = {number: (count, size) for number, count, size in found}
    return by_period(asked, (
        dict(zip(("uploads", "bytes"), sums.get(number, (0, 0)), strict=True)) for number in range(len(asked.periods))
    ))  # fmt: skip


def uploads_by_category(asked: Question) -> list[Row]:
    names = {one.cate_id: one.cate_name for one in asked.call.store.categories.find()}
    found = asked.call.store.figures.find("uploads/category", _whole(asked), ["key"])
    rows = [
        {"cateId": int(key), "cateName": names.get(int(key), ""), "uploads": number, "bytes": size}
        for key, number, size in found if number
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["uploads"], row["cateId"]))


def uploads_by_user(asked: Question) -> list[Row]:
    first, last = _range(asked)
    found = asked.call.store.figures.find_top_users(first // SLOT_SECONDS, last // SLOT_SECONDS, MAX_USERS)
    return [dict(zip(("userId", "userName", "uploads", "bytes"), row, strict=True)) for row in found]


def reviews(asked: Question) -> list[Row]:
    segments = make_segments(asked.periods)
    decided = _parts(asked, "decided", segments)
    undone = _parts(asked, "undone", segments)
    is_all = not asked.reviewer and asked.cate_id is None
    came, waiting = _waiting(asked)
    return by_period(asked, (
        {
            "came": came[number] if is_all else None,
            **_verdicts(decided[number]),
            "undone": sum(undone[number].values()),
            "waiting": waiting[number] if is_all else None,
        }
        for number in range(len(asked.periods))
    ))  # fmt: skip


def reviews_by_reviewer(asked: Question) -> list[Row]:
    reader, segments = asked.call.store.figures, _whole(asked)
    decided: dict[str, dict[str, int]] = defaultdict(dict)
    for key, part, number, _ in reader.find("decided/reviewer", segments, ["key", "part"], asked.reviewer or None):
        decided[key][part] = number
    undone = {key: number for key, number, _ in reader.find("undone/reviewer", segments, ["key"])}
    rows = [
        {"reviewer": name, **_verdicts(parts), "undone": undone.get(name, 0)} for name, parts in decided.items()
        if any(parts.values()) or undone.get(name)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["decided"], row["reviewer"]))


def reviews_by_reason(asked: Question) -> list[Row]:
    language = asked.call.caller.language
    names = {
        one.code: one.name_zh if language == "zh" else one.name_en
        for one in asked.call.store.review_choices.find_reasons()
    }
    counts = {code: number for code, number in _parts(asked, "reasons", _whole(asked))[0].items() if number}
    total = sum(counts.values())
    rows = [
        {"reasonCode": code, "reason": names.get(code, code), "blocked": number, "share": round(number / total, 4)}
        for code, number in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row["blocked"], row["reasonCode"]))


def decision_times(asked: Question) -> list[Row]:
    return _durations_by_period(asked, "decision_time")


def waiting_ages(asked: Question) -> list[Row]:
    now = asked.call.store.now()
    found = asked.call.store.figures.find_ages([now - age for age in AGES[1:]])
    return [
        {"fromSeconds": low, "toSeconds": high, "videos": number - before}
        for low, high, number, before in zip(AGES, (*AGES[1:], None), found, (0, *found[:-1]), strict=True)
    ]


def transcodes(asked: Question) -> list[Row]:
    reader, segments = asked.call.store.figures, make_segments(asked.periods)
    states: list[dict[str, int]] = [defaultdict(int) for _ in asked.periods]
    for kind in TRANSCODES:
        for number, part, count, _ in reader.find("ended/kind", segments, ["period", "part"], kind.value):
            states[number][part] += count
    ended = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
    return by_period(asked, ({state.value: found[state] for state in ended} for found in states))


def transcode_waits(asked: Question) -> list[Row]:
    return _durations_by_period(asked, "transcode_wait")


def transcode_works(asked: Question) -> list[Row]:
    return _durations_by_period(asked, "transcode_work")


def transcode_failures(asked: Question) -> list[Row]:
    language = asked.call.caller.language
    rows = [
        {"kind": kind.value, "reason": _in_words(template, language), "failed": number}
        for kind in TRANSCODES
        for template, number, _ in asked.call.store.figures.find("failed/kind", _whole(asked), ["part"], kind.value)
        if number
    ]
    return sorted(rows, key=lambda row: (-row["failed"], row["kind"], row["reason"]))


def stored_bytes(asked: Question) -> list[Row]:
    growth, level = _levels(asked, "bytes/kind")
    return by_period(asked, ({"bytes": now, "growth": grown} for now, grown in zip(level, growth, strict=True)))


def bytes_by_kind(asked: Question) -> list[Row]:
    reader = asked.call.store.figures
    grown = {key: size for key, _, size in reader.find("bytes/kind", _whole(asked), ["key"])}
    rows = [
        {"kind": key, "files": number, "bytes": size, "growth": grown.get(key, 0)}
        for key, number, size in reader.find_all("bytes/kind", ["key"]) if number or size or grown.get(key)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["bytes"], row["kind"]))


def narrow_band(asked: Question) -> list[Row]:
    growth, level = _levels(asked, "saved")
    scores: list[dict[int, int]] = [{} for _ in asked.periods]
    for number, part, count, _ in asked.call.store.figures.find(
        "vmaf", make_segments(asked.periods, finest=HOURS), ["period", "part"]
    ):
        scores[number][int(part)] = count
    return by_period(asked, (
        {
            "savedBytes": level[number], "growth": growth[number], "scored": sum(scores[number].values()),
            "medianScore": _score(scores[number], 0.5), "p10Score": _score(scores[number], 0.1),
        }
        for number in range(len(asked.periods))
    ))  # fmt: skip


def recommendations(asked: Question) -> list[Row]:
    found = asked.call.store.figures.find("recommended/slot", make_segments(asked.periods), ["period", "part"])
    changes = {(number, part): count for number, part, count, _ in found}
    start, end = _range(asked)
    played = [[0, 0, 0] for _ in asked.periods]
    for hour, *sums in asked.call.store.feed_figures.find_hours(start // HOUR, -(-end // HOUR) - 1):
        at = max(hour * HOUR, start)
        number = next(number for number, period in enumerate(asked.periods) if at < period.end)
        played[number] = [one + more for one, more in zip(played[number], sums, strict=True)]
    return by_period(asked, (
        {
            "added": changes.get((number, "in"), 0), "removed": changes.get((number, "out"), 0),
            **dict(zip(("impressions", "plays", "completes"), played[number], strict=True)),
        }
        for number in range(len(asked.periods))
    ))  # fmt: skip


def prewarms(asked: Question) -> list[Row]:
    found = asked.call.store.figures.find("prewarmed", make_segments(asked.periods), ["period", "part"])
    counts = {(number, part): count for number, part, count, _ in found}
    return by_period(asked, (
        {part: counts.get((number, part), 0) for part in ("warm", "failed", "shared")}
        for number in range(len(asked.periods))
    ))  # fmt: skip


def _range(asked: Question) -> tuple[int, int]:
    return asked.periods[0].start, asked.periods[-1].end


def _whole(asked: Question) -> list[Segment]:
    start, end = _range(asked)
    return make_segments([Period(asked.periods[0].day, start, end)])


def _parts(asked: Question, name: str, segments: list[Segment]) -> dict[int, dict[str, int]]:
    """Return the sums of reviews by period and part, of one category, one reviewer, or all."""
    series, key = name, None
    if asked.category is not None:
        series, key = f"{name}/category", asked.category
    elif asked.reviewer:
        series, key = f"{name}/reviewer", asked.reviewer
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for number, part, count, _ in asked.call.store.figures.find(series, segments, ["period", "part"], key):
        found[number][part] = count
    return found


def _verdicts(parts: dict[str, int]) -> Row:
    passed, decided = parts.get("passed", 0), sum(parts.values())
    return {
        "decided": decided, "passed": passed, "blocked": decided - passed,
        "passRate": round(passed / decided, 4) if decided else None,
    }  # fmt: skip


def _waiting(asked: Question) -> tuple[list[int], list[int]]:
    """Return how many came to wait in each period, and how many waited at its end."""
    reader, after = asked.call.store.figures, _segments_and_after(asked)
    changes: dict[tuple[int, str], int] = {
        (number, part): count for number, part, count, _ in reader.find("waiting", after, ["period", "part"])
    }
    last = len(asked.periods)
    net = [changes.get((number, "came"), 0) - changes.get((number, "left"), 0) for number in range(last + 1)]
    level = _backwards(reader.count_waiting(), net)
    return [changes.get((number, "came"), 0) for number in range(last)], [max(one, 0) for one in level]


def _levels(asked: Question, series: str) -> tuple[list[int], list[int]]:
    """Return by how many bytes a series grew in each period, and its bytes at the end of each."""
    reader = asked.call.store.figures
    found = {number: size for number, _, size in reader.find(series, _segments_and_after(asked), ["period"])}
    growth = [found.get(number, 0) for number in range(len(asked.periods) + 1)]
    total = sum(size for _, _, size in reader.find_all(series, ["part"]))
    return growth[:-1], _backwards(total, growth)


def _segments_and_after(asked: Question) -> list[Segment]:
    """Return the segments of the periods, and as one more period all that is later."""
    last = asked.periods[-1]
    return make_segments([*asked.periods, Period(last.day, last.end, FOREVER)])


def _backwards(now: int, changes: list[int]) -> list[int]:
    """Return what was there at the end of each period, from what is there now; the last change is after them all."""
    levels = []
    for change in reversed(changes[1:]):
        now -= change
        levels.append(now)
    return levels[::-1]


def _durations_by_period(asked: Question, name: str) -> list[Row]:
    series = name if asked.category is None else f"{name}/{asked.category}"
    counts: list[dict[int, int]] = [{} for _ in asked.periods]
    segments = make_segments(asked.periods, finest=HOURS)
    for number, low, count, _ in asked.call.store.figures.find(series, segments, ["period", "part"]):
        counts[number][int(low)] = count
    return by_period(asked, (
        {"counted": sum(one.values()), "median": _rounded(find_quantile(one, 0.5)),
         "p90": _rounded(find_quantile(one, 0.9))}
        for one in counts
    ))  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _score(counts: dict[int, int], share: float) -> float | None:
    """Return a quantile of scores that are counted by halves."""
    total, seen = sum(counts.values()), 0
    for score in sorted(counts):
        seen += counts[score]
        if seen >= share * total > 0:
            return score / 2
    return None


class _Unsaid(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def _in_words(template: str, language: str) -> str:
    """Return an error without the values that differ from case to case."""
    return say(_Unvalued(template), language)


class _Unvalued(ConsoleError):
    def say(self, template: str, named: Any = None) -> str:
        return template.format_map(_Unsaid(named or {}))
