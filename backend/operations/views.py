"""Saved views of the dashboard's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec.structs import replace

from backend.api.parameters import Clearable, Id, Line, Whole
from backend.api.registry import operation
from backend.auth.permissions import Right, Role
from backend.errors import BadRequest
from backend.model import Account
from backend.model.views import (
    MAX_COLUMNS,
    MAX_NAME,
    MAX_QUERY,
    View,
    ViewPage,
    ViewScope,
    read_columns,
    read_query,
)

if TYPE_CHECKING:
    from backend.console import Call

ViewId = Annotated[str, Id(32)]
Query = Annotated[str | None, Clearable(MAX_QUERY)]
Columns = Annotated[str | None, Clearable(MAX_COLUMNS)]


class ViewData(msgspec.Struct, rename="camel"):
    """A view: `query` is that of the page's address, `columns` are like `title:300,user`, with widths in pixels.

    `scope` says who sees it: me, role (all of `role`) or all. `isMine` if the caller may change it.
    """

    view_id: str
    page: ViewPage
    name: str
    query: str
    columns: str
    scope: ViewScope
    role: str
    user_name: str
    revision: int
    is_mine: bool


class ViewList(msgspec.Struct, rename="camel"):
    """The views that the caller sees on a page, and the columns and the default view that the caller chose there.

    `default_view_id` is one of the list, or empty: the page opens without a view.
    """

    view_list: list[ViewData]
    columns: str
    default_view_id: str


@operation("GET", "/user/getViews", right=Right.DASHBOARD)
def get_views(call: Call, *, page: ViewPage) -> ViewList:
    """List the saved views of a page: your own, those of your role, and those of everybody."""
    views, own = call.store.views, call.own
    found = [_data(one, own) for one in views.find(page, own)]
    default = views.find_default(own.account_id, page)
    is_seen = any(one.view_id == default for one in found)
    return ViewList(found, views.find_columns(own.account_id, page), default if is_seen else "")


@operation("GET", "/user/getView", right=Right.DASHBOARD)
def get_view(call: Call, *, view_id: ViewId) -> ViewData:
    """Return one view."""
    return _data(call.store.views.get(view_id, call.own), call.own)


@operation("POST", "/user/saveView", message="已保存", right=Right.DASHBOARD)
def save_view(
    call: Call,
    *,
    view_id: ViewId = "",
    page: ViewPage | None = None,
    name: Annotated[str, Line(MAX_NAME)] = "",
    query: Query = None,
    columns: Columns = None,
    scope: ViewScope | None = None,
    role: Role | None = None,
    revision: Annotated[int | None, Whole(1)] = None,
) -> ViewData:
    """Save a view: a new one, which needs `page` and `name`, or changes to the one with `viewId`.

    Absent parameters stay unchanged. A shared view can be changed by its owner and by administrators. With the scope
    role it is seen by those of `role`, by default the caller's; only administrators share with another role. With
    `revision`, the change is refused if somebody else changed the view after it was read.
    """
    wanted: dict[str, Any] = {
        "name": name or None,
        "query": None if query is None else read_query(query),
        "columns": None if columns is None else read_columns(columns),
        "scope": scope,
        "role": _role(call, scope, role),
    }
    given = {key: value for key, value in wanted.items() if value is not None}
    if view_id:
        return _data(call.store.views.change(view_id, call.own, call.actor, revision, **given), call.own)
    for key, value in (("page", page), ("name", name)):
        if not value:
            raise BadRequest("{name} is required.", name=key)
    own = call.own
    view = View("", page or ViewPage.VIDEOS, name, "", "", ViewScope.ME, "", own.account_id, own.user_name, 0, 0)
    return _data(call.store.views.add(replace(view, **given), own, call.actor), own)


@operation("POST", "/user/deleteView", message="已删除", right=Right.DASHBOARD)
def delete_view(call: Call, *, view_id: ViewId) -> None:
    """Delete a view: your own, or as an administrator a shared one."""
    call.store.views.delete(view_id, call.own, call.actor)


@operation("POST", "/user/setDefaultView", message="已保存", right=Right.DASHBOARD)
def set_default_view(call: Call, *, page: ViewPage, view_id: ViewId = "") -> None:
    """Choose the view that a page opens with, for yourself: one of your own or one that you see; empty for none."""
    call.store.views.set_default(call.own, page, view_id)


@operation("POST", "/user/setColumns", message="已保存", right=Right.DASHBOARD)
def set_columns(call: Call, *, page: ViewPage, columns: Columns = "") -> None:
    """Choose the columns of a page's list for yourself, in order, like `title:300,user`; empty for the usual ones."""
    call.store.views.set_columns(call.own.account_id, page, read_columns(columns or ""))


def _role(call: Call, scope: ViewScope | None, role: Role | None) -> str | None:
    if scope is not ViewScope.ROLE:
        return "" if scope else None
    if role not in (None, call.own.role) and call.own.role is not Role.ADMIN:
        raise BadRequest("Only administrators share views with another role than their own.")
    return (role or call.own.role).value


def _data(view: View, account: Account) -> ViewData:
    return ViewData(
        view.view_id, view.page, view.name, view.query, view.columns, view.scope, view.role, view.user_name,
        view.revision, view.is_of(account),
    )  # fmt: skip
