"""Facets: counts by status, category and user for the current filter."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import category_choice, formatting, session, url_state
from pages.components.i18n import named, t
from pages.components.list_filters import CENSOR
from pages.components.video_grid import VideoList


def show(videos: VideoList, wanted: dict[str, str]) -> None:
    """Draw the counts as filter choices."""
    facets, paths = session.ask("getFacets", **wanted), category_choice.paths()
    by_status = facets["byCensorStatus"]
    _choice(
        videos, "status", t("filter.status"), wanted["censorStatus"],
        {word: _counted(named("censor", word), by_status[word]) for word in CENSOR if by_status[word]},
    )  # fmt: skip
    _choice(
        videos, "cate", t("filter.cate"), wanted["cateId"],
        {
            str(found["cateId"]): _counted(
                paths.get(found["cateId"]) or found["cateName"] or t("filter.no_category"), found["total"]
            )
            for found in facets["categoryList"]
        },
    )  # fmt: skip
    _choice(
        videos, "uid", t("filter.top_users"), wanted["userId"],
        {
            found["userId"]: _counted(found["userName"] or found["userId"], found["total"])
            for found in facets["userList"]
        },
    )  # fmt: skip


def _counted(name: str, count: int) -> str:
    return f"{formatting.plain(name)} **{count:,}**"


def _choice(videos: VideoList, name: str, label: str, chosen: str, choices: dict[str, str]) -> None:
    if not choices:
        return
    key = f"{videos.prefix}_{name}"
    widget = f"{key}_facet"
    st.session_state[widget] = chosen if chosen in choices else None

    def narrow() -> None:
        value = st.session_state[widget] or ""
        if name == "uid":
            st.session_state[key] = value
        elif value:
            st.query_params[key] = value
        else:
            st.query_params.pop(key, None)
        url_state.first_page(videos.page_key)

    options: list[Any] = list(choices)
    st.pills(label, options, format_func=choices.__getitem__, key=widget, on_change=narrow)
