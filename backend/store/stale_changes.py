"""Detects concurrent changes: a client passes the last history line it has seen."""

from __future__ import annotations

import json
from collections.abc import Iterable

from backend.errors import Conflict
from backend.model import HistoryLine
from backend.store.engine import Database
from backend.store.history import line_of

# Decisions of people. Processing results, such as a rendition, do not invalidate what a reviewer has seen.
DECISIONS = (
    "createAudit", "undoAudit", "editVideo", "recommendVideo", "deleteRecommendById", "chooseCover",
    "deleteVideoById", "restoreVideo", "purgeVideo", "uploadVideo", "importVideo", "replaceFile",
)  # fmt: skip
SINCE = f"""
    select * from history where target in (select value from json_each(:targets)) and id > :line
    and action in ({", ".join(f"'{action}'" for action in DECISIONS)}) order by id desc limit :most
"""


def find_since(db: Database, video_ids: Iterable[str], line: int, most: int = 100) -> list[HistoryLine]:
    """Return the newest decisions on these videos after a line of the history, latest first."""
    values = {"targets": json.dumps(list(video_ids)), "line": line, "most": most}
    return [line_of(row) for row in db.query(SINCE, values)]


def check(db: Database, video_id: str, line: int | None) -> None:
    """Raise Conflict if somebody changed a video after this line; None skips the check."""
    if line is None:
        return
    for newer in find_since(db, [video_id], line, most=1):
        raise Conflict(
            "Since line {seen} of the history, {name} has changed video {video_id} ({action}, line {line}); "
            "look at it again.",
            seen=line, name=newer.actor.name, video_id=video_id, action=newer.action, line=newer.line,
        )  # fmt: skip
