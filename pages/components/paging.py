"""Pages of a list: how many rows each has, and which one is shown. Both stand in the address."""

from __future__ import annotations

import streamlit as st

from pages.components import url_state
from pages.components.i18n import t

MAX_PAGES = 2**31 - 1
PAGES_SHOWN = 5  # more would push the arrow off a phone's screen
PAGE_SIZES = (10, 20, 50, 100)


def draw(key: str, total: int, size: int) -> None:
    """Draw the pagination of a list; the current page is `st.session_state[key]`."""
    pages = max(1, -(-total // size))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(t("common.total", count=total), width="content")
        st.pagination(pages, max_visible_pages=PAGES_SHOWN, key=key, bind="query-params", width=420)
        st.selectbox(
            t("common.page_size"), PAGE_SIZES, width=140, label_visibility="collapsed",
            format_func=lambda count: t("common.per_page", count=count),
            **url_state.from_address(f"{key}_size", PAGE_SIZES, PAGE_SIZES[1], then=key),
        )  # fmt: skip


def page_size(key: str) -> int:
    """Return the chosen number of rows per page."""
    size: int = url_state.chosen_in_address(f"{key}_size", PAGE_SIZES, PAGE_SIZES[1])
    return size


def page_number(key: str) -> int:
    """Return the requested page number, clamped to valid values."""
    page = str(st.session_state.get(key) or st.query_params.get(key))
    if not (page.isascii() and page.isdecimal()):
        return 1
    return MAX_PAGES if len(page) > len(str(MAX_PAGES)) else min(max(1, int(page)), MAX_PAGES)
