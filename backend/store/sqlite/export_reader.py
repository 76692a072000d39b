"""Bulk export: SQLite itself formats the lines, which is the fastest option.

One statement returns a thousand rows as one blob. Python's csv module is three times slower, and fetching row by row
would take the interpreter lock a million times, slowing down the rest of the server.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from zoneinfo import ZoneInfo

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.model import Sort, VideoFilter
from backend.store.engine import Piece
from backend.store.sqlite import video_queries
from backend.store.sqlite.connections import Connections
from backend.store.sqlite.database import Database
from backend.store.sqlite.export_sql import SOURCES, RowSource, row

FIRST_ROWS, ROWS = 100, 1000  # rows in the first batch, which should arrive immediately, and in later ones
READERS = 2  # batches read ahead in parallel


def read_pieces(
    connections: Connections,
    listing: ExportSource,
    columns: Sequence[Column],
    file_format: FileFormat,
    wanted: VideoFilter,
    zone: ZoneInfo,
    base_url: str = "",
    sort: Sort = Sort.NEWEST,
) -> Generator[Piece, None, None]:
    """Yield all matching rows in order, in batches of (count, rows).

    Rows are bytes for CSV and JSON Lines, a list of tuples for Excel. Each batch is one snapshot; concurrent changes
    may or may not be included, but no row occurs twice. Closing the iterator closes its connections.
    """
    source = SOURCES[listing]
    rows = f"select {row(source, columns, file_format, zone)} as line from {source.tables_at_keys}"
    lines = f"select count(*), cast(group_concat(line, '') as blob) from ({rows})"

    def read(keys: list[int]) -> Piece:
        values = {"keys": json.dumps(keys), "base_url": base_url}
        db = readers.get()
        try:
            if file_format is FileFormat.XLSX:
                found = db.fetch(rows, values)
                return len(found), found
            count, text = db.execute(lines, values).fetchone()
            return count, text or b""
        finally:
            readers.put(db)

    readers: SimpleQueue[Database] = SimpleQueue()
    with ExitStack() as stack:
        for _ in range(READERS):
            readers.put(stack.enter_context(connections.unpooled_reader()))
        pool = stack.enter_context(ThreadPoolExecutor(READERS, "export"))
        waiting: deque[Future[Piece]] = deque()
        for keys in _keys(stack.enter_context(connections.unpooled_reader()), source, wanted, sort):
            waiting.append(pool.submit(read, keys))
            if len(waiting) > READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _keys(db: Database, source: RowSource, wanted: VideoFilter, sort: Sort) -> Iterator[list[int]]:
    """Yield the keys of each batch; the last batch may be empty, and is the only one of an empty list."""
    if sort is not Sort.NEWEST:
        every = video_queries.keys_in_order(db, source.found, wanted, sort)
        yield every[:FIRST_ROWS].tolist()
        for first in range(FIRST_ROWS, len(every), ROWS):
            yield every[first : first + ROWS].tolist()
        return
    before, size = None, FIRST_ROWS
    while True:
        keys = video_queries.keys_before(db, source.found, wanted, before, size)
        yield keys
        if len(keys) < size:
            return
        before, size = keys[-1], ROWS
