"""Accounts, sessions and API tokens: one's own, and for administrators everybody's."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import End, Text
from backend.api.registry import operation
from backend.auth.passwords import new_password
from backend.auth.permissions import GRANTS, Right, Role
from backend.auth.tokens import token_hash
from backend.errors import BadRequest, Forbidden
from backend.model import SECONDS_A_DAY, Session
from backend.operations.credentials import check_password, new_hash

if TYPE_CHECKING:
    from backend.console import Call

Name = Annotated[str, Text(100)]
MAX_DAYS = 3660  # maximum validity of an API token
PREFIX = "qu_"  # lets secret scanners recognize a token leaked into a repository or log


class KnownAccount(msgspec.Struct, rename="camel"):
    """An account. `lastSeenTime` is empty if it has no session or token in use."""

    user_name: str
    role: str
    disabled: bool
    creation_time: str
    last_seen_time: str
    session_count: int
    token_count: int


class NewPassword(msgspec.Struct, rename="camel"):
    """`password` is the generated password, returned only once; empty if one was given."""

    user_name: str
    password: str


class SessionData(msgspec.Struct, rename="camel"):
    """A session. `isOwn` marks the caller's session; `agent` is the User-Agent at sign-in."""

    session_id: str
    user_name: str
    way: str
    address: str
    agent: str
    creation_time: str
    expiration_time: str
    last_seen_time: str
    is_own: bool


class TokenInfo(msgspec.Struct, rename="camel"):
    """An API token. `lastSeenTime` is empty if it was never used; the token itself is returned by createToken only."""

    token_id: str
    user_name: str
    name: str
    right: str
    address: str
    creation_time: str
    expiration_time: str
    last_seen_time: str
    expired: bool


class NewToken(msgspec.Struct, rename="camel"):
    """A new API token; `consoleToken` is returned only once."""

    console_token: str
    token: TokenInfo


class EndedData(msgspec.Struct, rename="camel"):
    count: int


# Own account


@operation("POST", "/user/changePassword", message="密码已修改", right=Right.OWN)
def change_password(call: Call, *, old_password: str, new_password: str) -> None:
    """Change your own password; the old one is required. All other sessions of the account end; API tokens are kept."""
    account = check_password(call, call.own.user_name, old_password)
    call.store.accounts.change_password(account, new_hash(call, new_password), token_hash(call.token), call.actor)


@operation("GET", "/user/getOwnSessions", right=Right.OWN)
def get_own_sessions(call: Call) -> list[SessionData]:
    """List your own sessions, most recently seen first."""
    return [_session(call, session) for session in call.store.sessions.find_sessions(call.own.user_name)]


@operation("POST", "/user/endOwnSession", message="会话已结束", right=Right.OWN)
def end_own_session(call: Call, *, session_id: str) -> None:
    """End one of your own sessions."""
    call.store.sessions.end(session_id, call.actor, owner=call.own.user_name)


@operation("POST", "/user/endOtherSessions", message="会话已结束", right=Right.OWN)
def end_other_sessions(call: Call) -> EndedData:
    """End all of your own sessions except the current one, and return how many."""
    return EndedData(call.store.sessions.end_sessions_of(call.own, call.actor, but=token_hash(call.token)))


@operation("GET", "/user/getOwnTokens", right=Right.OWN)
def get_own_tokens(call: Call) -> list[TokenInfo]:
    """List your own API tokens, most recently used first."""
    return [_token(call, token) for token in call.store.sessions.find_tokens(call.own.user_name)]


@operation("POST", "/user/createToken", message="令牌已创建", right=Right.OWN)
def create_token(call: Call, *, name: Name, right: Right, end_time: End) -> NewToken:
    """Create an API token: a console token for programs, with a name, a permission of your role and an expiry date."""
    if right not in GRANTS:
        raise BadRequest("A token cannot have the {right} permission. Choose one of {rights}.", right=right.value,
                         rights=", ".join(GRANTS))  # fmt: skip
    if right not in call.own.role.rights:
        raise Forbidden("Your role ({role}) does not have the {right} permission, so your tokens cannot have it.",
                        role=call.own.role.value, right=right.value)  # fmt: skip
    if end_time is None or not 0 < end_time - call.now() <= MAX_DAYS * SECONDS_A_DAY:
        raise BadRequest("endTime must be in the future, at most {days} days ahead.", days=MAX_DAYS)
    token = PREFIX + secrets.token_hex(24)
    return NewToken(
        token, _token(call, call.store.sessions.add_token(call.own, token, name, right, end_time, call.actor))
    )


