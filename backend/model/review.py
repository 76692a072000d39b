"""What passes over the review desk: leases of clips, decisions, reasons, and what each person likes. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from backend.model import Verdict


class LeaseKind(StrEnum):
    """What a clip is before somebody's eyes for."""

    FIRST = "first"  # the verdict on it


@dataclass(frozen=True, slots=True)
class Desk:
    """Where somebody reviews: one tab, or one program. `name` tells the desks of a person apart."""

    holder: str  # user name of the account
    name: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """A clip that one person has until `expires`; times are seconds since 1970 by the store's clock."""

    key: str
    video_id: str
    holder: str
    desk: str
    claimed: float
    expires: float
    kind: LeaseKind = LeaseKind.FIRST


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person says of a clip. `seconds` is how long it was looked at; None where nobody measured."""

    verdict: Verdict
    reason: str = ""
    comment: str = ""
    reason_code: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided with a lease; `undone` is when that was taken back, 0 where it was not."""

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


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody who asked for a second opinion wrote about a clip."""

    account: str
    note: str
    at: float


class ReviewReason(msgspec.Struct, frozen=True):
    """A reason to block: its name at the desk, and what the uploader is told, in Chinese and in English.

    What is `sensitive` is hard to look at; a `retired` one is offered no more.
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
        """Return what the uploader is told in this language (zh, en)."""
        return self.uploader_zh if language == "zh" else self.uploader_en


class DeskPreferences(msgspec.Struct, frozen=True, rename="camel"):
    """How one person wants the desk: `small` begins with small pictures, `sensitiveAutoplay` plays clips by themselves
    that are like ones blocked for a sensitive reason, `breakMinutes` of work are told of (0: never).
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
    """How many clips wait for a person, and why some of them are not for this one now.

    `oldest` is when the one came in that waits longest; None where none waits.
    """

    waiting: int
    free: int
    with_others: int
    with_you: int
    skipped: int
    asked: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class BlockedVideo:
    """A video of an uploader that was blocked, when, and why as far as the history says."""

    video_id: str
    title: str
    at: int | None
    reason: str
    reason_code: str


@dataclass(frozen=True, slots=True)
class UploaderRecord:
    """How many of an uploader's newest videos passed, were blocked and wait, and the last that were blocked."""

    passed: int
    blocked: int
    waiting: int
    last_blocked: tuple[BlockedVideo, ...]
