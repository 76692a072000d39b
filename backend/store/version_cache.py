"""Cache of query results that is valid until the database changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from backend.store.engine import UNKNOWN

T = TypeVar("T")

MAX_KEPT = 10_000


class VersionedCache:
    """Caches query results until any process commits a change, which `version` tells."""

    def __init__(self) -> None:
        self._kept: tuple[int, dict[Hashable, Any]] = UNKNOWN, {}

    def version(self) -> int:
        """Return a number that differs after every change; UNKNOWN if it cannot be read."""
        raise NotImplementedError

    def get(self, key: Hashable, find: Callable[[], T], version: int | None = None) -> T:
        """Return the cached result of `find` for this key, calling it on a miss.

        Pass `version` if `find` reads an older snapshot.
        """
        if version is None:
            version = self.version()  # read before `find`, so that its snapshot is of this version or newer
        known, kept = self._kept
        if version != known or version == UNKNOWN or len(kept) >= MAX_KEPT:
            kept = {}
            self._kept = version, kept
        elif key in kept:
            return cast(T, kept[key])
        found = kept[key] = find()  # discarded with its dictionary if the database changed in the meantime
        return found

    def __len__(self) -> int:
        return len(self._kept[1])
