"""Reports of videos by those who watch them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_WORDS = 500  # characters
MAX_REPORTS = 1000  # of a video are kept


class ReportReason(StrEnum):
    """What a viewer reports a video for."""

    SEXUAL = "sexual"
    VIOLENCE = "violence"
    ILLEGAL = "illegal"
    MINORS = "minors"
    SPAM = "spam"
    COPYRIGHT = "copyright"
    ABUSE = "abuse"
    MISLEADING = "misleading"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Report:
    """A report; `at` is in seconds since 1970. It is open until the next verdict on its video."""

    reporter: str
    reason: str
    words: str
    at: float
    is_open: bool


@dataclass(frozen=True, slots=True)
class Reports:
    """Reports of a video: how many, how many of which reason (most frequent first), and the last ones, newest first."""

    count: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    last: tuple[Report, ...] = ()
