"""Password hashing, verification and rules."""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING

from backend.errors import BadRequest

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_LENGTH, MAX_LENGTH = 10, 1024


@cache
def _hasher() -> PasswordHasher:
    """Return a hasher for argon2id with RFC 9106's low-memory profile."""
    from argon2 import PasswordHasher

    return PasswordHasher()


def hash_password(password: str) -> str:
    """Return the argon2id hash of a new password. Raises BadRequest if it is too short, too long or contains NUL."""
    if "\0" in password:
        raise BadRequest("A password must not contain the character NUL.")
    password = unicodedata.normalize("NFC", password)
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise BadRequest("A password needs {fewest} to {most} characters.", fewest=MIN_LENGTH, most=MAX_LENGTH)
    return _hasher().hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Verify a password in any Unicode normalization.

    Without a hash it takes as long and returns False. Keyboards produce é composed (NFC) or decomposed (NFD). New
    hashes use NFC, old ones the original input.
    """
    forms = dict.fromkeys((unicodedata.normalize("NFC", password), password, unicodedata.normalize("NFD", password)))
    return any(_is_right(form, password_hash or _nobodys_hash()) for form in forms) and password_hash is not None


def _is_right(password: str, password_hash: str) -> bool:
    import argon2  # not one of its modules: see `backend.prewarm.fetcher`

    try:
        return _hasher().verify(password_hash, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, UnicodeEncodeError):
        return False


def new_password() -> str:
    """Return a random password that is easy to read out and type (80 bits)."""
    return "-".join(secrets.token_hex(2) for _ in range(5))


@cache
def _nobodys_hash() -> str:
    """Return a hash that matches nothing but takes as long to verify as a real one."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    hasher = _hasher()
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
