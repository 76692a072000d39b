"""Bulk export: SQLite itself formats the lines, which is the fastest option.

One statement returns a thousand rows as one blob. Python's csv module is three times slower, and fetching row by row
would take the interpreter lock a million times, slowing down the rest of the server.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from zoneinfo import ZoneInfo

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.model import Sort, VideoFilter
from backend.store.engine import Piece
from backend.store.export_batches import batches_of_keys, read_batches
from backend.store.sqlite import video_queries
from backend.store.sqlite.connections import Connections
from backend.store.sqlite.database import Database
from backend.store.sqlite.export_sql import SOURCES, row


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

    def read(db: Database, keys: list[int]) -> Piece:
        values = {"keys": json.dumps(keys), "base_url": base_url}
        if file_format is FileFormat.XLSX:
            found = db.fetch(rows, values)
            return len(found), found
        count, text = db.execute(lines, values).fetchone()
        return count, text or b""

    def keys_with(db: Database) -> Iterator[list[int]]:
        return batches_of_keys(db, video_queries, source.found, wanted, sort)

    return read_batches(connections.unpooled_reader, keys_with, read)
