"""Whole lists, read to be written into files: SQLite itself writes the lines, which is the quickest way there is.

One statement returns a thousand rows as one blob. Python's csv module is three times slower, and a row per step would
ask for the interpreter's lock a million times, against everything else that the server does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from backend.columns import Column, FileFormat, Listing
from backend.model import VideoFilter
from backend.store.database import Connections
from backend.store.lines import SOURCES, Source, row
from backend.store.search import conditions

FIRST_ROWS, ROWS = 100, 1000  # in the first piece, so that it comes at once, and in each one after it
READERS = 2  # pieces that are read at the same time, ahead of whoever takes them
LOWEST, HIGHEST = -(2**63), 2**63 - 1

Piece: TypeAlias = tuple[int, Any]


class Exporting:
    """Reads whole lists, in constant memory and without a transaction that lasts."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def pieces(
        self,
        listing: Listing,
        columns: Sequence[Column],
        file_format: FileFormat,
        wanted: VideoFilter,
        zone: ZoneInfo,
        base_url: str = "",
    ) -> Generator[Piece, None, None]:
        """Yield all rows that match, newest first, a thousand at a time: how many they are, and the rows themselves.

        For CSV and JSON lines they are bytes, for Excel a list of tuples. Each piece is one state of the database; what
        others change meanwhile is seen or not, but no row comes twice or is left out for it. Closing the iterator ends
        what is being read, and closes its connections.
        """
        source = SOURCES[listing]
        written = row(source, columns, file_format, zone)
        rows = f"select {source.key} as key, {{}} from {source.tables} {{}} order by key desc"
        blob = f"select count(*), cast(group_concat(line, '') as blob) from ({rows.format(f'{written} as line', '{}')})"

        def read(low: int, before: int) -> Piece:
            where = conditions(wanted, source.filters)
            where.add(f"{source.key} >= :low and {source.key} < :before", low=low, before=before)
            values = {**where.values, "base_url": base_url}
            db = readers.get()
            try:
                if file_format is FileFormat.XLSX:
                    found = db.execute(rows.format(written, where.sql), values).fetchall()
                    return len(found), [cells for _, *cells in found]
                count, lines = db.execute(blob.format(where.sql), values).fetchone()
                return count, lines or b""
            finally:
                readers.put(db)

        readers: SimpleQueue[Database] = SimpleQueue()
        with ExitStack() as stack:
            for _ in range(READERS):
                readers.put(stack.enter_context(self._connections.apart()))
            pool = stack.enter_context(ThreadPoolExecutor(READERS, "export"))
            waiting: deque[Future[Piece]] = deque()
            for low, before in self._ranges(source, wanted):
                waiting.append(pool.submit(read, low, before))
                if len(waiting) > READERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _ranges(self, source: Source, wanted: VideoFilter) -> Iterator[tuple[int, int]]:
        """Yield the ranges of keys that hold one piece each: the lowest key, and the one before which it ends."""
        before, size = HIGHEST, FIRST_ROWS
        tables = source.tables if wanted.user_name else source.narrow_tables
        while before > LOWEST:
            where = conditions(wanted, source.filters)
            where.add(f"{source.key} < :before", before=before)
            sql = f"select {source.key} from {tables} {where.sql} order by {source.key} desc limit 1 offset {size - 1}"
            with self._connections.reading() as db:
                found = db.execute(sql, where.values).fetchone()
            low = found[0] if found else LOWEST
            yield low, before
            before, size = low, ROWS
