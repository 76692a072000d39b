"""Sign-in, sign-out, and the signed-in account."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backend.api.registry import always, operation
from backend.api.wire import TokenData
from backend.auth.oidc import COMPANY_PATH
from backend.auth.permissions import Right
from backend.auth.tokens import token_hash
from backend.errors import SIGN_IN_FIRST, BadRequest, Forbidden
from backend.operations.credentials import check_password

if TYPE_CHECKING:
    from backend.console import Call


class SessionTicketData(msgspec.Struct, rename="camel"):
    ticket: str


class AccountData(msgspec.Struct, rename="camel"):
    user_name: str
    role: str
    rights: list[str]


class SignInData(msgspec.Struct, rename="camel"):
    """`companyPath` is where a browser signs in with a company account; empty if there is none."""

    company_path: str


@operation("GET", "/user/getSignIn", right=None, pure=True, cheap=always)
def get_sign_in(call: Call) -> SignInData:
    """Return the ways of signing in besides a password. They change only at a restart."""
    return SignInData(COMPANY_PATH if call.settings.oidc_issuer else "")


@operation("POST", "/user/login", message="登录成功!", right=None, place=12)
def login(call: Call, *, user_name: str, password: str) -> TokenData:
    """Sign in. An account can have several sessions."""
    account = check_password(call, user_name, password)
    if call.caller.channel == "page" and Right.DASHBOARD not in account.role.rights:
        raise Forbidden(
            "Accounts with the role {role} are for programs and cannot use the dashboard.", role=account.role
        )
    token = secrets.token_hex(24)
    actor = replace(call.actor, name=account.user_name, token="")
    call.store.sessions.open_session(account, token, call.settings.token_days, actor, call.caller.agent)
    return TokenData(token)


@operation("POST", "/user/signOut", message="退出完成!", right=None, place=13)
def sign_out(call: Call, *, user_name: str = "", password: str = "") -> None:
    """End the session of the token; with userName and password instead, end all sessions of that account."""
    if call.access is not None:
        call.store.sessions.end_session(token_hash(call.token), call.actor)
    elif user_name or password:
        account = check_password(call, user_name, password)
        call.store.sessions.end_sessions_of(account, replace(call.actor, name=account.user_name))
    elif not call.token:
        raise BadRequest("consoletoken is required, or userName and password.")


@operation("GET", "/user/getAccount")
def get_account(call: Call) -> AccountData:
    """Return the signed-in account and the permissions of this token."""
    if call.access is None:
        raise Forbidden(SIGN_IN_FIRST)
    account = call.access.account
    return AccountData(account.user_name, account.role.value, sorted(right.value for right in call.access.rights))


@operation("POST", "/user/createSessionTicket", right=Right.DASHBOARD)
def create_session_ticket(call: Call) -> SessionTicketData:
    """Create a one-time ticket, valid for a minute, which /console/user/adopt exchanges for the session cookie.

    It lets a page keep its user signed in without exposing the token to the page.
    """
    return SessionTicketData(call.store.tickets.issue("session", call.token, owner=call.token))
