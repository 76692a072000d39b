"""Keys of review desks: each permits desk operations only and ends with its session."""

from __future__ import annotations

from collections.abc import Callable

from backend.auth.permissions import GRANTS, Right
from backend.auth.tokens import token_hash
from backend.errors import SIGN_IN_FIRST, Forbidden
from backend.model import Access
from backend.store.accounts import ACCOUNT_COLUMNS, account_of
from backend.store.engine import Database, Engine

MAX_OPEN = 20  # per session; the one unused for longest is evicted
FIND = f"""
    select {ACCOUNT_COLUMNS}, s.expires, s.name, s.granted, s.token_hash, d.desk
    from review_desks d join sessions s using (token_hash) join accounts a using (account_id)
    where d.key_hash = ? and disabled = 0
"""
CROWDED = """
    delete from review_desks where token_hash = ? and key_hash not in (
        select key_hash from review_desks where token_hash = ?
            order by case when used > created then used else created end desc, key_hash limit ?
    )
"""


class ReviewDesks:
    """Opens desks; `find` below looks up their keys."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def open(self, key: str, desk: str, session: str) -> None:
        """Store the hash of a new key for the session with this `token_hash`. Raises Forbidden if it has ended."""
        with self._engine.writing() as db:
            if db.execute("select 1 from sessions where token_hash = ?", [session]).fetchone() is None:
                raise Forbidden(SIGN_IN_FIRST)
            db.execute(
                "insert into review_desks (key_hash, desk, token_hash, created) values (?, ?, ?, ?)",
                [token_hash(key), desk, session, self._clock()],
            )
            db.execute(CROWDED, [session, session, MAX_OPEN])


def find(db: Database, hashed: str) -> tuple[Access, int, str] | None:
    """Return the access, expiry and session of a desk key, inside the caller's transaction."""
    row = next(iter(db.query(FIND, [hashed])), None)
    if row is None:
        return None
    account = account_of(row)
    rights = account.role.rights & GRANTS[Right(row["granted"])] if row["granted"] else account.role.rights
    access = Access(account, rights & {Right.DESK}, row["name"], row["desk"])
    return access, row["expires"], row["token_hash"]
