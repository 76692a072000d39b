"""Runs operations for requests, and encodes the envelope or streams a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import msgspec
from starlette.responses import Response

from backend.api.registry import Operation
from backend.api.wire import encode
from backend.console import check
from backend.errors import BadRequest, Forbidden
from backend.exports.download import Download
from backend.lifecycle.disk_space import check_free_space
from backend.lifecycle.ingest import new_incoming
from backend.server.descriptors import disk_reads
from backend.server.downloads import DownloadResponse
from backend.server.multipart import MultipartForm, read_content_type
from backend.server.request import MULTIPART, RequestContext, Sent, bearer, gather, read_body, read_query, token_of
from backend.server.response_cache import ResponseCache
from backend.store import UNKNOWN, Store

MAX_BODY = 4 << 20
PIECE = 1 << 20  # multipart bodies are processed in chunks of this size, each with one thread switch
SLOW_SECONDS, RESUME_SECONDS = 0.1, 1.0  # threshold for a blocking disk read, and how long to use threads after one

EMPTY = Sent({}, "", None, False)

Ticket: TypeAlias = tuple[Mapping[str, Any], str]
Read: TypeAlias = Callable[[], dict[str, Any]]
Outcome: TypeAlias = bytes | Download


class Shared(msgspec.Struct, eq=False):
    """State shared by all operation endpoints."""

    uploads: anyio.CapacityLimiter  # for operations with a file, while they run
    responses: ResponseCache = msgspec.field(default_factory=ResponseCache)
    threads_until: float = 0.0  # use threads until then, because the disk blocked the event loop
    _version: int | None = None
    _reads: int | None = None

    def version(self, store: Store) -> int:
        """Return the database version, read once per iteration of the event loop: its requests arrived before that."""
        if self._version is None:
            self._version = store.version()
            asyncio.get_running_loop().call_soon(self._forget)
        return self._version

    def _forget(self) -> None:
        """Forget what is read once per iteration of the event loop."""
        self._version = self._reads = None

    def is_fast(self, store: Store) -> bool:
        """Return whether a cheap call may run on the event loop, which is faster than a thread."""
        return store.is_local and time.monotonic() >= self.threads_until

    def run_here(self, work: Callable[[], Outcome]) -> Outcome:
        """Run a call on this thread; if the disk blocks it, use threads for the next second."""
        if self._reads is None:
            self._reads = disk_reads()
        started, reads = time.monotonic(), self._reads
        outcome = work()
        # without disk reads, the CPU is busy, and a thread would take even longer
        if (ended := time.monotonic()) - started > SLOW_SECONDS and disk_reads() != reads:
            self.threads_until = ended + RESUME_SECONDS
        return outcome


async def operate(operation: Operation, shared: Shared, context: RequestContext) -> Response:
    """Handle an operation request: cached and cheap ones on the event loop, others in a thread."""
    query = read_query(context.scope["query_string"])
    if query.has_secret:
        raise BadRequest("password must not be in the URL, where it would be logged. Send it in the body.")
    context.require_method(*operation.methods)
    ticket = await redeem(context, operation, query) if "ticket" in query.parameters else None
    # cacheable: depends only on the request and the database, and does not call Alibaba
    is_local = operation.pure and not (operation.remote and context.console.cloud is not None)
    call = OperationCall(context, operation, shared.responses if is_local else None)
    outcome: Outcome | None = None
    if context.body_is_read and is_local:
        sent, store = with_bearer(query, context), context.console.store
        is_fast, known = shared.is_fast(store), shared.responses.version_for(sent.token)
        # what a remote database must be read for is not looked up here
        if is_fast or (known != UNKNOWN and known == shared.version(store)):
            outcome = call.find_kept(sent, shared.version(store))
        if is_fast and outcome is None and operation.is_cheap(query.parameters):
            outcome = shared.run_here(call.run)
    if outcome is None:
        media_type, options = read_content_type(context.headers.get(b"content-type", b"").decode("latin-1"))
        if media_type == MULTIPART:
            outcome = await operate_on_form(call, query, ticket, options, shared.uploads)
        else:
            raw = await context.read_body(operation.max_body or MAX_BODY)
            read = partial(read_body, raw, media_type, options)
            outcome = await context.run(call.answer, query, ticket, read)
    if isinstance(outcome, Download):
        return DownloadResponse(context, outcome)
    return context.respond(outcome, context.status)


class OperationCall(msgspec.Struct, eq=False):
    """A call of an operation; `responses` caches its response if it is cacheable."""

    context: RequestContext
    operation: Operation
    responses: ResponseCache | None
    sent: Sent = EMPTY
    key: Hashable = None
    version: int = UNKNOWN

    def answer(self, query: Sent, ticket: Ticket | None, read: Read) -> Outcome:
        """Parse the parameters, run the operation, and return the encoded envelope or a download."""
        body = read()
        if ticket is not None:
            sent = gather({**merge(query, body), **ticket[0]}, ticket[1])
        elif body:
            sent = gather(merge(query, body), token_of(body) or query.token)
        else:
            sent = query
        version = UNKNOWN if self.responses is None else self.context.console.store.version()
        return self.find_kept(with_bearer(sent, self.context), version) or self.run()

    def find_kept(self, sent: Sent, version: int) -> bytes | None:
        """Return the cached response for these parameters, if the database has not changed. Raises Forbidden."""
        self.sent, self.version, context, caller = sent, version, self.context, self.context.caller
        if self.responses is None:
            return None
        access = context.access_of(sent.token, version)
        check(access, self.operation.right, caller)
        if sent.others is None:
            return None
        # what begins or ends by the clock is no change of the database
        passed = context.console.store.programme.boundary(version)
        self.key = self.operation.name, sent.others, caller.base_url, caller.language, access and access.rights, passed
        kept = self.responses.get(self.key, version)
        if kept is None:
            return None
        context.note("200", access.account.user_name if access else "")
        return kept.envelope(caller.request_id)

    def run(self) -> Outcome:
        context, sent = self.context, self.sent
        answer = context.console.answer(
            self.operation.name, sent.parameters, sent.token, context.caller, context.access_of
        )
        if isinstance(answer["data"], Download):
            return answer["data"]
        encoded = encode(answer)
        if answer["code"] == "429":
            context.status, context.answer_headers["Retry-After"] = 429, "1"
        if self.responses is not None and self.key and answer["code"] == "200":
            self.responses.put(self.key, self.version, encoded, context.caller.request_id, sent.token)
        return encoded


def merge(query: Sent, body: Mapping[str, Any]) -> dict[str, Any]:
    """Merge query and body parameters; empty values in the body do not override the query."""
    told = {name: value for name, value in body.items() if value not in ("", None) or name not in query.parameters}
    return {**query.parameters, **told}


def with_bearer(sent: Sent, context: RequestContext) -> Sent:
    """Use the Authorization header's token if the parameters have none."""
    return sent if sent.token else sent._replace(token=bearer(context.headers))