@operation("POST", "/user/revokeOwnToken", message="令牌已撤销", right=Right.OWN)
def revoke_own_token(call: Call, *, token_id: str) -> None:
    """Revoke one of your own API tokens."""
    call.store.sessions.revoke(token_id, call.actor, owner=call.own.user_name)


# All accounts, for administrators


@operation("GET", "/user/getAccounts", right=Right.ADMIN)
def get_accounts(call: Call) -> list[KnownAccount]:
    """List all accounts, sorted by name."""
    sessions, tokens = call.store.sessions.find_sessions(), call.store.sessions.find_tokens()
    counts, token_counts = Counter(one.user_name for one in sessions), Counter(one.user_name for one in tokens)
    seen: dict[str, int] = {}
    for session in (*sessions, *tokens):
        seen[session.user_name] = max(session.last_seen, seen.get(session.user_name, 0))
    return [
        KnownAccount(
            user_name=account.user_name, role=account.role.value, disabled=account.disabled,
            creation_time=call.write.time(account.created), last_seen_time=_time(call, seen.get(account.user_name, 0)),
            session_count=counts[account.user_name], token_count=token_counts[account.user_name],
        )
        for account in call.store.accounts.find_accounts()
    ]  # fmt: skip


@operation("POST", "/user/addAccount", message="账号已添加", right=Right.ADMIN)
def add_account(call: Call, *, user_name: Name, role: Role, password: str = "") -> NewPassword:
    """Add an account.

    Without a password the console generates one and returns it only once. A name that differs from an existing one only
    in letter case, width, whitespace or invisible characters is the same name; one that is easily confused with another
    is rejected.
    """
    chosen = password or new_password()
    made = call.store.accounts.add_account(user_name, new_hash(call, chosen), role, call.actor)
    return NewPassword(made.user_name, "" if password else chosen)


@operation("POST", "/user/editAccount", message="账号已修改", right=Right.ADMIN)
def edit_account(call: Call, *, user_name: str, role: Role | None = None, disabled: bool | None = None) -> None:
    """Change the role of an account, or disable or enable it.

    Disabling ends its sessions at once and suspends its API tokens.
    """
    if role is None and disabled is None:
        raise BadRequest("No change was given.")
    call.store.accounts.edit_account(user_name, call.actor, role=role, disabled=disabled)


@operation("POST", "/user/resetPassword", message="密码已重置", right=Right.ADMIN)
def reset_password(call: Call, *, user_name: str, password: str = "") -> NewPassword:
    """Reset the password of an account; its sessions end and its API tokens are revoked."""
    chosen = password or new_password()
    account = call.store.accounts.get_account(user_name)
    call.store.accounts.set_password(account.user_name, new_hash(call, chosen), call.actor)
    return NewPassword(account.user_name, "" if password else chosen)


@operation("GET", "/user/getSessions", right=Right.ADMIN)
def get_sessions(call: Call, *, user_name: str = "") -> list[SessionData]:
    """List open sessions, of one account or of all, most recently seen first."""
    return [_session(call, session) for session in call.store.sessions.find_sessions(user_name)]


@operation("POST", "/user/endSession", message="会话已结束", right=Right.ADMIN)
def end_session(call: Call, *, session_id: str) -> None:
    """End any session."""
    call.store.sessions.end(session_id, call.actor)


@operation("GET", "/user/getTokens", right=Right.ADMIN)
def get_tokens(call: Call, *, user_name: str = "") -> list[TokenInfo]:
    """List API tokens, of one account or of all, most recently used first."""
    return [_token(call, token) for token in call.store.sessions.find_tokens(user_name)]


@operation("POST", "/user/revokeToken", message="令牌已撤销", right=Right.ADMIN)
def revoke_token(call: Call, *, token_id: str) -> None:
    """Revoke any API token."""
    call.store.sessions.revoke(token_id, call.actor)


def _session(call: Call, session: Session) -> SessionData:
    return SessionData(
        session_id=session.session_id, user_name=session.user_name, way=session.channel, address=session.address,
        agent=session.agent, creation_time=_time(call, session.created), expiration_time=_time(call, session.expires),
        last_seen_time=_time(call, session.last_seen),
        is_own=token_hash(call.token).startswith(session.session_id),
    )  # fmt: skip


def _token(call: Call, token: Session) -> TokenInfo:
    return TokenInfo(
        token_id=token.session_id, user_name=token.user_name, name=token.name, right=token.granted,
        address=token.address, creation_time=_time(call, token.created), expiration_time=_time(call, token.expires),
        last_seen_time=_time(call, token.last_seen), expired=token.expires <= call.now(),
    )  # fmt: skip


def _time(call: Call, second: int) -> str:
    return call.write.time(second) if second else ""
