"""Sheets: tables of videos that were exported, edited in a spreadsheet, and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import msgspec

from backend.api.parameters import File, Id, PageIndex, PageSize, Text
from backend.api.registry import OPERATIONS, operation
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.lifecycle import sheets
from backend.model.sheets import FIELDS, KEPT_SECONDS, MAX_APPLIED, OF_ENTRIES, Listing, RowKind, Sheet, SheetRow
from backend.operations.exports import LinkData

if TYPE_CHECKING:
    from backend.console import Call

FIRST_ROWS, LAST_APPLIED = 100, 20
NAMES = {value: name for name, value in FIELDS.items()}
SheetId = Annotated[str, Id(32)]


class SheetChange(msgspec.Struct, rename="camel"):
    """A value as text; an id of a category that is none is 0, a missing end, pin or rank empty."""

    field: str
    before: str
    after: str


class SheetRowData(msgspec.Struct, rename="camel"):
    """A row that differs from the catalogue, or cannot be read.

    `place` counts the rows of the file from 1; `line` is where it stands in it. `title` is the video's, in the
    catalogue or the recommended list. `kind` is changed, conflict (somebody changed the video, or its entry, after the
    export), unknown (there is no such video), doubled (the video is in several rows), invalid, or applied; `why` says
    more.
    """

    place: int
    line: int
    kind: RowKind
    video_id: str
    title: str
    change_list: list[SheetChange]
    why: str


class SheetCounts(msgspec.Struct):
    unchanged: int
    changed: int
    conflict: int
    unknown: int
    doubled: int
    invalid: int
    applied: int


class SheetData(msgspec.Struct, rename="camel"):
    """A sheet, kept until `until`. `listing` is videos or recommended, by the export it was; `columnList` has the
    columns that were compared, `ignoredList` those that no export has. `rowList` is a page of the rows but for the
    unchanged ones.
    """

    sheet_id: str
    file_name: str
    listing: Listing
    until: str
    counts: SheetCounts
    column_list: list[str]
    ignored_list: list[str]
    row_list: list[SheetRowData]


class RefusedRow(msgspec.Struct, rename="camel"):
    video_id: str
    title: str
    why: str


class AppliedData(msgspec.Struct, rename="camel"):
    """`done` is the number of videos; the others are listed with the reason."""

    sheet_id: str
    done: int
    refused_list: list[RefusedRow]


class AppliedSheetData(msgspec.Struct, rename="camel"):
    sheet_id: str
    file_name: str
    user_name: str
    time: str
    done: int
    is_undone: bool


class AppliedSheets(msgspec.Struct, rename="camel"):
    sheet_list: list[AppliedSheetData]


@operation("POST", "/vod/checkSheet", right=Right.MANAGE)
def check_sheet(call: Call, *, file: File) -> SheetData:
    """Upload a sheet and return what it would change, without changing anything.

    A sheet is a file of exportVideos or exportRecommendVideos that was edited: CSV as spreadsheets save it, or Excel.
    It needs the columns `videoId` and `edition`; of videos `title`, `description`, `tags`, `cateId` and `cateName` are
    read, of the recommended list `startTime`, `endTime`, `pin` and `rank`, and the others ignored. An empty cell leaves
    its value as it is, and `(clear)` empties it. At most 50,000 rows and 50 MB; kept for an hour, for applySheet.
    """
    sheet = sheets.check(call.console, file.path, file.file_name, call.actor)
    return _data(call, sheet.sheet_id, None, 1, FIRST_ROWS)


@operation("GET", "/vod/createSheetLink", right=Right.MANAGE)
def create_sheet_link(call: Call) -> LinkData:
    """Create a link that accepts one checkSheet within an hour, so that a browser can upload without a token."""
    check = OPERATIONS["checkSheet"]
    ticket = call.store.tickets.issue(check.name, ({}, call.token), seconds=3600, owner=call.actor.name)
    return LinkData(f"{call.write.base_url}{check.path}?ticket={quote(ticket)}")


@operation("GET", "/vod/getSheet", right=Right.MANAGE)
def get_sheet(
    call: Call, *, sheet_id: SheetId, kind: RowKind | None = None, page_index: PageIndex = 1, page_size: PageSize = 10
) -> SheetData:
    """Return a sheet that the caller uploaded within the last hour, with a page of its rows, optionally of one kind."""
    return _data(call, sheet_id, kind, page_index, page_size)


@operation("POST", "/vod/applySheet", message="已应用", right=Right.MANAGE, remote=True)
def apply_sheet(call: Call, *, sheet_id: SheetId, rows: Annotated[str, Text()] = "") -> AppliedData:
    """Apply changed rows of a sheet in one transaction: those named in `rows`, by `place` and comma-separated, or all.

    At most 5,000 rows, of videos in cloud mode 200. Rows whose video, or entry, was changed since the sheet was
    uploaded are not applied, and listed. Those of the recommended list make one revision of it.
    """
    done, refused = sheets.apply(call.console, sheet_id, _places(rows), call.actor)
    told = [RefusedRow(row.video_id, row.title, call.say(why)) for row, why in refused]
    return AppliedData(sheet_id, done, told)


@operation("GET", "/vod/getAppliedSheets", right=Right.MANAGE)
def get_applied_sheets(call: Call) -> AppliedSheets:
    """List the last 20 sheets that anybody applied, latest first."""
    return AppliedSheets([
        AppliedSheetData(
            one.sheet_id, one.file_name, one.user_name, call.write.time(one.at), one.count, one.is_undone
        )
        for one in call.store.sheets.find_applied(LAST_APPLIED)
    ])  # fmt: skip


@operation("POST", "/vod/undoSheet", message="已撤销", right=Right.MANAGE, remote=True)
def undo_sheet(call: Call, *, sheet_id: SheetId) -> AppliedData:
    """Undo everything that was applied of a sheet, in one transaction; videos changed since are left, and listed."""
    done, refused = sheets.undo(call.console, sheet_id, call.actor)
    titles = call.store.catalogue.find_titles(video_id for video_id, _ in refused)
    told = [RefusedRow(video_id, titles.get(video_id, ""), call.say(why)) for video_id, why in refused]
    return AppliedData(sheet_id, done, told)


def _places(rows: str) -> list[int] | None:
    parts = [part.strip() for part in rows.split(",") if part.strip()]
    if wrong := next((part for part in parts if not (part.isascii() and part.isdigit() and len(part) < 9)), ""):
        raise BadRequest("{name} must be a whole number, got {raw!r}.", name="rows", raw=wrong[:40])
    if len(parts) > MAX_APPLIED:
        raise BadRequest(
            "{count} rows were chosen; at most {most} are applied at once.", count=len(parts), most=MAX_APPLIED
        )
    return [int(part) for part in parts] or None


def _data(call: Call, sheet_id: str, kind: RowKind | None, index: int, size: int) -> SheetData:
    sheet, counts = call.store.sheets.get(sheet_id, call.actor.name)
    rows = call.store.sheets.find_rows(sheet_id, kind, index, size)
    return SheetData(
        sheet_id, sheet.file_name, sheet.listing, call.write.time(sheet.created + KEPT_SECONDS),
        _counts(sheet, counts), list(sheet.compared), list(sheet.ignored), [_row(call, row) for row in rows],
    )  # fmt: skip


def _counts(sheet: Sheet, counts: dict[str, int]) -> SheetCounts:
    return SheetCounts(sheet.unchanged, **{kind: counts.get(kind, 0) for kind in RowKind})


def _row(call: Call, row: SheetRow) -> SheetRowData:
    changes = [
        SheetChange(NAMES[name], _said(call, name, row.before.get(name, "")), _said(call, name, value))
        for name, value in row.after.items() if name in NAMES
    ]  # fmt: skip
    why = call.say(row.why) if row.why else ""
    return SheetRowData(row.place, row.line, row.kind, row.video_id, row.title, changes, why)


def _said(call: Call, name: str, value: str | int) -> str:
    if name in OF_ENTRIES.values() and not value:
        return ""
    return call.write.time(int(value)) if name in ("starts", "ends") else str(value)
