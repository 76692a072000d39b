"""The rows of the tables of figures that are about reviews."""

from __future__ import annotations

from collections import defaultdict

from backend.model.figures import SPARSE, SPARSE_TO_THE_HOUR, Period, make_segments
from backend.operations.figure_questions import (
    Question,
    Row,
    backwards,
    by_period,
    durations,
    durations_by_period,
    segments_and_after,
    time_range,
    whole,
)

HOUR = 3600
AGES = (0, HOUR, 6 * HOUR, 24 * HOUR, 3 * 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR)  # seconds at least


def reviews(asked: Question) -> list[Row]:
    decided = _parts(asked, "decided", asked.periods)
    undone = _parts(asked, "undone", asked.periods)
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
    decided, undone = (_by_reviewer(asked, one) for one in ("decided", "undone"))
    rows = [
        {"reviewer": name, **_verdicts(decided.get(name, {})), "undone": sum(undone.get(name, {}).values())}
        for name in {*decided, *undone}
    ]
    return sorted(
        (row for row in rows if row["decided"] or row["undone"]), key=lambda row: (-row["decided"], row["reviewer"])
    )


def reviews_by_reason(asked: Question) -> list[Row]:
    language = asked.call.caller.language
    names = {
        one.code: one.name_zh if language == "zh" else one.name_en
        for one in asked.call.store.review_choices.find_reasons()
    }
    counts = {code: number for code, number in _parts(asked, "reasons", [time_range(asked)])[0].items() if number}
    total = sum(counts.values())
    rows = [
        {"reasonCode": code, "reason": names.get(code, code), "blocked": number, "share": round(number / total, 4)}
        for code, number in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row["blocked"], row["reasonCode"]))


def decision_times(asked: Question) -> list[Row]:
    return durations_by_period(asked, "decision_time")


def decision_times_by_reviewer(asked: Question) -> list[Row]:
    series = "decision_time_by" if asked.category is None else f"decision_time_of/{asked.category}"
    found = asked.call.store.figures.find_by_reviewer(series, whole(asked, SPARSE_TO_THE_HOUR), asked.reviewer)
    rows = [
        {"reviewer": name, **durations({int(low): count for low, count in parts.items()})}
        for name, parts in found.items() if any(parts.values())
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["counted"], row["reviewer"]))


def waiting_ages(asked: Question) -> list[Row]:
    now = asked.call.store.now()
    found = asked.call.store.figures.find_ages([now - age for age in AGES[1:]])
    return [
        {"fromSeconds": low, "toSeconds": high, "videos": number - before}
        for low, high, number, before in zip(AGES, (*AGES[1:], None), found, (0, *found[:-1]), strict=True)
    ]


def _by_reviewer(asked: Question, name: str) -> dict[str, dict[str, int]]:
    """Return the sums of reviews by reviewer and part, of one category or all."""
    reader = asked.call.store.figures
    if asked.category is not None:
        return reader.find_by_reviewer(f"{name}_of/{asked.category}", whole(asked, SPARSE), asked.reviewer)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    columns = ["key", "part"]
    for key, part, number, _ in reader.find(f"{name}/reviewer", whole(asked), columns, asked.reviewer or None):
        found[key][part] = number
    return found


def _parts(asked: Question, name: str, periods: list[Period]) -> dict[int, dict[str, int]]:
    """Return the sums of reviews by period and part, of one category, one reviewer, both or all."""
    series, key, segments = name, None, make_segments(periods)
    if asked.category is not None and asked.reviewer:
        series, segments = f"{name}_of/{asked.category}/{asked.reviewer}", make_segments(periods, SPARSE)
    elif asked.category is not None:
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
    reader, after = asked.call.store.figures, segments_and_after(asked)
    changes: dict[tuple[int, str], int] = {
        (number, part): count for number, part, count, _ in reader.find("waiting", after, ["period", "part"])
    }
    last = len(asked.periods)
    net = [changes.get((number, "came"), 0) - changes.get((number, "left"), 0) for number in range(last + 1)]
    level = backwards(reader.count_waiting(), net)
    return [changes.get((number, "came"), 0) for number in range(last)], [max(one, 0) for one in level]
