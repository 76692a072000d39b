"""The front of the dashboard: routes requests to Streamlit or the REST app."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.auth.addresses import network_of
from backend.errors import Refused
from backend.server import busy_page
from backend.server.app import RestApp
from backend.server.forwarded import ForwardedHeaders, own_hosts
from backend.server.page_paths import READS, STREAM, is_own_origin, is_page_path, is_rest_path
from backend.server.parse_errors import NO_ROOM
from backend.server.refusals import LATER, TRY_LATER, reader_of, refuse
from backend.server.security_headers import PAGE_POLICY, with_security_headers
from backend.server.session_cookie import person_of, should_refuse
from backend.server.uvicorn_protocols import limit_server

log = logging.getLogger(__name__)

RestSource: TypeAlias = RestApp | Callable[[], RestApp]

NOT_OPEN = Refused(503, "The console cannot be opened now; its log says why.")


class Front:
    """Routes requests to the REST app or to Streamlit.

    `rest` is the REST app, or a function that creates it at the first request; `head` is HTML inserted into the head of
    Streamlit's page.
    """

    def __init__(self, app: ASGIApp, rest: RestSource, head: str = "") -> None:
        self._app = app
        self._head = head.encode()
        self._make = None if isinstance(rest, RestApp) else rest
        self._rest = rest if isinstance(rest, RestApp) else None
        self._guard = anyio.Lock()
        self._forwarded: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            limit_server(receive)
            await self._app(scope, receive, send)
            return
        rest = await self._open()
        if rest is not None and self._forwarded is None:
            self._forwarded = ForwardedHeaders(self._route, rest.console.settings.proxies)
        await (self._forwarded or self._route)(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        rest = self._rest
        if scope["type"] == "websocket":
            await self._connect(rest, scope, receive, send)
        elif not is_rest_path(scope["path"]) and is_page_path(scope["path"]):
            if rest is None or await rest.admit(scope, send):
                await self._show(rest, scope, receive, with_security_headers(send, PAGE_POLICY))
        elif rest is not None:
            await rest.handle(scope, receive, send)
        else:
            await refuse(scope, with_security_headers(send), NOT_OPEN, LATER)

    async def _show(self, rest: RestApp | None, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in READS:
            if scope["method"] == "GET" and "." not in scope["path"]:  # request uncompressed HTML, to insert the head
                send = with_head(send, busy_page.style(reader_of(scope)) + self._head)
                scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}
            await self._app(scope, receive, send)
            return
        error = Refused(
            405, "{method} is not allowed here; use {methods}.", method=scope["method"][:20], methods=" or ".join(READS)
        )
        await refuse(
            scope, send, error, {"allow": ", ".join(READS), "connection": "close"}, rest.console if rest else None
        )

    async def _connect(self, rest: RestApp | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a WebSocket to Streamlit after checking its origin and the limits.

        (Streamlit's own origin check would send a request to another host.)
        """
        if rest is None:
            await refuse(scope, send, NOT_OPEN, LATER)
            return
        console = rest.console
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if scope["path"] != STREAM:
            error = Refused(404, "{path} does not exist.", path=scope["path"][:200])
            await refuse(scope, send, error, {}, console)
        elif not is_own_origin(origins, own_hosts(scope, console.settings.public_url)):
            await refuse(scope, send, Refused(403, "Requests from other sites are not allowed."), {}, console)
        elif await should_refuse(console, scope):
            await refuse(scope, send, NO_ROOM, TRY_LATER, console)
        else:
            network = network_of((scope.get("client") or ("",))[0])
            person = await person_of(console, scope)
            try:
                await rest.sockets.serve(self._app, scope, receive, send, network=network, person=person)
            except Refused as error:
                await refuse(scope, send, error, TRY_LATER, console)

    async def _open(self) -> RestApp | None:
        if self._rest is None and self._make is not None:
            async with self._guard:
                if self._rest is None:
                    try:
                        self._rest = await anyio.to_thread.run_sync(self._make)
                    except Exception:  # pages are served without it, and the next request tries again
                        log.exception("the REST server cannot be started")
        return self._rest


def with_head(send: Send, head: bytes) -> Send:
    """Return a `send` that inserts HTML into the head of Streamlit's page, effective before it renders."""
    held: list[Message] = []

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            if message["status"] == 200 and kind.startswith("text/html"):
                held.append(message)
                return
        elif held:
            held.append(message)
            if message.get("more_body"):
                return
            start, *pieces = held
            held.clear()
            body = b"".join(piece.get("body", b"") for piece in pieces).replace(b"</head>", head + b"</head>", 1)
            MutableHeaders(scope=start)["content-length"] = str(len(body))
            await send(start)
            message = {"type": "http.response.body", "body": body}
        await send(message)

    return sending
