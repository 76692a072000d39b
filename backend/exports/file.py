"""A list as a file: streamed, so that its size does not matter. The store reads, this writes.

CSV is for people with a spreadsheet: a byte order mark, CRLF, no text that is taken for a formula, no id that is taken
for a number. JSON lines are for programs: every value as the API has it. Excel's own format knows text from numbers.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from backend.errors import TooMany
from backend.exports.columns import Column, FileFormat, Listing

BOM = b"\xef\xbb\xbf"  # without it, Excel takes UTF-8 for the machine's own encoding
MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.JSONL: "application/jsonl",
}
MAX_OF_ONE, MAX_AT_ONCE = 4, 16  # exports of one person, and in all
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


class Running(Generator[bytes, None, None]):
    """The chunks of a file, which count as one of the exports of somebody until they are closed, read or forgotten."""

    def __init__(self, chunks: Chunks, end: Callable[[], None]) -> None:
        self._chunks, self._end = chunks, weakref.finalize(self, end)
        self._end.atexit = False

    def send(self, value: None) -> bytes:
        try:
            return self._chunks.send(value)
        except BaseException:
            self._end()
            raise

    def throw(self, *error: Any) -> bytes:
        try:
            return self._chunks.throw(*error)
        finally:
            self._end()

    def close(self) -> None:
        try:
            self._chunks.close()
        finally:
            self._end()


class Exports:
    """How many files are being made, by person: each takes connections, threads and megabytes while it is read."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._guard = threading.Lock()

    def check(self, who: str) -> None:
        """Raise TooMany where this person has to wait before another file can be made."""
        with self._guard:
            self._check(who)

    def begin(self, who: str, download: Download) -> Download:
        """Count a file as one of this person's until it ends. Raises TooMany."""
        try:
            with self._guard:
                self._check(who)
                self._running[who] += 1
        except TooMany:
            download.chunks.close()
            raise
        return replace(download, chunks=Running(download.chunks, partial(self._end, who)))

    def _check(self, who: str) -> None:
        if self._running[who] >= MAX_OF_ONE:
            raise TooMany("You have {most} exports running. Wait until one of them has finished.", most=MAX_OF_ONE)
        if self._running.total() >= MAX_AT_ONCE:
            raise TooMany("{most} exports are already running, which is the limit. Try again soon.", most=MAX_AT_ONCE)

    def _end(self, who: str) -> None:
        with self._guard:
            self._running[who] -= 1
            self._running += Counter()  # forgets who has none
        release_memory()


def release_memory() -> None:
    """Give memory that is free back to the machine: the allocator keeps what many threads had, for later."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None:
        trim(0)


def make_download(label: Label, pieces: Pieces, folder: Path) -> Download:
    """Return the file that holds these pieces. An Excel workbook grows in `folder` before it is sent."""
    if label.file_format is FileFormat.XLSX:
        from backend.exports.xlsx import workbook_chunks

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
