"""How a request becomes a call of an operation, and its answer an envelope in bytes, or a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import anyio
from starlette.responses import Response

from backend.api.registry import Operation, is_secret
from backend.api.wire import encode
from backend.console import Console, check
from backend.errors import BadRequest, Forbidden
from backend.exports.download import Download
from backend.lifecycle.ingest import new_incoming
from backend.server.downloads import DownloadResponse
from backend.server.multipart import MultipartForm, read_content_type
from backend.server.request import MULTIPART, RequestContext, bearer, read_body, read_query, token_of
from backend.server.response_cache import ResponseCache, key_of

MAX_BODY = 4 << 20
PIECE = 1 << 20  # multipart is parsed and written in pieces of this size: one change of thread for each
SLOW_SECONDS, RESUME_SECONDS = 0.1, 1.0  # a disk that has to turn for an answer; a busy machine alone is not it

Ticket: TypeAlias = tuple[Mapping[str, Any], str]
Read: TypeAlias = Callable[[], dict[str, Any]]
Outcome: TypeAlias = bytes | Download


@dataclass
class Shared:
    """What the requests of all operations share."""

    uploads: anyio.CapacityLimiter  # for those that get a file, while they are at work
    responses: ResponseCache = field(default_factory=ResponseCache)
    threads_until: float = 0.0  # since the disk made everybody wait, threads have to

    def is_fast(self) -> bool:
        """Say whether a cheap call may run on the event loop: a thread would cost more."""
        return time.monotonic() >= self.threads_until

    def run_here(self, work: Callable[[], Outcome]) -> Outcome:
        """Run a call on this thread; where it takes long, threads get those of the next second."""
        started = time.monotonic()
        outcome = work()
        if (ended := time.monotonic()) - started > SLOW_SECONDS:
            self.threads_until = ended + RESUME_SECONDS
        return outcome


async def operate(operation: Operation, shared: Shared, context: RequestContext) -> Response:
    """Answer one operation: a cheap one here and now, any other in a thread."""
    query = read_query(context.scope["query_string"])
    if any(is_secret(name) and value for name, value in query.items()):
        raise BadRequest("password must not be in the URL, where it would be logged. Send it in the body.")
    context.require_method(*operation.methods)
    ticket = await redeem(context, operation, query)
    answer = partial(answer_call, context, operation, shared.responses, query, ticket)
    media_type, options = read_content_type(context.headers.get(b"content-type", b"").decode("latin-1"))
    if media_type == MULTIPART:
        outcome = await operate_on_form(context, operation, query, ticket, options, answer, shared.uploads)
    else:
        cheap = context.body_is_read and operation.is_cheap(query) and is_local(operation, context.console)
        raw = await context.read_body(MAX_BODY)
        work = partial(answer, partial(read_body, raw, media_type, options))
        outcome = shared.run_here(work) if cheap and shared.is_fast() else await context.run(work)
    if isinstance(outcome, Download):
        return DownloadResponse(context, outcome)
    return context.respond(outcome, context.status)


def answer_call(
    context: RequestContext,
    operation: Operation,
    responses: ResponseCache,
    query: dict[str, Any],
    ticket: Ticket | None,
    read: Read,
) -> Outcome:
    """Read the parameters, call the operation, and return its envelope in bytes, or the file it makes."""
    console, caller = context.console, context.caller
    body = read()
    token = find_token(context, query, body)
    # What is empty in the body does not hide what the query says.
    parameters = query | {name: value for name, value in body.items() if value not in ("", None) or name not in query}
    if ticket is not None:
        parameters, token = {**parameters, **ticket[0]}, ticket[1]
    key, version = None, console.store.version()
    if is_local(operation, console):
        access = context.access_of(token)
        check(access, operation.right, caller)
        key = key_of(operation, parameters, caller, access)
        if key and (kept := responses.get(key, version)):
            context.note("200", access.account.user_name if access else "")
            return kept.envelope(caller.request_id)
    answer = console.answer(operation.name, parameters, token, caller, context.access_of)
    if isinstance(answer["data"], Download):
        return answer["data"]
    encoded = encode(answer)
    if answer["code"] == "429":
        context.status, context.answer_headers["Retry-After"] = 429, "1"
    if key and answer["code"] == "200":
        responses.put(key, version, encoded, caller.request_id)
    return encoded


def is_local(operation: Operation, console: Console) -> bool:
    """Say whether an answer follows from the request and the database alone, and Alibaba is not asked."""
    return operation.pure and not (operation.remote and console.cloud is not None)


def find_token(context: RequestContext, query: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """Return the token that was sent, from where it counts most."""
    return token_of(body) or token_of(query) or bearer(context.headers)


async def operate_on_form(
    context: RequestContext,
    operation: Operation,
    query: dict[str, Any],
    ticket: Ticket | None,
    options: Mapping[str, str],
    answer: Callable[[Read], Outcome],
    uploads: anyio.CapacityLimiter,
) -> Outcome:
    """Take in a multipart form, its file straight onto the disk, and answer the operation with it."""
    file_field = next((parameter.wire_name for parameter in operation.parameters if parameter.is_file), None)
    settings = context.console.settings

    def admit(fields: Mapping[str, str]) -> Path:
        # Before anything is written: whoever may not do this shall not fill our disk.
        token = ticket[1] if ticket else find_token(context, query, fields)
        check(context.access_of(token), operation.right, context.caller)
        return new_incoming(settings)

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
        return await context.run(answer, form.finish)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(form.discard)


async def redeem(context: RequestContext, operation: Operation, query: dict[str, Any]) -> Ticket | None:
    """Return what a one-time ticket stands for: its parameters, and the token of who asked for it. Raises Forbidden."""
    takes_tickets = operation.answer is Download or any(parameter.is_file for parameter in operation.parameters)
    if not takes_tickets or not query.get("ticket"):
        return None
    tickets = context.console.store.tickets
    ticket: Ticket | None = await context.run(tickets.take, operation.name, query["ticket"])
    if ticket is None:
        raise Forbidden(
            "This link has expired or was already used. Request a new one."
            if operation.answer is Download
            else "The upload link has expired. Close the window and click Upload again."
        )
    return ticket
