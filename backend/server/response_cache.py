"""Answers without detours: what was asked before and has not changed since, and what is found faster than handed on.

A thread, and Starlette's way to it, cost several times what such an answer costs, and the same lists are asked again
and again by every open page and phone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from starlette.types import Scope

from backend.api.registry import OPERATIONS, is_secret
from backend.api.wire import encode
from backend.console import Console
from backend.model import Access
from backend.observability.request_metrics import new_request_id
from backend.server.request import bearer, caller_of, read_headers, read_query, token_of
from backend.store import UNKNOWN, StoreError

MOST_KEPT, LARGEST = 128, 128 << 10  # answers, and bytes of each
SECONDS = 1.0  # a session may end by the clock, which the database does not tell
SUCCESS = b'{"result":"true"'
SLOW = frozenset(
    {
        "title",
        "userName",
        "sort",
        "tags",
        "transcodeStatus",
        "narrowTranscodeStatus",
        "isRecommend",
        "minDuration",
        "maxDuration",
        "minSize",
        "maxSize",
    }
)  # what goes through the search index, or along other orders
MOST_DIGITS = 2  # of a quick page's size
PATIENCE = 0.1  # seconds: a disk that has to turn for it; a busy machine alone is not it

Key: TypeAlias = tuple[str, bytes, bytes, bytes, bytes, str]


class KeptAnswer(msgspec.Struct, frozen=True):
    """An envelope but for its requestId."""

    before: bytes
    after: bytes
    who: str


class Moment(msgspec.Struct):
    """A time in which nothing was changed, and what was answered in it."""

    version: int
    since: float
    kept: dict[Key, KeptAnswer] = {}
    accesses: dict[str, Access] = {}  # by token


class Question(msgspec.Struct, frozen=True):
    """What was asked, and when: its answer is kept only as long as that moment lasts."""

    operation: str
    key: Key
    moment: Moment

    def keep(self, body: bytes, request_id: str, who: str) -> None:
        """Keep what was answered to this account, for whoever asks the same with the same token."""
        if body.startswith(SUCCESS) and len(body) <= LARGEST and len(self.moment.kept) < MOST_KEPT:
            before, _, after = body.partition(request_id.encode())
            self.moment.kept[self.key] = KeptAnswer(before, after, who)


class QuickAnswers:
    """Keeps the answers of pure operations until something changes, and gives them again.

    In cloud mode, those that ask Alibaba are left to threads: nobody else may wait for it.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._version, self._one_state = console.store.version, console.store.one_state
        self._note = console.calls.note
        self._clock = clock
        self._names = {
            one.path: one.name for one in OPERATIONS.values() if one.pure and not (one.remote and console.cloud)
        }
        self._moment = Moment(UNKNOWN, clock())
        self._patient_until = 0.0

    def answer(self, scope: Scope) -> tuple[bytes, str] | None:
        """Return an answer with its requestId; None where a thread should look for it.

        The scope has the `question` then, whose answer may be kept.
        """
        name = self._names.get(scope["path"])
        if not name or scope["method"] != "GET" or (key := _key(scope)) is None:
            return None
        started = time.perf_counter()
        found = self._moment.kept.get(key)
        if found and self._is_now(self._version()):
            return self._again(name, found, started)
        try:
            with self._one_state() as version:
                if not self._is_now(version):
                    self._moment = Moment(version, self._clock())
                scope["question"] = question = Question(name, key, self._moment)
                return self._now_and_here(question, scope, started)
        except StoreError:  # told on the longer way, where it happens again
            return None

    def _is_now(self, version: int) -> bool:
        moment = self._moment
        return version == moment.version != UNKNOWN and self._clock() - moment.since <= SECONDS

    def _again(self, name: str, found: KeptAnswer, started: float) -> tuple[bytes, str]:
        """Return what was answered a moment ago, since which nothing was changed."""
        request_id = new_request_id()
        body = b"".join((found.before, request_id.encode(), found.after))
        self._note(name, "200", found.who, "rest", time.perf_counter() - started, request_id)
        return body, request_id

    def _now_and_here(self, question: Question, scope: Scope, started: float) -> tuple[bytes, str] | None:
        """Find the answer on the event loop, where that takes a fraction of a millisecond.

        Once the disk made everybody wait for that, threads get the questions of the next second.
        """
        if self._clock() < self._patient_until:
            return None
        answer = answer_query(self._console, question, scope)
        if time.perf_counter() - started > PATIENCE:
            self._patient_until = self._clock() + SECONDS
        return answer


def answer_query(console: Console, question: Question, scope: Scope) -> tuple[bytes, str] | None:
    """Answer a question that stands in the address alone.

    None where anything is wrong with it or with us: the longer way says what.
    """
    headers = read_headers(scope)
    caller = caller_of(scope, headers)
    try:
        query = read_query(scope["query_string"])
        token = token_of(query) or bearer(headers)
        if not SLOW.isdisjoint(query) or len(query.get("pageSize", "")) > MOST_DIGITS or any(map(is_secret, query)):
            return None
        accesses = question.moment.accesses
        if token not in accesses and (access := console.access_of(token)):
            accesses[token] = access
        answer, who = console.answer(question.operation, query, token, caller, accesses.get(token))
        body = encode(answer)
        question.keep(body, caller.request_id, who)
    except Exception:  # told on the longer way, where it happens again
        return None
    return body, caller.request_id


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
