"""Data exchanged with Alibaba Cloud: tasks, intents, events, prefetches and differences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from backend.errors import ConsoleError
from backend.model import Actor, JobKind, User

NOBODY = User("vod", "VOD")  # owner of videos without one at VOD
MISSING = "missing"  # type of a difference: VOD does not have the video


class Action(StrEnum):
    """An action pending at Alibaba: requested or about to be, and not completed here."""

    AUDIT = "CreateAudit"
    TELL = "TellAudit"  # a verdict recorded here that VOD is still to be told of
    TRASH = "TrashVideo"
    RESTORE = "RestoreVideo"
    UNDO = "UndoAudit"
    HOLD = "HoldVideo"
    DELETE = "DeleteVideo"
    TRANSCODE = "SubmitTranscodeJobs"
    SNAPSHOT = "SubmitSnapshotJob"
    PULL = "UploadMediaByURL"
    REVIEW = "SubmitAIMediaAuditJob"
    LOOK = "GetMediaAuditResult"
    REFRESH = "RefreshObjectCaches"


# Settled in separate threads, so that they do not delay verdicts and deletions.
REVIEWS, REFRESHES, TELLS = (Action.REVIEW, Action.LOOK), (Action.REFRESH,), (Action.TELL,)
QUICK = tuple(action for action in Action if action not in (*REVIEWS, *REFRESHES, *TELLS))


# Changes of playability at VOD without a verdict; their comment begins with MARK.
STANDINGS = (Action.TRASH, Action.RESTORE, Action.UNDO, Action.HOLD)
SUBMITS = (Action.TRANSCODE, Action.SNAPSHOT, Action.PULL)  # submitted by our jobs, which settle them
MARK = "qu-console "
HOLD_EVENT = "HoldVideo"  # internal: block a video whose file was replaced until it is reviewed
VERDICT_EVENT = "CreateAuditComplete"  # the event type that reports a verdict
SENDING, ACCEPTED, REFUSED = "sending", "accepted", "refused"


# Rejected by VOD: characters beyond 16 bits, and symbols shown as emoji; with the blanks around them.
REJECTED = "[\U00010000-\U0010ffff\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\u3297\u3299\u20e3\ufe0f\u200d]"
BLANKS = "[ \t\u3000]+"
EMOJI = re.compile(rf"(?:(?<![ \t\u3000]){BLANKS})?(?:{REJECTED}(?:{BLANKS})?)+")
MAX_BYTES = {"title": 128, "description": 1024}  # in UTF-8, the limits of VOD
NO_TITLE = "video"  # used if a title has nothing left, because VOD requires one
MAX_TAGS, MAX_TAG_BYTES = 16, 32


def without_emoji(text: str) -> str:
    """Remove characters rejected by VOD; of the blanks on both sides of them, the first ones stay."""
    return EMOJI.sub(lambda found: next(iter(re.findall(BLANKS, found[0])), ""), text).strip()


def fitting(what: str, text: str) -> str:
    """Return title, description or tags as VOD can store them: without emoji, and shortened."""
    plain = without_emoji(text)
    if what == "tags":
        tags = [_cut(tag.strip(), MAX_TAG_BYTES) for tag in plain.split(",")]
        return ",".join([tag for tag in tags if tag][:MAX_TAGS])
    fits = _cut(plain, MAX_BYTES[what]) if what in MAX_BYTES else text
    return fits or NO_TITLE if what == "title" else fits


def is_cut(what: str, text: str) -> bool:
    """Return whether VOD stores less of a text than the console; surrounding whitespace does not count."""
    parts = text.split(",") if what == "tags" else [text]
    return fitting(what, text) != ",".join(part.strip() for part in parts if part.strip())


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore").strip()


class ReviewState(StrEnum):
    """State of a machine review; NONE means that VOD has none for the video."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Frame(msgspec.Struct, frozen=True):
    """A frame with a finding. `score` is between 0 and 100; `url` may be empty or expired."""

    milliseconds: int
    module: str
    label: str
    score: float
    url: str = ""


class Finding(msgspec.Struct, frozen=True):
    """A finding of one module in a part (video, cover, title, text, audio)."""

    part: str
    module: str
    label: str
    suggestion: str
    score: float = 0.0
    text: str = ""


class MachineReview(msgspec.Struct, frozen=True):
    """The result of VOD's machine review. Times are seconds since 1970, 0 if unknown; `error` is packed."""

    video_id: str
    state: ReviewState = ReviewState.NONE
    suggestion: str = ""
    labels: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    frames: tuple[Frame, ...] = ()
    error: str = ""
    submitted: int = 0
    fetched: int = 0

    @property
    def content(self) -> tuple[Any, ...]:
        """The fields that distinguish a new result from an older one."""
        return self.suggestion, self.labels, self.findings, self.frames


@dataclass(frozen=True, slots=True)
class CloudTask:
    """The VOD task of a job, with its JobIds; `begun` is when it was recorded, in seconds since 1970."""

    job_id: str
    task_id: str
    video_id: str
    kind: JobKind
    cloud_ids: tuple[str, ...]
    begun: float = 0.0


@dataclass(frozen=True, slots=True)
class Intent:
    """A request to Alibaba that is about to be sent, or was sent and is not completed here.

    `tries` counts settlement attempts.
    """

    action: Action
    target: str
    begun: float
    payload: dict[str, Any]
    actor: Actor
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """An event reported by Alibaba, or inferred by reconciliation; `received` is seconds since 1970."""

    id: int
    received: float
    type: str
    target: str
    tries: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Push:
    """A part of a prewarm batch that was, or is being, sent."""

    id: int
    begun: float
    state: str
    positions: tuple[int, ...]
    task_ids: tuple[str, ...]
    error: ConsoleError | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a video that differs between here and VOD; `missing` is a video that VOD does not have."""

    video_id: str
    what: str
    here: str
    there: str
    found: int
    title: str
