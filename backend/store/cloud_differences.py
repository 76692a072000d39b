"""Applies the values of a video from VOD, or records a difference, inside the caller's transaction."""

from __future__ import annotations

from backend.model import Actor, Video
from backend.store import history
from backend.store.engine import Database

CATEGORY = "cateName"
VOD = Actor("vod", "callback")
TREE = "select at_provider from categories where cate_id = ?"


def follow_category(db: Database, known: Video, video: Video, now: int) -> bool:
    """Set a video's category to the one at VOD.

    Changes made here are sent to VOD first, so VOD's value is newer, unless VOD never had the category chosen here:
    then it is a difference for a person to resolve.
    """
    if known.cate_id == video.cate_id:
        end_difference(db, known.video_id, CATEGORY)
        return False
    at_provider = db.execute(TREE, [known.cate_id]).fetchone()
    if known.cate_id and not (at_provider and at_provider[0]):
        note_difference(db, known.video_id, CATEGORY, known.cate_name, video.cate_name, now)
        return False
    return set_category(db, known, video.cate_id, video.cate_name, now)


def set_category(db: Database, known: Video, cate_id: int, cate_name: str, now: int) -> bool:
    """Set a video's category to the one at VOD, with the name from the category tree."""
    end_difference(db, known.video_id, CATEGORY)
    row = db.execute("select cate_name from categories where cate_id = ?", [cate_id]).fetchone()
    new = {"cate_id": cate_id, "cate_name": row[0] if row else cate_name if cate_id else ""}
    old = {name: getattr(known, name) for name in new}
    if new == old:
        return False
    db.execute("update videos set cate_id = ?, cate_name = ? where video_id = ?", [*new.values(), known.video_id])
    history.append(db, at=now, actor=VOD, action="editVideo", target=known.video_id, before=old, after=new)
    return True


def note_difference(db: Database, video_id: str, what: str, here: str, there: str, now: int) -> None:
    """Record a difference between a video here and at VOD."""
    db.execute(
        "insert into cloud_drift (video_id, what, here, there, found) values (?, ?, ?, ?, ?) "
        "on conflict (video_id, what) do update set here = excluded.here, there = excluded.there",
        [video_id, what, here, there, now],
    )


def end_difference(db: Database, video_id: str, what: str) -> None:
    """Delete a difference that no longer exists."""
    db.execute("delete from cloud_drift where video_id = ? and what = ?", [video_id, what])
