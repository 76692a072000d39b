"""Bulk export."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from zoneinfo import ZoneInfo

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.model import Sort, VideoFilter
from backend.store.engine import Piece
from backend.store.postgres.connections import Connections


def read_pieces(
    connections: Connections, listing: ExportSource, columns: Sequence[Column], file_format: FileFormat,
    wanted: VideoFilter, zone: ZoneInfo, base_url: str = "", sort: Sort = Sort.NEWEST,
) -> Generator[Piece, None, None]:  # fmt: skip
    """Yield all matching rows in order, in batches of (count, rows)."""
    raise NotImplementedError
