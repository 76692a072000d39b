"""The REST app: routes, built from OPERATIONS, as an ASGI app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.registry import OPERATIONS, Operation
from backend.api.wire import encode
from backend.auth.addresses import MAPPED
from backend.auth.fair_semaphore import PASSWORD_THREADS
from backend.auth.oidc import COMPANY_PATH
from backend.console import OUR_FAULT, Console
from backend.errors import ConsoleError, Refused
from backend.model.media_urls import read_media_path
from backend.observability.prometheus import Metrics
from backend.server import company_sign_in
from backend.server.feed import FeedEndpoint
from backend.server.forwarded import ForwardedHeaders
from backend.server.health import report_alive, report_ready, send_metrics
from backend.server.media import send_media
from backend.server.operations import Shared, operate
from backend.server.page_sockets import PageSockets
from backend.server.parse_errors import NO_ROOM
from backend.server.refusals import TRY_LATER, refuse
from backend.server.request import Answer, Endpoint, RequestContext
from backend.server.security_headers import with_security_headers
from backend.server.session_cookie import adopt, forget, should_refuse
from backend.server.shutdown import call_when_stopping
from backend.server.uvicorn_protocols import limit_server
from backend.store import StoreError

MAX_EVENT = 256 << 10
MAX_THREADS = 16
MAX_UPLOADS = 2  # processing an uploaded file takes long and must not block other requests


class RestApp:
    """Routes requests to operations, media, health checks and metrics; `sockets` are those of the pages."""

    def __init__(self, console: Console, sockets: PageSockets | None = None) -> None:
        self.console = console
        self.sockets = sockets or PageSockets()
        self._forwarded = ForwardedHeaders(self.handle, console.settings.proxies)
        self._endpoints = dict(_endpoints(console, self.sockets))
        threads = anyio.CapacityLimiter(MAX_THREADS)
        self._media = Endpoint(console, "media", threads, send_media)
        self._none = Endpoint(console, "none", threads, refuse_path)
        self._knows_own_url = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            limit_server(receive)
            call_when_stopping(self.console.password_checks.close)
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
        else:
            await self._forwarded(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request after forwarded headers were applied."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        elif (self._knows_own_url and "short" not in scope) or await self.admit(scope, send):
            path = scope["path"]
            endpoint = self._endpoints.get(path) or (self._media if read_media_path(path) else self._none)
            await endpoint(scope, receive, send)

    async def admit(self, scope: Scope, send: Send) -> bool:
        """Return whether to process a request; refuse it if file descriptors are short and nobody is signed in."""
        self._learn_own_url(scope)
        if await should_refuse(self.console, scope):
            await refuse(scope, with_security_headers(send), NO_ROOM, TRY_LATER, self.console)
            return False
        return True

    def _learn_own_url(self, scope: Scope) -> None:
        """Store this server's own URL at the first request; only the socket knows it for sure."""
        server = scope.get("server")
        if self._knows_own_url or not server or server[1] is None:
            return
        self._knows_own_url = True
        host = server[0].removeprefix(MAPPED)
        self.console.own_url = f"http://[{host}]:{server[1]}" if ":" in host else f"http://{host}:{server[1]}"


def _endpoints(console: Console, sockets: PageSockets) -> Iterator[tuple[str, ASGIApp]]:
    """Yield the fixed paths and their endpoints."""
    threads, password_threads = anyio.CapacityLimiter(MAX_THREADS), anyio.CapacityLimiter(PASSWORD_THREADS)
    # a slow cloud must not block operations that do not call it, or only request URLs
    cloud_threads = anyio.CapacityLimiter(MAX_THREADS) if console.cloud else threads
    address_threads = anyio.CapacityLimiter(MAX_THREADS) if console.cloud else threads
    event_threads = anyio.CapacityLimiter(MAX_THREADS)  # they wait for the disk
    shared = Shared(anyio.CapacityLimiter(MAX_THREADS if console.cloud else MAX_UPLOADS))

    def limiter_of(one: Operation) -> anyio.CapacityLimiter:
        if one.takes_password or not one.remote:
            return password_threads if one.takes_password else threads
        return address_threads if one.pure else cloud_threads

    @cache
    def description() -> tuple[bytes, str]:
        from backend.server.openapi import describe

        return encode(describe(console.settings)), ""

    @cache
    def page() -> tuple[bytes, str]:
        from backend.server.docs_page import docs_page

        return docs_page(console.settings)

    for one in OPERATIONS.values():
        if one.name == "getFeed":
            yield one.path, FeedEndpoint(console, shared, threads)
            continue
        limiter = event_threads if one.name == "reportEvents" else limiter_of(one)
        yield one.path, Endpoint(console, one.name, limiter, partial(operate, one, shared))
    others: dict[str, tuple[str, Answer]] = {
        "/console/openapi.json": ("openapi", partial(show, description, "application/json")),
        "/console/docs": ("docs", partial(show, page, "text/html")),
        "/console/user/adopt": ("adopt", adopt),
        "/console/user/forget": ("forget", forget),
        "/vodcallback/callback": ("callback", take_callback),
        "/healthz": ("healthz", report_ready),
        "/livez": ("livez", report_alive),
        "/metrics": ("metrics", partial(send_metrics, Metrics(console, sockets))),
    }
    for path, (name, answer) in others.items():
        yield path, Endpoint(console, name, threads, answer)
    company_threads = anyio.CapacityLimiter(PASSWORD_THREADS)  # they wait for a provider, which may be slow
    yield COMPANY_PATH, Endpoint(console, "companySignIn", company_threads, company_sign_in.begin)
    yield company_sign_in.BACK_PATH, Endpoint(console, "companySignIn", company_threads, company_sign_in.finish)


async def refuse_path(context: RequestContext) -> Response:
    raise Refused(404, "{path} does not exist.", path=context.scope["path"][:200])


async def show(make: Callable[[], tuple[bytes, str]], media_type: str, context: RequestContext) -> Response:
    """Send a page, rendered on first use, with its Content-Security-Policy."""
    context.require_method("GET", "HEAD")
    body, policy = await context.run(make)
    headers = {"Cache-Control": "no-store", "X-Request-Id": context.caller.request_id}
    if policy:
        headers["Content-Security-Policy"] = policy
    return Response(body, headers=headers, media_type=media_type)


async def take_callback(context: RequestContext) -> Response:
    """Queue an event from VOD and respond immediately; a background task processes it.

    VOD resends an event unless the response is HTTP 200.
    """
    if context.console.cloud is None:
        return await refuse_path(context)
    context.require_method("POST")
    raw = await context.read_body(MAX_EVENT)
    try:
        await context.run(context.console.cloud.take_callback, context.request.headers, raw)
    except StoreError as error:
        raise Refused(503, "The event could not be stored: {why}", why=error) from error
    except ConsoleError:
        raise
    except Exception as error:  # VOD sends the event again after any status but 200
        context.console.explain(error, "callback", context.caller.request_id)
        raise Refused(500, OUR_FAULT, request_id=context.caller.request_id) from error
    return context.succeed()
