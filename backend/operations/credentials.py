"""The one place that looks at a password: counted first, slow for whoever guesses, and told alike for unknown names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backend.errors import WrongCredentials
from backend.model import Account
from backend.passwords import is_right
from backend.store.attempts import FREE

if TYPE_CHECKING:
    from backend.console import Call

WRONG = "The user name or the password is wrong."


def check_password(call: Call, user_name: str, password: str) -> Account:
    """Return whose password this is. Raises WrongCredentials, also where too many wrong ones were tried just now."""
    address, attempts = call.caller.address, call.store.attempts
    begun = attempts.begin(address, user_name)
    if begun.wait:
        raise WrongCredentials("Too many wrong passwords. Try again in {seconds} s.", seconds=begun.wait)
    found = call.store.accounts.get_password_hash(user_name)
    account, hashed = found or (None, None)
    if not is_right(password, hashed) or account is None or account.disabled:
        if begun.count == FREE:
            call.store.accounts.note_guessing(user_name, FREE, replace(call.actor, name="", token=""))
        raise WrongCredentials(WRONG)
    attempts.succeed(address, user_name)
    return account
