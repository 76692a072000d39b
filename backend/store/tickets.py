"""One-time links: what a browser shows instead of a token where it can only load a plain address.

A ticket is known to whoever holds it alone. The store keeps its hash, and what it stands for sealed with a pad that is
derived from it: whoever reads the store learns no token.
"""

from __future__ import annotations

import secrets
from hashlib import sha256, shake_256
from typing import Any

import msgspec

from backend.store.engine import Database, Engine

MAX_OPEN = 200  # of one owner; each further one takes the place of the oldest

ADD = "insert into tickets (hash, purpose, owner, until, sealed) values (?, ?, ?, ?, ?)"
TAKE = "delete from tickets where hash = ? returning purpose, until, sealed"
CROWDED = """
    delete from tickets where owner = ? and number <= (
        select number from tickets where owner = ? order by number desc limit 1 offset ?
    )
"""


class Tickets:
    """Tickets of all processes. Each is good once, for a short time, for the purpose it was made for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def issue(self, purpose: str, what: Any, seconds: float = 60.0, owner: str = "") -> str:
        """Return a new ticket that `take` exchanges for `what`, which is plain data.

        Nobody's tickets take room from those of others.
        """
        ticket = secrets.token_urlsafe(24)
        now, owned = self._engine.now(), _hash(owner)
        with self._engine.volatile() as db:
            db.execute("delete from tickets where until <= ?", [now])
            db.execute(CROWDED, [owned, owned, MAX_OPEN - 1])
            db.execute(ADD, [_hash(ticket), purpose, owned, now + seconds, _seal(ticket, msgspec.json.encode(what))])
        return ticket

    def take(self, purpose: str, ticket: str) -> Any | None:
        """Return what the ticket stands for, and forget it; None when it is unknown, used, late or meant otherwise."""
        with self._engine.volatile() as db:
            found = _take(db, ticket)
        if found is None or found[0] != purpose or found[1] <= self._engine.now():
            return None
        return msgspec.json.decode(_seal(ticket, found[2]))


def _take(db: Database, ticket: str) -> tuple[str, float, bytes] | None:
    rows = db.fetch(TAKE, [_hash(ticket)])
    return rows[0] if rows else None


def _hash(text: str) -> bytes:
    return sha256(text.encode(errors="surrogatepass")).digest()


def _seal(ticket: str, content: bytes) -> bytes:
    """Seal what a ticket stands for, or open it again: each pad is used for one content."""
    pad = shake_256(b"what a ticket stands for\0" + ticket.encode(errors="surrogatepass")).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, pad, strict=True))
