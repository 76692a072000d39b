"""The cookie of somebody who signed in on a page: how it is set and taken away, and who a request shows that asks."""

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
    """Exchange the ticket of a page that signed somebody in for the cookie that later visits show."""
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
    _set_cookie(context, response, token, context.console.settings.token_days * SECONDS_A_DAY)
    return response


async def forget(context: RequestContext) -> Response:
    """Take the cookie away."""
    context.require_method("POST")
    require_same_origin(context)
    response = context.succeed()
    _set_cookie(context, response, "", 0)
    return response


def require_same_origin(context: RequestContext) -> None:
    """Raise Forbidden when a page of another site is asking.

    Browsers say so with Sec-Fetch-Site; where they do not (plain http), Origin is compared with the host.
    """
    headers = context.request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    hosts = own_hosts(context.scope, context.console.settings.public_url)
    foreign = site is None and origin and not is_own_origin([origin.encode("latin-1")], hosts)
    if foreign or site not in (None, "same-origin", "none"):
        raise Forbidden("Requests from other sites are not allowed.")


async def person_of(console: Console, scope: Scope) -> str:
    """Return the account whose cookie or token a request shows, or nothing where it may not be on the pages."""
    access = await _access_shown(console, scope)
    return access.account.user_name if access and Right.DASHBOARD in access.rights else ""


async def is_turned_away(console: Console, scope: Scope) -> bool:
    """Say whether descriptors are short, and nobody asks who is signed in."""
    return "short" in scope and await _access_shown(console, scope) is None


async def _access_shown(console: Console, scope: Scope) -> Access | None:
    """Return who asks, as far as the head of a request shows."""
    shown = HTTPConnection(scope).cookies.get(COOKIE) or bearer(read_headers(scope))
    try:
        shown = shown or read_query(scope["query_string"]).token
        return await anyio.to_thread.run_sync(console.access_of, shown, limiter=_lookups()) if shown else None
    except (BadRequest, StoreError):
        return None


@cache
def _lookups() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(2)


def _set_cookie(context: RequestContext, response: Response, token: str, seconds: int) -> None:
    secure = context.scope["scheme"] == "https"
    response.set_cookie(COOKIE, token, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")
