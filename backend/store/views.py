"""Saved views of lists, and the columns and the default view that each person chose."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from msgspec.structs import asdict, replace

from backend.errors import BadRequest, Conflict, NotFound
from backend.model import Account, Actor
from backend.model.views import MAX_VIEWS, View, ViewPage, ViewScope
from backend.store import history, inserts
from backend.store.engine import Database, Engine

NO_VIEW = "There is no view {view_id}. It may have been deleted."
NOT_YOURS = "The view {name} is of {owner}. Save yours under a name of its own."
NAME_TAKEN = "There is a view called {name} on this page already; choose another name."
TOLD = ("name", "query", "columns", "scope", "role")


class Views:
    """Queries and changes of saved views."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def find(self, page: ViewPage, account: Account) -> list[View]:
        """Return the views of a page that somebody may see, by name."""
        with self._engine.reading() as db:
            found = [
                _view(row) for row in db.query("select * from views where page = ? order by name, view_id", [page])
            ]
        return [one for one in found if one.is_shown_to(account)]

    def get(self, view_id: str, account: Account) -> View:
        """Return a view that somebody may see. Raises NotFound."""
        with self._engine.reading() as db:
            return _get(db, view_id, account)

    def add(self, wanted: View, account: Account, actor: Actor) -> View:
        """Add a view of this account. Raises Conflict if it has too many, or one with this name."""
        with self._engine.writing() as db:
            (count,) = db.execute("select count(*) from views where account_id = ?", [account.account_id]).fetchone()
            if count >= MAX_VIEWS:
                raise Conflict("You have {most} views, which is the limit; delete one first.", most=MAX_VIEWS)
            _check_name(db, wanted)
            made = replace(wanted, view_id=secrets.token_hex(6), revision=1, changed=self._now())
            inserts.insert(db, "views", asdict(made))
            self._note(db, actor, "saveView", made.view_id, {}, _told(made))
            return made

    def change(self, view_id: str, account: Account, actor: Actor, revision: int | None, **wanted: Any) -> View:
        """Change a view.

        Raises NotFound, BadRequest if it is somebody else's, and Conflict if it was changed after this revision, or
        if its owner has another one of this name on the page.
        """
        with self._engine.writing() as db:
            old = _get_own(db, view_id, account)
            if revision is not None and revision != old.revision:
                raise Conflict("The view {name} was changed meanwhile; open it again.", name=old.name)
            new = replace(old, **wanted)
            if new == old:
                return old
            if new.name != old.name:
                _check_name(db, new)
            new = replace(new, revision=old.revision + 1, changed=self._now())
            db.execute("delete from views where view_id = ?", [view_id])
            inserts.insert(db, "views", asdict(new))
            before, after = _told(old), _told(new)
            moved = [name for name in after if before.get(name) != after[name]]
            self._note(
                db, actor, "saveView", view_id, {name: before.get(name, "") for name in moved},
                {name: after[name] for name in moved},
            )  # fmt: skip
            return new

    def delete(self, view_id: str, account: Account, actor: Actor) -> None:
        """Delete a view. Raises NotFound, and BadRequest if it is somebody else's."""
        with self._engine.writing() as db:
            old = _get_own(db, view_id, account)
            db.execute("delete from views where view_id = ?", [view_id])
            db.execute("delete from default_views where view_id = ?", [view_id])
            self._note(db, actor, "deleteView", view_id, _told(old), {})

    def find_columns(self, account_id: int, page: ViewPage) -> str:
        """Return the columns that a person chose on a page; empty if none."""
        sql = "select columns from list_columns where account_id = ? and page = ?"
        with self._engine.reading() as db:
            rows = db.fetch(sql, [account_id, page])
        return str(rows[0][0]) if rows else ""

    def set_columns(self, account_id: int, page: ViewPage, columns: str) -> None:
        """Store the columns that a person chose on a page."""
        with self._engine.writing() as db:
            db.execute(
                "insert into list_columns (account_id, page, columns) values (?, ?, ?) "
                "on conflict (account_id, page) do update set columns = excluded.columns",
                [account_id, page, columns],
            )

    def find_default(self, account_id: int, page: ViewPage) -> str:
        """Return the id of the view that a person opens a page with, which they may not see any more; empty if none."""
        sql = "select view_id from default_views where account_id = ? and page = ?"
        with self._engine.reading() as db:
            rows = db.fetch(sql, [account_id, page])
        return str(rows[0][0]) if rows else ""

    def set_default(self, account: Account, page: ViewPage, view_id: str) -> None:
        """Store the view that a person opens a page with; empty for none. Raises NotFound, and BadRequest if it is of
        another page.
        """
        with self._engine.writing() as db:
            if not view_id:
                db.execute("delete from default_views where account_id = ? and page = ?", [account.account_id, page])
                return
            view = _get(db, view_id, account)
            if view.page is not page:
                raise BadRequest("The view {name} is of another page.", name=view.name)
            db.execute(
                "insert into default_views (account_id, page, view_id) values (?, ?, ?) "
                "on conflict (account_id, page) do update set view_id = excluded.view_id",
                [account.account_id, page, view_id],
            )

    def _note(
        self, db: Database, actor: Actor, action: str, view_id: str, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        history.append(
            db, at=self._now(), actor=actor, action=action, target=view_id, before=before, after=after
        )  # fmt: skip

    def _now(self) -> int:
        return int(self._clock())


def _get(db: Database, view_id: str, account: Account) -> View:
    row = next(iter(db.query("select * from views where view_id = ?", [view_id])), None)
    if row is None or not (view := _view(row)).is_shown_to(account):
        raise NotFound(NO_VIEW, view_id=view_id)
    return view


def _get_own(db: Database, view_id: str, account: Account) -> View:
    view = _get(db, view_id, account)
    if not view.is_of(account):
        raise BadRequest(NOT_YOURS, name=view.name, owner=view.user_name)
    return view


def _check_name(db: Database, view: View) -> None:
    """Raise Conflict if the owner of a view has another one of its name on the page."""
    sql = "select 1 from views where account_id = ? and page = ? and name = ? and view_id <> ?"
    if db.execute(sql, [view.account_id, view.page, view.name, view.view_id]).fetchone():
        raise Conflict(NAME_TAKEN, name=view.name)


def _view(row: dict[str, Any]) -> View:
    return View(**{**row, "page": ViewPage(row["page"]), "scope": ViewScope(row["scope"])})


def _told(view: View) -> dict[str, Any]:
    told = {name: getattr(view, name) for name in TOLD}
    return {"page": view.page, **{name: value for name, value in told.items() if value}}
