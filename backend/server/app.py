"""The REST server, made from OPERATIONS: how a request becomes a call, and an envelope an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.registry import OPERATIONS, Operation, as_text, is_secret
from backend.api.wire import encode
from backend.auth.turns import PASSWORD_THREADS
from backend.console import Console, check
from backend.errors import SIGN_IN_FIRST, BadRequest, Forbidden, Refused
from backend.exports.file import Download
from backend.lifecycle.ingest import new_incoming
from backend.model import SECONDS_A_DAY
from backend.observability.prometheus import Metrics
from backend.server.docs_page import docs_page
from backend.server.downloads import DownloadResponse
from backend.server.forwarded import Network
from backend.server.front import (
    AGAIN,
    HEADERS,
    POLICY,
    REST_POLICY,
    is_turned_away,
    learn_client,
    learn_own_url,
    own_hosts,
    refuse,
    with_security_headers,
)
from backend.server.health import say_alive, say_ready, send_metrics
from backend.server.media import send_media
from backend.server.multipart import MultipartForm, read_content_type
from backend.server.openapi import describe
from backend.server.page_paths import is_own_origin
from backend.server.request import (
    COOKIE,
    JSON,
    MULTIPART,
    Answer,
    Asked,
    Endpoint,
    bearer,
    read_body,
    read_headers,
    read_query,
    token_of,
)
from backend.server.response_cache import QuickAnswers
from backend.server.timeouts import NO_ROOM, limit_server
from backend.store import StoreError

MOST_BODY = 4 << 20
PIECE = 1 << 20  # multipart is parsed and written in pieces of this size: one change of thread for each
MOST_EVENT = 256 << 10
AT_ONCE = 16
LOOKS_AT_ONCE = 2  # looking into a file that came takes long, and must not keep those waiting who ask for anything else
QUICK_HEADERS = [
    (b"content-type", b"application/json; charset=utf-8"), (b"cache-control", b"no-store"),
    *((name.lower().encode(), value.encode()) for name, value in {**HEADERS, POLICY: REST_POLICY}.items()),
]  # fmt: skip


def rest_app(console: Console) -> Starlette:
    """Return the REST server of this console, as an ASGI app."""
    limiter, password_limiter = anyio.CapacityLimiter(AT_ONCE), anyio.CapacityLimiter(PASSWORD_THREADS)
    # A cloud that answers slowly must not keep those waiting who ask it nothing, or only for addresses.
    remote_limiter = anyio.CapacityLimiter(AT_ONCE) if console.cloud else limiter
    looking = anyio.CapacityLimiter(AT_ONCE if console.cloud else LOOKS_AT_ONCE)
    reading_limiter = anyio.CapacityLimiter(AT_ONCE) if console.cloud else limiter

    def limiter_of(one: Operation) -> anyio.CapacityLimiter:
        if one.takes_password or not one.remote:
            return password_limiter if one.takes_password else limiter
        return reading_limiter if one.pure else remote_limiter

    def route(path: str, name: str, answer: Answer, limiter: anyio.CapacityLimiter = limiter) -> Route:
        return Route(path, Endpoint(console, name, limiter, answer))

    @cache
    def description() -> tuple[bytes, str]:
        return encode(describe(console.settings)), ""

    @cache
    def page() -> tuple[bytes, str]:
        return docs_page(console.settings)

    routes = [
        route(
            one.path,
            one.name,
            partial(operate, one, looking),
            limiter_of(one),
        )
        for one in OPERATIONS.values()
    ]
    routes += [
        route("/console/openapi.json", "openapi", partial(show, description, "application/json")),
        route("/console/docs", "docs", partial(show, page, "text/html")),
        route("/console/user/adopt", "adopt", adopt),
        route("/console/user/forget", "forget", forget),
        route("/vodcallback/callback", "callback", take_callback),
        route("/healthz", "healthz", say_ready),
        route("/livez", "livez", say_alive),
        route("/metrics", "metrics", partial(send_metrics, Metrics(console))),
        route("/media/{video_id}/{media_key}/{name}", "media", send_media),
    ]
    app = Rest(routes=routes, middleware=[Middleware(Surroundings)])
    app.quick, app.proxies = QuickAnswers(console), console.settings.proxies
    app.router.redirect_slashes = False
    app.router.default = Nothing(Endpoint(console, "none", limiter, refuse_path), app.router.default)
    app.state.console = console
    app.state.knows_own_url = False
    return app


class Rest(Starlette):
    """Gives an answer that was kept before anything else looks at the request."""

    quick: QuickAnswers
    proxies: Sequence[Network]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            learn_client(self.proxies, scope)
        if "short" in scope and await is_turned_away(self, scope):
            await refuse(scope, with_security_headers(send), NO_ROOM, AGAIN, self)
        elif scope["type"] == "http" and (answer := self.quick.answer(scope)):
            body, request_id = answer
            headers = [*QUICK_HEADERS, (b"content-length", b"%d" % len(body)), (b"x-request-id", request_id.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await super().__call__(scope, receive, send)


class Nothing:
    """Answers for paths that are none of ours. No route could: none of Starlette's matches a path with a line end."""

    def __init__(self, endpoint: ASGIApp, other: ASGIApp) -> None:
        self._endpoint, self._other = endpoint, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._endpoint if scope["type"] == "http" else self._other)(scope, receive, send)


