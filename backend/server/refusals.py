"""Refuses requests: with an envelope, or with a page if a browser displays it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope, Send

from backend.api.wire import encode, envelope
from backend.console import Console
from backend.errors import Refused
from backend.i18n.messages import say
from backend.server import busy_page
from backend.server.page_paths import is_page_path, is_rest_path
from backend.server.request import build_caller, language_of, read_headers

LATER = {"retry-after": str(busy_page.AGAIN_SECONDS)}
TRY_LATER = {**LATER, "connection": "close"}


async def refuse(
    scope: Scope, send: Send, error: Refused, more: dict[str, str], console: Console | None = None
) -> None:
    """Refuse a request or WebSocket with an envelope, and count it if there is a console.

    For lack of capacity, a browser opening a page gets HTML that reloads automatically.
    """
    caller = build_caller(scope, read_headers(scope))
    if console is not None:
        console.calls.note("pages", error.code, "", "page", 0.0, caller.request_id)
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
    """Return whether a browser displays the response."""
    if scope["type"] != "http" or scope["method"] != "GET" or is_rest_path(scope["path"]):
        return False
    return is_page_path(scope["path"]) and "text/html" in Headers(scope=scope).get("accept", "")


def reader_of(scope: Scope) -> str:
    """Return the language for a page."""
    return busy_page.reads(HTTPConnection(scope).cookies, language_of(read_headers(scope)))
