"""Categories of videos, which form a tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """A category: `parent_id` is 0 at the root, `names` is the path from the root, `total` counts its videos."""

    cate_id: int
    cate_name: str
    parent_id: int = 0
    names: tuple[str, ...] = ()
    total: int = 0
