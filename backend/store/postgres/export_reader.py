"""Bulk export: PostgreSQL itself formats the lines, and COPY sends them.

A copy of a thousand rows takes half the time of a statement that returns their lines as one text.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.model import Sort, VideoFilter
from backend.store.engine import Piece
from backend.store.export_batches import batches_of_keys, read_batches
from backend.store.postgres import export_sql, video_queries
from backend.store.postgres.connections import Connections
from backend.store.postgres.database import PRESENT, Database
from backend.store.postgres.export_sql import SOURCES

ENDS = {FileFormat.CSV: b"\r\n", FileFormat.JSONL: b"\n"}


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
    if file_format is FileFormat.XLSX:
        selected, read_as = export_sql.cells(source, columns, zone), export_sql.readers(columns)
    else:
        selected, options = export_sql.lines(source, columns, file_format, zone)

    end = ENDS.get(file_format, b"")

    def read(db: Database, keys: list[int]) -> Piece:
        sql = f"select {selected} from {source.tables_at(keys)}"
        if file_format is FileFormat.XLSX:
            found = [
                tuple(read_as[at](value) if at in read_as else value for at, value in enumerate(row))
                for row in db.fetch(sql, {"base_url": base_url})
            ]
            return len(found), found
        return _copy(db, f"copy ({_bound(db, sql, base_url, int(connections.now()))}) to stdout {options}", end)

    def keys_with(db: Database) -> Iterator[list[int]]:
        return batches_of_keys(db, video_queries, source.found, wanted, sort)

    return read_batches(connections.unpooled_reader, keys_with, read)


def _bound(db: Database, sql: str, base_url: str, now: int) -> str:
    """Return a statement with its values in it, since COPY takes none."""
    quoted = psycopg.sql.quote(base_url, db.conn)
    return sql.replace(PRESENT, str(now)).replace(":base_url", quoted)


def _copy(db: Database, sql: str, end: bytes) -> tuple[int, bytes]:
    """Return the number of rows and their lines, which PostgreSQL ends by a line feed and sends one at a time."""
    rows: list[Any] = []
    with db.conn.cursor() as cursor, cursor.copy(sql.encode()) as copy:
        rows += (bytes(row)[:-1] for row in copy)
    return len(rows), end.join([*rows, b""])
