"""One action on all videos that match a filter, run by a worker."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from backend.errors import ConsoleError
from backend.model import Actor

MAX_VIDEOS = 50_000
BATCH = 20  # videos between two reports of progress
MAX_AT_ONCE = 8  # videos that are changed side by side: what changes at once is committed together
GROUP_SECONDS = 0.05  # that such a group may take, while others wait to change something
KEPT_SECONDS = 30 * 86_400
UNDONE = "This bulk action was undone already."
STILL_STOPPING = "This bulk action is still stopping. Try again in a moment."
STOPPING = "stopping"  # the state of one that was cancelled while videos of it are under way


class BulkAction(StrEnum):
    """What is done to each video."""

    APPROVE = "approve"
    BLOCK = "block"
    RECOMMEND = "recommend"
    TRANSCODE = "transcode"
    NARROW = "narrow"
    PREWARM = "prewarm"
    CATEGORY = "category"
    ADD_TAGS = "addTags"
    REMOVE_TAGS = "removeTags"
    DELETE = "delete"


EDITS = (BulkAction.CATEGORY, BulkAction.ADD_TAGS, BulkAction.REMOVE_TAGS)
UNDOABLE = (BulkAction.APPROVE, BulkAction.BLOCK, BulkAction.RECOMMEND, BulkAction.DELETE, *EDITS)
OF_REVIEWERS = (BulkAction.APPROVE, BulkAction.BLOCK)


class ItemState(StrEnum):
    """What became of a video: `refused` if nothing was done, for the reason that is stored."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class Bulk(msgspec.Struct, frozen=True):
    """An action on many videos. `seen_line` is the newest line of the history when the set was made.

    `undoes` is the id of the one that this takes back; empty otherwise. All changes have the request id of `actor`.
    """

    bulk_id: str
    job_id: str
    action: BulkAction
    form: dict[str, Any]
    undoes: str
    actor: Actor
    seen_line: int
    created: int
    total: int


class BulkItem(msgspec.Struct, frozen=True):
    """A video of the set."""

    place: int
    video_id: str
    title: str
    state: ItemState = ItemState.WAITING
    why: ConsoleError | None = None
