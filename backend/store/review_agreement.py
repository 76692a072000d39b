"""Agreement of first and second decisions: of everybody, or of one reviewer's pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.model import Verdict
from backend.model.review_quality import Agreement, Tally
from backend.store.engine import Engine

PAIRS = """
    select f.reviewer, s.reviewer, f.verdict, s.verdict, f.reason_code, s.reason_code, f.drawn_with, f.at
    from review_draws d join review_decisions f on f.lease_key = d.lease_key
    join review_decisions s on s.lease_key = d.second_key
    where d.second_key <> '' and d.state <> 'waiting' and f.undone = 0 and s.undone = 0
    and f.at >= :start and f.at < :end + 1 and :reviewer in ('', f.reviewer, s.reviewer)
    order by f.at, d.draw_id
"""
KNOWN = """
    select reviewer, count(*), sum(case when verdict = 'Blocked' then 1 else 0 end) from review_decisions
    where kind = 'probe' and at >= :start and at < :end + 1 and :reviewer in ('', reviewer)
    group by reviewer order by reviewer
"""
WAITING = "select count(*) from review_draws where state = 'waiting' and :reviewer = ''"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two decisions on one video."""

    first: str
    second: str
    blocked: tuple[bool, bool]
    codes: tuple[str, str]
    drawn_with: float
    at: float


@dataclass(frozen=True, slots=True)
class AgreementFigures:
    """Agreement in total, and by reviewer, pair, reason and week (its Monday), each with its key, sorted.

    `known` has how many known clips a reviewer got and how many of them they blocked.
    """

    waiting: int
    total: Agreement
    people: tuple[tuple[str, Agreement], ...]
    pairs: tuple[tuple[tuple[str, str], Agreement], ...]
    reasons: tuple[tuple[str, Agreement], ...]
    weeks: tuple[tuple[date, Agreement], ...]
    known: tuple[tuple[str, int, int], ...]


class ReviewAgreement:
    """Computes figures from the stored decisions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, start: float, end: float, zone: ZoneInfo, reviewer: str = "") -> AgreementFigures:
        """Return the figures of first decisions from `start` to the second `end`, included.

        Those of one reviewer are of the pairs with one decision of theirs, and name nobody else.
        """
        values = {"start": start, "end": end, "reviewer": reviewer}
        with self._engine.reading() as db:
            rows: list[Any] = db.fetch(PAIRS, values)
            known = tuple(db.fetch(KNOWN, values))
            waiting = int(db.execute(WAITING, values).fetchone()[0])
        pairs = [
            Pair(first, second, (one == Verdict.BLOCKED, other == Verdict.BLOCKED), codes, drawn_with, at)
            for first, second, one, other, *codes, drawn_with, at in rows
        ]
        total = Tally()
        for pair in pairs:
            total.add(*pair.blocked, pair.drawn_with)
        people = _by_person(pairs)
        return AgreementFigures(
            waiting,
            total.agreement(),
            tuple((name, one) for name, one in people if reviewer in ("", name)),
            () if reviewer else _grouped(pairs, lambda pair: tuple(sorted((pair.first, pair.second)))),
            _by_reason(pairs),
            _grouped(pairs, lambda pair: _monday(pair.at, zone)),
            known,
        )


def _grouped(pairs: list[Pair], key: Callable[[Pair], Any]) -> tuple[tuple[Any, Agreement], ...]:
    found: dict[Hashable, Tally] = defaultdict(Tally)
    for pair in pairs:
        found[key(pair)].add(*pair.blocked, pair.drawn_with)
    return tuple((name, found[name].agreement()) for name in sorted(found))  # type: ignore[type-var]


def _by_person(pairs: list[Pair]) -> list[tuple[str, Agreement]]:
    """Return the figures of each reviewer, who is the first of the two in all of their pairs."""
    found: dict[str, Tally] = defaultdict(Tally)
    for pair in pairs:
        found[pair.first].add(*pair.blocked, pair.drawn_with)
        found[pair.second].add(pair.blocked[1], pair.blocked[0], pair.drawn_with)
    return [(name, found[name].agreement()) for name in sorted(found)]


def _by_reason(pairs: list[Pair]) -> tuple[tuple[str, Agreement], ...]:
    """Return the agreement on whether videos are to be blocked for a reason, from so many that one blocked for it."""
    named = {code for pair in pairs for code, blocked in zip(pair.codes, pair.blocked, strict=True) if blocked}
    found = {}
    for code in sorted(named):
        tally = Tally()
        for pair in pairs:
            one, other = (
                blocked and said == code for said, blocked in zip(pair.codes, pair.blocked, strict=True)
            )  # fmt: skip
            tally.add(one, other, pair.drawn_with)
        found[code] = tally.agreement(of=tally.with_block)
    return tuple(found.items())


def _monday(at: float, zone: ZoneInfo) -> date:
    day = datetime.fromtimestamp(at, zone).date()
    return day - timedelta(days=day.weekday())
