"""Response cache for pure operations, valid until the database changes; identical requests share one encoding."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

import msgspec

from backend.store import UNKNOWN

MAX_ANSWER_BYTES, MAX_BYTES = 128 << 10, 8 << 20
MAX_CALLERS = 10_000
MAX_SECONDS = 60.0  # signed URLs of cloud mode are valid much longer


class KeptAnswer(msgspec.Struct, frozen=True):
    """An encoded envelope, split at its requestId."""

    before: bytes
    after: bytes

    def envelope(self, request_id: str) -> bytes:
        return b"".join((self.before, request_id.encode(), self.after))


class Generation(msgspec.Struct):
    """The responses cached for one database version."""

    version: int
    until: float
    kept: dict[Hashable, KeptAnswer] = {}
    callers: set[int] = set()  # hashes of the tokens that answers were made for
    size: int = 0  # bytes


class ResponseCache:
    """Caches responses for the latest database version. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._generation = Generation(UNKNOWN, 0.0)

    def get(self, key: Hashable, version: int) -> KeptAnswer | None:
        """Return the response cached for this version, if any."""
        generation = self._generation
        if version != generation.version or self._clock() > generation.until:
            return None
        return generation.kept.get(key)

    def version_for(self, token: str) -> int:
        """Return the version of which this token got answers, so that whose it is need not be read; or UNKNOWN."""
        generation = self._generation
        return generation.version if hash(token) in generation.callers else UNKNOWN

    def put(self, key: Hashable, version: int, body: bytes, request_id: str, token: str) -> None:
        """Cache a response to this token. `version` must have been read before the data it was made from."""
        if version == UNKNOWN or len(body) > MAX_ANSWER_BYTES:
            return
        with self._guard:
            generation, now = self._generation, self._clock()
            if version != generation.version or now > generation.until:
                self._generation = generation = Generation(version, now + MAX_SECONDS)
            if len(generation.callers) < MAX_CALLERS:
                generation.callers.add(hash(token))
            # a client paging through everything must not evict popular pages
            if key not in generation.kept and generation.size + len(body) <= MAX_BYTES:
                before, _, after = body.partition(request_id.encode())
                generation.kept[key] = KeptAnswer(before, after)
                generation.size += len(body)
