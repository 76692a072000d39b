"""Compares an uploaded sheet with the catalogue, applies its rows, and undoes that."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from backend.api.parameters import Clearable, ClearableLine, Kind, Whole
from backend.errors import BadRequest, ConsoleError
from backend.exports.columns import RECOMMENDED, VIDEOS, unguarded
from backend.lifecycle import category_changes, sheet_entries
from backend.lifecycle.sheet_rows import (
    LINE_ENDS,
    NO_EDITION,
    ReadRow,
    check_row,
    check_unknown,
    invalid_row,
    is_clear,
    read_rows,
)
from backend.lifecycle.workbook_reader import opened_table
from backend.model import Actor
from backend.model.limits import MAX_CATE_ID
from backend.model.sheets import (
    ENTRY_EDITION,
    FIELDS,
    MAX_FILE_BYTES,
    NEEDED,
    VIDEO_EDITION,
    Listing,
    RowKind,
    Sheet,
    SheetRow,
    Texts,
    most_applied,
)

if TYPE_CHECKING:
    from backend.console import Console

KINDS: dict[str, Kind] = {
    "title": ClearableLine(200), "description": Clearable(2000), "tags": ClearableLine(500),
    "cateId": Whole(0, MAX_CATE_ID), "cateName": ClearableLine(100),
}  # fmt: skip
TAG_SEPARATORS = re.compile(r"\s*[,;，；、]\s*")  # people also type Chinese commas and semicolons
KNOWN = {name.casefold() for name in (*VIDEOS.names, *RECOMMENDED.names)}
CHANGING = (RowKind.CHANGED, RowKind.CONFLICT)
NO_PAIR = (None, None)
LOST = (
    "{name} has question marks in place of characters that the program lost which saved the file; save it as a "
    "workbook or as CSV UTF-8."
)


def check(console: Console, path: Path, file_name: str, actor: Actor) -> Sheet:
    """Compare the table in a file with the catalogue and keep what it would change. Raises BadRequest."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise BadRequest("{file} is larger than {most} MB; split it.", file=file_name, most=MAX_FILE_BYTES // 10**6)
    with path.open("rb") as file, opened_table(file, path, file_name, NEEDED, FIELDS) as table:
        read = list(read_rows(table, file_name))
        is_of_entries = any(ENTRY_EDITION.fullmatch(row.edition) for row in read)
        listing = Listing.RECOMMENDED if is_of_entries else Listing.VIDEOS
        compared = tuple(name for name in listing.fields if name in table.names)
        if not compared:
            raise BadRequest(
                "{file} has none of the columns {columns}, so it changes nothing.",
                file=file_name, columns=", ".join(listing.fields),
            )  # fmt: skip
        ignored = tuple(name for name in table.names if name and name.casefold() not in KNOWN)
        charset = "gbk" if table.encoding == "gb18030" else ""
    for row in read:
        for name in row.cells.keys() - set(compared):
            del row.cells[name]
    if all(cell.isascii() for row in read for cell in row.cells.values()):
        charset = "ascii"
    rows = sheet_entries.compare(console, read) if is_of_entries else _compare(console, read, charset)
    sheet = Sheet("", actor.name, file_name, 0, len(read) - len(rows), listing, compared, ignored)
    return console.store.sheets.keep(sheet, rows)


def _compare(console: Console, read: list[ReadRow], charset: str) -> list[SheetRow]:
    """Return the rows that differ, or cannot be read. `charset` is the character set of all cells, if it lacks some."""
    store = console.store.sheets
    texts = store.find_texts({row.video_id for row in read})
    times = Counter(row.video_id for row in read)
    compared = [_compared(row, texts.get(row.video_id), times[row.video_id], charset) for row in read]
    rows = [row for row in compared if row is not None]
    settled = store.settle_categories({_pair(row.after) for row in rows if row.kind in CHANGING} - {NO_PAIR})
    for row in rows:
        if row.kind in CHANGING and _pair(row.after) != NO_PAIR:
            _settle(row, settled[_pair(row.after)], texts[row.video_id])
    rows = [row for row in rows if row.after or row.kind not in CHANGING]
    why = store.find_why(row.video_id for row in rows if row.kind is RowKind.CONFLICT)
    for row in rows:
        row.why = row.why or why.get(row.video_id)
    return rows


def _settle(row: SheetRow, found: tuple[int, str] | BadRequest, now: Texts) -> None:
    """Write down which category a row means; a new one has no id yet."""
    if isinstance(found, BadRequest):
        row.kind, row.why = RowKind.INVALID, found
        return
    for name in ("cate_id", "cate_name"):
        row.before.pop(name, None)
        row.after.pop(name, None)
    if found != (now.cate_id, now.cate_name):
        row.before |= {"cate_id": now.cate_id, "cate_name": now.cate_name}
        row.after |= (
            {"cate_name": found[1]} if found[1] and not found[0] else {"cate_id": found[0], "cate_name": found[1]}
        )


def _compared(row: ReadRow, now: Texts | None, times: int, charset: str) -> SheetRow | None:
    """Return what a row would do; None if nothing."""
    told = invalid_row(row)
    try:
        check_row(row)
        if now is None:
            check_unknown(row)
            told.kind = RowKind.UNKNOWN
            return told
        told.title = now.title
        told.after = _wanted(row.cells, now, charset)
        if times > 1:
            told.kind = RowKind.DOUBLED
        elif not told.after:
            return None
        elif not VIDEO_EDITION.fullmatch(row.edition):
            raise BadRequest(NO_EDITION)
        else:
            told.kind = RowKind.CHANGED if row.edition == now.edition else RowKind.CONFLICT
        told.before = {name: getattr(now, name) for name in told.after}
    except BadRequest as error:
        told.kind, told.why = RowKind.INVALID, error
    return told


