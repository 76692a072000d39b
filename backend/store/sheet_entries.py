"""Changes that sheets make to entries of the recommended list, and undoing them, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from backend.errors import Conflict, ConsoleError, NotFound
from backend.model import Actor, HistoryLine
from backend.model.programme import FEED, Scheduling
from backend.model.sheets import EntryValues, SheetRow
from backend.model.wall_times import TypedTime
from backend.store import entries, lineups
from backend.store.engine import Database
from backend.store.entries import NO_RECOMMENDATION
from backend.store.history import Change
from backend.store.rows import AT, as_json

ACTION = "editRecommend"  # of the lines in the history
VALUES = f"""
    select r.video_id, coalesce(r.title, v.title), r.recommended, r.ends, r.pin, r.rank
    from recommendations r join videos v using (video_id) where r.slot = ? and {AT.format(key="r.video_id")}
"""
# The revision since which an entry is as it is.
LAST_CHANGE = f"""
    select e.video_id, l.actor from lineup_entries e join lineups l on l.slot = e.slot and l.revision = e.since
    where e.slot = ? and e.until is null and {AT.format(key="e.video_id")}
"""
CHANGED_MEANWHILE = "{name} has changed the recommendation since the export."
CHANGED_SINCE = "The recommendation was changed after the export."

Refused = tuple[str, ConsoleError]


def find(db: Database, video_ids: Iterable[str]) -> dict[str, EntryValues]:
    """Return what a sheet can change of the entries of these videos, by id."""
    rows = db.fetch(VALUES, [FEED, as_json(video_ids)])
    return {video_id: EntryValues(*values) for video_id, *values in rows}


def find_why(db: Database, video_ids: Iterable[str]) -> dict[str, ConsoleError]:
    """Return who changed each of these entries last, as the reason of a conflict."""
    ids = list(video_ids)
    names = dict(db.fetch(LAST_CHANGE, [FEED, as_json(ids)])) if ids else {}
    return {
        one: Conflict(CHANGED_MEANWHILE, name=names[one]) if names.get(one) else Conflict(CHANGED_SINCE) for one in ids
    }


class EntryChanger:
    """Changes entries for the rows of one sheet, in one revision of the slot; `did` is its action."""

    action = ACTION

    def __init__(
        self, db: Database, sheet_id: str, rows: Sequence[SheetRow], actor: Actor, now: int, did: str = "applySheet"
    ) -> None:  # fmt: skip
        self._db, self._sheet_id, self._actor, self._now, self._did = db, sheet_id, actor, now, did
        self._values = find(db, [row.video_id for row in rows])
        moved = (row.video_id for row in rows if _is_moved(row, self._values))
        self._why = find_why(db, moved)
        self._has_begun = False

    def apply(self, row: SheetRow) -> Change:
        """Change one entry and return the line for the history. Raises NotFound, Conflict and BadRequest."""
        before = entries.get(self._db, row.video_id, FEED)
        if _is_moved(row, self._values):
            raise self._why[row.video_id]
        values = entries.scheduled(before, _scheduling(row.after), self._now)
        return self.put(row.video_id, before, values)

    def put(self, video_id: str, before: Mapping[str, Any], values: Mapping[str, Any]) -> Change:
        """Change columns of an entry and return the line for the history. Raises BadRequest."""
        if before["ends"] is not None and before["ends"] <= self._now:
            entries.check_room(self._db, FEED, self._now)
        if not self._has_begun:
            lineups.begin(self._db, FEED, self._actor, self._now, self._did, target=self._sheet_id)
            self._has_begun = True
        entries.save(self._db, video_id, FEED, before, values, self._now)
        return video_id, entries.history_values({name: before[name] for name in values}), entries.history_values(values)


def undo(
    db: Database, sheet_id: str, lines: Iterable[HistoryLine], actor: Actor, now: int
) -> tuple[list[Change], list[Refused]]:
    """Take the changes of these lines back, in one revision; return what was done, and what could not be and why."""
    lines = list(lines)
    changer = EntryChanger(db, sheet_id, [], actor, now, "undoSheet")
    why = find_why(db, [line.target for line in lines])
    done, refused = list[Change](), list[Refused]()
    for line in lines:
        try:
            row = entries.find(db, line.target, FEED)
            if not row:
                raise NotFound(NO_RECOMMENDATION, video_id=line.target)
            told = entries.history_values(row)
            if any(told.get(name) != value for name, value in line.after.items()):
                raise why[line.target]
            values = {name: value for name, value in _columns(line.before).items() if row[name] != value}
            if values:
                done.append(changer.put(line.target, row, values))
        except ConsoleError as error:
            refused.append((line.target, error))
    return done, refused


def _is_moved(row: SheetRow, values: Mapping[str, EntryValues]) -> bool:
    now = values.get(row.video_id)
    return now is not None and now.edition != row.edition


def _scheduling(after: Mapping[str, Any]) -> Scheduling:
    starts, ends = (
        TypedTime(after[name], after[f"{name}_typed"], after["zone"]) if after.get(name) else None
        for name in ("starts", "ends")
    )
    return Scheduling(starts, ends, after.get("ends") == 0, after.get("pin"), after.get("rank"))


def _columns(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an entry from what the history says of them; the opposite of `entries.history_values`."""
    found: dict[str, Any] = {}
    for column, name in entries.HISTORY_NAMES.items():
        if name in told:
            value = told[name]
            is_time = name.endswith("Time") and value is not None
            found[column] = int(datetime.fromisoformat(value).timestamp()) if is_time else value
            if name.endswith("Time"):
                found[f"{'starts' if column == 'recommended' else column}_typed"] = ""
    return found
