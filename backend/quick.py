"""Answers without detours: what was asked before and has not changed since, and what is found faster than handed on.

A thread and Starlette's way to it cost several times what such an answer costs, and the same lists are asked again and
again by every open page and phone.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from starlette.types import Scope

from backend.console import Console
from backend.registry import OPERATIONS
from backend.store import UNKNOWN

MOST_KEPT, LARGEST = 128, 128 << 10  # answers, and bytes of each
SECONDS = 1.0  # a session may end by the clock, which the database does not tell
SUCCESS = b'{"result":"true"'

Key: TypeAlias = tuple[str, bytes, bytes, bytes, bytes, str]


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An envelope but for its requestId."""

    before: bytes
    after: bytes
    who: str


@dataclass(slots=True)
class Moment:
    """A time in which nothing was changed, and what was answered in it."""

    version: int
    since: float
    kept: dict[Key, KeptAnswer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and when: its answer is kept only as long as that moment lasts."""

    key: Key
    moment: Moment

    def keep(self, body: bytes, request_id: str, who: str) -> None:
        """Keep the answer for whoever asks the same."""
        if body.startswith(SUCCESS) and len(body) <= LARGEST and len(self.moment.kept) < MOST_KEPT:
            before, _, after = body.partition(request_id.encode())
            self.moment.kept[self.key] = KeptAnswer(before, after, who)


class QuickAnswers:
    """Keeps the answers of pure operations until something changes, and gives them again."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._version = console.store.version
        self._note = console.calls.note
        self._clock = clock
        self._names = {one.path: one.name for one in OPERATIONS.values() if one.pure}
        self._moment = Moment(self._version(), clock())

    def again(self, scope: Scope) -> tuple[bytes, str] | None:
        """Return an answer with its requestId, if the same was asked a moment ago and nothing was changed since.

        Where it was not, the scope has the `question`, whose answer may be kept.
        """
        name = self._names.get(scope["path"])
        if not name or scope["method"] != "GET" or (key := _key(scope)) is None:
            return None
        started = time.perf_counter()
        moment = self._now()
        found = moment.kept.get(key)
        if found is None:
            scope["question"] = Question(key, moment)
            return None
        request_id = str(uuid.uuid4())
        body = b"".join((found.before, request_id.encode(), found.after))
        self._note(name, "200", found.who, "rest", time.perf_counter() - started, request_id)
        return body, request_id

    def _now(self) -> Moment:
        version, now = self._version(), self._clock()
        if version != self._moment.version or version == UNKNOWN or now - self._moment.since > SECONDS:
            self._moment = Moment(version, now)
        return self._moment


def _key(scope: Scope) -> Key | None:
    """Return all that an answer may depend on; None for requests that have a body, or a header twice."""
    seen = {b"authorization": b"", b"host": b"", b"accept-language": b""}
    for name, value in scope["headers"]:
        if name in seen:
            if seen[name]:
                return None
            seen[name] = value
        elif name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return None
    language = seen[b"accept-language"].strip()[:2].lower()
    return (scope["path"], scope["query_string"], seen[b"authorization"], seen[b"host"], language, scope["scheme"])
