"""Videos as JSON, ready to be joined to a page: writing one costs more than finding it, and most are asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

import msgspec

from backend.api.wire import encode
from backend.model import Mark

T = TypeVar("T")

MAX_KEPT = 2_000  # 4 MB or so
Ready: TypeAlias = dict[int, tuple[Mark, msgspec.Raw]]  # by key


class EncodedRowCache:
    """Keeps the JSON of each video until the video is another one: its mark tells."""

    def __init__(self, most: int = MAX_KEPT) -> None:
        self._most = most
        self._kept: dict[Any, Ready] = {}

    def take(
        self, shelf: Any, marks: list[Mark], load: Callable[[list[int]], Iterable[T]], write: Callable[[T], Any]
    ) -> list[msgspec.Raw]:
        """Return what `write` makes of the rows with these marks, in their order, encoded.

        `load` is asked for the keys of those only whose mark changed. `shelf` stands for all else that the JSON
        depends on.
        """
        kept = self._kept.get(shelf, {})
        ready = [found[1] for mark in marks if (found := kept.get(mark[0])) and found[0] == mark]
        return ready if len(ready) == len(marks) else self._write(shelf, marks, load, write)

    def _write(
        self, shelf: Any, marks: list[Mark], load: Callable[[list[int]], Iterable[T]], write: Callable[[T], Any]
    ) -> list[msgspec.Raw]:
        kept = self._kept.get(shelf, {})
        ready = {mark: found[1] for mark in marks if (found := kept.get(mark[0])) and found[0] == mark}
        missing = [mark for mark in marks if mark not in ready]
        made = (msgspec.Raw(encode(write(row))) for row in load([mark[0] for mark in missing]))
        ready.update(zip(missing, made, strict=True))
        self._keep(shelf, {mark[0]: (mark, ready[mark]) for mark in missing})
        return [ready[mark] for mark in marks]

    def _keep(self, shelf: Any, made: Ready) -> None:
        if sum(map(len, self._kept.values())) + len(made) > self._most:
            self._kept = {}
        self._kept.setdefault(shelf, {}).update(made)
