"""Imports a catalogue: a table as written by the export or a spreadsheet, or JSON Lines with the API's fields."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from backend.api.parameters import AROUND_IDS, Choice, Id, Kind, Moment, Number, Text, Url, Whole
from backend.api.registry import as_text
from backend.errors import BadRequest
from backend.exports.columns import VIDEOS, CellKind, guard_id, unguarded
from backend.lifecycle.table_reader import NO_TEXT, Table, check_id, opened_text
from backend.lifecycle.workbook_reader import opened_table
from backend.model import (
    SECONDS_A_DAY,
    Actor,
    CensorStatus,
    FileKind,
    MediaFile,
    SnapshotStatus,
    TranscodeStatus,
    User,
    Video,
    VideoFilter,
    VideoStatus,
)
from backend.model.limits import MAX_BYTES, MAX_CATE_ID
from backend.model.media_urls import PREFIX, read_own_url

if TYPE_CHECKING:
    from backend.console import Console

SUFFIXES = {
    ".csv": "table", ".tsv": "table", ".txt": "table", ".xlsx": "table", ".xlsm": "table", ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}  # fmt: skip
OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods", ".numbers", ".et")
NEEDED = ("videoId", "title", "creationTime", "userId")
BATCH = 5000
WORTH_MERGING = 10  # an import of at least a tenth of the catalogue leaves the search index in many segments
VIDEO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
EXCEL_DAY = re.compile(r"[1-9][0-9]{4}(?:\.[0-9]+)?")  # days since the end of 1899, from a cell without a date format
GROUPED = re.compile(r"[0-9]{1,3}(?:([,. \u00a0\u202f'’])[0-9]{3})(?:\1[0-9]{3})*")  # 1,234,567
AS_FLOAT = re.compile(r"([+-]?[0-9]+)[.,]0{1,2}")  # 3.0: integers written by pandas in a column with an empty cell
WHOLE = re.compile(r"[+-]?[0-9]+")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
NEXT_ADDRESS = re.compile(rf"\s+|[,;|]\s*(?=https?://|{PREFIX})")

FIELDS: dict[str, tuple[str, Kind]] = {
    "title": ("title", Text(200)),
    "description": ("description", Text(2000)),
    "duration": ("duration", Number()),
    "creationTime": ("created", Moment(kept=True)),
    "status": ("status", Choice(VideoStatus)),
    "censorStatus": ("censor_status", Choice(CensorStatus)),
    "transcodeStatus": ("transcode_status", Choice(TranscodeStatus)),
    "narrowTranscodeStatus": ("narrow_transcode_status", Choice(TranscodeStatus)),
    "snapshotStatus": ("snapshot_status", Choice(SnapshotStatus)),
    "size": ("size", Whole(0, MAX_BYTES)),
    "width": ("width", Whole(0, 100_000)),
    "height": ("height", Whole(0, 100_000)),
    "cateId": ("cate_id", Whole(0, MAX_CATE_ID)),
    "cateName": ("cate_name", Text(100)),
    "tags": ("tags", Text(500)),
    "shareUrl": ("share_url", Url()),
}
USER_FIELDS: dict[str, tuple[str, Kind]] = {
    "userId": ("user_id", Id(100)),
    "userName": ("user_name", Text(100)),
    "avatarUrl": ("avatar_url", Url()),
}
FILE_FIELDS = {
    "coverUrl": FileKind.COVER,
    "firstFrameUrl": FileKind.FIRST_FRAME,
    "snapshotList": FileKind.SNAPSHOT,
    "fileUrlList": FileKind.COMMON,
}
CELLS = {column.name: column.kind for column in VIDEOS.columns}
ALL_COLUMNS = (*CELLS, *FIELDS, *USER_FIELDS, *FILE_FIELDS)
EXCEL_START = datetime(1899, 12, 30)  # noqa: DTZ001  (a local time, whatever the zone)

Row: TypeAlias = tuple[int, Mapping[str, Any] | BadRequest]


@dataclass(slots=True)
class ImportResult:
    """Counts of imported, existing and rejected rows."""

    taken: int = 0
    known: int = 0
    refused: int = 0


def load_catalogue(console: Console, path: Path, actor: Actor, tell: Callable[[int], None]) -> ImportResult:
    """Import the videos of a file; `tell` receives the number of bytes read.

    A category that is only named is the one of this name, in the catalogue or else in the file, or a new one.
    Existing videos are counted and not modified, so an interrupted import can simply be started again. Rejected rows
    are written beside the file, with line number and reason. Raises BadRequest if the file as a whole is unreadable,
    and OSError.
    """
    result, batch = ImportResult(), list[Video]()
    zone, base_url = console.settings.time_zone, console.settings.public_url
    categories = _Categories(console, path)

    def keep() -> None:
        # Within one second the last inserted is the newest, and the export lists the newest first.
        newest_first = bool(batch) and batch[0].created >= batch[-1].created
        videos = batch[::-1] if newest_first else batch
        known = len(console.store.catalogue.load_videos(videos, actor, categories.of_file))
        result.known += known
        result.taken += len(batch) - known
        batch.clear()

    with path.open("rb") as file, RejectedRows(path) as rejected, console.store.scratch_names() as seen:
        for line, row in read_rows(file, path):
            try:
                if isinstance(row, BadRequest):
                    raise row
                video = read_video(row, zone, base_url)
                if not seen.add(video.video_id):
                    raise BadRequest("videoId {video_id} has been in this file before.", video_id=video.video_id)
                categories.check(video)
                batch.append(video)
            except BadRequest as error:
                result.refused += 1
                rejected.add(line, row, error)
            if len(batch) == BATCH:
                keep()
                tell(file.tell())
        keep()
        tell(file.tell())
    store = console.store
    if result.taken * WORTH_MERGING >= store.catalogue.find_videos(VideoFilter(), 1, 1).total:
        store.optimize_search()
    return result


class _Categories:
    """Finds the categories of rows that have only their names."""

    def __init__(self, console: Console, path: Path) -> None:
        self._console, self._path = console, path
        self._refused: dict[str, BadRequest | None] = {}
        # Names by id, read when a row first has a name alone: no new category may get an id that the file has too.
        self.of_file: dict[int, str] = {}

    def check(self, video: Video) -> None:
        """Raise BadRequest if a video has only the name of a category, and several are called so."""
        if video.cate_id or not video.cate_name.strip():
            return
        if not self._refused:
            self._read_file()
        if video.cate_name not in self._refused:
            self._refused[video.cate_name] = self._find_fault(video.cate_name)
        if fault := self._refused[video.cate_name]:
            raise fault

    def _find_fault(self, name: str) -> BadRequest | None:
        try:
            self._console.store.catalogue.settle_category(None, name)
        except BadRequest as error:
            return error
        return None

    def _read_file(self) -> None:
        wanted = {name: FIELDS[name] for name in ("cateId", "cateName")}
        with self._path.open("rb") as file:
            for _, row in read_rows(file, self._path):
                with suppress(BadRequest):
                    said = {} if isinstance(row, BadRequest) else _values(row, wanted, self._console.settings.time_zone)
                    if number := said.get("cate_id"):
                        self.of_file[number] = self.of_file.get(number) or said.get("cate_name", "")


class RejectedRows:
    """The file of rejected lines with reasons, written beside the input; removed if it stays empty."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.refused.csv")

    def __enter__(self) -> RejectedRows:
        self._file = self.path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
        self._write = csv.writer(self._file).writerow
        self._write(["line", "videoId", "reason"])
        self._any = False
        return self

    def add(self, line: int, row: Mapping[str, Any] | BadRequest, error: BadRequest) -> None:
        named = "" if isinstance(row, BadRequest) else str(row.get("videoId", ""))[:64]
        self._write([line, guard_id(named), str(error)])
        self._any = True

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self._any:
            self.path.unlink()


