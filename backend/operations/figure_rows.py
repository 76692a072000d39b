"""The rows of the tables of figures, but for those of reviews."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from backend.errors import ConsoleError
from backend.i18n.messages import say
from backend.model import JobKind, JobState
from backend.model.figures import (
    SLOT_SECONDS,
    TO_THE_HOUR,
    make_segments,
    quarters_of,
)
from backend.operations.figure_questions import (
    Question,
    Row,
    backwards,
    by_period,
    durations_by_period,
    segments_and_after,
    time_range,
    whole,
)

MAX_USERS = 100
TRANSCODES = (JobKind.TRANSCODE, JobKind.NARROW)
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
HOUR = 3600


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
    found = asked.call.store.figures.find("uploads/category", whole(asked), ["key"])
    rows = [
        {"cateId": int(key), "cateName": names.get(int(key), ""), "uploads": number, "bytes": size}
        for key, number, size in found if number
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["uploads"], row["cateId"]))


def uploads_by_user(asked: Question) -> list[Row]:
    whole = time_range(asked)
    found = asked.call.store.figures.find_top_users(whole.start // SLOT_SECONDS, whole.end // SLOT_SECONDS, MAX_USERS)
    return [dict(zip(("userId", "userName", "uploads", "bytes"), row, strict=True)) for row in found]


def transcodes(asked: Question) -> list[Row]:
    reader, segments = asked.call.store.figures, make_segments(asked.periods)
    states: list[dict[str, int]] = [defaultdict(int) for _ in asked.periods]
    of = [("ended/kind", kind.value) for kind in TRANSCODES] if asked.category is None else [
        ("ended/category", asked.category)
    ]  # fmt: skip
    for series, key in of:
        for number, part, count, _ in reader.find(series, segments, ["period", "part"], key):
            states[number][part] += count
    return by_period(asked, ({state.value: found[state] for state in ENDED} for found in states))


def transcodes_by_category(asked: Question) -> list[Row]:
    """A category that is not known has no id."""
    names = {one.cate_id: one.cate_name for one in asked.call.store.categories.find()}
    states: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, part, count, _ in asked.call.store.figures.find("ended/category", whole(asked), ["key", "part"]):
        states[key][part] = count
    rows = [
        {"cateId": int(key) if key else None, "cateName": names.get(int(key), "") if key else "",
         **{state.value: found[state] for state in ENDED}}
        for key, found in states.items() if any(found.values())
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-sum(row[state.value] for state in ENDED), row["cateId"] or 0))


def transcode_waits(asked: Question) -> list[Row]:
    return durations_by_period(asked, "transcode_wait")


def transcode_works(asked: Question) -> list[Row]:
    return durations_by_period(asked, "transcode_work")


def transcode_failures(asked: Question) -> list[Row]:
    language = asked.call.caller.language
    rows = [
        {"kind": kind.value, "reason": _in_words(template, language), "failed": number}
        for kind in TRANSCODES
        for template, number, _ in asked.call.store.figures.find("failed/kind", whole(asked), ["part"], kind.value)
        if number
    ]
    return sorted(rows, key=lambda row: (-row["failed"], row["kind"], row["reason"]))


def stored_bytes(asked: Question) -> list[Row]:
    growth, level = _levels(asked, "bytes/kind")
    return by_period(asked, ({"bytes": now, "growth": grown} for now, grown in zip(level, growth, strict=True)))


def bytes_by_kind(asked: Question) -> list[Row]:
    reader = asked.call.store.figures
    grown = {key: size for key, _, size in reader.find("bytes/kind", whole(asked), ["key"])}
    rows = [
        {"kind": key, "files": number, "bytes": size, "growth": grown.get(key, 0)}
        for key, number, size in reader.find_all("bytes/kind", ["key"]) if number or size or grown.get(key)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["bytes"], row["kind"]))


def narrow_band(asked: Question) -> list[Row]:
    growth, level = _levels(asked, "saved")
    scores: list[dict[int, int]] = [{} for _ in asked.periods]
    for number, part, count, _ in asked.call.store.figures.find(
        "vmaf", make_segments(asked.periods, TO_THE_HOUR), ["period", "part"]
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
    whole = time_range(asked)
    played = [[0, 0, 0] for _ in asked.periods]
    for hour, *sums in asked.call.store.feed_figures.find_hours(whole.start // HOUR, -(-whole.end // HOUR) - 1):
        at = max(hour * HOUR, whole.start)
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


def prewarm_quota(asked: Question) -> list[Row]:
    """The days are those of the quota, in Beijing."""
    after = datetime.fromtimestamp(asked.periods[-1].end, asked.call.settings.time_zone).date()
    first_days = [one.day for one in asked.periods]
    known = asked.call.store.usage.find_quota(first_days[0].isoformat(), (after - timedelta(days=1)).isoformat())
    sums: list[list[int]] = [[] for _ in asked.periods]
    for day, (quota, used) in known.items():
        found = sums[bisect_right(first_days, date.fromisoformat(day)) - 1]
        found[:] = [one + more for one, more in zip(found or (0, 0), (quota, used), strict=True)]
    return by_period(asked, (
        dict(zip(("quota", "used"), found or (None, None), strict=True)) for found in sums
    ))  # fmt: skip


def _levels(asked: Question, series: str) -> tuple[list[int], list[int]]:
    """Return by how many bytes a series grew in each period, and its bytes at the end of each."""
    reader = asked.call.store.figures
    found = {number: size for number, _, size in reader.find(series, segments_and_after(asked), ["period"])}
    growth = [found.get(number, 0) for number in range(len(asked.periods) + 1)]
    total = sum(size for _, _, size in reader.find_all(series, ["part"]))
    return growth[:-1], backwards(total, growth)


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
