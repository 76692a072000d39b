"""Sessions and API tokens; only hashes of tokens are stored."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from backend.auth.permissions import GRANTS, Right
from backend.auth.tokens import token_hash
from backend.errors import BadRequest, NotFound
from backend.model import SECONDS_A_DAY, Access, Account, Actor, Session
from backend.store import history, review_desks
from backend.store.accounts import ACCOUNT_COLUMNS, SESSIONS, account_of
from backend.store.engine import Database, Engine
from backend.store.errors import StoreError

log = logging.getLogger(__name__)

SEEN_SECONDS = 60  # precision of last_seen; a write per request would be too expensive
ID_LENGTH = 16  # a prefix of the token hash identifies a session; the token cannot be derived from it
ID = f"substr(token_hash, 1, {ID_LENGTH})"
MAX_TOKENS = 100
ADD = """
    insert into sessions (token_hash, account_id, created, expires, seen, address, way, agent, name, granted)
    values (:token_hash, :account_id, :created, :expires, :seen, :address, :way, :agent, :name, :granted)
"""


class Sessions:
    """Open and end sessions, create and revoke API tokens."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._seen: dict[str, int] = {}
        self._seen_guard = threading.Lock()
        self._written = self._now()
        self._writing = threading.Lock()

    def find_access(self, token: str, version: int | None = None) -> Access | None:
        """Return the access granted by a token, or None if it is unknown or expired.

        Pass `version` if the database version was read already.
        """
        if not token or not token.isascii():
            return None
        hashed = token_hash(token)
        found = self._engine.cached(("session", hashed), partial(self._read_access, hashed), version)
        now = int(self._clock())
        if found is None or found[1] <= now:
            return None
        with self._seen_guard:
            self._seen[found[2]] = self._seen[hashed] = now
        if now - self._written >= SEEN_SECONDS:
            self._written = now
            threading.Thread(target=self.write_seen, name="sessions seen", daemon=True).start()
        return found[0]

    def _read_access(self, hashed: str) -> tuple[Access, int, str] | None:
        """Return who holds a token and what for, until when, and the session that it is, or belongs to."""
        sql = f"select {ACCOUNT_COLUMNS}, expires, name, granted from sessions s join accounts a using (account_id) "
        with self._engine.reading() as db:
            rows = list(db.query(f"{sql} where token_hash = ? and disabled = 0", [hashed]))
            if not rows:
                return review_desks.find(db, hashed)
        account, name, granted = account_of(rows[0]), rows[0]["name"], rows[0]["granted"]
        rights = account.role.rights & GRANTS[Right(granted)] if granted else account.role.rights
        return Access(account, rights, name), rows[0]["expires"], hashed

    def open_session(
        self, account: Account, token: str, days: int, actor: Actor, agent: str = "", *, hours: int = 0,
        issuer: str = "",
    ) -> None:  # fmt: skip
        """Store a new session, valid until sign-out or for `days`, or `hours` where given.

        `issuer` is the provider that vouched for the person, for the history; empty after a password.
        """
        now = self._now()
        with self._engine.writing() as db:
            db.execute("delete from sessions where expires <= ? and name = ''", [now])
            self._add(db, account, token, now + (hours * 3600 or days * SECONDS_A_DAY), actor, agent=agent)
            self._note(db, actor, "login", account.user_name, {"issuer": issuer} if issuer else {})

    def add_token(self, account: Account, token: str, name: str, right: Right, expires: int, actor: Actor) -> Session:
        """Store a new API token valid until `expires`. Raises BadRequest if the name exists or there are too many."""
        with self._engine.writing() as db:
            names = db.execute(
                "select name from sessions where account_id = ? and name <> ''", [account.account_id]
            ).fetchall()
            if (name,) in names:
                raise BadRequest("You already have a token named {name}. Choose another name.", name=name)
            if len(names) >= MAX_TOKENS:
                raise BadRequest("You have {most} tokens, which is the limit. Revoke one first.", most=MAX_TOKENS)
            self._add(db, account, token, expires, actor, name=name, granted=right)
            until = datetime.fromtimestamp(expires, UTC).isoformat()
            self._note(db, actor, "createToken", account.user_name, {"name": name, "right": right, "expires": until})
        return self.find_tokens(account.user_name, token_hash(token)[:ID_LENGTH])[0]

    def find_sessions(self, user_name: str = "", session_id: str = "") -> tuple[Session, ...]:
        """Return unexpired sessions, of one account or of all, most recently seen first."""
        return self._find("name = '' and expires > :now", user_name, session_id)

    def find_tokens(self, user_name: str = "", session_id: str = "") -> tuple[Session, ...]:
        """Return API tokens of one account or of all, most recently used first; expired ones stay until revoked."""
        return self._find("name <> ''", user_name, session_id)

    def _find(self, condition: str, user_name: str, session_id: str) -> tuple[Session, ...]:
        condition += " and user_name = :user_name" if user_name else ""
        condition += f" and {ID} = :id" if session_id else ""
        values = {"now": self._now(), "user_name": user_name, "id": session_id}
        seen = self._pending_seen()  # before reading: what write_seen then forgets, the rows have
        with self._engine.reading() as db:
            rows = list(db.query(f"select s.*, user_name from sessions s join accounts using (account_id) "
                                 f"where {condition} order by s.created desc, token_hash", values))  # fmt: skip
        found = [_session(row, max(row["seen"], seen.get(row["token_hash"], 0))) for row in rows]
        return tuple(sorted(found, key=lambda session: -session.last_seen))

    def end(self, session_id: str, actor: Actor, owner: str = "") -> None:
        """End a session by its id, if it belongs to `owner` (or anybody, if empty). Raises NotFound."""
        self._end("name = ''", session_id, "endSession", actor, owner)

    def revoke(self, token_id: str, actor: Actor, owner: str = "") -> None:
        """Revoke an API token by its id, if it belongs to `owner` (or anybody, if empty). Raises NotFound."""
        self._end("name <> ''", token_id, "revokeToken", actor, owner)

    def _end(self, condition: str, session_id: str, action: str, actor: Actor, owner: str) -> None:
        with self._engine.writing() as db:
            rows = db.query(
                "select token_hash, user_name, name from sessions join accounts using (account_id) "
                f"where {condition} and {ID} = ?", [session_id]
            )  # fmt: skip
            row = next((row for row in rows if owner in ("", row["user_name"])), None)
            if row is None:
                raise NotFound("There is no session or token {session_id}. It may have ended.", session_id=session_id)
            db.execute("delete from sessions where token_hash = ?", [row["token_hash"]])
            self._note(db, actor, action, row["user_name"], {"name": row["name"]} if row["name"] else {})

    def count_sessions(self) -> int:
        """Return the number of open sessions."""
        with self._engine.reading() as db:
            sql = "select count(*) from sessions where expires > ? and name = ''"
            count: int = db.execute(sql, [self._now()]).fetchone()[0]
        return count

    def end_session(self, hashed: str, actor: Actor) -> None:
        """End the session with this token hash, if it exists."""
        with self._engine.writing() as db:
            if db.execute("delete from sessions where token_hash = ?", [hashed]).rowcount:
                self._note(db, actor, "signOut", actor.name, {"name": actor.token} if actor.token else {})

    def end_sessions_of(self, account: Account, actor: Actor, but: str = "") -> int:
        """End all sessions of an account except the one with the `token_hash` in `but`; return how many."""
        with self._engine.writing() as db:
            sql = f"delete from sessions where {SESSIONS} and token_hash <> ?"
            count: int = db.execute(sql, [account.account_id, but]).rowcount
            if count:
                self._note(db, actor, "signOut", account.user_name, {"sessions": count})
            return count

    def write_seen(self) -> None:
        """Write pending last_seen times, also of desks. If the database refuses, they are kept for the next write."""
        with self._writing:
            seen = self._pending_seen()  # lists show them until they are written
            self._written = self._now()
            if not seen:
                return
            try:
                with self._engine.writing() as db:
                    times = [(second, hashed, second) for hashed, second in seen.items()]
                    db.executemany("update sessions set seen = ? where token_hash = ? and seen < ?", times)
                    db.executemany("update review_desks set used = ? where key_hash = ? and used < ?", times)
            except StoreError as error:
                log.warning("last_seen of sessions cannot be written: %s", error)
                return
            with self._seen_guard:
                for hashed, second in seen.items():
                    if self._seen[hashed] == second:
                        del self._seen[hashed]

    def _pending_seen(self) -> dict[str, int]:
        with self._seen_guard:
            return self._seen.copy()

    def _add(
        self, db: Database, account: Account, token: str, expires: int, actor: Actor, *, agent: str = "",
        name: str = "", granted: str = "",
    ) -> None:  # fmt: skip
        now = self._now()
        db.execute(ADD, {
            "token_hash": token_hash(token), "account_id": account.account_id, "created": now, "expires": expires,
            "seen": 0 if name else now, "address": actor.address, "way": actor.channel, "agent": agent, "name": name,
            "granted": granted,
        })  # fmt: skip

    def _now(self) -> int:
        return int(self._clock())

    def _note(self, db: Database, actor: Actor, action: str, target: str, after: dict[str, Any]) -> None:
        history.append(db, at=self._now(), actor=actor, action=action, target=target, after=after)


def _session(row: dict[str, Any], seen: int) -> Session:
    return Session(
        session_id=row["token_hash"][:ID_LENGTH], user_name=row["user_name"], created=row["created"],
        expires=row["expires"], last_seen=seen, address=row["address"], channel=row["way"], agent=row["agent"],
        name=row["name"], granted=row["granted"],
    )  # fmt: skip
