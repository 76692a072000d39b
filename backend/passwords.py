"""Passwords: how they are hashed and checked, and which are taken."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.errors import BadRequest

FEWEST, MOST = 10, 1024
_hasher = PasswordHasher()  # argon2id, RFC 9106's low-memory profile


def hash_password(password: str) -> str:
    """Return the argon2id hash of a new password. Raises BadRequest for one that is too short, too long or no text."""
    if not FEWEST <= len(password) <= MOST or "\0" in password:
        raise BadRequest("A password needs {fewest} to {most} characters.", fewest=FEWEST, most=MOST)
    return _hasher.hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Check a password. Without a hash (no such account) it takes as long, and is wrong."""
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def new_password() -> str:
    """Return a random password that can be read out and typed (80 bits)."""
    return "-".join(secrets.token_hex(2) for _ in range(5))


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(16))
