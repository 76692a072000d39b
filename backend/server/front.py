"""ASGI pieces round Streamlit: the way to the REST server, security headers, compressed bundles, quick sockets."""

from __future__ import annotations

import gzip
import logging
import os
import socket
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import anyio
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.wire import encode, envelope
from backend.auth.addresses import MAPPED, network_of
from backend.errors import BadRequest, Refused
from backend.i18n.messages import say
from backend.model import Access, Right
from backend.server import busy_page
from backend.server.busy_page import AGAIN_SECONDS
from backend.server.forwarded import SCHEMES, Network, forwarded_hosts, seen_from
from backend.server.page_paths import READS, STREAM, is_own_origin, is_page_path
from backend.server.request import COOKIE, bearer, caller_of, language_of, read_headers, read_query, token_of
from backend.server.timeouts import NO_ROOM, limit_server
from backend.store import StoreError

log = logging.getLogger(__name__)

RestSource: TypeAlias = Starlette | Callable[[], Starlette]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}
POLICY = "Content-Security-Policy"
# An answer of the REST server is no page: should a browser show one, it runs nothing. A film may still be played.
REST_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
# Streamlit styles by inline rules, starts by an inline script, hands scripts in by st.html, and runs components from
# blobs. Pictures and films may lie on a CDN; nothing else comes from, or goes to, any other place.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src * data: blob:; media-src * data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; frame-src 'self'; frame-ancestors 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'"
)
AGAIN = {"retry-after": str(AGAIN_SECONDS), "connection": "close"}
NOT_OPEN = Refused(503, "The console cannot be opened now; its log says why.")
COMPRESSED_SUFFIXES = (".js", ".css", ".html")
MOST_COMPRESSED = 24 << 20
FDS = Path("/proc/self/fd")


