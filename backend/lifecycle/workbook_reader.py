"""Reads Excel workbooks, in a process of its own with limited memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, NamedTuple

from backend.errors import BadRequest
from backend.lifecycle import workbook_rows
from backend.lifecycle.file_kinds import ARCHIVE, DOCUMENT, HEAD_BYTES, check_is_table
from backend.lifecycle.table_reader import (
    Table,
    check_names,
    fewest_cells,
    names_in,
    opened_text,
    read_table,
    wrong_row,
)

ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # workbooks with a password are stored as the latter
UNREADABLE = (
    "{file} cannot be read as an Excel workbook; it may be damaged, or have a cell far away from the others. "
    "Save the table as CSV UTF-8."
)


class Line(NamedTuple):
    """A row of a workbook; rows are numbered from 1 in each sheet."""

    sheet: str
    number: int
    cells: list[str]


@contextmanager
def opened_table(
    file: BinaryIO, path: Path, name: str, needed: Sequence[str], known: Iterable[str]
) -> Iterator[Table]:  # fmt: skip
    """Read a file as a table, a workbook or text by its content; see `read_table`.

    A workbook's rows are those of every visible sheet whose first row names all `needed` columns. Raises BadRequest.
    """
    head = file.read(HEAD_BYTES)
    if head.startswith(OLD_EXCEL):
        raise BadRequest("{file} is an old or protected workbook; save it as .xlsx, without a password.", file=name)
    check_is_table(head, name)
    if not head.startswith(ZIP):
        with opened_text(file, name) as text:
            yield read_table(text, name, needed, known)
        return
    with _running(path) as process:
        file.seek(0, SEEK_END)
        yield _read(_lines(process, name), name, needed, (*known, *needed))


@contextmanager
def _running(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-I", workbook_rows.__file__, str(path.resolve())]
    process = subprocess.Popen(  # noqa: S603 - an argument list of our own making
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _lines(process: subprocess.Popen[str], name: str) -> Iterator[Line]:
    """Yield every row of the workbook. Raises BadRequest when the other process gives up."""
    sheet, number = "", 0
    for line in process.stdout or ():
        if not line.endswith("\n"):  # it was killed within a row
            break
        row = json.loads(line)
        if isinstance(row, str):
            sheet, number = row, 0
        else:
            number += 1
            yield Line(sheet, number, row)
    if code := process.wait():
        raise _error(code, name)


def _error(code: int, name: str) -> BadRequest:
    if code == workbook_rows.TOO_LARGE:
        most = workbook_rows.MAX_UNPACKED // 1_000_000
        return BadRequest("{file} holds more than {most} MB of rows; split it.", file=name, most=most)
    if code == workbook_rows.ARCHIVE:
        return BadRequest(ARCHIVE, file=name, kind="ZIP")
    if code == workbook_rows.DOCUMENT:
        return BadRequest(DOCUMENT, file=name, kind="Office")
    return BadRequest(UNREADABLE, file=name)


def _read(lines: Iterator[Line], name: str, needed: Sequence[str], known: Sequence[str]) -> Table:
    """Return the table that begins in the first sheet with all needed columns."""
    names, seen = list[str](), ""
    for line in lines:
        if line.sheet == seen or not any(cell.strip() for cell in line.cells):
            continue
        seen, found = line.sheet, names_in(line.cells, known)
        names = names or found
        if set(needed) <= set(found):
            check_names(found, name, needed)
            return Table(found, "", _rows(lines, line.sheet, found, needed, known))
    check_names(names, name, needed)
    raise BadRequest("{file} holds no table.", file=name)


def _rows(
    lines: Iterator[Line], sheet: str, names: list[str], needed: Sequence[str], known: Sequence[str]
) -> Iterator[tuple[int, list[str] | BadRequest]]:
    """Yield the rows of this sheet and of later ones with the same columns, as exports have beyond a million rows."""
    columns, fewest, belongs = len(names), fewest_cells(names, needed), True
    for line in lines:
        if not any(cell.strip() for cell in line.cells):
            continue
        if line.sheet != sheet:
            sheet, belongs = line.sheet, names_in(line.cells, known) == names
        elif belongs:
            cells = line.cells
            yield line.number, wrong_row(cells, columns, fewest) or [*cells, *[""] * columns][:columns]