def read_rows(file: BinaryIO, path: Path) -> Iterator[Row]:
    """Yield the rows of a file with the number of their first line: values by name, or the reason of rejection.

    Raises BadRequest if the file is unreadable.
    """
    if SUFFIXES[path.suffix.lower()] == "table":
        with opened_table(file, path, path.name, NEEDED, ALL_COLUMNS) as table:
            yield from _table_rows(table)
    else:
        with opened_text(file, path.name, otherwise="utf-8") as text:
            yield from _json_rows(text, path)


def read_video(row: Mapping[str, Any], zone: ZoneInfo, base_url: str = "") -> Video:
    """Build the video described by a row. Raises BadRequest, naming the invalid value."""
    user = row.get("user")
    if isinstance(user, dict):
        row = {**user, **row}
    for name in NEEDED:
        if row.get(name) in (None, ""):
            raise BadRequest("{name} is required.", name=name)
    for name in ("videoId", "userId"):
        if isinstance(row[name], str):
            check_id(name, row[name].strip())
    video_id = as_text("videoId", row["videoId"]).strip(AROUND_IDS)
    if not VIDEO_ID.fullmatch(video_id):
        raise BadRequest("videoId may hold 1 to 128 letters, digits, - and _; got {raw!r}.", raw=video_id[:80])
    files, media_key = _files(row, video_id, zone, base_url)
    values, owner = _values(row, FIELDS, zone), _values(row, USER_FIELDS, zone)
    return Video(video_id=video_id, user=User(**owner), files=files, media_key=media_key, **values)


