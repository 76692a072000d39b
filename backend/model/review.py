"""Data classes of the review desk: leases, decisions, reasons and preferences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from backend.model import Verdict


class LeaseKind(StrEnum):
    """The purpose of a lease."""

    FIRST = "first"  # first verdict
    REPORTED = "reported"  # another look at an approved clip that was reported
    SECOND = "second"  # blind second review: changes nothing
    PROBE = "probe"  # known clip: blocked and settled

    @property
    def is_blind(self) -> bool:
        """Whether the reviewer sees the clip as it was before its verdict, and changes nothing."""
        return self in (LeaseKind.SECOND, LeaseKind.PROBE)


@dataclass(frozen=True, slots=True)
class Desk:
    """A place of work: one tab, or one program. `name` distinguishes the desks of a user."""

    holder: str  # user name of the account
    name: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """A video reserved for one user until `expires`. Times are seconds since 1970 by the store's clock."""

    key: str
    video_id: str
    holder: str
    desk: str
    claimed: float
    expires: float
    kind: LeaseKind = LeaseKind.FIRST


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict from the desk. `seconds` is the viewing time, None if unknown."""

    verdict: Verdict
    reason: str = ""
    comment: str = ""
    reason_code: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The recorded decision of a lease; `undone` is the time it was undone, or 0.

    A first decision is reviewed by a second person with the probability `drawn_with`; `queue` is where it waited.
    """

    key: str
    video_id: str
    reviewer: str
    kind: LeaseKind
    verdict: Verdict
    reason_code: str
    reason: str
    comment: str
    seconds: float
    at: float
    request_id: str
    undone: float = 0.0
    drawn_with: float = 0.0
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The note of a user who requested a second opinion."""

    account: str
    note: str
    at: float


class ReviewReason(msgspec.Struct, frozen=True):
    """A reason to block: its name at the desk and the text for the uploader, in Chinese and English.

    `sensitive` marks disturbing content; `retired` reasons are no longer offered.
    """

    code: str
    name_zh: str
    name_en: str
    uploader_zh: str
    uploader_en: str
    position: int = 0
    sensitive: bool = False
    retired: bool = False

    def told(self, language: str) -> str:
        """Return the text for the uploader in a language (zh, en)."""
        return self.uploader_zh if language == "zh" else self.uploader_en


class DeskPreferences(msgspec.Struct, frozen=True, rename="camel"):
    """A user's desk preferences.

    `small` starts with small images, `sensitiveAutoplay` autoplays also what machine review or a sensitive reason in
    the uploader's record hints at, `breakMinutes` is the interval of break reminders (0: none).
    """

    grey: bool = False
    blur: bool = False
    sound: bool = False
    small: bool = False
    autoplay: bool = True
    sensitive_autoplay: bool = False
    keys: bool = True
    break_minutes: int = 50
    speed: float = 1


@dataclass(frozen=True, slots=True)
class QueueState:
    """Size of the review queue, and why parts of it are not available to this user.

    `oldest` is since when the longest waiting video waits, None if the queue is empty.
    """

    waiting: int
    free: int
    with_others: int
    with_you: int
    skipped: int
    asked: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """The decisions of one person, undone ones excluded, and how quickly they came: per active hour, and the median of
    the seconds that clips were looked at.
    """

    user_name: str
    decisions: int
    approved: int
    blocked: int
    undone: int
    active_seconds: float
    per_hour: float
    median_seconds: float


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """Figures by person, and the number of blocks by reason code, most frequent first."""

    people: tuple[PersonFigures, ...]
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class BlockedVideo:
    """A blocked video of an uploader, with time and reason as far as the history has them."""

    video_id: str
    title: str
    at: int | None
    reason: str
    reason_code: str


@dataclass(frozen=True, slots=True)
class UploaderRecord:
    """Counts of an uploader's newest videos by verdict, and the last blocked ones."""

    passed: int
    blocked: int
    waiting: int
    last_blocked: tuple[BlockedVideo, ...]
