"""The columns of exported lists: names, types and widths."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

# Spreadsheets treat text beginning with these as a formula (OWASP), also in full width
FORMULA_SIGNS = "-=+@\t\r\n＝＋－＠"
MAX_SHOWN = 10**11  # Excel shows longer integers as 1.2E+17, and rounds them from 10**15
GUARDED = re.compile(f"'+[{FORMULA_SIGNS}]")
NUMERAL = re.compile(r"[-0-9eE+./:, ]*")  # the characters of numbers, dates and times


class FileFormat(StrEnum):
    """File formats of exports."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


class CellKind(StrEnum):
    """The type of a cell, formatted differently by each file format."""

    ID = "id"  # text, even if it looks like a number
    TEXT = "text"  # user input
    WORD = "word"  # a word defined by the console
    WHOLE = "whole"
    NUMBER = "number"
    TIME = "time"
    DAY = "day"  # text like 2026-11-30
    LINK = "link"  # a URL generated or validated by the console
    LINKS = "links"  # any number of them


@dataclass(frozen=True, slots=True)
class Column:
    """A column: name in the API, type, and width in Excel (in characters). An optional one may have no value."""

    name: str
    kind: CellKind
    width: int = 12
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ExportSource:
    """A list that can be exported."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def chosen(self, names: tuple[str, ...]) -> tuple[Column, ...]:
        """Return the named columns in the given order; all if none are named."""
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
        Column("edition", CellKind.ID, 14),
    ),
)
RECOMMENDED = replace(
    VIDEOS,
    name="recommended",
    columns=(
        *(one for one in VIDEOS.columns if one.name not in ("fileUrlList", "edition")),
        Column("fileUrl", CellKind.LINK, 30),
        Column("startTime", CellKind.TIME, 20),
        Column("endTime", CellKind.TIME, 20, optional=True),
        Column("pin", CellKind.WHOLE, 8, optional=True),
        Column("rank", CellKind.WHOLE, 8, optional=True),
        Column("edition", CellKind.ID, 30),
    ),
)


def guard_text(text: str) -> str:
    """Escape text for CSV: a leading apostrophe for formulas and for text that already looks escaped."""
    return f"'{text}" if text.lstrip("'")[:1] in tuple(FORMULA_SIGNS) else text


def unguarded(cell: str) -> str:
    """Return the text that `guard_text` escaped."""
    return cell[1:] if cell[:1] == "'" and GUARDED.match(cell) else cell


def guard_id(text: str) -> str:
    """Escape an id for CSV: ids that would be read as numbers or dates get a trailing tab, so that they are shown
    unchanged. The SQL for exported lists in the store does the same.
    """
    if not ("0" <= text[:1] <= "9"):
        return guard_text(text)
    short = text == "0" or (text[0] != "0" and text.isascii() and text.isdigit() and int(text) < MAX_SHOWN)
    return text if short or not NUMERAL.fullmatch(text) else f"{text}\t"
