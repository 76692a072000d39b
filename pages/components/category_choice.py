"""Category paths for display, and the category field of a video."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import session
from pages.components.i18n import t


def paths() -> dict[int, str]:
    """Return the path of each category, in tree order."""
    return {one["cateId"]: one["path"] for one in session.ask_once("getCategories")["categoryList"] if one["cateName"]}


def by_path() -> dict[str, int]:
    """Return category ids by path; duplicates include their id."""
    known: dict[str, int] = {}
    for cate_id, path in paths().items():
        known[f"{path} ({cate_id})" if path in known else path] = cate_id
    return known


def choose(known: dict[str, int], chosen: str | None, key: str) -> dict[str, Any]:
    """Draw a field for choosing an existing category or entering a new one; return it as operation parameters.

    With None as `chosen`, nothing is returned until one is chosen.
    """
    options = ["", *known]
    index = None if chosen is None else options.index(chosen) if chosen in options else 0
    picked = st.selectbox(
        t("video.category"), options, index, key=key, placeholder=t("bulk.choose"),
        format_func=lambda name: name or t("filter.no_category"), accept_new_options=True,
        help=t("video.category_help"),
    )  # fmt: skip
    if picked is None:
        return {}
    if picked in known:
        return {"cateId": known[picked]}
    return {"cateName": picked.strip()[: session.limit("nameLength")]}
