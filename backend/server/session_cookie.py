"""The session cookie: setting and clearing it, and identifying its user."""

from __future__ import annotations

from functools import cache

import anyio
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from backend.api.registry import as_text
from backend.auth.permissions import Right
from backend.console import Console
from backend.errors import SIGN_IN_FIRST, BadRequest, Forbidden
from backend.model import SECONDS_A_DAY, Access
from backend.server.forwarded import own_hosts
from backend.server.multipart import read_content_type
from backend.server.page_paths import is_own_origin
from backend.server.request import COOKIE, JSON, RequestContext, bearer, read_body, read_headers, read_query
from backend.store import StoreError

MAX_BODY = 64 << 10


async def adopt(context: RequestContext) -> Response:
    """Exchange the ticket of a signed-in page for the session cookie."""
    context.require_method("POST")
    require_same_origin(context)
    media_type, options = read_content_type(context.request.headers.get("content-type", ""))
    raw = await context.read_body(MAX_BODY)
    if media_type != JSON:
        raise BadRequest("The Content-Type must be {json}.", json=JSON)
    ticket = as_text("ticket", read_body(raw, media_type, options).get("ticket"))
    token = await context.run(context.console.store.tickets.take, "session", ticket)
    if token is None or await context.run(context.access_of, token) is None:
        raise Forbidden(SIGN_IN_FIRST)
    response = context.succeed()
    set_cookie(context, response, token, context.console.settings.token_days * SECONDS_A_DAY)
    return response


async def forget(context: RequestContext) -> Response:
    """Clear the cookie."""
    context.require_method("POST")
    require_same_origin(context)
    response = context.succeed()
    set_cookie(context, response, "", 0)
    return response


def require_same_origin(context: RequestContext) -> None:
    """Raise Forbidden if a page of another site sent the request.

    Browsers send Sec-Fetch-Site; if they do not (plain http), Origin is compared with the host.
    """
    headers = context.request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    hosts = own_hosts(context.scope, context.console.settings.public_url)
    foreign = site is None and origin and not is_own_origin([origin.encode("latin-1")], hosts)
    if foreign or site not in (None, "same-origin", "none"):
        raise Forbidden("Requests from other sites are not allowed.")


async def person_of(console: Console, scope: Scope) -> str:
    """Return the account of the request's cookie or token, or empty if it may not use the dashboard."""
    access = await _access_shown(console, scope)
    return access.account.user_name if access and Right.DASHBOARD in access.rights else ""


async def should_refuse(console: Console, scope: Scope) -> bool:
    """Return whether file descriptors are short and nobody is signed in."""
    return "short" in scope and await _access_shown(console, scope) is None


async def _access_shown(console: Console, scope: Scope) -> Access | None:
    """Return the access shown in the head of a request."""
    shown = HTTPConnection(scope).cookies.get(COOKIE) or bearer(read_headers(scope))
    try:
        shown = shown or read_query(scope["query_string"]).token
        return await anyio.to_thread.run_sync(console.access_of, shown, limiter=_lookups()) if shown else None
    except (BadRequest, StoreError):
        return None


@cache
def _lookups() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(2)


def set_cookie(
    context: RequestContext, response: Response, value: str, seconds: int, name: str = COOKIE, path: str = "/"
) -> None:
    """Set a cookie that scripts cannot read, by default that of the session; 0 seconds clear it."""
    secure = context.scope["scheme"] == "https"
    response.set_cookie(name, value, max_age=seconds, path=path, secure=secure, httponly=True, samesite="lax")
