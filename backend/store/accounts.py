"""Accounts of the console. Only hashes of passwords come here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlite_utils import Database

from backend.errors import BadRequest, Conflict, NotFound
from backend.model import Account, Actor, Role
from backend.store import history
from backend.store.database import Connections

ACCOUNT_COLUMNS = "account_id, user_name, role, a.created, disabled"
SESSIONS = "account_id = ? and name = ''"


class Accounts:
    """Who may use the console."""

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
                raise BadRequest("There is already an account {name}. Choose another name.", name=user_name)
            self._note(db, actor, "addAccount", user_name, {}, {"role": role})
            return account_of(row_of(db, user_name))

    def edit_account(
        self, user_name: str, actor: Actor, *, role: Role | None = None, disabled: bool | None = None
    ) -> None:
        """Change a role, or disable or enable an account; disabling ends its sessions at once.

        Raises NotFound, and Conflict where nobody would be left who may manage accounts.
        """
        with self._connections.writing() as db:
            row = row_of(db, user_name)
            old = {"role": row["role"], "disabled": bool(row["disabled"])}
            given = {"role": role, "disabled": disabled}
            new = {name: value for name, value in given.items() if value is not None and value != old[name]}
            if not new:
                return
            db.execute(
                "update accounts set role = :role, disabled = :disabled where account_id = :id",
                {**old, **new, "id": row["account_id"]},
            )
            if not db.execute("select 1 from accounts where role = ? and not disabled", [Role.ADMIN]).fetchone():
                raise Conflict(
                    "{name} is the last administrator. Make another account an administrator first.", name=user_name
                )
            if new.get("disabled"):
                db.execute(f"delete from sessions where {SESSIONS}", [row["account_id"]])
            self._note(db, actor, "editAccount", user_name, {name: old[name] for name in new}, new)

    def set_password(self, user_name: str, password_hash: str, actor: Actor) -> None:
        """Take an account back from whoever holds it: a new password, and no session or API token is left.

        Raises NotFound.
        """
        with self._connections.writing() as db:
            account_id = row_of(db, user_name)["account_id"]
            db.execute("update accounts set password_hash = ? where account_id = ?", [password_hash, account_id])
            db.execute("delete from sessions where account_id = ?", [account_id])
            self._note(db, actor, "setPassword", user_name, {}, {})

    def change_password(self, account: Account, password_hash: str, kept: str, actor: Actor) -> None:
        """Give one's own account a new password, and end its sessions but for `kept` (by `token_hash`)."""
        with self._connections.writing() as db:
            account_id = account.account_id
            db.execute("update accounts set password_hash = ? where account_id = ?", [password_hash, account_id])
            db.execute(f"delete from sessions where {SESSIONS} and token_hash <> ?", [account_id, kept])
            self._note(db, actor, "changePassword", account.user_name, {}, {})

    def find_accounts(self) -> tuple[Account, ...]:
        """Return every account, by name."""
        with self._connections.reading() as db:
            rows = db.query(f"select {ACCOUNT_COLUMNS} from accounts a order by user_name")
            return tuple(account_of(row) for row in rows)

    def get_account(self, user_name: str) -> Account:
        """Return the account of this name. Raises NotFound."""
        with self._connections.reading() as db:
            return account_of(row_of(db, user_name))

    def get_password_hash(self, user_name: str) -> tuple[Account, str] | None:
        """Return the account of this name with its password's hash, or None."""
        with self._connections.reading() as db:
            try:
                row = row_of(db, user_name)
            except NotFound:
                return None
        return account_of(row), row["password_hash"]

    def note_guessing(self, user_name: str, wrong: int, actor: Actor) -> None:
        """Write down that somebody guesses at the password of an account, if there is one."""
        with self._connections.writing() as db:
            if db.execute("select 1 from accounts where user_name = ?", [user_name]).fetchone():
                self._note(db, actor, "guessPassword", user_name, {}, {"wrong": wrong})

    def _now(self) -> int:
        return int(self._clock())

    def _note(
        self, db: Database, actor: Actor, action: str, target: str, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        history.append(db, at=self._now(), actor=actor, action=action, target=target, before=before, after=after)


def row_of(db: Database, user_name: str) -> dict[str, Any]:
    """Return the row of an account, inside the caller's transaction. Raises NotFound."""
    row = next(iter(db.query("select * from accounts where user_name = ?", [user_name])), None)
    if row is None:
        raise NotFound("There is no account {name}.", name=user_name)
    return row


def account_of(row: dict[str, Any]) -> Account:
    """Return the account of a row that holds ACCOUNT_COLUMNS."""
    return Account(row["account_id"], row["user_name"], Role(row["role"]), row["created"], bool(row["disabled"]))
