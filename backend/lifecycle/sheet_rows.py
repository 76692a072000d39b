"""The rows of an uploaded sheet as they stand in the file, and what all kinds of cells have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from backend.api.parameters import AROUND_IDS
from backend.errors import BadRequest
from backend.exports.columns import unguarded
from backend.lifecycle.table_reader import Table, check_id
from backend.model.sheets import CLEAR, FIELDS, MAX_ROWS, NEEDED, RowKind, SheetRow

LINE_ENDS = re.compile(r"\r\n?")
FULL_WIDTH = str.maketrans("（）", "()")
NO_EDITION = "edition is not what the export wrote; export again, and leave this column as it is."


class ReadRow(NamedTuple):
    """A row as it stands in the file; `cells` are by the names of `FIELDS`."""

    place: int
    line: int
    video_id: str
    edition: str
    cells: dict[str, str]
    why: BadRequest | None = None


def read_rows(table: Table, file_name: str) -> Iterator[ReadRow]:
    """Yield the rows of a table. Raises BadRequest if they are too many."""
    for place, (line, cells) in enumerate(table.rows, 1):
        if place > MAX_ROWS:
            raise BadRequest("{file} has more than {most} rows; split it.", file=file_name, most=MAX_ROWS)
        if isinstance(cells, BadRequest):
            yield ReadRow(place, line, "", "", {}, cells)
            continue
        named = dict(zip(table.names, cells, strict=True))
        video_id, edition = (unguarded(named[name]).strip(AROUND_IDS) for name in NEEDED)
        yield ReadRow(place, line, video_id, edition, {name: named[name] for name in FIELDS if name in named})


def invalid_row(row: ReadRow) -> SheetRow:
    """Return a row before it is compared; `check_row` says whether it can be."""
    return SheetRow(row.place, row.line, RowKind.INVALID, row.video_id[:128], row.edition[:64], "", {}, {}, row.why)


def check_row(row: ReadRow) -> None:
    """Raise BadRequest unless a row could be read and names a video."""
    if row.why:
        raise row.why
    if not row.video_id:
        raise BadRequest("{name} is required.", name="videoId")


def check_unknown(row: ReadRow) -> None:
    """Raise BadRequest if a spreadsheet changed the id of a row for which nothing was found."""
    check_id("videoId", row.video_id)


def is_clear(text: str) -> bool:
    """Return whether a cell says that its value is to be emptied."""
    return text.strip().casefold().translate(FULL_WIDTH) == CLEAR
