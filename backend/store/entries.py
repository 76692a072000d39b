"""Entries of the programme's slots: adding, changing, removing and restoring them, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.errors import BadRequest, Conflict, NotFound
from backend.model import Actor, CensorStatus, Video
from backend.model.programme import FEED, MAX_ENTRIES, EntryState, Scheduling, state_at
from backend.model.wall_times import check_window
from backend.store import inserts, lineups
from backend.store.cloud_refreshes import queue_feed_refresh
from backend.store.engine import Database
from backend.store.folding import fold, marked_tags
from backend.store.rows import check_whole

ENTRIES = "recommendations"
NO_RECOMMENDATION = "Video {video_id} is not recommended."
RUNNING = f"select count(*) from {ENTRIES} where slot = ? and (ends is null or ends > ?)"
TOLD = {EntryState.SCHEDULED: 0, EntryState.LIVE: 1, EntryState.ENDED: 2}
STARTED, ENDED = "recommendation.started", "recommendation.ended"
HISTORY_NAMES = {"recommended": "startTime", "ends": "endTime", "pin": "pin", "rank": "rank", "note": "note"}


def check_showable(video: Video) -> None:
    """Raise Conflict unless a video may be put into a slot."""
    check_whole(video)
    if video.censor_status is not CensorStatus.SUCCESS:
        raise Conflict(
            "Video {video_id} has not passed review (censorStatus is {status}). Approve it first.",
            video_id=video.video_id,
            status=video.censor_status.value,
        )


def find(db: Database, video_id: str, slot: str) -> dict[str, Any]:
    """Return the row of an entry, or nothing."""
    rows = db.query(f"select * from {ENTRIES} where slot = ? and video_id = ?", [slot, video_id])
    return next(iter(rows), {})


def get(db: Database, video_id: str, slot: str) -> dict[str, Any]:
    """Return the row of an entry. Raises NotFound."""
    found = find(db, video_id, slot)
    if not found:
        raise NotFound(NO_RECOMMENDATION, video_id=video_id)
    return found


def check_room(db: Database, slot: str, now: int, more: int = 1) -> None:
    """Raise BadRequest if a slot cannot take so many more entries; those that have ended do not count."""
    if db.execute(RUNNING, [slot, now]).fetchone()[0] + more > MAX_ENTRIES:
        raise BadRequest(
            "{slot} has {most} entries that have not ended; remove some first.", slot=slot, most=MAX_ENTRIES
        )


def scheduled(before: Mapping[str, Any], wanted: Scheduling, now: int, *, at_once: bool = False) -> dict[str, Any]:
    """Return the columns of an entry that are to have other values. Raises BadRequest.

    Without a start of its own a new entry starts now, and `at_once` so does one that is not live.
    """
    starts, ends = before.get("recommended", now), before.get("ends")
    found: dict[str, Any] = {}
    if wanted.starts is not None and wanted.starts.at != before.get("recommended"):
        starts = max(wanted.starts.at, now)
        found |= {"starts_typed": wanted.starts.wall, "zone": wanted.starts.zone}
    elif wanted.starts is None and at_once and (state := state_at(starts, ends, now)) is not EntryState.LIVE:
        starts, ends = now, None if state is EntryState.ENDED else ends
        found |= {"starts_typed": "", "ends_typed": "" if ends is None else before["ends_typed"]}
    if wanted.ends is not None:
        ends = wanted.ends.at
        found |= {"ends_typed": wanted.ends.wall, "zone": wanted.ends.zone}
    elif wanted.endless:
        ends, found["ends_typed"] = None, ""
    if (starts, ends) != (before.get("recommended"), before.get("ends")):
        check_window(starts, ends, now)
    found |= {"recommended": starts, "ends": ends}
    for name in ("pin", "rank"):
        if (value := getattr(wanted, name)) is not None:
            found[name] = value or None
    if wanted.note is not None:
        found["note"] = wanted.note
    return {name: value for name, value in found.items() if name not in before or value != before[name]}


def history_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's changed values as the history has them: times in UTC."""
    found = {HISTORY_NAMES[name]: value for name, value in values.items() if name in HISTORY_NAMES}
    return {
        name: datetime.fromtimestamp(value, UTC).isoformat() if name.endswith("Time") and value is not None else value
        for name, value in found.items()
    }


