"""What stands for a token where it is kept."""

from __future__ import annotations

import hashlib


def token_hash(token: str) -> str:
    """Return what is stored in place of a token: it is random and long, so a plain digest is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
