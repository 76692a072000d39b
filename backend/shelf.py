"""Videos as JSON, ready to be joined to a page: writing one costs more than finding it, and most are asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from backend.model import Mark
from backend.wire import encode

T = TypeVar("T")

MOST_KEPT = 2_000  # 4 MB or so
Place: TypeAlias = tuple[Any, int]


class Shelf:
    """Keeps the JSON of each video until the video is another one: its mark tells."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: dict[Place, tuple[Mark, msgspec.Raw]] = {}

    def take(
        self, shelf: Any, marks: Mapping[int, Mark], load: Callable[[list[int]], Iterable[T]], write: Callable[[T], Any]
    ) -> list[msgspec.Raw]:
        """Return what `write` makes of the rows with these keys, in their order, encoded.

        `load` is asked for those only whose mark changed. `shelf` stands for all else that the JSON depends on.
        """
        kept = self._kept
        found = {key: ready[1] for key, mark in marks.items() if (ready := kept.get((shelf, key))) and ready[0] == mark}
        missing = [key for key in marks if key not in found]
        if missing:
            if len(kept) + len(missing) > self._most:
                self._kept = kept = {}
            for key, row in zip(missing, load(missing), strict=True):
                found[key] = msgspec.Raw(encode(write(row)))
                kept[(shelf, key)] = (marks[key], found[key])
        return [found[key] for key in marks]
