"""Accounts of the console and their sessions. Only hashes of passwords and tokens come here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from sqlite_utils import Database

from backend.errors import BadRequest, NotFound
from backend.model import Account, Actor, Role
from backend.store import history
from backend.store.database import Connections

SECONDS_A_DAY = 86_400
ACCOUNT_COLUMNS = "account_id, user_name, role, a.created, disabled"


def token_hash(token: str) -> str:
    """Return what is stored in place of a token: it is random and long, so a plain digest is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class Accounts:
    """Who may use the console, and who is signed in."""

    def __init__(self, connections: Connections, clock: Callable[[], float]) -> None:
        self._connections = connections
        self._clock = clock

    def add_account(self, user_name: str, password_hash: str, role: Role, actor: Actor) -> Account:
        """Make an account. Raises BadRequest when the name is taken."""
        with self._connections.writing() as db:
            made = db.execute(
                "insert or ignore into accounts (user_name, password_hash, role, created) values (?, ?, ?, ?)",
                [user_name, password_hash, role, self._now()],
            ).rowcount
            if not made:
                raise BadRequest("There is an account {name} already; choose another name.", name=user_name)
            self._note(db, actor, "addAccount", user_name, {"role": role})
            return _account(_row(db, user_name))

    def set_password(self, user_name: str, password_hash: str, actor: Actor) -> None:
        """Change a password, and end every session of the account. Raises NotFound."""
        with self._connections.writing() as db:
            row = _row(db, user_name)
            account_id = row["account_id"]
            db.execute("update accounts set password_hash = ? where account_id = ?", [password_hash, account_id])
            db.execute("delete from sessions where account_id = ?", [account_id])
            self._note(db, actor, "setPassword", user_name, {})

    def find_accounts(self) -> tuple[Account, ...]:
        """Return every account, by name."""
        with self._connections.reading() as db:
            rows = db.query(f"select {ACCOUNT_COLUMNS} from accounts a order by user_name")
            return tuple(_account(row) for row in rows)

    def get_password_hash(self, user_name: str) -> tuple[Account, str] | None:
        """Return the account of this name with its password's hash, or None."""
        with self._connections.reading() as db:
            try:
                row = _row(db, user_name)
            except NotFound:
                return None
        return _account(row), row["password_hash"]

    def open_session(self, account: Account, token: str, days: int, actor: Actor) -> None:
        """Keep a new session until it is signed out or `days` have passed."""
        now = self._now()
        with self._connections.writing() as db:
            db.execute("delete from sessions where expires <= ?", [now])
            db.execute(
                "insert into sessions (token_hash, account_id, created, expires, address) values (?, ?, ?, ?, ?)",
                [token_hash(token), account.account_id, now, now + days * SECONDS_A_DAY, actor.address],
            )
            self._note(db, actor, "login", account.user_name, {})

    def find_session(self, hashed: str) -> Account | None:
        """Return whose session this is (by `token_hash`), or None when there is none or it ended."""
        found = self._connections.unchanged.get(("session", hashed), lambda: self._read_session(hashed))
        return found[0] if found and found[1] > self._now() else None

    def _read_session(self, hashed: str) -> tuple[Account, int] | None:
        sql = f"select {ACCOUNT_COLUMNS}, expires from sessions s join accounts a using (account_id) "
        with self._connections.reading() as db:
            rows = list(db.query(f"{sql} where token_hash = ? and not disabled", [hashed]))
        return (_account(rows[0]), rows[0]["expires"]) if rows else None

    def count_sessions(self) -> int:
        """Return how many sessions are open."""
        with self._connections.reading() as db:
            count: int = db.execute("select count(*) from sessions where expires > ?", [self._now()]).fetchone()[0]
        return count

    def end_session(self, hashed: str, actor: Actor) -> None:
        """End one session; one that is gone already is no error."""
        with self._connections.writing() as db:
            if db.execute("delete from sessions where token_hash = ?", [hashed]).rowcount:
                self._note(db, actor, "signOut", actor.name, {})

    def end_sessions_of(self, account: Account, actor: Actor) -> None:
        """End every session of an account."""
        with self._connections.writing() as db:
            count = db.execute("delete from sessions where account_id = ?", [account.account_id]).rowcount
            if count:
                self._note(db, actor, "signOut", account.user_name, {"sessions": count})

    def _now(self) -> int:
        return int(self._clock())

    def _note(self, db: Database, actor: Actor, action: str, target: str, after: dict[str, Any]) -> None:
        history.append(db, at=self._now(), actor=actor, action=action, target=target, after=after)


def _row(db: Database, user_name: str) -> dict[str, Any]:
    row = next(iter(db.query("select * from accounts where user_name = ?", [user_name])), None)
    if row is None:
        raise NotFound("There is no account {name}.", name=user_name)
    return row


def _account(row: dict[str, Any]) -> Account:
    return Account(row["account_id"], row["user_name"], Role(row["role"]), row["created"], bool(row["disabled"]))
