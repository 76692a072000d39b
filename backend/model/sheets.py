"""Sheets: tables of videos that people export, edit in a spreadsheet, and upload again."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from backend.errors import ConsoleError

NEEDED = ("videoId", "edition")
FIELDS = {"title": "title", "description": "description", "tags": "tags", "cateId": "cate_id", "cateName": "cate_name"}
CLEAR = "(clear)"  # in a cell; an empty cell leaves its value as it is
MAX_FILE_BYTES = 50_000_000
MAX_ROWS = 50_000
MAX_APPLIED, MAX_APPLIED_IN_CLOUD = 5_000, 200  # rows at once; in cloud mode each is sent to VOD by itself
KEPT_SECONDS = 3600


def most_applied(*, in_cloud: bool) -> int:
    """Return how many rows are applied at once."""
    return MAX_APPLIED_IN_CLOUD if in_cloud else MAX_APPLIED


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

    `before` and `after` have the values that differ by the names of `Texts`; in `after`, a category may have its id or
    its name alone. `why` is the reason of a conflict or an invalid row.
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
    """An uploaded sheet; `ignored` are its columns that cannot be changed."""

    sheet_id: str
    user_name: str
    file_name: str
    created: int
    unchanged: int
    ignored: tuple[str, ...]


class AppliedSheet(msgspec.Struct, frozen=True):
    """A sheet that was applied, from the history."""

    sheet_id: str
    file_name: str
    user_name: str
    at: int
    count: int
    is_undone: bool