class Surroundings:
    """What every request passes where there is no Streamlit in front."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            limit_server(receive)
        if scope["type"] == "http":
            learn_own_url(scope["app"], scope)
            send = with_security_headers(send)
        await self._app(scope, receive, send)


# Operations


async def operate(operation: Operation, looking: anyio.CapacityLimiter, asked: Asked) -> Response:
    """Answer one operation; one that gets a file is at work under the limit of `looking`."""
    query = read_query(asked.request.scope["query_string"])
    if any(is_secret(name) and value for name, value in query.items()):
        raise BadRequest("password must not be in the URL, where it would be logged. Send it in the body.")
    asked.only(*operation.methods)
    ticket = redeem(asked, operation, query)
    answer = partial(answer_call, asked, operation, query, ticket)
    media_type, options = read_content_type(asked.request.headers.get("content-type", ""))
    if media_type == MULTIPART:
        outcome = await operate_on_form(asked, operation, query, ticket, options, answer, looking)
    else:
        raw = b"".join([chunk async for chunk in asked.body(MOST_BODY)])
        outcome = await asked.run(answer, partial(read_body, raw, media_type, options))
    if isinstance(outcome, Download):
        return DownloadResponse(asked, outcome)
    return asked.respond(outcome, asked.status)


Ticket: TypeAlias = tuple[Mapping[str, Any], str]
Read: TypeAlias = Callable[[], dict[str, Any]]
Outcome: TypeAlias = bytes | Download


def answer_call(
    asked: Asked, operation: Operation, query: dict[str, Any], ticket: Ticket | None, read: Read
) -> Outcome:
    """Read the parameters, call the operation, and return its envelope in bytes, or the file it makes."""
    body = read()
    token = find_token(asked, query, body)
    # What is empty in the body does not hide what the query says.
    parameters = query | {name: value for name, value in body.items() if value not in ("", None) or name not in query}
    if ticket is not None:
        parameters, token = {**parameters, **ticket[0]}, ticket[1]
    answer, who = asked.console.answer(operation.name, parameters, token, asked.caller)
    if isinstance(answer["data"], Download):
        return answer["data"]
    encoded = encode(answer)
    if answer["code"] == "429":
        asked.status, asked.headers["Retry-After"] = 429, "1"
    if question := asked.request.scope.get("question"):
        question.keep(encoded, asked.caller.request_id, who)
    return encoded


def find_token(asked: Asked, query: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """Return the token that was sent, from where it counts most."""
    return token_of(body) or token_of(query) or bearer(read_headers(asked.request.scope))


async def operate_on_form(
    asked: Asked,
    operation: Operation,
    query: dict[str, Any],
    ticket: Ticket | None,
    options: Mapping[str, str],
    answer: Callable[[Read], Outcome],
    looking: anyio.CapacityLimiter,
) -> Outcome:
    """Take in a multipart form, its file straight onto the disk, and answer the operation with it."""
    file_field = next((parameter.wire_name for parameter in operation.parameters if parameter.is_file), None)
    settings = asked.console.settings

    def admit(fields: Mapping[str, str]) -> Path:
        # Before anything is written: whoever may not do this shall not fill our disk.
        token = ticket[1] if ticket else find_token(asked, query, fields)
        check(asked.console.access_of(token), operation.right, asked.caller)
        return new_incoming(settings)

    form = MultipartForm(options.get("boundary", "").encode(), file_field, settings.max_upload_mb, admit)
    limit = MOST_BODY + (settings.max_upload_mb * 1_000_000 if file_field else 0)
    try:
        piece = bytearray()
        async for chunk in asked.body(limit):
            piece += chunk
            if len(piece) >= PIECE:
                await asked.run(form.feed, bytes(piece))
                piece.clear()
        await asked.run(form.feed, bytes(piece))
        if file_field:
            asked.limiter = looking
        return await asked.run(answer, form.finish)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(form.discard)


def redeem(asked: Asked, operation: Operation, query: dict[str, Any]) -> Ticket | None:
    """Return what a one-time ticket stands for: its parameters, and the token of who asked for it. Raises Forbidden."""
    takes_tickets = operation.answer is Download or any(parameter.is_file for parameter in operation.parameters)
    if not takes_tickets or not query.get("ticket"):
        return None
    ticket: Ticket | None = asked.console.tickets.take(operation.name, query["ticket"])
    if ticket is None:
        raise Forbidden(
            "This link has expired or was already used. Request a new one."
            if operation.answer is Download
            else "The upload link has expired. Close the window and click Upload again."
        )
    return ticket


# What is no operation


async def refuse_path(asked: Asked) -> Response:
    raise Refused(404, "{path} does not exist.", path=asked.request.scope["path"][:200])


async def show(make: Callable[[], tuple[bytes, str]], media_type: str, asked: Asked) -> Response:
    """Send a page, made at the first request, under the Content-Security-Policy that it needs."""
    asked.only("GET", "HEAD")
    body, policy = await asked.run(make)
    headers = {"Cache-Control": "no-store", "X-Request-Id": asked.caller.request_id}
    if policy:
        headers["Content-Security-Policy"] = policy
    return Response(body, headers=headers, media_type=media_type)


async def take_callback(asked: Asked) -> Response:
    """Keep an event that VOD tells of. It is answered at once, and followed up by the keeper.

    VOD repeats what is not answered with HTTP 200.
    """
    if asked.console.cloud is None:
        return await refuse_path(asked)
    asked.only("POST")
    raw = b"".join([chunk async for chunk in asked.body(MOST_EVENT)])
    try:
        await asked.run(asked.console.cloud.take_callback, asked.request.headers, raw)
    except StoreError as error:
        raise Refused(503, "The event could not be kept: {why}", why=error) from error
    return asked.succeed()


async def adopt(asked: Asked) -> Response:
    """Exchange the ticket of a page that signed somebody in for the cookie that later visits show."""
    asked.only("POST")
    own_site(asked)
    media_type, options = read_content_type(asked.request.headers.get("content-type", ""))
    raw = b"".join([chunk async for chunk in asked.body(MOST_BODY)])
    if media_type != JSON:
        raise BadRequest("The Content-Type must be {json}.", json=JSON)
    ticket = as_text("ticket", read_body(raw, media_type, options).get("ticket"))
    token = asked.console.tickets.take("session", ticket)
    if token is None or await asked.run(asked.console.access_of, token) is None:
        raise Forbidden(SIGN_IN_FIRST)
    response = asked.succeed()
    set_cookie(asked, response, token, asked.console.settings.token_days * SECONDS_A_DAY)
    return response


async def forget(asked: Asked) -> Response:
    """Take the cookie away."""
    asked.only("POST")
    own_site(asked)
    response = asked.succeed()
    set_cookie(asked, response, "", 0)
    return response


def set_cookie(asked: Asked, response: Response, token: str, seconds: int) -> None:
    secure = asked.request.scope["scheme"] == "https"
    response.set_cookie(COOKIE, token, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def own_site(asked: Asked) -> None:
    """Raise Forbidden when a page of another site is asking.

    Browsers say so with Sec-Fetch-Site; where they do not (plain http), Origin is compared with the host.
    """
    headers = asked.request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    hosts = own_hosts(asked.request.scope, asked.console.settings.public_url)
    foreign = site is None and origin and not is_own_origin([origin.encode("latin-1")], hosts)
    if foreign or site not in (None, "same-origin", "none"):
        raise Forbidden("Requests from other sites are not allowed.")
