"""CDN refreshes for blocked and deleted videos, queued in the same transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict

from backend.model import Actor, FileKind, MediaFile
from backend.model.cloud import Action
from backend.store import warm_rows
from backend.store.cloud import replace_intent
from backend.store.engine import Database

URLS, FEED_TARGET = "urls:", "feed"  # targets of refreshes that are not of a video
FEED_FOLDER = "/vodVideo/"
LIVE_AT_CDN = """
    select 1 from files
    where video_id = :video_id and (substr(name, 1, 7) = 'http://' or substr(name, 1, 8) = 'https://') and (
        exists (select 1 from recommendations r where r.video_id = :video_id and recommended <= :now
            and (ends is null or ends > :now))
        or exists (select 1 from special_entries e join specials using (special_id) where e.video_id = :video_id
            and starts <= :now and ends > :now))
"""
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
    warm_rows.forget(db, paths)
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


def queue_url_refresh(db: Database, urls: Iterable[str], actor: Actor, now: float) -> str:
    """Queue a cache refresh of these URLs, and return its target."""
    paths = list(dict.fromkeys(url.partition("://")[2] for url in urls))
    warm_rows.forget(db, paths)
    target = f"{URLS}{uuid.uuid4().hex}"
    replace_intent(db, Action.REFRESH, target, {"why": "asked", "paths": paths, "parts": []}, actor, now)
    return target


def queue_feed_refresh(db: Database, video_id: str, actor: Actor, now: float) -> None:
    """Queue a refresh of the app's feed if a CDN serves this video's files and the video is live in a slot."""
    if db.execute(LIVE_AT_CDN, {"video_id": video_id, "now": int(now)}).fetchone():
        payload = {"why": "blocked", "paths": [FEED_FOLDER], "parts": []}
        replace_intent(db, Action.REFRESH, FEED_TARGET, payload, actor, now)


def retry_refresh_now(db: Database, video_id: str) -> bool:
    """Retry a pending refresh now; False if there is none."""
    sql = "update cloud_intents set due = 0, tries = 0 where action = ? and target = ?"
    return db.execute(sql, [Action.REFRESH, video_id]).rowcount > 0
