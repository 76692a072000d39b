"""A catalogue that comes in: CSV as the export writes it, or JSON lines with the fields of the API."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from backend.bounds import MAX_BYTES
from backend.columns import VIDEOS, CellKind
from backend.errors import BadRequest
from backend.model import (
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
from backend.parameters import Choice, Id, Kind, Moment, Number, Text, Url, Whole
from backend.registry import as_text

if TYPE_CHECKING:
    from backend.console import Console

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
NEEDED = ("videoId", "title", "creationTime", "userId")
BATCH = 5000
WORTH_MERGING = 10  # an import that makes a tenth of the catalogue left the search index in many pieces
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
VIDEO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
GUARDED = re.compile("'+[-=+@\t\r\n＝＋－＠]")  # what the export puts an apostrophe before has one too many
OURS = re.compile(r"/media/([^/]+)/([A-Za-z0-9_-]{8,64})/([^/\\?#.][^/\\?#]*)")

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
    "cateId": ("cate_id", Whole(0, 10**9)),
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

Row: TypeAlias = tuple[int, Mapping[str, Any] | BadRequest]


@dataclass(slots=True)
class Tally:
    """What became of the rows of a file."""

    taken: int = 0
    known: int = 0
    refused: int = 0


def load_catalogue(console: Console, path: Path, actor: Actor, tell: Callable[[int], None]) -> Tally:
    """Take the videos of a file into the catalogue; `tell` hears how many bytes of it are read.

    Rows whose videoId is there already are counted and left as they are, so that an import which was interrupted is
    started again, and goes on. What is refused is written beside the file, with its line and the reason. Raises
    BadRequest when the file as a whole is none that can be read, and OSError.
    """
    tally, batch, seen = Tally(), list[Video](), set[str]()
    zone, base_url = console.settings.time_zone, console.settings.public_url

    def keep() -> None:
        # The last one given of a second is the newest, and the export writes the newest first.
        newest_first = bool(batch) and batch[0].created >= batch[-1].created
        known = len(console.store.catalogue.load_videos(batch[::-1] if newest_first else batch, actor))
        tally.known += known
        tally.taken += len(batch) - known
        batch.clear()

    with path.open("rb") as file, Refusals(path) as refusals:
        for line, row in read_rows(file, path):
            try:
                if isinstance(row, BadRequest):
                    raise row
                video = read_video(row, zone, base_url)
                if video.video_id in seen:
                    raise BadRequest("videoId {video_id} has been in this file before.", video_id=video.video_id)
                seen.add(video.video_id)
                batch.append(video)
            except BadRequest as error:
                tally.refused += 1
                refusals.add(line, row, error)
            if len(batch) == BATCH:
                keep()
                tell(file.tell())
        keep()
        tell(file.tell())
    store = console.store
    if tally.taken * WORTH_MERGING >= store.catalogue.find_videos(VideoFilter(), 1, 1).total:
        store.merge_index()
    return tally


class Refusals:
    """The file beside the input that says which lines were refused, and why; there is none where all were taken."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.refused.csv")

    def __enter__(self) -> Refusals:
        self._file = self.path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
        self._write = csv.writer(self._file).writerow
        self._write(["line", "videoId", "reason"])
        self._any = False
        return self

    def add(self, line: int, row: Mapping[str, Any] | BadRequest, error: BadRequest) -> None:
        named = "" if isinstance(row, BadRequest) else str(row.get("videoId", ""))[:64]
        self._write([line, f"'{named}" if GUARDED.match(f"'{named}") else named, str(error)])
        self._any = True

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self._any:
            self.path.unlink()


def read_rows(file: BinaryIO, path: Path) -> Iterator[Row]:
    """Yield the rows of a file, each with the number of its first line: its values by name, or why it has none.

    Raises BadRequest where the file is none at all.
    """
    if file.read(2) in UTF_16:
        raise BadRequest("{file} is UTF-16; save it as UTF-8.", file=path.name)
    file.seek(0)
    yield from (_csv_rows if SUFFIXES[path.suffix.lower()] == "csv" else _json_rows)(file, path)


