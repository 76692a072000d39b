"""Filters of the page of figures, which stand in the address: a category, a reviewer, or an uploader."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import category_choice, formatting, session
from pages.components.i18n import t

NAMES = ("userId", "cateId", "reviewer")
MATCHES = "figures_matches"  # what was looked for, and the uploaders that may be meant: names by id


def choose(wanted: dict[str, str], *, has_uploaders: bool) -> dict[str, str]:
    """Draw the filters. Category and reviewer narrow figures together; an uploader is alone.

    `wanted` are the days of which people are offered; `has_uploaders` tells whether figures by uploader are answered.
    """
    filters = {name: st.query_params.get(f"f_{name}", "") for name in NAMES}
    paths = {str(cate_id): path for cate_id, path in category_choice.paths().items()}
    named = {"cateId": paths, "userId": _uploader(filters["userId"]), "reviewer": dict[str, str]()}
    for name, value in filters.items():
        st.session_state[f"figures_{name}"] = value or None
    with st.popover(t("filter.more"), icon=":material/tune:", key="figures_more", on_change=_forget) as more:
        st.caption(t("figures.filters_together"))
        _select("cateId", named["cateId"], filters)
        uploaders = _offered("uploadsByUser", wanted) if more.open and has_uploaders else []
        known = {row["userId"]: row["userName"] or row["userId"] for row in uploaders} | named["userId"]
        _select("userId", known, filters, placeholder=t("figures.find_uploader"), accept_new_options=True)
        _matches()
        if session.may("manage"):
            reviewers = _offered("reviewsByReviewer", wanted) if more.open else []
            known = {row["reviewer"]: row["reviewer"] for row in reviewers}
            _select("reviewer", known, filters, accept_new_options=True)
    for name, value in filters.items():
        if value:
            shown = formatting.plain(named[name].get(value, value))
            st.button(
                f"{t(f'figures.filter_{name}')}: {shown}", key=f"figures_unfilter_{name}", icon=":material/close:",
                icon_position="right", on_click=st.query_params.pop, args=(f"f_{name}", None), help=t("filter.remove"),
            )  # fmt: skip
    return filters


def _forget() -> None:
    st.session_state.pop(MATCHES, None)


def _offered(figure: str, wanted: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.ask_once("getFigures", figure=figure, **wanted)["rowList"]
    return found


def _select(name: str, known: dict[str, str], filters: dict[str, str], **options: Any) -> None:
    """Draw the choice among values by what they are called; the chosen one is always among them."""
    known = known | ({filters[name]: filters[name]} if filters[name] not in ("", *known) else {})
    st.selectbox(
        t(f"figures.filter_{name}"), list(known), format_func=lambda value: known.get(value, value),
        key=f"figures_{name}", on_change=_chosen, args=(name, list(known)),
        **{"placeholder": t("filter.any"), **options},
    )  # fmt: skip


def _chosen(name: str, known: list[str]) -> None:
    value = (st.session_state[f"figures_{name}"] or "").strip()
    _forget()
    if name == "userId" and value and value not in known:
        found = _find_uploaders(value)
        if len(found) != 1:
            st.session_state[MATCHES] = (value, found)
            return
        value = next(iter(found))
    _narrow(name, value)


def _narrow(name: str, value: str) -> None:
    for other in NAMES:
        if other == name or "userId" in (name, other):
            st.query_params.pop(f"f_{other}", None)
    if value:
        st.query_params[f"f_{name}"] = value


def _matches() -> None:
    """Draw whom a typed name may mean, or that nobody has it."""
    text, found = st.session_state.get(MATCHES, ("", {}))
    if text and not found:
        st.warning(t("figures.no_uploader", name=formatting.plain(text)))
    elif text:
        st.radio(
            t("figures.which_uploader", name=formatting.plain(text)), list(found), index=None, key="figures_match",
            format_func=lambda user_id: f"{formatting.plain(found[user_id])} ({user_id})", on_change=_matched,
        )  # fmt: skip


def _matched() -> None:
    if user_id := st.session_state["figures_match"]:
        _forget()
        _narrow("userId", user_id)


def _find_uploaders(text: str) -> dict[str, str]:
    """Return the uploader with this id, or up to ten whose names contain the text: names by id."""
    if found := _uploader(text):
        return found
    envelope = session.attempt("getFacets", userName=text)
    users = envelope["data"]["userList"] if envelope["result"] == "true" else []
    return {user["userId"]: user["userName"] or user["userId"] for user in users}


def _uploader(user_id: str) -> dict[str, str]:
    """Return the name of an uploader by the id, if any video has it."""
    if not user_id:
        return {}
    envelope = session.attempt("getVideos", userId=user_id, pageSize=1)
    videos = envelope["data"]["videoList"] if envelope["result"] == "true" else []
    return {user_id: videos[0]["user"]["userName"] or user_id} if videos else {}
