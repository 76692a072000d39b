"""Second reviews: which decisions are drawn for one, and how well two reviewers agree."""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from backend.model import Verdict

HASTY_SECONDS, LONG_SECONDS = 1.0, 5.0  # a verdict in under a second on a clip over five
DAY_START = 50  # decisions of a person's day, among which the daily minimum is drawn
FEWEST_PAIRS = 50  # figures of fewer mean too little
Z95 = 1.959964


class DrawState(StrEnum):
    """What became of a decision that was drawn; see the table."""

    WAITING = "waiting"
    AGREED = "agreed"
    DIFFERS = "differs"
    SETTLED = "settled"
    VOID = "void"
    LAPSED = "lapsed"


class Sampling(msgspec.Struct, frozen=True, rename="camel"):
    """Which decisions a second person reviews, blind. Shares are percentages.

    Of approvals, of blocks, and of verdicts in under a second on clips over five (`hasty`); all of a reviewer's first
    `newcomerDecisions` and of the reasons in `reasonCodes`. At least `dailyMinimum` of each reviewer's first 50 of a
    day, and otherwise at most `maximum` of a queue's decisions of a day. `knownClips` is the share of blocked and
    settled clips that are shown again, at most 1. `reports`: an approved video that viewers reported so often since its
    last verdict is reviewed again; 0: none is.
    """

    second_reviews: bool = False
    approvals: float = 3
    blocks: float = 10
    hasty: float = 20
    newcomer_decisions: int = 50
    reason_codes: list[str] = []
    daily_minimum: int = 5
    maximum: float = 15
    known_clips: float = 0
    reports: int = 1


@dataclass(frozen=True, slots=True)
class Drawable:
    """A decision that may be drawn, and what was decided and drawn before it: ever and today, by its reviewer, and by
    everybody in its queue. Undone decisions do not count. `duration` is that of the clip.
    """

    verdict: Verdict
    reason_code: str
    seconds: float
    duration: float
    ever: int
    today: int
    drawn_today: int
    all_today: int
    all_drawn_today: int


def probability(rules: Sampling, one: Drawable) -> float:
    """Return the probability with which a decision is drawn."""
    if not rules.second_reviews:
        return 0.0
    share = rules.approvals if one.verdict is Verdict.NORMAL else rules.blocks
    if one.seconds < HASTY_SECONDS and one.duration > LONG_SECONDS:
        share = max(share, rules.hasty)
    if one.ever < rules.newcomer_decisions or one.reason_code in rules.reason_codes:
        share = 100.0
    room = rules.maximum / 100 * (one.all_today + 1) - one.all_drawn_today
    wanted = min(share / 100, max(room, 0.0))
    # So many of the day's first decisions, at places that nobody can foresee.
    lacking = max(rules.daily_minimum - one.drawn_today, 0)
    return min(max(wanted, lacking / max(DAY_START - one.today, 1)), 1.0)


def is_drawn(secret: str, lease_key: str, drawn_with: float) -> bool:
    """Return whether a decision is drawn: always the same for the same key."""
    found = hmac.digest(secret.encode(), lease_key.encode(), hashlib.sha256)
    return int.from_bytes(found[:8]) < drawn_with * 2**64


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two reviewers over `pairs` verdicts, weighted; None where a figure is not defined, or of too few.

    `observed` is the share of pairs with the same verdict, `kappa` Cohen's, `pabak` the prevalence- and bias-adjusted
    one, `blocks` the agreement on blocks. `low` and `high` bound 95 % intervals.
    """

    pairs: int
    both_approved: int | None = None
    both_blocked: int | None = None
    differing: int | None = None
    observed: float | None = None
    observed_low: float | None = None
    observed_high: float | None = None
    kappa: float | None = None
    kappa_error: float | None = None
    kappa_low: float | None = None
    kappa_high: float | None = None
    pabak: float | None = None
    blocks: float | None = None


class Tally:
    """Counts pairs of verdicts, each weighted by the inverse of the probability with which it was drawn."""

    def __init__(self) -> None:
        self._counts = {(one, other): 0 for one in (False, True) for other in (False, True)}
        self._weights = dict.fromkeys(self._counts, 0.0)
        self._squares = 0.0

    def add(self, is_blocked: bool, is_blocked_too: bool, drawn_with: float) -> None:
        """Count one pair."""
        weight = 1 / drawn_with
        self._counts[is_blocked, is_blocked_too] += 1
        self._weights[is_blocked, is_blocked_too] += weight
        self._squares += weight * weight

    @property
    def pairs(self) -> int:
        return sum(self._counts.values())

    @property
    def with_block(self) -> int:
        """The number of pairs in which one of the two blocked."""
        return self.pairs - self._counts[False, False]

    def agreement(self, fewest: int = FEWEST_PAIRS, of: int | None = None) -> Agreement:
        """Return the figures, without any if there are fewer pairs; `of` is another number to judge that by."""
        pairs = self.pairs if of is None else of
        counts = self._counts[False, False], self._counts[True, True]
        differing = self.pairs - sum(counts)
        if pairs < max(fewest, 1) or not self.pairs:
            return Agreement(pairs)
        total = sum(self._weights.values())
        neither, one, other, both = (
            self._weights[key] / total for key in ((False, False), (True, False), (False, True), (True, True))
        )
        size = total * total / self._squares  # of a sample without weights that tells as much
        observed = neither + both
        error = math.sqrt(observed * (1 - observed) / size) if observed < 1 else 0.0
        margin = Z95 * error if differing else 3 / size
        expected = (neither + one) * (neither + other) + (both + one) * (both + other)
        kappa = kappa_error = low = high = None
        if 1 - expected > 1e-12:
            kappa, kappa_error = (observed - expected) / (1 - expected), error / (1 - expected)
            low, high = max(kappa - Z95 * kappa_error, -1.0), min(kappa + Z95 * kappa_error, 1.0)
        blocked = 2 * both + one + other
        return Agreement(
            pairs, *counts, differing, observed, max(observed - margin, 0.0),
            min(observed + Z95 * error, 1.0), kappa, kappa_error, low, high, 2 * observed - 1,
            2 * both / blocked if blocked else None,
        )  # fmt: skip