async def operate_on_form(
    call: OperationCall,
    query: Sent,
    ticket: Ticket | None,
    options: Mapping[str, str],
    uploads: anyio.CapacityLimiter,
) -> Outcome:
    """Parse a multipart form, streaming its file to disk, and run the operation."""
    context, file_field, settings = call.context, call.operation.file_parameter, call.context.console.settings

    def admit(fields: Mapping[str, str]) -> Path:
        # check permissions before writing anything to disk
        token = ticket[1] if ticket else token_of(fields) or query.token or bearer(context.headers)
        check(context.access_of(token), call.operation.right, context.caller)
        path = new_incoming(context.console.media.files.scratch)
        check_free_space(path.parent, int(context.headers.get(b"content-length") or 0))
        return path

    form = MultipartForm(options.get("boundary", "").encode(), file_field, settings.max_upload_mb, admit)
    limit = MAX_BODY + (settings.max_upload_mb * 1_000_000 if file_field else 0)
    try:
        piece = bytearray()
        async for chunk in context.body(limit):
            piece += chunk
            if len(piece) >= PIECE:
                await context.run(form.feed, bytes(piece))
                piece.clear()
        await context.run(form.feed, bytes(piece))
        if file_field:
            context.limiter = uploads
        return await context.run(call.answer, query, ticket, form.finish)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(form.discard)


async def redeem(context: RequestContext, operation: Operation, query: Sent) -> Ticket | None:
    """Redeem a one-time ticket for its parameters and token. Raises Forbidden."""
    shown = query.parameters.get("ticket")
    if not shown or not (operation.answer is Download or operation.file_parameter):
        return None
    ticket: Ticket | None = await context.run(context.console.store.tickets.take, operation.name, shown)
    if ticket is None:
        raise Forbidden(
            "This link has expired or was already used. Request a new one."
            if operation.answer is Download
            else "The upload link has expired. Close the window and click Upload again."
        )
    return ticket