def _pair(after: dict[str, Any]) -> tuple[Any, Any]:
    return after.get("cate_id"), after.get("cate_name")


def _wanted(cells: dict[str, str], now: Texts, charset: str) -> dict[str, str | int]:
    """Return the values that differ from those of the video, by the names of `Texts`. Raises BadRequest."""
    wanted: dict[str, str | int] = {}
    for name, cell in cells.items():
        old = getattr(now, FIELDS[name])
        new = _value(name, cell, old, charset)
        if new is not None and new != old:
            wanted[FIELDS[name]] = new
    if wanted.get("title") == "":
        raise BadRequest("title may not be empty.")
    if wanted.get("cate_name") == "":
        wanted.pop("cate_id", None)  # either is enough to clear both
    return wanted


def _value(name: str, cell: str, old: Any, charset: str) -> Any:
    """Return the value in a cell; None if it leaves the old one as it is. Raises BadRequest."""
    text = LINE_ENDS.sub("\n", cell)
    bare = text.strip()
    if not bare:
        return None
    kind = KINDS[name]
    if is_clear(bare):
        return 0 if isinstance(kind, Whole) else ""
    if isinstance(kind, Whole):
        return kind.read(name, bare.removesuffix(".0"), ZoneInfo("UTC"))
    # A workbook saved from an exported CSV has its escaping apostrophes, and an exported workbook has none
    readings = (bare, unguarded(text).strip())
    if LINE_ENDS.sub("\n", old).strip() in readings:
        return None
    if charset and {LINE_ENDS.sub("\n", one).strip() for one in _as_saved(old, charset)}.intersection(readings):
        return None
    if charset == "ascii" and "?" in bare and not old.isascii():
        raise BadRequest(LOST, name=name)
    text = unguarded(text)
    if name == "tags":
        text = TAG_SEPARATORS.sub(",", text).strip(", ")
    return kind.read(name, text, ZoneInfo("UTC")) if text else None


def _as_saved(text: str, charset: str) -> set[str]:
    """Return what programs make of a text when they save it in a character set that lacks some of its characters."""
    ways = ((is_wide, is_simplified) for is_wide in (False, True) for is_simplified in (False, True))
    return {"".join(_saved(sign, charset, *way) for sign in text) for way in ways}


@cache
def _saved(sign: str, charset: str, is_wide: bool, is_simplified: bool) -> str:
    """Return what becomes of a character: a question mark, `is_wide` two of them beyond U+FFFF, or `is_simplified`
    another character, as LibreOffice writes `,` for `，`.
    """
    for known in (sign, unicodedata.normalize("NFKC", sign))[: 1 + is_simplified]:
        if known.encode(charset, "ignore").decode(charset) == known:
            return known
    return "?" * (1 + (is_wide and sign > "\uffff"))


def apply(
    console: Console, sheet_id: str, places: list[int] | None, actor: Actor
) -> tuple[int, list[tuple[SheetRow, ConsoleError]]]:
    """Change the videos of these rows of a sheet, or of all, in one transaction; return their number, and the rows that
    were refused and why. Raises NotFound and BadRequest.
    """
    store = console.store.sheets
    sheet, rows = store.find_chosen(sheet_id, actor.name, places)
    is_sent = console.cloud is not None and sheet.listing is Listing.VIDEOS
    check_number(len(rows), most_applied(in_cloud=is_sent))
    refused: list[tuple[SheetRow, ConsoleError]] = []
    if is_sent:
        rows, refused = _told(console, rows, actor)
    done, later = store.apply(sheet_id, actor.name, [row.place for row in rows], actor)
    return done, [*refused, *later]


def check_number(count: int, most: int) -> None:
    """Raise BadRequest if there is nothing to do, or more than is done at once."""
    if not count:
        raise BadRequest("None of these rows can be applied any more.")
    if count > most:
        raise BadRequest("{count} rows were chosen; at most {most} are applied at once.", count=count, most=most)


def _told(
    console: Console, rows: list[SheetRow], actor: Actor
) -> tuple[list[SheetRow], list[tuple[SheetRow, ConsoleError]]]:
    """Tell VOD of changes, before they are recorded here; return the rows that it took, and the others with reasons."""
    texts = console.store.sheets.find_texts([row.video_id for row in rows])
    taken, refused = list[SheetRow](), list[tuple[SheetRow, ConsoleError]]()
    for row in rows:
        now = texts.get(row.video_id)
        try:
            if now is not None and now.edition == row.edition:  # others are refused when they are recorded
                wanted = {name: value for name, value in row.after.items() if name not in ("cate_id", "cate_name")}
                if _pair(row.after) != NO_PAIR:
                    category = category_changes.settle(console, *_pair(row.after), actor)
                    wanted["cate_id"] = category[0] or 0
                console.media.update_texts(row.video_id, wanted)
            taken.append(row)
        except ConsoleError as error:
            refused.append((row, error))
    return taken, refused


def undo(console: Console, sheet_id: str, actor: Actor) -> tuple[int, list[tuple[str, ConsoleError]]]:
    """Undo a sheet as one; return the number of videos, and those that were not undone and why.

    Raises NotFound and CloudError.
    """
    store = console.store.sheets
    undos, _ = store.find_undo(sheet_id)
    if console.cloud is not None:
        for one in undos:
            wanted = {name: getattr(one.then, name) for name in one.before if name != "cate_name"}
            console.media.update_texts(one.video_id, wanted)
    return store.undo(sheet_id, actor)
