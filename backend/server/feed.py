"""Serves the app's feed: equal bytes for everybody, made for shared caches and phones."""

from __future__ import annotations

import gzip
import math
import time
from collections.abc import Hashable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import anyio
import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.api.registry import OPERATIONS
from backend.api.wire import encode, envelope
from backend.console import OUR_FAULT, Console
from backend.errors import Refused
from backend.lifecycle.feed import FeedPage
from backend.observability.request_metrics import new_request_id
from backend.server.multipart import read_content_type
from backend.server.operations import MAX_BODY, Shared, merge
from backend.server.request import (
    Endpoint,
    JsonResponse,
    RequestContext,
    read_body,
    read_headers,
    read_query,
)
from backend.server.static_files import accepts_gzip
from backend.store import StoreError

MAX_SECONDS = 15  # a cache keeps no page longer, so that no phone is shown what was blocked before that
STALE_SECONDS = 60  # a cache may show the first page so much longer while it asks for the next one
ERROR_SECONDS = 86_400  # and so much longer while we do not answer
SIGNED_ERROR_SECONDS = 1500  # as long as signed URLs are good in any case, after the times above
MAX_READY = 4096
MAX_NUMBER = (1 << 48) - 1
# All that a program's answer needs: each further header takes a microsecond, and no browser shows JSON as a page.
JSON = [(b"content-type", b"application/json; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
NAME = "getFeed"


class ReadyPage(msgspec.Struct, frozen=True, eq=False):
    """A page as it is sent, plain and compressed, with the headers that do not depend on the time."""

    page: FeedPage
    tag: bytes
    body: bytes
    packed: bytes
    headers: list[tuple[bytes, bytes]]
    packed_headers: list[tuple[bytes, bytes]]
    known_headers: list[tuple[bytes, bytes]]  # of a 304


class FeedEndpoint:
    """Answers getFeed: on the event loop what was asked before and has not changed since, all else in a thread."""

    def __init__(self, console: Console, shared: Shared, limiter: anyio.CapacityLimiter) -> None:
        self._console, self._shared = console, shared
        self._endpoint = Endpoint(console, NAME, limiter, self._answer)
        self._signed = console.cloud is not None and bool(console.settings.url_auth_key)
        # What was asked for in this state of the database, until the clock changes anything
        self._ready: dict[Hashable, ReadyPage] = {}
        self._version, self._until = -1, 0.0
        # Request ids are numbered from a random one: making each at random takes three times as long
        self._id_head, first = new_request_id()[:24], new_request_id()[24:]
        self._number = int(first, 16)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, now = time.perf_counter(), self._console.clock()
        if now < self._until and scope["method"] == "GET":
            headers = read_headers(scope)
            ready = self._ready.get(key_of(scope, headers))
            if (
                ready is not None
                and self._shared.version(self._console.store) == self._version
                and b"content-length" not in headers
                and b"transfer-encoding" not in headers
            ):
                self._number += 1
                request_id = f"{self._id_head}{self._number & MAX_NUMBER:012x}"
                status, body, told = self._respond(ready, headers, now, request_id)
                await send({"type": "http.response.start", "status": status, "headers": told})
                await send({"type": "http.response.body", "body": body})
                self._console.calls.note(NAME, "200", "", "rest", time.perf_counter() - started, request_id)
                return
        await self._endpoint(scope, receive, send)

    async def _answer(self, context: RequestContext) -> Response:
        operation, query = OPERATIONS[NAME], read_query(context.scope["query_string"])
        context.require_method(*operation.methods)
        version = self._shared.version(self._console.store)
        media_type, options = read_content_type(context.headers.get(b"content-type", b"").decode("latin-1"))
        given = read_body(await context.read_body(MAX_BODY), media_type, options)
        bound = operation.bind(merge(query, given), self._console.settings.time_zone)
        try:
            ready, until = await context.run(self._make, bound, context.caller.base_url, version)
        except StoreError as error:  # with a status that lets caches show what they have
            self._console.explain(error, NAME, context.caller.request_id)
            raise Refused(503, OUR_FAULT, request_id=context.caller.request_id) from error
        if not given:
            self._keep(key_of(context.scope, context.headers), ready, until, version)
        context.note("200")
        now, request_id = self._console.clock(), context.caller.request_id
        return KeptResponse(*self._respond(ready, context.headers, now, request_id))

    def _make(self, asked: Mapping[str, Any], base_url: str, version: int) -> tuple[ReadyPage, float]:
        """Return a page, and until when it is the answer; 0 if it may not be any more."""
        self._console.store.feed_keys.check(asked["key"], version)
        given = asked.get("slot", "feed"), asked.get("cursor", ""), asked.get("page_size", 20)
        page, until = self._console.feed.find(*given, base_url, version)
        if page.ready is None:
            page.ready = make_ready(page)
        return page.ready, until

    def _keep(self, key: Hashable, ready: ReadyPage, until: float, version: int) -> None:
        if version != self._version or self._console.clock() >= self._until or len(self._ready) >= MAX_READY:
            self._ready, self._version, self._until = {}, version, math.inf
        if until:
            self._ready[key] = ready
            self._until = min(self._until, until)

    def _respond(
        self, ready: ReadyPage, headers: Mapping[bytes, bytes], now: float, request_id: str
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """Return status, body and headers."""
        told = [(b"cache-control", self._cache_control(ready.page, now)), (b"x-request-id", request_id.encode())]
        known = headers.get(b"if-none-match")
        if known is not None and is_known(known, ready.tag):
            return 304, b"", ready.known_headers + told
        accepted = headers.get(b"accept-encoding")
        if accepted is not None and accepts_gzip(accepted.decode("latin-1")):
            return 200, ready.packed, ready.packed_headers + told
        return 200, ready.body, ready.headers + told

    def _cache_control(self, page: FeedPage, now: float) -> bytes:
        if page.next_change is None:
            return cache_control(MAX_SECONDS, page.is_first, self._signed)
        left = page.next_change - now
        seconds = max(1, int(min(MAX_SECONDS, left)))
        return cache_control(seconds, page.is_first and left >= seconds + STALE_SECONDS, self._signed)


class KeptResponse(JsonResponse):
    """A response that caches may keep."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.body, self.status_code, self.background, self.raw_headers = body, status, None, headers


def key_of(scope: Scope, headers: Mapping[bytes, bytes]) -> Hashable:
    """Return what an answer depends on besides the state of the feed."""
    return scope["query_string"], headers.get(b"host"), scope["scheme"], scope.get("server")


def make_ready(page: FeedPage) -> ReadyPage:
    """Encode a page."""
    body = encode(envelope("200", OPERATIONS[NAME].message, page.data, page.request_id))
    packed = gzip.compress(body, 6, mtime=0)
    tag = b'W/"%s"' % blake2b(body, digest_size=12).hexdigest().encode()
    always = [(b"etag", tag), (b"vary", b"Accept-Encoding")]
    plain = [*JSON, *always, (b"content-length", b"%d" % len(body))]
    coded = [*JSON, *always, (b"content-length", b"%d" % len(packed)), (b"content-encoding", b"gzip")]
    return ReadyPage(page, tag, body, packed, plain, coded, always)


def is_known(asked: bytes, tag: bytes) -> bool:
    """Return whether If-None-Match names this tag, compared weakly (RFC 9110)."""
    bare = tag.removeprefix(b"W/")
    return any(one.strip().removeprefix(b"W/") in (bare, b"*") for one in asked.split(b","))


@lru_cache(64)
def cache_control(seconds: int, may_be_stale: bool, signed: bool) -> bytes:
    """Return the header of a page that may be kept for so long."""
    parts = ["public", f"max-age={seconds}", f"s-maxage={seconds}"]
    if may_be_stale:
        parts.append(f"stale-while-revalidate={STALE_SECONDS}")
    parts.append(f"stale-if-error={SIGNED_ERROR_SECONDS if signed else ERROR_SECONDS}")
    return ", ".join(parts).encode()
