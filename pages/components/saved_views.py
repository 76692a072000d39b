"""Saved views of a list, and the choice of its columns. What is chosen stands in the address until it is saved.

A page that is opened without parameters opens with its default view, if the user chose one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from pages.components import choice_popover, formatting, session, url_state
from pages.components.data_table import Column
from pages.components.i18n import named, t
from pages.components.list_filters import DATES, NUMBERS, TEXTS

SCOPES = ("me", "role", "all")
PREFIXES = {"videos": "v", "recommendations": "r", "history": "h", "trash": "t"}  # of the parameters of each page
OPEN, VIEW = "open", "view"  # parameters: of a link that opens a view, and of a list that shows one
EVERYTHING = "all"  # as VIEW: no view, though there is a default one
HERE, IS_OPENED = "views_here", "views_opened"
UNWANTED, IS_ADDED = "view_unwanted", "view_is_added"


@dataclass(frozen=True)
class Listing:
    """A list: its page, the prefix of its parameters, and its columns, of which `required` is always shown."""

    page: str
    prefix: str
    columns: Sequence[Column]
    usual: Sequence[str]
    required: str = "title"
    fields: Sequence[str] = (*TEXTS, *DATES, *NUMBERS)  # that are bound to the address

    @property
    def columns_key(self) -> str:
        return f"{self.prefix}_cols"

    def chosen(self) -> list[Column]:
        """Return the columns to draw: those of the address, else those the user chose last, else the usual ones."""
        known = {column.key: column for column in self.columns}
        found = {}
        for part in self._written().split(","):
            key, _, width = part.partition(":")
            if key in known:
                found[key] = replace(known[key], width=int(width)) if width.isdecimal() else known[key]
        if not found:
            return [known[key] for key in self.usual if key in known]
        return list(found.values()) if self.required in found else [known[self.required], *found.values()]

    def resized(self, event: dict[str, Any]) -> None:
        """Take in that a column was made wider or narrower."""
        widths = {event["column"]: event["width"]}
        self.choose([replace(column, width=widths.get(column.key, column.width)) for column in self.chosen()])

    def choose(self, columns: Sequence[Column]) -> None:
        """Show these columns; outside a view, they are remembered for the user."""
        usual = {column.key: column.width for column in self.columns}
        widths = (f":{one.width}" if one.width != usual[one.key] else "" for one in columns)
        written = ",".join(f"{one.key}{width}" for one, width in zip(columns, widths, strict=True))
        if VIEW in st.query_params:
            st.query_params[self.columns_key] = written
        else:
            st.query_params.pop(self.columns_key, None)
            written = "" if written == ",".join(self.usual) else written
            session.attempt("setColumns", page=self.page, columns=written)
            st.session_state[f"{self.prefix}_remembered"] = written

    def _written(self) -> str:
        remembered: str = st.session_state.get(f"{self.prefix}_remembered", "")
        return st.query_params.get(self.columns_key, "") or remembered

    def query(self) -> dict[str, str]:
        """Return the parameters of the address that a view keeps, but for the columns."""
        left_out = (self.columns_key, f"{self.prefix}_page")
        written = {
            key: value
            for key, value in st.query_params.items()
            if key.startswith(f"{self.prefix}_") and key not in left_out
        }
        for key in (f"{self.prefix}_{name}" for name in self.fields):
            if key in st.session_state:  # the address follows what was typed a run later
                written[key] = _in_address(st.session_state[key], written.get(key, ""))
        return {key: value for key, value in sorted(written.items()) if value}


def _in_address(value: Any, written: str) -> str:
    """Return the value of a field as in the address; numbers that stand there already as they are."""
    if isinstance(value, int | float):
        return written if written and float(written) == value else f"{value:g}"
    return "" if value is None else str(value)


def keep(page: str) -> None:
    """Note, before a page is drawn, whether it was opened just now: from another one, or by its link at the top."""
    shows_view = VIEW in st.query_params
    before, had_view = st.session_state.get(HERE, ("", False))
    if page != before or (had_view and not shows_view):
        st.session_state[IS_OPENED] = True
    st.session_state[HERE] = (page, shows_view)


def arrive(listing: Listing) -> None:
    """Open the view of a link, or the default view. Called before the page draws anything that depends on the address.

    The page stops there and runs again at the address of the view, because what is typed meanwhile would be lost.
    """
    shown = st.query_params.get(VIEW, EVERYTHING)
    if opened := st.query_params.get(OPEN):
        envelope = session.attempt("getView", viewId=opened)
        if envelope["result"] == "true":
            _open(envelope["data"])
        st.query_params.pop(OPEN)
        _say_gone()
    elif shown != EVERYTHING and shown not in _views(listing)[0]:
        st.query_params.pop(VIEW)
        _say_gone()
    elif st.session_state.get(IS_OPENED) and not _has_parameters(listing):
        views, default = _views(listing)
        if default:
            _open(views[default])
    st.session_state[IS_OPENED] = False


def _open(view: dict[str, Any]) -> None:
    url_state.visit(view["page"], _address(view), instead=True)
    st.stop()


def _say_gone() -> None:
    st.session_state["problems"] = (t("views.not_opened"), [t("views.gone")])


def _has_parameters(listing: Listing) -> bool:
    return VIEW in st.query_params or any(key.startswith(f"{listing.prefix}_") for key in st.query_params)


def _views(listing: Listing) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the views of a page by id, and the id of the default one."""
    found = session.ask_once("getViews", page=listing.page)
    st.session_state[f"{listing.prefix}_remembered"] = found["columns"]
    return {view["viewId"]: view for view in found["viewList"]}, found["defaultViewId"]


