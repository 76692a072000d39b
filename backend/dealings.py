"""What passes between the console and Alibaba Cloud, as plain data: tasks, intents, events, pushes, differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.errors import ConsoleError
from backend.model import Actor, JobKind

MISSING = "missing"  # of a difference: VOD has not got the video
# Why VOD is told to let a video be played, or not, without a verdict; the comment there says so by beginning with MARK.
TRASH, RESTORE, UNDO = STANDINGS = ("TrashVideo", "RestoreVideo", "UndoAudit")
MARK = "qu-console "
SENDING, ACCEPTED, REFUSED = "sending", "accepted", "refused"


@dataclass(frozen=True, slots=True)
class CloudTask:
    """The task at VOD behind a job of ours, with its JobIds."""

    job_id: str
    task_id: str
    video_id: str
    kind: JobKind
    cloud_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that was going to be asked, or was asked, and is not finished here."""

    action: str
    target: str
    begun: float
    payload: dict[str, Any]
    actor: Actor


@dataclass(frozen=True, slots=True)
class Event:
    """An event that Alibaba told of."""

    id: int
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
