"""Token hashing."""

from __future__ import annotations

import hashlib


def token_hash(token: str) -> str:
    """Return the stored hash of a token; tokens are long and random, so a plain digest suffices."""
    return hashlib.sha256(token.encode()).hexdigest()