def menu(listing: Listing) -> None:
    """Draw the menu of views and columns."""
    views, default = _views(listing)
    if wanted := st.session_state.pop("wanted_view", None):
        url_state.visit(listing.page, _address(wanted))
    if st.session_state.pop("wanted_everything", False):
        url_state.visit(listing.page, {VIEW: EVERYTHING} if default else None)
    current = views.get(st.query_params.get(VIEW, ""))
    moved = current is not None and _is_moved(listing, current)
    name = formatting.plain(current["name"]) if current else t("views.title")
    label = t("views.moved", name=name) if moved else name
    with choice_popover.draw(label, _menu(listing.page), icon=":material/bookmarks:"):
        with st.container(gap="xsmall"):
            for view in views.values():
                _entry(view, current, is_default=view["viewId"] == default)
        if current:
            _current(listing, current, moved, is_default=current["viewId"] == default)
        if views:
            st.divider()
        _new(listing)
        st.divider()
        _columns(listing)
    if current:
        st.button(t("views.everything"), key="view_everything", icon=":material/close:", type="tertiary",
                  on_click=_want_everything)  # fmt: skip


def _menu(page: str) -> str:
    return f"{PREFIXES[page]}_views"


def _address(view: dict[str, Any]) -> dict[str, str]:
    columns = {f"{PREFIXES[view['page']]}_cols": view["columns"]} if view["columns"] else {}
    return {**dict(parse_qsl(view["query"])), **columns, VIEW: view["viewId"]}


def _is_moved(listing: Listing, view: dict[str, Any]) -> bool:
    return (
        listing.query() != dict(parse_qsl(view["query"]))
        or st.query_params.get(listing.columns_key, "") != view["columns"]
    )  # fmt: skip


def _entry(view: dict[str, Any], current: dict[str, Any] | None, *, is_default: bool) -> None:
    shared = t("views.by", name=view["userName"], scope=scope_of(view)) if view["scope"] != "me" else None
    st.button(
        formatting.plain(view["name"]), key=f"view_{view['viewId']}", help=shared and formatting.plain(shared),
        icon=":material/home:" if is_default else ":material/group:" if shared else ":material/bookmark:",
        on_click=_want, args=(view,),
        type="primary" if current and view["viewId"] == current["viewId"] else "tertiary",
    )  # fmt: skip


def scope_of(view: dict[str, Any]) -> str:
    """Return who sees a view, in words."""
    return named("role", view["role"]) if view["scope"] == "role" else t(f"views.scope_{view['scope']}")


def _current(listing: Listing, view: dict[str, Any], moved: bool, *, is_default: bool) -> None:
    """Draw what can be done with the view that is open."""
    if st.session_state.get(UNWANTED) == view["viewId"]:
        _question(view)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if moved:
            if view["isMine"]:
                st.button(t("views.save"), key="view_save", icon=":material/save:", on_click=_save,
                          args=(listing, view))  # fmt: skip
            st.button(t("views.back"), key="view_back", icon=":material/undo:", on_click=_want, args=(view,))
        if view["isMine"]:
            st.button(t("views.delete"), key="view_delete", icon=":material/delete:", on_click=_do_not_want,
                      args=(view["viewId"],))  # fmt: skip
    st.checkbox(
        t("views.default"), value=is_default, key=f"view_default_{view['viewId']}", help=t("views.default_help"),
        on_change=_set_default, args=(listing, "" if is_default else view["viewId"]),
    )  # fmt: skip
    st.caption(t("views.link"))
    st.code(f"{st.context.url.partition('?')[0]}?{OPEN}={view['viewId']}", language=None, wrap_lines=True)


