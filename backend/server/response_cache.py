"""What pure operations answered, until the database changes: one encoding for all who ask the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

import msgspec

from backend.store import UNKNOWN

MAX_ANSWER_BYTES, MAX_BYTES = 128 << 10, 8 << 20
MAX_SECONDS = 60.0  # an address of cloud mode, which does not last, is good for much longer


class KeptAnswer(msgspec.Struct, frozen=True):
    """An envelope but for its requestId."""

    before: bytes
    after: bytes

    def envelope(self, request_id: str) -> bytes:
        return b"".join((self.before, request_id.encode(), self.after))


class Generation(msgspec.Struct):
    """A time in which nothing was changed, and what was answered in it."""

    version: int
    until: float
    kept: dict[Hashable, KeptAnswer] = {}
    size: int = 0  # bytes


class ResponseCache:
    """Keeps answers of one version of the database, the latest. May be used by any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._generation = Generation(UNKNOWN, 0.0)

    def get(self, key: Hashable, version: int) -> KeptAnswer | None:
        """Return what was answered in this version; its requestId is the asker's own."""
        generation = self._generation
        if version != generation.version or self._clock() > generation.until:
            return None
        return generation.kept.get(key)

    def put(self, key: Hashable, version: int, body: bytes, request_id: str) -> None:
        """Keep an answer. `version` was read before what it was made of."""
        if version == UNKNOWN or len(body) > MAX_ANSWER_BYTES:
            return
        with self._guard:
            generation, now = self._generation, self._clock()
            if version != generation.version or now > generation.until:
                self._generation = generation = Generation(version, now + MAX_SECONDS)
            # Who walks through all pages shall not push out those that many ask for.
            if key not in generation.kept and generation.size + len(body) <= MAX_BYTES:
                before, _, after = body.partition(request_id.encode())
                generation.kept[key] = KeptAnswer(before, after)
                generation.size += len(body)
