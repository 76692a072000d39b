"""Cache of encoded video rows: encoding a row costs more than reading it, and most rows are requested repeatedly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import msgspec

from backend.api.wire import encode
from backend.model import Missing, RowPage, RowVersion

T = TypeVar("T")

MAX_KEPT = 2_000  # about 4 MB
Ready: TypeAlias = dict[RowVersion, msgspec.Raw]


class EncodedRowCache:
    """Caches the JSON of rows by their versions: a changed row has another one."""

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
        ready: list[msgspec.Raw | None] = []

        def missing(versions: list[RowVersion]) -> list[RowVersion]:
            ready[:] = map(kept.get, versions)
            return [] if all(ready) else [one for one, row in zip(versions, ready, strict=True) if row is None]

        page = find(missing)
        if page.rows:
            rows = iter(page.rows)
            made = {
                version: msgspec.Raw(encode(write(next(rows))))
                for version, row in zip(page.versions, ready, strict=True)
                if row is None
            }
            self._keep(shelf, made)
            ready[:] = [row or made[version] for version, row in zip(page.versions, ready, strict=True)]
        return page.total, cast(list[msgspec.Raw], ready)

    def _keep(self, shelf: Any, made: Ready) -> None:
        if sum(map(len, self._kept.values())) + len(made) > self._most:
            self._kept = {}
        self._kept.setdefault(shelf, {}).update(made)