def read_video(row: Mapping[str, Any], zone: ZoneInfo, base_url: str = "") -> Video:
    """Return the video that a row describes. Raises BadRequest, naming the value that is wrong."""
    user = row.get("user")
    if isinstance(user, dict):
        row = {**user, **row}
    for name in NEEDED:
        if row.get(name) in (None, ""):
            raise BadRequest("{name} is required.", name=name)
    video_id = as_text("videoId", row["videoId"])
    if not VIDEO_ID.fullmatch(video_id):
        raise BadRequest("videoId may hold 1 to 128 letters, digits, - and _; got {raw!r}.", raw=video_id[:80])
    files, media_key = _files(row, video_id, zone, base_url)
    values, owner = _values(row, FIELDS, zone), _values(row, USER_FIELDS, zone)
    return Video(video_id=video_id, user=User(**owner), files=files, media_key=media_key, **values)


def _values(row: Mapping[str, Any], fields: Mapping[str, tuple[str, Kind]], zone: ZoneInfo) -> dict[str, Any]:
    values = {}
    for name, (attribute, kind) in fields.items():
        given = row.get(name)
        text = given if isinstance(given, str) else as_text(name, given)
        if text:
            values[attribute] = kind.read(name, text, zone)
    return values


def _files(row: Mapping[str, Any], video_id: str, zone: ZoneInfo, base_url: str) -> tuple[tuple[MediaFile, ...], str]:
    """Return the files of a row, and the key of our own media among them: those are found again if they are there."""
    files, media_key, url = list[MediaFile](), "", Url()
    for name, kind in FILE_FIELDS.items():
        given = row.get(name)
        addresses = given if isinstance(given, list) else str(given or "").split()
        for position, address in enumerate(addresses):
            read = url.read(name, as_text(name, address), zone)
            ours = OURS.fullmatch(read.removeprefix(base_url))
            if ours and ours[1] == video_id:
                media_key, read = ours[2], ours[3]
            elif read.startswith("/"):
                raise BadRequest("{name} must be an http or https address, got {raw!r}.", name=name, raw=read[:80])
            narrow = ours and kind is FileKind.COMMON and read.startswith(FileKind.NARROW)
            files.append(MediaFile(FileKind.NARROW if narrow else kind, read, position=position))
    return tuple(files), media_key


def _csv_rows(file: BinaryIO, path: Path) -> Iterator[Row]:
    # What is no UTF-8 comes through as lone surrogates, which are then refused in the row where they stand.
    lines = (line.decode("utf-8", "surrogateescape") for line in file)
    table = csv.reader(lines)
    head = [name.strip().removeprefix("\ufeff").strip('"') for name in next(table, [])]
    if missing := [name for name in NEEDED if name not in head]:
        raise BadRequest(
            "{file} has no column {missing}; its first line must name at least {needed}.",
            file=path.name, missing=", ".join(missing), needed=", ".join(NEEDED),
        )  # fmt: skip
    while True:
        line = table.line_num + 1
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, BadRequest("The line is no CSV: {why}.", why=str(error))
            continue
        if len(cells) == len(head):
            yield line, {name: _unwritten(name, cell) for name, cell in zip(head, cells, strict=True)}
        elif cells:
            yield (
                line,
                BadRequest(
                    "The line has {cells} cells, and the first line names {columns}.",
                    cells=len(cells),
                    columns=len(head),
                ),
            )


def _unwritten(name: str, cell: str) -> str:
    """Return what the export wrote as this cell."""
    if cell[:1] == "'" and CELLS.get(name) in (CellKind.TEXT, CellKind.ID) and GUARDED.match(cell):
        return cell[1:]
    return cell.rstrip("\t") if CELLS.get(name) is CellKind.ID else cell


def _json_rows(file: BinaryIO, path: Path) -> Iterator[Row]:
    for number, line in enumerate(file, 1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not text:
            continue
        try:
            row = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            yield number, BadRequest("The line is no JSON: {why}", why=str(error)[:200])
            continue
        yield number, row if isinstance(row, dict) else BadRequest("The line must be a JSON object.")
