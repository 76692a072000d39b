"""CDN refreshes for blocked and deleted videos, queued in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict

from backend.model import Actor, FileKind, MediaFile
from backend.model.cloud import Action
from backend.store.engine import Database

KINDS = (FileKind.COMMON, FileKind.NARROW, FileKind.COVER, FileKind.FIRST_FRAME, FileKind.SNAPSHOT)


def queue_refresh(
    db: Database, video_id: str, files: Iterable[MediaFile], why: str, actor: Actor, now: float
) -> None:  # fmt: skip
    """Queue a cache refresh for all remote media and images of a video.

    If one is pending, its progress is kept and new paths are added.
    """
    names = [file.name for file in files if file.kind in KINDS]
    paths = list(dict.fromkeys(name.partition("://")[2] for name in names if name.startswith(("http://", "https://"))))
    if not paths:
        return
    known = db.execute(
        "select payload from cloud_intents where action = ? and target = ?", [Action.REFRESH, video_id]
    ).fetchone()
    payload: dict[str, Any] = json.loads(known[0]) if known else {"why": why, "paths": [], "parts": []}
    payload = {**payload, "why": why, "paths": list(dict.fromkeys([*payload["paths"], *paths]))}
    db.execute(
        "insert into cloud_intents (action, target, begun, due, payload, actor) values (?, ?, ?, ?, ?, ?) "
        "on conflict (action, target) do update set due = excluded.due, payload = excluded.payload, tries = 0",
        [Action.REFRESH, video_id, now, now, json.dumps(payload, ensure_ascii=False), json.dumps(asdict(actor))],
    )


def retry_refresh_now(db: Database, video_id: str) -> bool:
    """Retry a pending refresh now; False if there is none."""
    sql = "update cloud_intents set due = 0, tries = 0 where action = ? and target = ?"
    return db.execute(sql, [Action.REFRESH, video_id]).rowcount > 0
