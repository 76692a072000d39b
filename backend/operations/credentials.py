"""The only place that checks passwords: queued, rate limited, and without revealing whether a name exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backend.auth.passwords import hash_password, is_right
from backend.errors import WrongCredentials
from backend.model import Account

if TYPE_CHECKING:
    from backend.console import Call

WRONG = "The user name or the password is wrong."


def check_password(call: Call, user_name: str, password: str) -> Account:
    """Return the account with this password.

    Raises WrongCredentials, also after too many wrong attempts, and Refused if too many requests are waiting for a
    password check.
    """
    address, attempts = call.caller.address, call.store.attempts
    with call.console.password_checks.acquire(address):
        begun = attempts.begin(address, user_name)
        if begun.wait:
            raise WrongCredentials("Too many wrong passwords. Try again in {seconds} s.", seconds=begun.wait)
        found = call.store.accounts.get_password_hash(user_name)
        account, hashed = found or (None, None)
        if is_right(password, hashed) and account is not None and not account.disabled:
            attempts.succeed(address, user_name)
            return account
    if begun.is_last_free:
        call.store.accounts.note_guessing(user_name, begun.count, replace(call.actor, name="", token=""))
    raise WrongCredentials(WRONG)


def new_hash(call: Call, password: str) -> str:
    """Return the hash of a new password, which costs as much as a check. Raises BadRequest and Refused."""
    with call.console.password_checks.acquire(call.caller.address):
        return hash_password(password)
