"""Compares a sheet that was exported from the recommended list: when entries begin and end, and where they stand."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from backend.api.parameters import Whole
from backend.api.wall_clock import WallClock
from backend.errors import BadRequest, ConsoleError, NotFound
from backend.lifecycle.sheet_rows import NO_EDITION, ReadRow, check_row, check_unknown, invalid_row, is_clear
from backend.model.programme import MAX_PIN, MAX_RANK
from backend.model.sheets import ENTRY_EDITION, FIELDS, EntryValues, RowKind, SheetRow
from backend.model.wall_times import TypedTime, check_window

if TYPE_CHECKING:
    from backend.console import Console

NO_ENTRY = "Video {video_id} is not recommended."
DATE = re.compile(r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?")  # workbooks have midnight as a date alone
PLACES = {"pin": Whole(0, MAX_PIN), "rank": Whole(0, MAX_RANK)}


def compare(console: Console, read: list[ReadRow]) -> list[SheetRow]:
    """Return the rows that differ from the recommended list, or cannot be read."""
    store = console.store.sheets
    entries = store.find_entries({row.video_id for row in read})
    times = Counter(row.video_id for row in read)
    compared = (_compared(console, row, entries.get(row.video_id), times[row.video_id]) for row in read)
    rows = [row for row in compared if row is not None]
    untitled = store.find_texts(row.video_id for row in rows if not row.title)
    for row in rows:
        if row.video_id in untitled:
            row.title = untitled[row.video_id].title
    why = store.find_why_of_entries(row.video_id for row in rows if row.kind is RowKind.CONFLICT)
    for row in rows:
        row.why = row.why or why.get(row.video_id)
    return rows


def _compared(console: Console, row: ReadRow, now: EntryValues | None, times: int) -> SheetRow | None:
    """Return what a row would do; None if nothing."""
    told = invalid_row(row)
    try:
        check_row(row)
        if now is None:
            check_unknown(row)
            raise NotFound(NO_ENTRY, video_id=row.video_id)
        told.title = now.title
        told.after = _wanted(console, row.cells, now)
        if times > 1:
            told.kind = RowKind.DOUBLED
        elif not told.after:
            return None
        elif not ENTRY_EDITION.fullmatch(row.edition):
            raise BadRequest(NO_EDITION)
        else:
            told.kind = RowKind.CHANGED if row.edition == now.edition else RowKind.CONFLICT
        told.before = {name: getattr(now, name) or 0 for name in told.after if name in EntryValues.__struct_fields__}
    except ConsoleError as error:
        told.kind, told.why = RowKind.INVALID, error
    return told


def _wanted(console: Console, cells: dict[str, str], now: EntryValues) -> dict[str, str | int]:
    """Return the values that differ, by the names of `EntryValues`, and times also as they are typed; 0 removes one.

    Raises BadRequest.
    """
    wanted: dict[str, str | int] = {}
    for name, cell in cells.items():
        field, bare = FIELDS[name], cell.strip()
        if not bare:
            continue
        if name in PLACES:
            number = (
                0 if is_clear(bare) else PLACES[name].read(name, bare.removesuffix(".0"), console.settings.time_zone)
            )
            if number != (getattr(now, field) or 0):
                wanted[field] = number
            continue
        typed = _time(console, name, bare)
        if typed is None and now.ends is not None:
            wanted[field] = 0
        elif typed is not None and not _is_same(typed.at, getattr(now, field)):
            wanted |= {field: typed.at, f"{field}_typed": typed.wall, "zone": typed.zone}
    if "starts" in wanted or "ends" in wanted:
        present = int(console.store.now())
        if "starts" in wanted:
            wanted["starts"] = max(int(wanted["starts"]), present)
        ends: Any = wanted.get("ends", now.ends)
        check_window(int(wanted.get("starts", now.starts)), ends or None, present)
    return wanted


def _time(console: Console, name: str, cell: str) -> TypedTime | None:
    """Return the time in a cell, None if there is to be none. Raises BadRequest."""
    if is_clear(cell):
        if name != "endTime":
            raise BadRequest("{name} may not be empty.", name=name)
        return None
    return WallClock().read(name, f"{cell} 00:00" if DATE.fullmatch(cell) else cell, console.settings.time_zone)


def _is_same(at: int, old: int | None) -> bool:
    """Return whether a cell still has the old time: spreadsheets save what they show, which may have no seconds."""
    return old is not None and (at == old or (at % 60 == 0 and at // 60 == old // 60))
