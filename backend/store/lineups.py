"""Revisions of a slot: every change makes one, in its own transaction.

Triggers of the database copy each changed entry with the number of its slot's present revision. So a transaction first
begins a revision (`begin`), then changes entries.
"""

from __future__ import annotations

from backend.errors import Conflict, NotFound
from backend.model import SECONDS_A_DAY, Actor
from backend.store.engine import Database

KEPT, KEPT_DAYS = 500, 90
NO_SLOT = "There is no slot {slot}."
SLOTS_OF_VIDEO = """
    select slot from recommendations where video_id = :video_id
    union select slot from special_entries e join specials s using (special_id) where e.video_id = :video_id
"""


def begin(
    db: Database, slot: str, actor: Actor, now: int, action: str, *, target: str = "", note: str = "",
    expected: int | None = None,
) -> int:  # fmt: skip
    """Begin a revision of a slot and return its number.

    `action` and `target` are as in the history. Raises NotFound if there is no such slot, and Conflict, naming who
    changed it, if it is not at the revision `expected` any more.
    """
    check(db, slot, expected)
    row = db.execute("update slots set revision = revision + 1 where slot = ? returning revision", [slot]).fetchone()
    if row is None:
        raise NotFound(NO_SLOT, slot=slot)
    db.execute(
        "insert into lineups values (?, ?, ?, ?, ?, ?, ?)", [slot, row[0], now, actor.name, action, target, note]
    )
    _forget_old(db, slot, row[0], now)
    return int(row[0])


def begin_all(db: Database, video_id: str, actor: Actor, now: int, action: str) -> None:
    """Begin a revision of every slot that shows a video, itself or in a special."""
    for slot in sorted(slot for (slot,) in db.execute(SLOTS_OF_VIDEO, {"video_id": video_id}).fetchall()):
        begin(db, slot, actor, now, action, target=video_id)


def check(db: Database, slot: str, expected: int | None) -> None:
    """Raise Conflict, naming who changed it, if a slot is not at this revision any more; None skips the check."""
    if expected is None:
        return
    row = db.execute("select revision from slots where slot = ?", [slot]).fetchone()
    if row is None or row[0] == expected:
        return
    if row[0] < expected:
        raise Conflict("{slot} is at revision {revision}, and has no revision {seen} yet; look at it again.",
                       seen=expected, slot=slot, revision=row[0])  # fmt: skip
    sql = "select actor, action from lineups where slot = ? and revision > ? order by revision desc limit 1"
    name, action = db.execute(sql, [slot, expected]).fetchone() or ("", "")
    raise Conflict(
        "Since revision {seen} of {slot}, {name} has changed it ({action}, revision {revision}); look at it again.",
        seen=expected, slot=slot, name=name, action=action, revision=row[0],
    )  # fmt: skip


def _forget_old(db: Database, slot: str, newest: int, now: int) -> None:
    """Delete revisions that are neither among the last nor of the last days."""
    first, at = db.execute(
        "select revision, at from lineups where slot = ? order by revision limit 1", [slot]
    ).fetchone()
    before = now - KEPT_DAYS * SECONDS_A_DAY
    if first > newest - KEPT or at >= before:
        return
    sql = "delete from lineups where slot = ? and revision <= ? and at < ?"
    db.execute(sql, [slot, newest - KEPT, before])
    (first,) = db.execute("select min(revision) from lineups where slot = ?", [slot]).fetchone()
    db.execute("delete from lineup_entries where slot = ? and until <= ?", [slot, first])
