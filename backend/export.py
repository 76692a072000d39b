"""A list as a file: streamed, so that its size does not matter. `backend.store.exporting` reads, this writes.

CSV is for people with a spreadsheet: a byte order mark, CRLF, no text that is taken for a formula, no id that is taken
for a number. JSON lines are for programs: every value as the API has it. Excel's own format knows text from numbers.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.columns import Column, FileFormat, Listing

BOM = b"\xef\xbb\xbf"  # without it, Excel takes UTF-8 for the machine's own encoding
MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.JSONL: "application/jsonl",
}
MOST_NAME_BYTES, MOST_VALUE = 180, 24  # file systems take 255 bytes, and a browser may add to the name


Pieces = Generator[tuple[int, Any], None, None]
Chunks = Generator[bytes, None, None]


@dataclass(slots=True)
class Progress:
    """How many rows there were when the file was begun, and how many are in it."""

    total: int
    done: int = 0


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made while it is sent. Closing its chunks gives back whatever making it has taken."""

    name: str
    media_type: str
    chunks: Chunks
    progress: Progress = field(default_factory=lambda: Progress(0))


@dataclass(frozen=True, slots=True)
class Label:
    """What a file says about itself: `when` is local time, `filters` are those given, by their names on the wire."""

    listing: Listing
    columns: Sequence[Column]
    file_format: FileFormat
    filters: Mapping[str, str]
    when: datetime
    zone: str
    who: str
    progress: Progress

    @property
    def file_name(self) -> str:
        """Return a name that tells the list, its time and zone, how many rows, and the filter, safe on every system."""
        parts = [f"{self.listing.name}-{self.when:%Y%m%d-%H%M%S}", self.zone, f"{self.progress.total}-rows"]
        parts += [f"{name}={value[:MOST_VALUE]}" for name, value in self.filters.items()]
        safe = "_".join("".join(sign if sign.isalnum() or sign in "-=" else "-" for sign in part) for part in parts)
        return safe.encode()[:MOST_NAME_BYTES].decode(errors="ignore") + f".{self.file_format}"


def make_download(label: Label, pieces: Pieces, folder: Path) -> Download:
    """Return the file that holds these pieces. An Excel workbook grows in `folder` before it is sent."""
    if label.file_format is FileFormat.XLSX:
        from backend.workbook import workbook_chunks

        chunks = workbook_chunks(label, pieces, folder)
    else:
        chunks = _text_chunks(label, pieces)
    return Download(label.file_name, MEDIA_TYPES[label.file_format], chunks, label.progress)


def _text_chunks(label: Label, pieces: Pieces) -> Chunks:
    names = ",".join(column.name for column in label.columns)
    head = BOM + f"{names}\r\n".encode() if label.file_format is FileFormat.CSV else b""
    with closing(pieces):
        for count, lines in pieces:
            label.progress.done += count
            yield head + lines if head else lines
            head = b""
