"""Sheets: tables of videos that people export, edit in a spreadsheet, and upload again."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum

import msgspec

from backend.errors import ConsoleError

NEEDED = ("videoId", "edition")
OF_VIDEOS = {
    "title": "title",
    "description": "description",
    "tags": "tags",
    "cateId": "cate_id",
    "cateName": "cate_name",
}
OF_ENTRIES = {"startTime": "starts", "endTime": "ends", "pin": "pin", "rank": "rank"}
FIELDS = OF_VIDEOS | OF_ENTRIES  # columns that are compared, and the values they are of
VIDEO_EDITION, ENTRY_EDITION = re.compile(r"v[0-9a-f]{11}"), re.compile(r"s-?[0-9]+(-[0-9]+){3}")
CLEAR = "(clear)"  # in a cell; an empty cell leaves its value as it is
MAX_FILE_BYTES = 50_000_000
MAX_ROWS = 50_000
MAX_APPLIED, MAX_APPLIED_IN_CLOUD = 5_000, 200  # rows at once; in cloud mode each is sent to VOD by itself
KEPT_SECONDS = 3600


def most_applied(*, in_cloud: bool) -> int:
    """Return how many rows are applied at once; of the recommended list, VOD is not told."""
    return MAX_APPLIED_IN_CLOUD if in_cloud else MAX_APPLIED


class Listing(StrEnum):
    """What a sheet was exported from: the videos, or the recommended list."""

    VIDEOS = "videos"
    RECOMMENDED = "recommended"

    @property
    def fields(self) -> dict[str, str]:
        """Return the columns of such a sheet that are compared, and the values they are of."""
        return OF_VIDEOS if self is Listing.VIDEOS else OF_ENTRIES


class Texts(msgspec.Struct, frozen=True):
    """What a sheet can change of a video."""

    title: str
    description: str
    tags: str
    cate_id: int
    cate_name: str

    @property
    def edition(self) -> str:
        """Return what changes with any of the values; a letter keeps spreadsheets from reading a number."""
        return edition_of(self.title, self.description, self.tags, self.cate_id, self.cate_name)


def edition_of(title: str, description: str, tags: str, cate_id: int, cate_name: str) -> str:
    """Return `Texts.edition`; also an SQL function, so what it returns never changes."""
    text = "\x1f".join((title, description, tags, str(cate_id), cate_name))
    return "v" + hashlib.md5(text.encode(errors="replace"), usedforsecurity=False).hexdigest()[:11]


class EntryValues(msgspec.Struct, frozen=True):
    """What a sheet can change of an entry of the recommended list, and the title that the list shows."""

    title: str
    starts: int
    ends: int | None
    pin: int | None
    rank: int | None

    @property
    def edition(self) -> str:
        """Return what changes with any of the values, as exports write it."""
        return f"s{self.starts}-{self.ends or 0}-{self.pin or 0}-{self.rank or 0}"


class RowKind(StrEnum):
    """What a row of a sheet would do."""

    CHANGED = "changed"
    CONFLICT = "conflict"  # somebody changed the video after the export
    UNKNOWN = "unknown"  # there is no such video
    DOUBLED = "doubled"  # the video is in several rows
    INVALID = "invalid"
    APPLIED = "applied"


class SheetRow(msgspec.Struct):
    """A row that differs from the catalogue, or cannot be read.

    `before` and `after` have the values that differ by the names of `Texts` or `EntryValues`. In `after`, a category
    may have its id or its name alone, and times are also as they were typed; 0 is no end, pin or rank. `why` is the
    reason of a conflict or an invalid row.
    """

    place: int  # counts the rows from 1
    line: int  # in the file, or in the sheet of a workbook
    kind: RowKind
    video_id: str
    edition: str
    title: str
    before: dict[str, str | int]
    after: dict[str, str | int]
    why: ConsoleError | None = None


class Sheet(msgspec.Struct, frozen=True):
    """An uploaded sheet: the list it was exported from, its columns that were compared, and those that nobody knows."""

    sheet_id: str
    user_name: str
    file_name: str
    created: int
    unchanged: int
    listing: Listing
    compared: tuple[str, ...]
    ignored: tuple[str, ...]


class AppliedSheet(msgspec.Struct, frozen=True):
    """A sheet that was applied, from the history."""

    sheet_id: str
    file_name: str
    user_name: str
    at: int
    count: int
    is_undone: bool
