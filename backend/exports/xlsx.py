"""Exports a list as an Excel workbook with real dates, ids as text, and an `about` sheet."""

from __future__ import annotations

import re
import tempfile
from contextlib import closing
from datetime import date
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from backend.exports.columns import CellKind
from backend.exports.download import Batches, Chunks
from backend.exports.file import ExportInfo
from backend.i18n import both

MAX_ROWS = 1_048_575  # per sheet, below the header
CHUNK = 1 << 18
NO_XML = re.compile("[\ufffe\uffff]")  # other characters invalid in XML are escaped by xlsxwriter
NUMBERS = (CellKind.WHOLE, CellKind.NUMBER, CellKind.TIME)


def workbook_chunks(label: ExportInfo, pieces: Batches, folder: Path, most_rows: int = MAX_ROWS) -> Chunks:
    """Yield a workbook of these batches, in constant memory.

    It can be sent only when complete. Until then one empty chunk is yielded per batch, so that the consumer can cancel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(pieces), tempfile.TemporaryDirectory(dir=folder) as made:
        path = Path(made) / "workbook.xlsx"
        book = Workbook(path, {"constant_memory": True, "tmpdir": made})
        book.use_zip64()
        sheets = Sheets(book, label, most_rows)
        try:
            for count, rows in pieces:
                label.progress.done += count
                sheets.write(rows)
                yield b""
            sheets.finish()
            book.close()
        finally:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


class Sheets:
    """The sheets of a workbook: as many as the rows need, with the `about` sheet after the first."""

    def __init__(self, book: Workbook, label: ExportInfo, most_rows: int) -> None:
        self._book = book
        self._label = label
        self._most_rows = most_rows
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"})
        day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self._formats = {CellKind.TIME: self._time, CellKind.DAY: day}
        self._full: list[Worksheet] = []
        self._sheet = self._begin(label.listing.name)
        self._about = book.add_worksheet("about")
        self._row = 0

    def write(self, rows: list[list[str | int | float | None]]) -> None:
        """Append rows, starting a new sheet when one is full."""
        kinds = [column.kind for column in self._label.columns]
        formats = [self._formats.get(kind) for kind in kinds]
        for cells in rows:
            if self._row == self._most_rows:
                self._end()
                self._sheet = self._begin(f"{self._label.listing.name} {len(self._full) + 1}")
                self._row = 0
            self._row += 1
            for number, (cell, kind, style) in enumerate(zip(cells, kinds, formats, strict=True)):
                if kind in NUMBERS and cell is not None and not isinstance(cell, str):
                    self._sheet.write_number(self._row, number, cell, style)
                elif kind is CellKind.DAY and cell:
                    self._sheet.write_datetime(self._row, number, date.fromisoformat(str(cell)), style)
                elif cell:
                    self._sheet.write_string(self._row, number, NO_XML.sub("\ufffd", str(cell)))

    def finish(self) -> None:
        """Finish the last sheet and write the `about` sheet."""
        self._end()
        label = self._label
        filters = "\n".join(f"{name} = {value}" for name, value in label.filters.items())
        self._about.set_column(0, 0, 24)
        self._about.set_column(1, 1, 60, self._book.add_format({"text_wrap": True, "align": "left"}))
        self._about.write_string(0, 0, both("List"), self._head)
        self._about.write_string(0, 1, label.listing.name, self._head)
        self._about.write_string(1, 0, both("Filter"))
        self._about.write_string(1, 1, filters or both("none"))
        self._about.write_string(2, 0, both("Rows"))
        self._about.write_number(2, 1, label.progress.done)
        self._about.write_string(3, 0, both("Exported"))
        self._about.write_datetime(3, 1, label.when.replace(tzinfo=None), self._time)
        self._about.write_string(4, 0, both("Time zone"))
        self._about.write_string(4, 1, label.zone)
        self._about.write_string(5, 0, both("By"))
        self._about.write_string(5, 1, label.who)

    def _begin(self, name: str) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(self._label.columns):
            sheet.set_column(number, number, column.width)
            sheet.write_string(0, number, column.name, self._head)
        return sheet

    def _end(self) -> None:
        self._sheet.autofilter(0, 0, self._row, len(self._label.columns) - 1)
        self._full.append(self._sheet)
