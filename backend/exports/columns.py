"""The columns of a list as a file: what they are called, what stands in them, and which lists have which."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

FORMULA_SIGNS = "-=+@\t\r\n＝＋－＠"  # with these, spreadsheets take text for a formula (OWASP), full width as well
MAX_SHOWN = 10**11  # Excel shows longer whole numbers as 1.2E+17, and rounds them from 10**15
NUMERAL = re.compile(r"[-0-9eE+./:, ]*")  # what a number, date or time is made of


class FileFormat(StrEnum):
    """What a list can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


class CellKind(StrEnum):
    """What stands in a cell; every format has its own way with each."""

    ID = "id"  # text, even where it looks like a number
    TEXT = "text"  # whatever people typed
    WORD = "word"  # one of our own words
    WHOLE = "whole"
    NUMBER = "number"
    TIME = "time"
    LINK = "link"  # an address that we made or checked
    LINKS = "links"  # none or more of them


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name on the wire, what stands in it, and how wide Excel shows it (in characters)."""

    name: str
    kind: CellKind
    width: int = 12


@dataclass(frozen=True, slots=True)
class ExportSource:
    """A list that can be written to a file."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def chosen(self, names: tuple[str, ...]) -> tuple[Column, ...]:
        """Return the columns of these names, in their order; all where none is named."""
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[name] for name in names) or self.columns


VIDEOS = ExportSource(
    "videos",
    (
        Column("id", CellKind.ID, 10),
        Column("videoId", CellKind.ID, 36),
        Column("title", CellKind.TEXT, 40),
        Column("description", CellKind.TEXT, 40),
        Column("duration", CellKind.NUMBER, 10),
        Column("creationTime", CellKind.TIME, 20),
        Column("status", CellKind.WORD),
        Column("censorStatus", CellKind.WORD),
        Column("transcodeStatus", CellKind.WORD, 16),
        Column("narrowTranscodeStatus", CellKind.WORD, 22),
        Column("snapshotStatus", CellKind.WORD, 15),
        Column("isRecommend", CellKind.WORD),
        Column("size", CellKind.WHOLE, 14),
        Column("width", CellKind.WHOLE, 8),
        Column("height", CellKind.WHOLE, 8),
        Column("cateId", CellKind.WHOLE, 8),
        Column("cateName", CellKind.TEXT, 16),
        Column("tags", CellKind.TEXT, 24),
        Column("userId", CellKind.ID, 20),
        Column("userName", CellKind.TEXT, 16),
        Column("avatarUrl", CellKind.TEXT, 30),
        Column("shareUrl", CellKind.TEXT, 30),
        Column("coverUrl", CellKind.LINK, 30),
        Column("firstFrameUrl", CellKind.LINK, 30),
        Column("fileUrlList", CellKind.LINKS, 30),
    ),
)
RECOMMENDED = replace(
    VIDEOS,
    name="recommended",
    columns=(*(one for one in VIDEOS.columns if one.name != "fileUrlList"), Column("fileUrl", CellKind.LINK, 30)),
)


def guard_text(text: str) -> str:
    """Return text as a cell of CSV: with an apostrophe before what is taken for a formula, or looks guarded already."""
    return f"'{text}" if text.lstrip("'")[:1] in tuple(FORMULA_SIGNS) else text


def guard_id(text: str) -> str:
    """Return an id as a cell of CSV: one that is taken for a number or a date ends with a tab, and is shown whole.

    The store says the same in SQL, where whole lists are written.
    """
    if not ("0" <= text[:1] <= "9"):
        return guard_text(text)
    short = text == "0" or (text[0] != "0" and text.isascii() and text.isdigit() and int(text) < MAX_SHOWN)
    return text if short or not NUMERAL.fullmatch(text) else f"{text}\t"
