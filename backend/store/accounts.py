"""User accounts; passwords are stored as hashes only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.auth.permissions import Role
from backend.errors import BadRequest, Conflict, NotFound
from backend.model import Account, Actor
from backend.store import history
from backend.store.account_names import clean, folded, look_alike
from backend.store.engine import Database, Engine

ACCOUNT_COLUMNS = "account_id, user_name, role, a.created, disabled"
SESSIONS = "account_id = ? and name = ''"
OF_A_COMPANY = "{name} signs in with a company account, which has no password here."


class Accounts:
    """Create, change and look up accounts."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add_account(self, user_name: str, password_hash: str, role: Role, actor: Actor) -> Account:
        """Create an account. Raises BadRequest if the name is taken or is easily confused with an existing one."""
        with self._engine.writing() as db:
            return insert(db, user_name, password_hash, role, actor, self._now())

    def edit_account(
        self, user_name: str, actor: Actor, *, role: Role | None = None, disabled: bool | None = None
    ) -> None:
        """Change the role of an account, or disable or enable it.

        Disabling ends its sessions at once. Raises NotFound, and Conflict if no administrator would be left.
        """
        with self._engine.writing() as db:
            change(db, user_name, actor, self._now(), role=role, disabled=disabled)

    def set_password(self, user_name: str, password_hash: str, actor: Actor) -> None:
        """Reset the password of an account and revoke all its sessions and API tokens.

        Raises NotFound, and Conflict for a company account, which a password would outlive.
        """
        with self._engine.writing() as db:
            row = row_of(db, user_name)
            account_id = row["account_id"]
            if db.execute("select 1 from company_accounts where account_id = ?", [account_id]).fetchone():
                raise Conflict(OF_A_COMPANY, name=row["user_name"])
            db.execute("update accounts set password_hash = ? where account_id = ?", [password_hash, account_id])
            db.execute("delete from sessions where account_id = ?", [account_id])
            self._note(db, actor, "setPassword", row["user_name"], {}, {})

    def change_password(self, account: Account, password_hash: str, kept: str, actor: Actor) -> None:
        """Change the password of one's own account and end its sessions except `kept` (a `token_hash`)."""
        with self._engine.writing() as db:
            account_id = account.account_id
            db.execute("update accounts set password_hash = ? where account_id = ?", [password_hash, account_id])
            db.execute(f"delete from sessions where {SESSIONS} and token_hash <> ?", [account_id, kept])
            self._note(db, actor, "changePassword", account.user_name, {}, {})

    def find_accounts(self) -> tuple[Account, ...]:
        """Return all accounts, sorted by name."""
        with self._engine.reading() as db:
            rows = db.query(f"select {ACCOUNT_COLUMNS} from accounts a order by user_name")
            return tuple(account_of(row) for row in rows)

    def get_account(self, user_name: str) -> Account:
        """Return the account of this name. Raises NotFound."""
        with self._engine.reading() as db:
            return account_of(row_of(db, user_name))

    def get_password_hash(self, user_name: str) -> tuple[Account, str] | None:
        """Return the account with this name and its password hash, or None."""
        with self._engine.reading() as db:
            row = find_row(db, user_name)
        return (account_of(row), row["password_hash"]) if row else None

    def note_guessing(self, user_name: str, wrong: int, actor: Actor) -> None:
        """Record in the history that somebody is guessing the password of an account, if it exists."""
        with self._engine.writing() as db:
            if row := find_row(db, user_name):
                self._note(db, actor, "guessPassword", row["user_name"], {}, {"wrong": wrong})

    def _now(self) -> int:
        return int(self._clock())

    def _note(
        self, db: Database, actor: Actor, action: str, target: str, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        history.append(db, at=self._now(), actor=actor, action=action, target=target, before=before, after=after)


def insert(db: Database, user_name: str, password_hash: str, role: Role, actor: Actor, now: int) -> Account:
    """Create an account, inside the caller's transaction. Raises BadRequest as `Accounts.add_account` does."""
    user_name = clean(user_name)
    taken = db.execute("select user_name from accounts where folded = ?", [folded(user_name)]).fetchone()
    if taken:
        raise BadRequest("There is already an account {name}. Choose another name.", name=taken[0])
    for (other,) in db.execute("select user_name from accounts order by account_id").fetchall():
        if look_alike(user_name, other):
            raise BadRequest("{name} looks like the account {other}. Choose another name.", name=user_name, other=other)
    db.execute(
        "insert into accounts (user_name, folded, password_hash, role, created) values (?, ?, ?, ?, ?)",
        [user_name, folded(user_name), password_hash, role, now],
    )
    history.append(db, at=now, actor=actor, action="addAccount", target=user_name, after={"role": role})
    return account_of(row_of(db, user_name))


def change(
    db: Database, user_name: str, actor: Actor, now: int, *, role: Role | None = None, disabled: bool | None = None
) -> None:  # fmt: skip
    """Change role or state of an account, inside the caller's transaction, as `Accounts.edit_account` does."""
    row = row_of(db, user_name)
    user_name = row["user_name"]
    old = {"role": row["role"], "disabled": bool(row["disabled"])}
    given = {"role": role, "disabled": disabled}
    new = {name: value for name, value in given.items() if value is not None and value != old[name]}
    if not new:
        return
    db.execute(
        "update accounts set role = :role, disabled = :disabled where account_id = :id",
        {**old, **new, "id": row["account_id"]},
    )
    if not db.execute("select 1 from accounts where role = ? and disabled = 0", [Role.ADMIN]).fetchone():
        raise Conflict("{name} is the last administrator. Make another account an administrator first.", name=user_name)
    if new.get("disabled"):
        db.execute(f"delete from sessions where {SESSIONS}", [row["account_id"]])
    before = {name: old[name] for name in new}
    history.append(db, at=now, actor=actor, action="editAccount", target=user_name, before=before, after=new)


def find_row(db: Database, user_name: str) -> dict[str, Any] | None:
    """Return the row of an account by its folded name.

    If several old accounts share a folded name, only the exact name matches.
    """
    sql = "select * from accounts where user_name = :name or folded = :folded order by user_name = :name desc limit 2"
    rows = list(db.query(sql, {"name": user_name, "folded": folded(user_name)}))
    return rows[0] if rows and (len(rows) == 1 or rows[0]["user_name"] == user_name) else None


def row_of(db: Database, user_name: str) -> dict[str, Any]:
    """Return the row of an account. Raises NotFound."""
    row = find_row(db, user_name)
    if row is None:
        raise NotFound("There is no account {name}.", name=user_name)
    return row


def account_of(row: dict[str, Any]) -> Account:
    """Build an Account from a row with ACCOUNT_COLUMNS."""
    return Account(row["account_id"], row["user_name"], Role(row["role"]), row["created"], bool(row["disabled"]))
