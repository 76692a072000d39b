"""Changes of the recommendation programme. Each makes a revision of its slot and a line of the history."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from backend.errors import BadRequest, NotFound
from backend.model import Actor, CensorStatus
from backend.model.programme import FEED, MAX_ENTRIES, Lineup, Rules, Scheduling, own_lineup
from backend.model.programme_moves import pins_and_ranks
from backend.model.wall_times import MIN_WINDOW_SECONDS, TypedTime, check_window
from backend.store import entries, history, lineups
from backend.store.engine import Database, Engine
from backend.store.entries import NO_RECOMMENDATION
from backend.store.feed_clock import decode_rules
from backend.store.lineups import NO_SLOT
from backend.store.programme import columns_of, read_entries, read_programme, read_revision
from backend.store.rows import read_videos

MAX_SLOTS = 20
ADD_SLOT = """
    insert into slots values (
        :slot, '', coalesce((select max(revision) from lineups where slot = :slot), 0), '{}'
    )
"""
NO_SPECIAL = "There is no special {special_id}. It may have been deleted."
COMPARED = ("recommended", "ends", "pin", "rank", "note", "starts_typed", "ends_typed", "zone", "title", "description",
            "duration", "size", "tags", "user_id", "cover_url", "first_frame_url")  # fmt: skip


class WeekCopy(msgspec.Struct, frozen=True):
    """What a copy of a week did: the slot's revision, the videos scheduled, why others were left out, the number of
    specials made, and those that were not (id, name, reason).

    `left_out`: `notShowable`, `running` if the slot's entry has not ended, `past` if its new time is over. `moved` has
    the windows until now of scheduled ones that were in the slot before.
    """

    revision: int
    copied: list[str]
    left_out: dict[str, str]
    moved: dict[str, tuple[int, int]]
    specials: int
    skipped: list[tuple[str, str, str]]


class ProgrammeChanges:
    """Changes of slots, their entries and specials.

    `expected` is the revision of the slot that the caller has seen; all raise Conflict, naming who changed it, if it
    has moved on, and NotFound if the slot, or what is changed in it, is not there.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def edit(
        self, slot: str, video_id: str, wanted: Scheduling, actor: Actor, *, expected: int | None = None
    ) -> int:  # fmt: skip
        """Change window, pin, rank or note of an entry; return the slot's revision. Raises BadRequest."""
        now = self._now()
        with self._engine.writing() as db:
            lineups.check(db, slot, expected)
            before = entries.get(db, video_id, slot)
            values = entries.scheduled(before, wanted, now)
            if not values:
                return _revision(db, slot)
            if before["ends"] is not None and before["ends"] <= now:
                entries.check_room(db, slot, now)
            revision = lineups.begin(db, slot, actor, now, "editRecommend", target=video_id)
            entries.save(db, video_id, slot, before, values, now)
            old = entries.history_values({name: before[name] for name in values})
            self._note(db, actor, "editRecommend", video_id, {**_of(slot), **entries.history_values(values)}, old)
            return revision

    def move(
        self, slot: str, video_id: str, actor: Actor, *, place: int = 0, before: str = "", after: str = "",
        note: str = "", expected: int | None = None,
    ) -> Lineup:  # fmt: skip
        """Move an entry to a place (from 1), or before or after another entry; return the line-up now.

        Places and the line-up are those of the slot's own entries, also while a special is on. Raises BadRequest if
        the other entry is not among them.
        """
        now = self._now()
        with self._engine.writing() as db:
            lineups.check(db, slot, expected)
            row = entries.get(db, video_id, slot)
            programme = read_programme(db, slot, now).programme
            entry = next((one for one in programme.entries if one.video_id == video_id), None)
            if entry is None:
                raise NotFound(NO_RECOMMENDATION, video_id=video_id)
            place = place or _beside(own_lineup(programme, now), video_id, before, after)
            found = pins_and_ranks(programme.entries, programme.rules, now, entry, place)
            if found:
                lineups.begin(db, slot, actor, now, "moveRecommend", target=video_id, note=note)
                for moved, values in found.items():
                    entries.set_columns(db, moved, slot, values)
                old = {"pin": row["pin"], "rank": row["rank"]}
                self._note(db, actor, "moveRecommend", video_id, {**_of(slot), "place": place}, old)
            return own_lineup(read_programme(db, slot, now).programme, now)

    def restore(
        self, slot: str, revision: int, actor: Actor, *, note: str = "", expected: int | None = None
    ) -> tuple[int, list[str]]:
        """Make a new revision with the entries of an old one; return it, and the videos that may not be shown."""
        now = self._now()
        with self._engine.writing() as db:
            lineups.check(db, slot, expected)
            read_revision(db, slot, revision)
            wanted = {row["video_id"]: row for row in read_entries(db, slot, revision)}
            current = {row["video_id"]: row for row in _all_entries(db, slot)}
            missing = _not_showable(db, wanted)
            made = lineups.begin(db, slot, actor, now, "restoreLineup", target=str(revision), note=note)
            for video_id in current:
                if video_id not in wanted:
                    entries.delete(db, video_id, slot)
            for video_id, row in wanted.items():
                if video_id not in missing:
                    _make_equal(db, slot, video_id, current.get(video_id, {}), columns_of(row), now)
            after = {"revision": revision, "leftOut": missing, **_noted(note)}
            self._note(db, actor, "restoreLineup", slot, after)
            return made, missing

    def copy_week(
        self, slot: str, windows: Mapping[str, tuple[Mapping[str, Any], int, int | None]],
        specials: Sequence[Mapping[str, Any]], actor: Actor, *, target: str = "", note: str = "",
        expected: int | None = None,
    ) -> WeekCopy:  # fmt: skip
        """Schedule entries of a past week anew, and copies of specials. Raises BadRequest for windows too far ahead.

        `windows` has the columns of each video's entry with its new start and end; `target` names the new week.
        """
        now = self._now()
        with self._engine.writing() as db:
            lineups.check(db, slot, expected)
            current = {row["video_id"]: row for row in _all_entries(db, slot)}
            left_out = dict.fromkeys(_not_showable(db, windows), "notShowable")
            for video_id, (_, _, ends) in windows.items():
                known = current.get(video_id)
                if known and (known["ends"] is None or known["ends"] > now):
                    left_out[video_id] = "running"
                elif ends is not None and ends < now + MIN_WINDOW_SECONDS:
                    left_out.setdefault(video_id, "past")
            copied = [video_id for video_id in windows if video_id not in left_out]
            new, skipped = _new_specials(db, slot, specials, now)
            if not copied and not new:
                return WeekCopy(_revision(db, slot), [], left_out, {}, 0, skipped)
            entries.check_room(db, slot, now, len(copied))
            revision = lineups.begin(db, slot, actor, now, "copyWeek", target=target, note=note)
            for video_id in copied:
                row, starts, ends = windows[video_id]
                starts = max(starts, now)
                check_window(starts, ends, now)
                values = {**columns_of(row), "recommended": starts, "ends": ends, "starts_typed": "", "ends_typed": ""}
                _make_equal(db, slot, video_id, current.get(video_id, {}), values, now)
            for special in new:
                _insert_special(db, slot, special, special["video_ids"])
            after = {**_of(slot), "videos": len(copied), "specials": len(new), **_noted(note)}
            self._note(db, actor, "copyWeek", slot, after)
            moved = {one: (current[one]["recommended"], current[one]["ends"]) for one in copied if one in current}
            return WeekCopy(revision, copied, left_out, moved, len(new), skipped)

    def save_special(
        self, slot: str, special_id: str, wanted: Mapping[str, Any], actor: Actor, *, expected: int | None = None
    ) -> tuple[str, int]:
        """Add a special, or change the one with this id; return its id and the slot's revision.

        Absent values stay. Raises BadRequest.

        `wanted` may have `name`, `starts` and `ends` (typed times), `priority`, `note` and `video_ids`, in order.
        """
        now = self._now()
        with self._engine.writing() as db:
            lineups.check(db, slot, expected)
            before = _special(db, slot, special_id) if special_id else {}
            row = {"priority": 0, "note": "", "zone": "", **before, **_columns_of_special(wanted, before, now)}
            if not {"name", "starts", "ends"} <= row.keys():
                raise BadRequest("A special needs name, startTime and endTime.")
            if (row["starts"], row["ends"]) != (before.get("starts"), before.get("ends")):
                check_window(row["starts"], row["ends"], now)
            videos = wanted.get("video_ids")
            if not (before if videos is None else videos):  # blocking may have emptied one that is there
                raise BadRequest("A special shows at least one video; name it in videoIds.")
            for video_id in _check_videos(db, videos or []):
                raise NotFound("There is no video {video_id}. It may have been deleted.", video_id=video_id)
            special_id = special_id or secrets.token_hex(6)
            revision = lineups.begin(db, slot, actor, now, "saveSpecial", target=special_id, note=row["note"])
            if before:
                db.execute("delete from specials where special_id = ?", [special_id])
            kept = videos if videos is not None else before.get("video_ids", [])
            made = _insert_special(db, slot, row, kept, special_id)
            old, new = (_told_of_special(one) for one in (before, {**row, "video_ids": kept}))
            changed = {name: value for name, value in new.items() if old.get(name) != value}
            self._note(db, actor, "saveSpecial", made, changed, {name: old.get(name) for name in changed if before})
            return made, revision

    def delete_special(self, slot: str, special_id: str, actor: Actor, *, expected: int | None = None) -> int:
        """Delete a special, so that the slot shows its own entries again; return the slot's revision."""
        now = self._now()
        with self._engine.writing() as db:
            lineups.check(db, slot, expected)
            before = _special(db, slot, special_id)
            revision = lineups.begin(db, slot, actor, now, "deleteSpecial", target=special_id)
            db.execute("delete from specials where special_id = ?", [special_id])
            self._note(db, actor, "deleteSpecial", special_id, {}, _told_of_special(before))
            return revision

    def save_slot(
        self, slot: str, name: str | None, rules: Mapping[str, Any], actor: Actor, *, expected: int | None = None
    ) -> int:
        """Add a slot, or change name and rules of the one with this code; return its revision.

        Absent rules stay. Raises BadRequest, and NotFound if a revision is expected of a slot that is gone.
        """
        now = self._now()
        with self._engine.writing() as db:
            row = db.execute("select name, rules from slots where slot = ?", [slot]).fetchone()
            if row is None and expected:
                raise NotFound(NO_SLOT, slot=slot)
            if row is None and db.execute("select count(*) from slots").fetchone()[0] >= MAX_SLOTS:
                raise BadRequest("There are {most} slots already.", most=MAX_SLOTS)
            lineups.check(db, slot, expected)
            old_name, old = (row[0], decode_rules(row[1])) if row else ("", Rules())
            new = msgspec.structs.replace(old, **rules)
            new_name = old_name if name is None else name
            if row is None:  # one that was deleted goes on with its revisions
                db.execute(ADD_SLOT, {"slot": slot})
            elif (new, new_name) == (old, old_name):
                return _revision(db, slot)
            revision = lineups.begin(db, slot, actor, now, "saveSlot")
            text = msgspec.json.encode(new).decode()
            db.execute("update slots set name = ?, rules = ? where slot = ?", [new_name, text, slot])
            before, after = (
                {"name": one, **msgspec.to_builtins(two)} for one, two in ((old_name, old), (new_name, new))
            )
            changed = {key: value for key, value in after.items() if row is None or before[key] != value}
            self._note(db, actor, "saveSlot", slot, changed, {key: before[key] for key in changed} if row else {})
            return revision

    def delete_slot(self, slot: str, actor: Actor, *, expected: int | None = None) -> tuple[int, int]:
        """Delete a slot with its entries and specials; return how many of both were in it.

        Its revisions are kept: a new slot with its code can restore them. Raises BadRequest for the documented slot.
        """
        now = self._now()
        with self._engine.writing() as db:
            row = db.execute("select name, rules from slots where slot = ?", [slot]).fetchone()
            if row is None:
                raise NotFound(NO_SLOT, slot=slot)
            if slot == FEED:
                raise BadRequest("The slot {slot} stays: it is the feed of the documented operations.", slot=slot)
            lineups.check(db, slot, expected)
            videos = len(_all_entries(db, slot))
            specials = db.execute("select count(*) from specials where slot = ?", [slot]).fetchone()[0]
            lineups.begin(db, slot, actor, now, "deleteSlot")
            db.execute("delete from recommendations where slot = ?", [slot])
            db.execute("delete from specials where slot = ?", [slot])
            db.execute("delete from slots where slot = ?", [slot])
            rules = msgspec.to_builtins(decode_rules(row[1]))
            before = {"name": row[0], **rules, "videos": videos, "specials": specials}
            self._note(db, actor, "deleteSlot", slot, {}, before)
            return videos, specials

    def _note(
        self, db: Database, actor: Actor, action: str, target: str, after: dict[str, Any],
        before: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        history.append(db, at=self._now(), actor=actor, action=action, target=target, before=before, after=after)

    def _now(self) -> int:
        return int(self._clock())


def _of(slot: str) -> dict[str, Any]:
    return {} if slot == FEED else {"slot": slot}


def _noted(note: str) -> dict[str, Any]:
    return {"note": note} if note else {}


def _revision(db: Database, slot: str) -> int:
    return int(db.execute("select revision from slots where slot = ?", [slot]).fetchone()[0])


def _all_entries(db: Database, slot: str) -> list[dict[str, Any]]:
    return list(db.query("select * from recommendations where slot = ? order by seq", [slot]))


def _beside(lineup: Lineup, video_id: str, before: str, after: str) -> int:
    """Return the place before or after another video, as it is once this one has left its own."""
    other = before or after
    places = {one.entry.video_id: one.place for one in lineup.places}
    if other not in places:
        raise BadRequest("Video {video_id} is not shown now.", video_id=other)
    stands_before = places.get(video_id, MAX_ENTRIES) < places[other]
    return places[other] - stands_before + (not before)


def _not_showable(db: Database, video_ids: Mapping[str, Any]) -> list[str]:
    known = read_videos(db, video_ids)
    return [
        video_id for video_id in video_ids
        if video_id not in known or not known[video_id].is_whole
        or known[video_id].censor_status is not CensorStatus.SUCCESS
    ]  # fmt: skip


def _make_equal(
    db: Database, slot: str, video_id: str, before: Mapping[str, Any], values: Mapping[str, Any], now: int
) -> None:  # fmt: skip
    changed = {name: value for name, value in values.items() if name in COMPARED and before.get(name, ...) != value}
    if changed:
        entries.save(db, video_id, slot, before, changed, now)


def _special(db: Database, slot: str, special_id: str) -> dict[str, Any]:
    rows = db.query("select * from specials where slot = ? and special_id = ?", [slot, special_id])
    row = next(iter(rows), None)
    if row is None:
        raise NotFound(NO_SPECIAL, special_id=special_id)
    sql = "select video_id from special_entries where special_id = ? order by position"
    return {**row, "video_ids": [video_id for (video_id,) in db.execute(sql, [special_id]).fetchall()]}


def _columns_of_special(wanted: Mapping[str, Any], before: Mapping[str, Any], now: int) -> dict[str, Any]:
    found: dict[str, Any] = {name: wanted[name] for name in ("name", "priority", "note") if name in wanted}
    for name in ("starts", "ends"):
        typed: TypedTime | None = wanted.get(name)
        if typed is not None and typed.at != before.get(name):
            at = max(typed.at, now) if name == "starts" else typed.at
            found |= {name: at, f"{name}_typed": typed.wall, "zone": typed.zone}
    return found


def _check_videos(db: Database, video_ids: Sequence[str]) -> list[str]:
    """Return those of these videos that do not exist. Raises BadRequest and Conflict."""
    if len(video_ids) > MAX_ENTRIES:
        raise BadRequest("A special has at most {most} videos, got {count}.", most=MAX_ENTRIES, count=len(video_ids))
    known = read_videos(db, video_ids)
    for video in known.values():
        entries.check_showable(video)
    return [video_id for video_id in video_ids if video_id not in known]


def _insert_special(
    db: Database, slot: str, row: Mapping[str, Any], video_ids: Sequence[str], special_id: str = ""
) -> str:  # fmt: skip
    special_id = special_id or secrets.token_hex(6)
    columns = ("name", "starts", "ends", "priority", "note", "starts_typed", "ends_typed", "zone")
    values = [special_id, slot, *(row.get(name, "") for name in columns)]
    db.execute(f"insert into specials (special_id, slot, {', '.join(columns)}) values ({', '.join('?' * 10)})", values)
    places = ((special_id, video_id, position) for position, video_id in enumerate(dict.fromkeys(video_ids), 1))
    db.executemany("insert into special_entries (special_id, video_id, position) values (?, ?, ?)", places)
    return special_id


def _new_specials(
    db: Database, slot: str, wanted: Sequence[Mapping[str, Any]], now: int
) -> tuple[list[dict[str, Any]], list[tuple[str, str, str]]]:  # fmt: skip
    """Return the specials that a copied week adds, and the others with their ids, names and reasons."""
    rows = db.execute("select name, starts, ends, special_id from specials where slot = ?", [slot])
    known = {(name, max(starts, now), ends): special_id for name, starts, ends, special_id in rows}
    new, skipped = [], []
    for one in wanted:
        starts, ends = max(one["starts"], now), one["ends"]
        if same := known.get((one["name"], starts, ends)):
            skipped.append((same, one["name"], "exists"))
        elif not one["video_ids"] or ends < now + MIN_WINDOW_SECONDS:
            skipped.append((one["special_id"], one["name"], "past" if one["video_ids"] else "empty"))
        else:
            check_window(starts, ends, now)
            new.append({**one, "starts": starts})
    return new, skipped


def _told_of_special(row: Mapping[str, Any]) -> dict[str, Any]:
    if not row:
        return {}
    times = entries.history_values({"recommended": row["starts"], "ends": row["ends"]})
    own = {name: row[name] for name in ("name", "priority", "note")}
    return {**own, **times, "videos": len(row["video_ids"])}