def _values(row: Mapping[str, Any], fields: Mapping[str, tuple[str, Kind]], zone: ZoneInfo) -> dict[str, Any]:
    values = {}
    for name, (attribute, kind) in fields.items():
        given = row.get(name)
        if name == "tags" and isinstance(parts := _parts(given), list):
            given = ",".join(as_text(name, part) for part in parts)
        text = as_text(name, given)
        if text:
            values[attribute] = kind.read(name, text, zone)
    return values


def _parts(given: Any) -> Any:
    """Parse a JSON array in a cell; other values are returned unchanged."""
    if isinstance(given, str) and given.strip().startswith("[") and given.strip().endswith("]"):
        with suppress(msgspec.MsgspecError, RecursionError, UnicodeError):
            return msgspec.json.decode(given.strip())
    return given


def _files(row: Mapping[str, Any], video_id: str, zone: ZoneInfo, base_url: str) -> tuple[tuple[MediaFile, ...], str]:
    """Return the files of a row, and the media key in our own URLs, which makes existing files accessible again."""
    files, media_key, url = list[MediaFile](), "", Url()
    for name, kind in FILE_FIELDS.items():
        given = _parts(row.get(name))
        addresses = given if isinstance(given, list) else [one for one in NEXT_ADDRESS.split(str(given or "")) if one]
        for position, address in enumerate(addresses):
            read = url.read(name, as_text(name, address), zone)
            ours = read_own_url(read, base_url)
            if ours and ours.video_id == video_id:
                media_key, read = ours.media_key, ours.name
            elif read.startswith("/"):
                raise BadRequest("{name} must be an http or https address, got {raw!r}.", name=name, raw=read[:80])
            narrow = ours and kind is FileKind.COMMON and read.startswith(FileKind.NARROW)
            files.append(MediaFile(FileKind.NARROW if narrow else kind, read, position=position))
    return tuple(files), media_key


def _table_rows(table: Table) -> Iterator[Row]:
    columns = [(name, _unwriter(CELLS.get(name), table.delimiter)) for name in table.names]
    for line, cells in table.rows:
        if isinstance(cells, BadRequest):
            yield line, cells
        else:
            yield line, {name: unwritten(cell) for (name, unwritten), cell in zip(columns, cells, strict=True)}


def _unwriter(kind: CellKind | None, delimiter: str) -> Callable[[str], str]:
    """Return the function that undoes the formatting of the export or a spreadsheet."""
    unguard = unguarded if delimiter else str  # exported workbooks have typed cells instead
    if kind is None:
        return str
    if kind is CellKind.TEXT:
        return unguard
    if kind is CellKind.ID:
        return lambda cell: unguard(cell).strip(AROUND_IDS)
    if kind is CellKind.TIME:
        return _without_excel_day
    if kind in (CellKind.WHOLE, CellKind.NUMBER):
        # Excel delimits by semicolon in locales with a decimal comma
        return partial(_ungrouped, point="," if delimiter == ";" else ".", whole_only=kind is CellKind.WHOLE)
    return lambda cell: cell.strip(AROUND_IDS)


def _without_excel_day(cell: str) -> str:
    cell = cell.strip(AROUND_IDS)
    if EXCEL_DAY.fullmatch(cell):
        return f"{EXCEL_START + timedelta(seconds=round(float(cell) * SECONDS_A_DAY))}"
    return cell


def _ungrouped(cell: str, point: str, whole_only: bool) -> str:
    """Normalize a number: remove thousands separators and use a decimal point.

    Anything else is returned unchanged, for the error message.
    """
    cell = cell.strip(AROUND_IDS)
    if cell.isdigit():
        return cell
    if whole_only and (found := AS_FLOAT.fullmatch(cell)):
        return found[1]
    # two of them must be thousands separators
    whole, _, decimals = (cell, "", "") if cell.count(point) > 1 else cell.partition(point)
    if grouped := GROUPED.fullmatch(whole):
        whole = whole.replace(grouped[1], "")
    read = f"{whole}.{decimals}" if decimals else whole
    return read if (WHOLE if whole_only else NUMBER).fullmatch(read) else cell


def _json_rows(text: TextIO, path: Path) -> Iterator[Row]:
    for number, line in enumerate(text, 1):
        if not (bare := line.strip()):
            continue
        if number == 1 and bare.startswith("[") and not bare.endswith("]"):
            raise BadRequest("{file} is one JSON array; in JSON lines, each line holds one object.", file=path.name)
        if NO_TEXT in bare:
            yield number, BadRequest("The line holds bytes that are not UTF-8.")
            continue
        try:
            row = msgspec.json.decode(bare)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            yield number, BadRequest("The line is not valid JSON: {why}", why=str(error)[:200])
            continue
        yield number, row if isinstance(row, dict) else BadRequest("The line must be a JSON object.")
