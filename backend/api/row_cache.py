"""Cache of encoded video rows: encoding a row costs more than reading it, and most rows are requested repeatedly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import msgspec

from backend.api.wire import encode
from backend.model import Missing, RowPage, RowVersion

T = TypeVar("T")

MAX_KEPT = 2_000  # about 4 MB
Ready: TypeAlias = dict[int, tuple[RowVersion, msgspec.Raw]]  # by row key


class EncodedRowCache:
    """Caches the JSON of rows; a changed mark invalidates a row."""

    def __init__(self, most: int = MAX_KEPT) -> None:
        self._most = most
        self._kept: dict[Any, Ready] = {}

    def take(
        self, shelf: Any, find: Callable[[Missing], RowPage[T]], write: Callable[[T], Any]
    ) -> tuple[int, list[msgspec.Raw]]:
        """Return the total and the encoded rows of a page, in order, with `write` building each row.

        `find` reads only the rows that are not cached. `shelf` identifies everything else the JSON depends on.
        """
        kept = self._kept.get(shelf, {})
        ready: dict[RowVersion, msgspec.Raw] = {}

        def missing(versions: list[RowVersion]) -> list[RowVersion]:
            ready.update((mark, found[1]) for mark in versions if (found := kept.get(mark[0])) and found[0] == mark)
            return [] if len(ready) == len(versions) else [mark for mark in versions if mark not in ready]

        page = find(missing)
        if page.rows:
            new = [mark for mark in page.versions if mark not in ready]
            made = (msgspec.Raw(encode(write(row))) for row in page.rows)
            ready.update(zip(new, made, strict=True))
            self._keep(shelf, {mark[0]: (mark, ready[mark]) for mark in new})
        return page.total, [ready[mark] for mark in page.versions]

    def _keep(self, shelf: Any, made: Ready) -> None:
        if sum(map(len, self._kept.values())) + len(made) > self._most:
            self._kept = {}
        self._kept.setdefault(shelf, {}).update(made)
