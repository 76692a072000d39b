"""The one place that looks at a password: in turn, counted first, and told alike for unknown names."""

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
    """Return whose password this is. Raises WrongCredentials, also where too many wrong ones were tried just now.

    Raises Refused where too many wait to have theirs looked at.
    """
    address, attempts = call.caller.address, call.store.attempts
    with call.console.turns.turn(address):
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
    """Return the hash of a new password, which costs as much as checking one. Raises BadRequest and Refused."""
    with call.console.turns.turn(call.caller.address):
        return hash_password(password)
