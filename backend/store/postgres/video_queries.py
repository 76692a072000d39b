"""Queries for video lists."""

from __future__ import annotations

from array import array
from typing import Any

from backend.model import RowVersion, Sort, VideoFilter
from backend.store.postgres.database import Database

VIDEOS, FEED = "videos", "feed"


def count(db: Database, listing: Any, wanted: VideoFilter) -> int:
    """Return the number of matching rows."""
    raise NotImplementedError


def count_by(db: Database, wanted: VideoFilter, column: str, most: int = -1) -> list[tuple[Any, int]]:
    """Count matching videos by `cate_id` or `user_id`, largest first."""
    raise NotImplementedError


def find(
    db: Database, listing: Any, wanted: VideoFilter, sort: Sort, index: int, size: int, total: int
) -> list[RowVersion]:
    """Return the marks of page `index` (from 1) of the `total` matching rows, in order."""
    raise NotImplementedError


def keys_before(db: Database, listing: Any, wanted: VideoFilter, before: int | None, limit: int) -> list[int]:
    """Return the keys of the newest matching rows older than the key `before`."""
    raise NotImplementedError


def keys_in_order(db: Database, listing: Any, wanted: VideoFilter, sort: Sort) -> array[int]:
    """Return the keys of all matching rows, in order."""
    raise NotImplementedError
