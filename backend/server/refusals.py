"""What a request is answered that gets no further: an envelope, or words where a browser shows them to somebody."""

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
    """Answer a request, or a WebSocket's, with an envelope that says why not; where there is a console, it is noted.

    A browser that goes to a page while there is no room shows words instead, and tries again.
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
    """Say whether a browser shows the answer to somebody."""
    if scope["type"] != "http" or scope["method"] != "GET" or is_rest_path(scope["path"]):
        return False
    return is_page_path(scope["path"]) and "text/html" in Headers(scope=scope).get("accept", "")


def reader_of(scope: Scope) -> str:
    """Return the language of whoever looks at a page."""
    return busy_page.reads(HTTPConnection(scope).cookies, language_of(read_headers(scope)))