def save(
    db: Database, video_id: str, slot: str, before: Mapping[str, Any], values: Mapping[str, Any], now: int
) -> None:  # fmt: skip
    """Insert an entry, or change the one that is there, and note if it starts with this.

    `values` are columns. The slot's revision has begun.
    """
    row = dict(values)
    if "title" in row:
        row["title_folded"] = None if row["title"] is None else fold(row["title"])
    if "tags" in row:
        row["tags_folded"] = None if row["tags"] is None else marked_tags(row["tags"])
    starts = row["recommended"] if "recommended" in row else before["recommended"]
    if "recommended" in row:
        row["seq"] = inserts.next_key(db, ENTRIES, starts)
    state = state_at(starts, row.get("ends", before.get("ends")), now)
    row["told"] = TOLD[state]
    if not before:
        inserts.insert(db, ENTRIES, {"slot": slot, "video_id": video_id, **row})
    else:
        old = state_at(before["recommended"], before["ends"], now)
        set_columns(db, video_id, slot, row)
        if old is state:
            return
    if state is EntryState.LIVE:
        record_tick(db, STARTED, slot, video_id, now, now)


def set_columns(db: Database, video_id: str, slot: str, values: Mapping[str, Any]) -> None:
    """Change columns of an entry other than its window."""
    assigned = ", ".join(f"{name} = :{name}" for name in values)
    where = "slot = :of_slot and video_id = :of_video"
    db.execute(f"update {ENTRIES} set {assigned} where {where}", {**values, "of_slot": slot, "of_video": video_id})


def delete(db: Database, video_id: str, slot: str) -> None:
    """Remove a video from a slot."""
    db.execute(f"delete from {ENTRIES} where slot = ? and video_id = ?", [slot, video_id])


def record_tick(db: Database, event: str, slot: str, video_id: str, due: int, now: int, *, late: bool = False) -> None:
    """Note that an entry began or ended."""
    inserts.insert(db, "programme_ticks", {
        "at": now, "due": due, "late": int(late), "event": event, "slot": slot, "video_id": video_id,
    })  # fmt: skip


def remove_everywhere(db: Database, video_id: str, actor: Actor, now: int, action: str) -> None:
    """Remove a video from every slot and special, with a revision of each, and from the CDN's feed if it is live."""
    queue_feed_refresh(db, video_id, actor, now)
    lineups.begin_all(db, video_id, actor, now, action)
    db.execute(f"delete from {ENTRIES} where video_id = ?", [video_id])
    db.execute("delete from special_entries where video_id = ?", [video_id])


def snapshot(db: Database, video_id: str) -> dict[str, Any]:
    """Return what `restore` needs: the entry of the documented slot, those of others, and places in specials."""
    # both are sent before the first is waited for
    entries = db.query(f"select * from {ENTRIES} where video_id = ? order by seq", [video_id])
    places = db.query("select * from special_entries where video_id = ? order by special_id", [video_id])
    rows = [
        {name: value for name, value in row.items() if value is not None and name != "tags_folded"} for row in entries
    ]
    specials = list(places)
    own = next((row for row in rows if row["slot"] == FEED), None)
    others = [row for row in rows if row["slot"] != FEED]
    found = {"recommendation": own, "otherEntries": others, "specialEntries": specials}
    return {name: value for name, value in found.items() if value}


def restore(
    db: Database, video_id: str, kept: Mapping[str, Any], media_key: str, actor: Actor, now: int, action: str
) -> bool:  # fmt: skip
    """Put the entries of a `snapshot` back, if their slots and specials are still there; return whether one of the
    documented slot is among them.
    """
    own = kept.get("recommendation")
    rows = [*([own] if own else []), *kept.get("otherEntries", ())]
    there = {slot for (slot,) in db.execute("select slot from slots").fetchall()}  # one may be deleted meanwhile
    missing = [row for row in rows if (slot := row.get("slot", FEED)) in there and not find(db, video_id, slot)]
    specials = [one for one in kept.get("specialEntries", ()) if slot_of(db, one["special_id"])]
    slots = {row.get("slot", FEED) for row in missing} | {slot_of(db, one["special_id"]) for one in specials}
    for slot in sorted(slots):
        lineups.begin(db, slot, actor, now, action, target=video_id)
    for row in missing:
        ended = row.get("ends") is not None and row["ends"] <= now  # while it was out
        inserts.put_back(db, {**row, **({"told": TOLD[EntryState.ENDED]} if ended else {})}, media_key)
    for one in specials:
        sql = "insert into special_entries (special_id, video_id, position) values (?, ?, ?) on conflict do nothing"
        db.execute(sql, [one["special_id"], video_id, one["position"]])
    return own is not None


def slot_of(db: Database, special_id: str) -> str:
    """Return the slot of a special; empty if it is gone."""
    row = db.execute("select slot from specials where special_id = ?", [special_id]).fetchone()
    return row[0] if row else ""
