"""What passes between the console and Alibaba Cloud, as plain data: tasks, intents, events, pushes, differences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from backend.errors import ConsoleError
from backend.model import Actor, JobKind, User

NOBODY = User("vod", "VOD")  # whose videos those are that name no owner: VOD knows no users
MISSING = "missing"  # of a difference: VOD has not got the video


class Action(StrEnum):
    """What may be pending at Alibaba: asked for, or about to be, and not finished here."""

    AUDIT = "CreateAudit"
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


# What has a thread of its own, so that it keeps no verdict and no deletion waiting.
REVIEWS, REFRESHES = (Action.REVIEW, Action.LOOK), (Action.REFRESH,)
QUICK = tuple(action for action in Action if action not in (*REVIEWS, *REFRESHES))


# Why VOD is told to let a video be played, or not, without a verdict; the comment there says so by beginning with MARK.
STANDINGS = (Action.TRASH, Action.RESTORE, Action.UNDO, Action.HOLD)
SUBMITS = (Action.TRANSCODE, Action.SNAPSHOT, Action.PULL)  # of jobs of ours, which settle them
MARK = "qu-console "
HOLD_EVENT = "HoldVideo"  # ours: a video whose file was replaced shall not be played before it is reviewed
VERDICT_EVENT = "CreateAuditComplete"  # the type of the event that tells of a verdict
SENDING, ACCEPTED, REFUSED = "sending", "accepted", "refused"


# VOD refuses them: what lies beyond 16 bits, and the symbols that phones show as pictures.
EMOJI = re.compile("[\U00010000-\U0010ffff\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\u3297\u3299\u20e3\ufe0f\u200d]")
MAX_BYTES = {"title": 128, "description": 1024}  # of UTF-8, as VOD keeps them
NO_TITLE = "video"  # where nothing is left of one: VOD wants one
MAX_TAGS, MAX_TAG_BYTES = 16, 32


def without_emoji(text: str) -> str:
    """Return a text without what VOD refuses in one."""
    return EMOJI.sub("", text).strip()


def fitting(what: str, text: str) -> str:
    """Return a title, a description or tags as VOD can hold them: without emoji, and not too long."""
    plain = without_emoji(text)
    if what == "tags":
        tags = [_cut(tag.strip(), MAX_TAG_BYTES) for tag in plain.split(",")]
        return ",".join([tag for tag in tags if tag][:MAX_TAGS])
    fits = _cut(plain, MAX_BYTES[what]) if what in MAX_BYTES else text
    return fits or NO_TITLE if what == "title" else fits


def is_cut(what: str, text: str) -> bool:
    """Say whether VOD holds less of a text than we do; blanks around words are nothing."""
    parts = text.split(",") if what == "tags" else [text]
    return fitting(what, text) != ",".join(part.strip() for part in parts if part.strip())


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore").strip()


class ReviewState(StrEnum):
    """How a machine review stands: NONE is that VOD has none of the video."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Frame(msgspec.Struct, frozen=True):
    """A picture of the clip that something was found in. `score` is from 0 to 100; `url` may be empty or have died."""

    milliseconds: int
    module: str
    label: str
    score: float
    url: str = ""


class Finding(msgspec.Struct, frozen=True):
    """What was found in a part (video, cover, title, text, audio) by one module."""

    part: str
    module: str
    label: str
    suggestion: str
    score: float = 0.0
    text: str = ""


class MachineReview(msgspec.Struct, frozen=True):
    """What VOD's machine review said of a video. Times are seconds since 1970, 0 where unknown; `error` is packed."""

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
        """What a new result differs in from an older one."""
        return self.suggestion, self.labels, self.findings, self.frames


@dataclass(frozen=True, slots=True)
class CloudTask:
    """The task at VOD behind a job of ours, with its JobIds; `begun` is when it was kept, in seconds since 1970."""

    job_id: str
    task_id: str
    video_id: str
    kind: JobKind
    cloud_ids: tuple[str, ...]
    begun: float = 0.0


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that was going to be asked, or was asked, and is not finished here. `tries` counts the settlements."""

    action: Action
    target: str
    begun: float
    payload: dict[str, Any]
    actor: Actor
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """An event that Alibaba told of, or that a look at VOD showed to be missing; `received` is seconds since 1970."""

    id: int
    received: float
    type: str
    target: str
    tries: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Push:
    """A part of a batch that was, or is being, sent to be prefetched."""

    id: int
    begun: float
    state: str
    positions: tuple[int, ...]
    task_ids: tuple[str, ...]
    error: ConsoleError | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of a video that is not the same here and at VOD; `missing` is a video that VOD has not got."""

    video_id: str
    what: str
    here: str
    there: str
    found: int
    title: str
