"""Reads tables saved by spreadsheets: detects encoding and delimiter, and recovers from malformed rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, TextIO

from backend.errors import BadRequest

BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
DELIMITERS = ",;\t|"
DELIMITER_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # may begin files written by Excel
BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
COMMON_CHINESE = re.compile(rb"[\xa1-\xa3\xb0-\xf7][\xa1-\xfe]")  # from GB2312; other encodings have much outside it
MOSTLY_UTF_8, MOSTLY_CHINESE = 0.9, 0.75  # shares of the non-ASCII bytes
# What spreadsheets make of long ids: 2.43479E+12, 12345.0, and zeros after the 15 digits that Excel keeps; a real id
# may well end in one or two zeros.
CUT_SHORT = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}|[0-9]+[.,]0+|[1-9][0-9]{14}0{3,}")
CHUNK = 1 << 20
NO_TEXT = "\udcff"  # replaces undecodable bytes; the cell is then rejected

codecs.register_error("no text", lambda error: (NO_TEXT, error.end))  # type: ignore[attr-defined]


class Table(NamedTuple):
    """A table: column names, delimiter and rows.

    Each row has the number of its first line, and its cells in column order or the reason of rejection. A workbook has
    no delimiter and no encoding.
    """

    names: list[str]
    delimiter: str
    rows: Iterator[tuple[int, list[str] | BadRequest]]
    encoding: str = ""


def encoding_of(file: BinaryIO, name: str, otherwise: str = "") -> str:
    """Detect the encoding of a file and rewind it; `otherwise` if unknown.

    Raises BadRequest for an unknown encoding if `otherwise` is empty.
    """
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    for mark, encoding in BOMS.items():
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _guess(file, name, otherwise)
    finally:
        file.seek(0)
    return "utf-8"


def _guess(file: BinaryIO, name: str, otherwise: str) -> str:
    """Distinguish GB18030, as written by Chinese Excel, from damaged UTF-8."""
    file.seek(0)
    beyond = utf_8 = chinese = 0
    while chunk := file.read(CHUNK):
        beyond += len(BEYOND_ASCII.findall(chunk))
        utf_8 += sum(map(len, UTF_8.findall(chunk)))
        chinese += sum(map(len, COMMON_CHINESE.findall(chunk)))
    if utf_8 >= beyond * MOSTLY_UTF_8:
        return "utf-8"
    if chinese >= beyond * MOSTLY_CHINESE:
        return "gb18030"
    if otherwise:
        return otherwise
    raise BadRequest("{file} is neither UTF-8 nor GB18030; save it as CSV UTF-8.", file=name)


@contextmanager
def opened_text(file: BinaryIO, name: str, otherwise: str = "") -> Iterator[TextIO]:
    """Open a file as text, with any line ends; see `encoding_of`. Raises BadRequest."""
    text = io.TextIOWrapper(file, encoding_of(file, name, otherwise), "no text", newline="")
    try:
        yield text
    finally:
        text.detach()


def read_table(text: TextIO, name: str, needed: Sequence[str], known: Iterable[str]) -> Table:
    """Read a table whose first line has the column names, including all `needed`; `known` gives their spelling.

    Raises BadRequest.
    """
    lines = Lines(text)
    head = next((line for line in lines if line.strip()), "")
    if given := DELIMITER_LINE.fullmatch(head):
        head = next(lines, "")
    known = (*known, *needed)
    delimiter, names = ",", list[str]()
    for candidate in given[1] if given else DELIMITERS:
        found = names_in(next(csv.reader([head], delimiter=candidate), []), known)
        if not names or len(set(needed) & set(found)) > len(set(needed) & set(names)):
            delimiter, names = candidate, found
    check_names(names, name, needed)
    rows = _rows(lines, delimiter, len(names), fewest_cells(names, needed))
    return Table(names, delimiter, rows, text.encoding)


def names_in(cells: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the column names in a first line, in the spelling of `known`, without empty ones at the end."""
    spelling = {word.casefold(): word for word in known}
    names = [bare.strip("\ufeff\"'").strip() for bare in map(str.strip, cells)]
    while names and not names[-1]:
        names.pop()
    return [spelling.get(bare.casefold(), bare) for bare in names]


def check_names(names: Sequence[str], file: str, needed: Sequence[str]) -> None:
    """Raise BadRequest if a needed column is missing or one is named twice."""
    if not any(names):
        raise BadRequest("{file} holds no table.", file=file)
    if missing := [column for column in needed if column not in names]:
        raise BadRequest(
            "{file} has no column {missing}; its first line must name at least {needed}.",
            file=file, missing=", ".join(missing), needed=", ".join(needed),
        )  # fmt: skip
    if twice := next((column for column in names if column and names.count(column) > 1), ""):
        raise BadRequest("{file} names the column {column} twice.", file=file, column=twice)


def fewest_cells(names: Sequence[str], needed: Sequence[str]) -> int:
    """Return the number of cells up to the last needed one; spreadsheets omit empty cells at the end of rows."""
    return max(names.index(column) for column in needed) + 1


def check_id(name: str, raw: str) -> None:
    """Raise BadRequest if an id is what a spreadsheet makes of a longer number."""
    if CUT_SHORT.fullmatch(raw):
        raise BadRequest(
            "{name} {raw} is what a spreadsheet made of a long number; take the id from where it came from, into a "
            "column that is formatted as text.", name=name, raw=raw,
        )  # fmt: skip


class Lines:
    """A counted line iterator; lines taken since `begin` can be pushed back."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._waiting: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._text)
        self.number += 1
        self.taken.append(line)
        return line

    def begin(self) -> None:
        self.taken = []

    def push_back(self, lines: list[str]) -> None:
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)


def _rows(lines: Lines, delimiter: str, columns: int, fewest: int) -> Iterator[tuple[int, list[str] | BadRequest]]:
    """Yield the rows. Lines merged into a malformed row by a stray quotation mark are parsed again individually."""
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = lines.number + 1
        lines.begin()
        try:
            cells = next(table)
            why = wrong_row(cells, columns, fewest)
        except StopIteration:
            return
        except csv.Error as error:
            why = BadRequest("The line is not valid CSV: {why}.", why=str(error))
        if why is None:
            if any(cell.strip() for cell in cells):
                yield first, cells[:columns] + [""] * (columns - len(cells))
            continue
        if len(lines.taken) > 1:
            why = BadRequest("A quotation mark in this line is not closed where a cell ends.")
            lines.push_back(lines.taken[1:])
            table = csv.reader(lines, delimiter=delimiter, strict=True)
        yield first, why


def wrong_row(cells: list[str], columns: int, fewest: int) -> BadRequest | None:
    """Return what is wrong with the number of cells, if anything. Excel omits or adds empty ones at the end of rows."""
    if any(cell.strip() for cell in (cells[columns:] if len(cells) >= fewest else cells)):
        return BadRequest(
            "The line has {cells} cells, and the first line names {columns}.", cells=len(cells), columns=columns
        )
    return None
