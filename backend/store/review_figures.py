"""Figures of the review desk: how much each person decided, how quickly, and what for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from backend.model import Verdict
from backend.model.review import DeskFigures, LeaseKind, PersonFigures
from backend.store.engine import Engine

MAX_PAUSE = 60.0  # seconds between two decisions that still count as work
DECIDED = """
    select reviewer, at, seconds, verdict, undone, reason_code, kind from review_decisions
    where at >= :start and at < :end + 1 and :reviewer in ('', reviewer) and kind <> 'probe'
    order by reviewer, at, lease_key
"""

Row: TypeAlias = tuple[str, float, float, str, float, str, str]


class ReviewFigures:
    """Computes them from the stored decisions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, start: float, end: float, reviewer: str = "") -> DeskFigures:
        """Return the figures from `start` to the second `end`, included, of one reviewer or of all, by name.

        Second reviews count as decisions, known clips do not.
        """
        with self._engine.reading() as db:
            rows: list[Row] = db.fetch(DECIDED, {"start": start, "end": end, "reviewer": reviewer})
        by_person: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_person[row[0]].append(row)
        blocked = [row for row in rows if row[3] == Verdict.BLOCKED and not row[4]]
        # A reviewer does not learn which of their verdicts were second reviews; of everybody's each clip counts once.
        reasons = Counter(row[5] for row in blocked if reviewer or row[6] != LeaseKind.SECOND)
        return DeskFigures(
            tuple(_person(name, decided) for name, decided in by_person.items()),
            tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        )


def active_seconds(decided: Iterable[tuple[float, float]]) -> float:
    """Return how long somebody worked who decided at these times, each after so many seconds of looking.

    Pauses over a minute do not count, but for the look at the clip behind them.
    """
    total, before = 0.0, float("-inf")
    for at, seconds in decided:
        gap = at - before
        total += gap if gap <= MAX_PAUSE else min(seconds, MAX_PAUSE)
        before = at
    return total


def _person(name: str, decided: list[Row]) -> PersonFigures:
    from statistics import median

    kept = [row for row in decided if not row[4]]
    active = active_seconds((row[1], row[2]) for row in decided)
    return PersonFigures(
        user_name=name,
        decisions=len(kept),
        approved=sum(row[3] == Verdict.NORMAL for row in kept),
        blocked=sum(row[3] == Verdict.BLOCKED for row in kept),
        undone=len(decided) - len(kept),
        active_seconds=active,
        per_hour=len(kept) * 3600 / active if active else 0.0,
        median_seconds=median(row[2] for row in decided),
    )
