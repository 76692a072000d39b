"""The two routes of signing in with a company account: to the provider, and back with what it answered."""

from __future__ import annotations

import logging
import re
import secrets
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from backend.auth.oidc import COMPANY_PATH
from backend.errors import Refused
from backend.lifecycle.company_sign_in import PENDING_SECONDS, CompanySignIn, Refusal
from backend.model import Actor
from backend.server.request import RequestContext
from backend.server.session_cookie import set_cookie

log = logging.getLogger(__name__)

BACK_PATH = f"{COMPANY_PATH}/callback"
COOKIE = "qu_company"  # of a browser with a pending sign-in
MAX_ANSWER = 4096  # characters of a parameter
OWN_PAGE = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")  # a path of ours, without backslashes
ANSWERS = ("state", "code", "error", "iss")


async def begin(context: RequestContext) -> Response:
    """Send the browser to the provider; `to` is the page to come back to."""
    context.require_method("GET")
    company = _company(context)
    wanted = context.request.query_params.get("to", "/")
    to = wanted if OWN_PAGE.fullmatch(wanted) else "/"
    browser = context.request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    redirect_uri = f"{context.caller.base_url}{BACK_PATH}"
    try:
        target = await context.run(company.begin, browser, redirect_uri, to, context.caller.address)
    except Refusal as refusal:
        return _refuse(context, refusal)
    response = _redirect(context, target)
    set_cookie(context, response, browser, int(PENDING_SECONDS), COOKIE, COMPANY_PATH)
    return response


async def finish(context: RequestContext) -> Response:
    """Complete the sign-in with the answer of the provider, and set the session cookie."""
    context.require_method("GET")
    company = _company(context)
    answer = _read_answer(context.request.query_params)
    caller = context.caller
    actor = Actor("", "page", caller.address, caller.request_id)
    browser = context.request.cookies.get(COOKIE, "")
    try:
        token, to = await context.run(company.finish, answer, browser, actor, caller.agent)
    except Refusal as refusal:
        return _refuse(context, refusal)
    response = _redirect(context, to)
    set_cookie(context, response, token, context.console.settings.oidc_session_hours * 3600)
    set_cookie(context, response, "", 0, COOKIE, COMPANY_PATH)
    return response


def _company(context: RequestContext) -> CompanySignIn:
    if context.console.company is None:
        raise Refused(404, "{path} does not exist.", path=context.scope["path"][:200])
    return context.console.company


def _read_answer(query: QueryParams) -> dict[str, str]:
    """Return the parameters of the answer; a repeated one is as good as none."""
    return {
        name: query[name] for name in ANSWERS if len(query.getlist(name)) == 1 and len(query[name]) <= MAX_ANSWER
    }  # fmt: skip


def _refuse(context: RequestContext, refusal: Refusal) -> Response:
    """Send the browser to the sign-in, which tells the reason; the log has the details."""
    issuer = context.console.settings.oidc_issuer
    values = {"why": str(refusal), "issuer": issuer, "requestId": context.caller.request_id}
    log.warning("company sign-in refused: %(why)s, issuer %(issuer)s, requestId %(requestId)s", values)
    return _redirect(context, f"/?refused={quote(refusal.key)}")


def _redirect(context: RequestContext, target: str) -> Response:
    headers = {
        "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Request-Id": context.caller.request_id
    }  # fmt: skip
    return RedirectResponse(target, 302, headers)
