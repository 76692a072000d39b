"""One-time tickets, used instead of a token in URLs that a browser loads directly.

Only the client knows the ticket. The store holds its hash, and its content encrypted with a one-time pad derived from
it, so that reading the store reveals no token.
"""

from __future__ import annotations

import secrets
from hashlib import sha256, shake_256
from typing import Any

import msgspec

from backend.store.engine import Database, Engine

MAX_OPEN = 200  # per owner; each further one replaces the oldest

ADD = "insert into tickets (hash, purpose, owner, until, sealed) values (?, ?, ?, ?, ?)"
TAKE = "delete from tickets where hash = ? returning purpose, until, sealed"
CROWDED = """
    delete from tickets where owner = ? and number <= (
        select number from tickets where owner = ? order by number desc limit 1 offset ?
    )
"""


class Tickets:
    """Tickets of all processes; each is valid once, for a short time and one purpose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def issue(self, purpose: str, what: Any, seconds: float = 60.0, owner: str = "") -> str:
        """Return a new ticket that `take` exchanges for `what`, which is plain data. The limit applies per owner."""
        ticket = secrets.token_urlsafe(24)
        now, owned = self._engine.now(), _hash(owner)
        with self._engine.volatile() as db:
            db.execute("delete from tickets where until <= ?", [now])
            db.execute(CROWDED, [owned, owned, MAX_OPEN - 1])
            db.execute(ADD, [_hash(ticket), purpose, owned, now + seconds, _seal(ticket, msgspec.json.encode(what))])
        return ticket

    def take(self, purpose: str, ticket: str) -> Any | None:
        """Redeem a ticket and return its content; None if it is unknown, used, expired or for another purpose."""
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
    """Encrypt or decrypt a ticket's content; each pad is used for one content only."""
    pad = shake_256(b"what a ticket stands for\0" + ticket.encode(errors="surrogatepass")).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, pad, strict=True))
