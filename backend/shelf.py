"""Videos as JSON, ready to be joined to a page: writing one costs more than finding it, and most are asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from backend.model import Mark
from backend.wire import encode

T = TypeVar("T")

MOST_KEPT = 2_000  # 4 MB or so
Ready: TypeAlias = dict[int, tuple[Mark, msgspec.Raw]]  # by key


class Shelf:
    """Keeps the JSON of each video until the video is another one: its mark tells."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: dict[Any, Ready] = {}

    def take(
        self, shelf: Any, marks: Mapping[int, Mark], load: Callable[[list[int]], Iterable[T]], write: Callable[[T], Any]
    ) -> list[msgspec.Raw]:
        """Return what `write` makes of the rows with these keys, in their order, encoded.

        `load` is asked for those only whose mark changed. `shelf` stands for all else that the JSON depends on.
        """
        kept = self._kept.get(shelf, {})
        found = {key: ready[1] for key, mark in marks.items() if (ready := kept.get(key)) and ready[0] == mark}
        if len(found) == len(marks):
            return list(found.values())
        missing = [key for key in marks if key not in found]
        made = [msgspec.Raw(encode(write(row))) for row in load(missing)]
        found.update(zip(missing, made, strict=True))
        self._keep(shelf, {key: (marks[key], found[key]) for key in missing})
        return [found[key] for key in marks]

    def _keep(self, shelf: Any, made: Ready) -> None:
        if sum(map(len, self._kept.values())) + len(made) > self._most:
            self._kept = {}
        self._kept.setdefault(shelf, {}).update(made)
