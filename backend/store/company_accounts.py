"""Accounts of people who sign in with their company account: known by issuer and subject, which never change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from backend.auth.permissions import Role
from backend.errors import Forbidden
from backend.model import Account, Actor
from backend.store import accounts, history
from backend.store.engine import Database, Engine

FIND = f"""
    select {accounts.ACCOUNT_COLUMNS} from accounts a join company_accounts using (account_id)
    where issuer = ? and subject = ?
"""
DISABLED = "The account {name} is disabled."


class CompanyAccounts:
    """Queries and changes of company accounts. They have no password here."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def sign_in(self, issuer: str, subject: str, name: str, role: Role, actor: Actor) -> Account:
        """Return the account of a person, with this role; a new one gets this name.

        Raises Forbidden if it is disabled, BadRequest if the name is taken or cannot be used, and Conflict if no
        administrator would be left. Somebody's account with a password is never taken over.
        """
        now = int(self._clock())
        with self._engine.writing() as db:
            account = _find(db, issuer, subject)
            if account is None:
                account = accounts.insert(db, name, "", role, _by(actor, name), now)
                sql = "insert into company_accounts (issuer, subject, account_id) values (?, ?, ?)"
                db.execute(sql, [issuer, subject, account.account_id])
            if account.disabled:
                raise Forbidden(DISABLED, name=account.user_name)
            accounts.change(db, account.user_name, _by(actor, account.user_name), now, role=role)
            return replace(account, role=role)

    def end_sessions(self, issuer: str, subject: str, actor: Actor) -> None:
        """End the sessions of a person who has no role any more."""
        with self._engine.writing() as db:
            account = _find(db, issuer, subject)
            if account is None:
                return
            count = db.execute(f"delete from sessions where {accounts.SESSIONS}", [account.account_id]).rowcount
            if count:
                history.append(
                    db, at=int(self._clock()), actor=_by(actor, account.user_name), action="signOut",
                    target=account.user_name, after={"sessions": count},
                )  # fmt: skip


def _find(db: Database, issuer: str, subject: str) -> Account | None:
    row = next(iter(db.query(FIND, [issuer, subject])), None)
    return accounts.account_of(row) if row else None


def _by(actor: Actor, name: str) -> Actor:
    return msgspec.structs.replace(actor, name=name)