def _question(view: dict[str, Any]) -> None:
    """Ask whether a view is to be deleted, in the menu itself: it would lie over a dialog."""
    follows = t("views.delete_follows" if view["scope"] == "me" else "views.delete_follows_shared")
    st.warning(f"**{t('views.delete_ask', name=formatting.plain(view['name']))}**  \n{follows}")
    with st.container(horizontal=True):
        st.button(t("common.cancel"), key="view_keep", on_click=_do_not_want, args=(None,))
        st.button(t("views.delete"), key="view_delete_yes", type="primary", on_click=_delete, args=(view,))


def _new(listing: Listing) -> None:
    if st.session_state.pop(IS_ADDED, False):
        st.session_state["view_name"], st.session_state["view_scope"] = "", "me"
    with st.form(f"{listing.prefix}_view_new", border=False):
        name = st.text_input(t("views.name"), key="view_name", max_chars=60, placeholder=t("views.name_example"))
        role = named("role", st.session_state["account"]["role"])
        scope = st.segmented_control(
            t("views.scope"), SCOPES, default="me", required=True, key="view_scope",
            format_func=lambda scope: role if scope == "role" else t(f"views.scope_{scope}"),
        )  # fmt: skip
        if st.form_submit_button(t("views.add"), key="view_add", icon=":material/bookmark_add:"):
            envelope = session.attempt("saveView", page=listing.page, name=name, scope=scope, **_shown(listing))
            if envelope["result"] != "true":
                st.error(formatting.plain(envelope["message"]))
                return
            _told(envelope, "views.added")
            choice_popover.close(_menu(listing.page))
            st.session_state[IS_ADDED] = True
            st.query_params[VIEW] = envelope["data"]["viewId"]
            if envelope["data"]["columns"]:
                st.query_params[listing.columns_key] = envelope["data"]["columns"]
            st.rerun()


def _columns(listing: Listing) -> None:
    """Draw the choice of columns; they are shown in the order in which they were chosen."""
    labels = {column.key: column.label for column in listing.columns}
    key = f"{listing.prefix}_columns"
    st.session_state[key] = [column.key for column in listing.chosen()]

    def choose() -> None:
        known = {column.key: column for column in (*listing.columns, *listing.chosen())}
        listing.choose([known[name] for name in st.session_state[key]])

    st.multiselect(t("views.columns"), list(labels), format_func=labels.__getitem__, key=key, on_change=choose,
                   help=t("views.columns_help"))  # fmt: skip


def _shown(listing: Listing) -> dict[str, str]:
    return {"query": urlencode(listing.query()), "columns": listing._written()}


def _want(view: dict[str, Any]) -> None:
    _do_not_want(None)
    choice_popover.close(_menu(view["page"]))
    st.session_state["wanted_view"] = view


def _do_not_want(view_id: str | None) -> None:
    st.session_state[UNWANTED] = view_id


def _want_everything() -> None:
    st.session_state["wanted_everything"] = True


def _set_default(listing: Listing, view_id: str) -> None:
    _told(session.attempt("setDefaultView", page=listing.page, viewId=view_id))


def _save(listing: Listing, view: dict[str, Any]) -> None:
    given = {**_shown(listing), "revision": view["revision"]}
    if _told(session.attempt("saveView", viewId=view["viewId"], **given), "views.saved"):
        choice_popover.close(_menu(listing.page))


def _delete(view: dict[str, Any]) -> None:
    if _told(session.attempt("deleteView", viewId=view["viewId"]), "views.deleted"):
        choice_popover.close(_menu(view["page"]))
        st.query_params.pop(VIEW, None)


def _told(envelope: dict[str, Any], said: str = "") -> bool:
    """Store the result to be shown at the next run, and return whether it was done."""
    done = envelope["result"] == "true"
    if not done:
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])
    elif said:
        st.session_state.setdefault("done", []).append(t(said))
    return done
