"""Data classes of similar videos."""

from __future__ import annotations

from dataclasses import dataclass

from backend.model import CensorStatus
from backend.model.fingerprint import Likeness


@dataclass(frozen=True, slots=True)
class Decided:
    """When a verdict was given (seconds since 1970), and why."""

    at: int
    reason: str
    reason_code: str


@dataclass(frozen=True, slots=True)
class SimilarVideo:
    """A video that is like another one; `decided` is None if nobody decided on it, or that is not known."""

    video_id: str
    title: str
    user_id: str
    same_user: bool
    censor_status: CensorStatus
    likeness: Likeness
    decided: Decided | None


@dataclass(frozen=True, slots=True)
class HintFigures:
    """How many decisions were made with a hint on the screen, and how many of them agree with it."""

    shown: int
    followed: int
