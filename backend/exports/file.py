"""Writes a list as a streamed file from the store's batches.

CSV is for spreadsheets: byte order mark, CRLF, escaped formulas and ids. JSON Lines is for programs: every value as in
the API. Excel workbooks have typed cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.exports.download import Batches, Chunks, Download, Progress

BOM = b"\xef\xbb\xbf"  # without it, Excel would not detect UTF-8
MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.JSONL: "application/jsonl",
}
MAX_NAME_BYTES, MAX_VALUE = 180, 24  # file systems allow 255 bytes, and browsers may add to the name


@dataclass(frozen=True, slots=True)
class ExportInfo:
    """Metadata of an exported file: `when` is local time, `filters` are the given ones by API name."""

    listing: ExportSource
    columns: Sequence[Column]
    file_format: FileFormat
    filters: Mapping[str, str]
    when: datetime
    zone: str
    who: str
    progress: Progress

    @property
    def file_name(self) -> str:
        """Return a portable file name with list, time, zone, number of rows and filter."""
        parts = [f"{self.listing.name}-{self.when:%Y%m%d-%H%M%S}", self.zone, f"{self.progress.total}-rows"]
        parts += [f"{name}={value[:MAX_VALUE]}" for name, value in self.filters.items()]
        safe = "_".join("".join(char if char.isalnum() or char in "-=" else "-" for char in part) for part in parts)
        return safe.encode()[:MAX_NAME_BYTES].decode(errors="ignore") + f".{self.file_format}"


def make_download(label: ExportInfo, pieces: Batches, folder: Path) -> Download:
    """Return a download of these batches. An Excel workbook is written to `folder` before it is sent."""
    if label.file_format is FileFormat.XLSX:
        from backend.exports.xlsx import workbook_chunks

        chunks = workbook_chunks(label, pieces, folder)
    else:
        chunks = _text_chunks(label, pieces)
    return Download(label.file_name, MEDIA_TYPES[label.file_format], chunks, label.progress)


def _text_chunks(label: ExportInfo, pieces: Batches) -> Chunks:
    names = ",".join(column.name for column in label.columns)
    head = BOM + f"{names}\r\n".encode() if label.file_format is FileFormat.CSV else b""
    with closing(pieces):
        for count, lines in pieces:
            label.progress.done += count
            yield head + lines if head else lines
            head = b""
