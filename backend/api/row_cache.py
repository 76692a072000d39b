"""Videos as JSON, ready to be joined to a page: writing one costs more than finding it, and most are asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import msgspec

from backend.api.wire import encode
from backend.model import Listed, Mark, Missing

T = TypeVar("T")

MAX_KEPT = 2_000  # 4 MB or so
Ready: TypeAlias = dict[int, tuple[Mark, msgspec.Raw]]  # by key


class EncodedRowCache:
    """Keeps the JSON of each video until the video is another one: its mark tells."""

    def __init__(self, most: int = MAX_KEPT) -> None:
        self._most = most
        self._kept: dict[Any, Ready] = {}

    def take(
        self, shelf: Any, find: Callable[[Missing], Listed[T]], write: Callable[[T], Any]
    ) -> tuple[int, list[msgspec.Raw]]:
        """Return what `write` makes of the rows that `find` finds, in their order, encoded, and how many match in all.

        `find` reads those only whose mark changed. `shelf` stands for all else that the JSON depends on.
        """
        kept = self._kept.get(shelf, {})
        ready: dict[Mark, msgspec.Raw] = {}

        def missing(marks: list[Mark]) -> list[Mark]:
            ready.update((mark, found[1]) for mark in marks if (found := kept.get(mark[0])) and found[0] == mark)
            return [] if len(ready) == len(marks) else [mark for mark in marks if mark not in ready]

        page = find(missing)
        if page.rows:
            new = [mark for mark in page.marks if mark not in ready]
            made = (msgspec.Raw(encode(write(row))) for row in page.rows)
            ready.update(zip(new, made, strict=True))
            self._keep(shelf, {mark[0]: (mark, ready[mark]) for mark in new})
        return page.total, [ready[mark] for mark in page.marks]

    def _keep(self, shelf: Any, made: Ready) -> None:
        if sum(map(len, self._kept.values())) + len(made) > self._most:
            self._kept = {}
        self._kept.setdefault(shelf, {}).update(made)