class Front:
    """Sends what belongs to the REST server there, and everything else to Streamlit.

    `rest` is the REST app, or a function that returns it and is called at the first request; `head` is HTML that
    Streamlit's page is given at the end of its head.
    """

    def __init__(self, app: ASGIApp, rest: RestSource, head: str = "") -> None:
        self._app = app
        self._head = head.encode()
        self._make = None if isinstance(rest, Starlette) else rest
        self._rest = rest if isinstance(rest, Starlette) else None
        self._guard = anyio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            limit_server(receive)
            await self._app(scope, receive, send)
            return
        rest = await self._open()
        learn_client(() if rest is None else rest.state.console.settings.proxies, scope)
        if scope["type"] == "websocket":
            await self._connect(rest, scope, receive, send)
            return
        if rest is not None:
            learn_own_url(rest, scope)
            if "short" in scope and await is_turned_away(rest, scope):
                await refuse(scope, with_security_headers(send), NO_ROOM, AGAIN, rest)
                return
            scope.pop("short", None)
        paged = is_page_path(scope["path"])
        if paged and not is_rest_path(scope["path"]):
            await self._show(rest, scope, receive, with_security_headers(send, PAGE_POLICY))
        elif rest is not None:
            await rest(scope, receive, send)
        else:
            await refuse(scope, with_security_headers(send), NOT_OPEN, {"retry-after": str(AGAIN_SECONDS)})

    async def _show(self, rest: Starlette | None, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in READS:
            if scope["method"] == "GET" and "." not in scope["path"]:  # a page, which is sent as it is for our head
                head = busy_page.style(reader_of(scope)) + self._head
                plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
                scope, send = (
                    {**scope, "headers": plain},
                    with_head(send, head),
                )
            await self._app(scope, receive, send)
            return
        error = Refused(
            405, "{method} is not allowed here; use {methods}.", method=scope["method"][:20], methods=" or ".join(READS)
        )
        await refuse(scope, send, error, {"allow": ", ".join(READS), "connection": "close"}, rest)

    async def _connect(self, rest: Starlette | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket through to Streamlit. Asked by a page of another site, it would itself ask another host."""
        if rest is None:
            await refuse(scope, send, NOT_OPEN, {"retry-after": str(AGAIN_SECONDS)})
        elif scope["path"] != STREAM:
            error = Refused(404, "{path} does not exist.", path=scope["path"][:200])
            await refuse(scope, send, error, {}, rest)
        elif not is_own_origin(
            [value for name, value in scope["headers"] if name == b"origin"],
            own_hosts(scope, rest.state.console.settings.public_url),
        ):
            await refuse(scope, send, Refused(403, "Requests from other sites are not allowed."), {}, rest)
        elif await is_turned_away(rest, scope):
            await refuse(scope, send, NO_ROOM, AGAIN, rest)
        else:
            await self._let_in(rest, scope, receive, send)

    async def _let_in(self, rest: Starlette, scope: Scope, receive: Receive, send: Send) -> None:
        network = network_of((scope.get("client") or ("",))[0])
        person = await person_of(rest, scope)
        try:
            await rest.state.console.sockets.serve(self._app, scope, receive, send, network=network, person=person)
        except Refused as error:
            await refuse(scope, send, error, AGAIN, rest)

    async def _open(self) -> Starlette | None:
        if self._rest is None and self._make is not None:
            async with self._guard:
                if self._rest is None:
                    try:
                        self._rest = await anyio.to_thread.run_sync(self._make)
                    except Exception:
                        log.exception("the REST server cannot be opened")
        return self._rest


def is_rest_path(path: str) -> bool:
    """Say whether a path is the REST server's. Streamlit's own media have one segment below /media, ours have three."""
    if path in ("/console", "/vodVideo", "/healthz", "/livez", "/metrics", "/vodcallback/callback") or path.startswith(
        ("/console/", "/vodVideo/")
    ):
        return True
    return path.startswith("/media/") and path.count("/") == 4


def with_head(send: Send, head: bytes) -> Send:
    """Return a `send` that puts HTML into the head of Streamlit's page: it counts before anything is drawn there."""
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


def with_security_headers(send: Send, policy: str = REST_POLICY) -> Send:
    """Return a `send` that adds the headers every answer should have, and lets nothing be kept that may change."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault(POLICY, policy)
            if "immutable" not in headers.get("Cache-Control", ""):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sending


def learn_own_url(rest: Starlette, scope: Scope) -> None:
    """Tell the console where this server listens, at its first request: only the socket itself knows for sure."""
    server = scope.get("server")
    if rest.state.knows_own_url or not server or server[1] is None:
        return
    rest.state.knows_own_url = True
    host = server[0].removeprefix(MAPPED)
    rest.state.console.own_url = f"http://[{host}]:{server[1]}" if ":" in host else f"http://{host}:{server[1]}"


def learn_client(proxies: Sequence[Network], scope: Scope) -> None:
    """Let a request's scope name who asks, also behind a proxy of ours or an IPv6 socket; twice changes nothing."""
    peer = scope.get("client")
    if not peer or not (proxies or ":" in peer[0]):
        return
    scope.setdefault("hosts", forwarded_hosts(peer[0], scope["headers"], proxies))
    address, scheme = seen_from(peer[0], scope["headers"], proxies)
    scope["client"] = (address, peer[1])
    if scheme:
        scope["scheme"] = SCHEMES[scheme][scope["type"] == "websocket"]


def own_hosts(scope: Scope, public_url: str) -> list[str]:
    """Return the hosts under which a request's client may know us: as it names it, or a proxy of ours, or the settings.

    No page of another site can choose any of them.
    """
    named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return [*named, *scope.get("hosts", ()), *([urlsplit(public_url).netloc] if public_url else ())]


async def person_of(rest: Starlette, scope: Scope) -> str:
    """Return the account whose cookie or token a request shows, or nothing where it may not be on the pages."""
    access = await _access_shown(rest, scope)
    return access.account.user_name if access and Right.DASHBOARD in access.rights else ""


async def is_turned_away(rest: Starlette, scope: Scope) -> bool:
    """Say whether descriptors are short, and nobody asks who is signed in."""
    return "short" in scope and await _access_shown(rest, scope) is None


async def _access_shown(rest: Starlette, scope: Scope) -> Access | None:
    """Return who asks, as far as the head of a request shows."""
    shown = HTTPConnection(scope).cookies.get(COOKIE) or bearer(read_headers(scope))
    try:
        shown = shown or token_of(read_query(scope["query_string"]))
        return (
            await anyio.to_thread.run_sync(rest.state.console.access_of, shown, limiter=_lookups()) if shown else None
        )
    except (BadRequest, StoreError):
        return None


@cache
def _lookups() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(2)


class CompressedStatic:
    """Compresses each bundle of Streamlit's front end once; it sends them as they are, 4.7 MB for a page of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[str, tuple[list[tuple[bytes, bytes]], bytes]] = OrderedDict()
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _may_compress(scope):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self._kept:
            messages: list[Message] = []

            async def keep(message: Message) -> None:
                messages.append(message)

            await self._app(scope, receive, keep)
            start, headers = messages[0], Headers(raw=messages[0]["headers"])
            body = b"".join(message.get("body", b"") for message in messages[1:])
            # Where whoever asks goes away meanwhile, the file is not read to its end.
            is_whole = headers.get("content-length") == str(len(body))
            if start["status"] != 200 or "content-encoding" in headers or not is_whole:
                for message in messages:
                    await send(message)
                return
            packed = await anyio.to_thread.run_sync(partial(gzip.compress, body, 6, mtime=0))
            self._keep(path, _packed_headers(start["headers"], len(packed)), packed)
        self._kept.move_to_end(path)
        kept, packed = self._kept[path]
        await send({"type": "http.response.start", "status": 200, "headers": list(kept)})
        await send({"type": "http.response.body", "body": packed})

    def _keep(self, path: str, headers: list[tuple[bytes, bytes]], packed: bytes) -> None:
        """Keep a bundle, and let those go that were not asked for longest where all together are too large."""
        if path not in self._kept:  # two may have asked at once
            self._size += len(packed)
        self._kept[path] = (headers, packed)
        while self._size > MOST_COMPRESSED and len(self._kept) > 1:
            _, (_, gone) = self._kept.popitem(last=False)
            self._size -= len(gone)


def nodelay_listeners() -> None:
    """Turn Nagle's algorithm off for every listening socket of this process; what they accept inherits it (Linux).

    Streamlit opens its socket in a way that makes asyncio leave it on, which costs each answer some 40 ms.
    """
    for listener in _own_sockets():
        # A Unix socket knows no TCP, and one may be closed meanwhile.
        with listener, suppress(OSError):
            if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _own_sockets() -> Iterator[socket.socket]:
    if not FDS.is_dir():
        return
    for number in [int(entry.name) for entry in FDS.iterdir()]:
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield socket.socket(fileno=os.dup(number))


def _may_compress(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path = scope["path"]
    if not path.startswith("/static/") or not path.endswith(COMPRESSED_SUFFIXES):
        return False
    headers = Headers(scope=scope)
    conditional = any(name in headers for name in ("range", "if-none-match", "if-modified-since"))
    return _accepts_gzip(headers.get("accept-encoding", "")) and not conditional


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _packed_headers(raw: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    headers = MutableHeaders(raw=[(name, value) for name, value in raw if name.lower() != b"accept-ranges"])
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(length)
    headers.add_vary_header("Accept-Encoding")
    if (etag := headers.get("etag", "")).startswith('"'):
        headers["ETag"] = f"W/{etag}"  # the same content, no longer the same bytes
    return headers.raw


async def refuse(scope: Scope, send: Send, error: Refused, more: dict[str, str], rest: Starlette | None = None) -> None:
    """Answer a request, or a WebSocket's, with an envelope that says why not; where there is a console, it is noted.

    A browser that goes to a page while there is no room shows words instead, and tries again.
    """
    caller = caller_of(scope, read_headers(scope))
    if rest is not None:
        rest.state.console.calls.note("pages", error.code, "", "page", 0.0, caller.request_id)
    if error.status == 503 and _is_shown(scope):
        kind, body = "text/html", busy_page.page(error, reader_of(scope))
    else:
        kind, body = (
            "application/json",
            encode(envelope(error.code, say(error, caller.language), None, caller.request_id)),
        )
    headers = {
        "content-type": f"{kind}; charset=utf-8", "content-length": str(len(body)),
        "cache-control": "no-store", "x-request-id": caller.request_id, **more,
    }  # fmt: skip
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    start = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    await send({"type": f"{start}.start", "status": error.status, "headers": raw})
    await send({"type": f"{start}.body", "body": body})


def _is_shown(scope: Scope) -> bool:
    """Say whether a browser shows the answer to somebody."""
    if scope["type"] != "http" or scope["method"] != "GET" or is_rest_path(scope["path"]):
        return False
    return is_page_path(scope["path"]) and "text/html" in Headers(scope=scope).get("accept", "")


def reader_of(scope: Scope) -> str:
    """Return the language of whoever looks at a page."""
    return busy_page.reads(HTTPConnection(scope).cookies, language_of(read_headers(scope)))
