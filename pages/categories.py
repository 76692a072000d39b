"""Categories page: the category tree, editable by accounts that manage videos."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import data_table, formatting, layout, session
from pages.components.data_table import Column, Row
from pages.components.i18n import t

layout.guard()
ROW_HEIGHT = 40
INDENT = "\u3000"  # ideographic space, which HTML preserves
WANTED = "c_wanted"
MENUS = {"add": "add", "rename": "edit", "delete": "delete"}


def request(what: str, category: dict[str, Any] | None) -> None:
    """Open a dialog at the next run."""
    st.session_state[WANTED] = (what, category)


def rows(found: list[dict[str, Any]]) -> None:
    """Draw the tree; category names link to their videos."""
    by_id = {str(one["cateId"]): one for one in found}

    def chosen(event: dict[str, Any]) -> None:
        if event["kind"] == "menu" and (category := by_id.get(event["id"])):
            request(event["action"], category)

    levels = session.limit("categoryLevels")
    columns = [
        Column("title", t("video.category"), "link"),
        Column("total", t("videos.title"), "number", 96),
        Column("id", "ID", "number", 150, priority=1),
    ]
    shown = [
        Row(
            str(one["cateId"]), one["path"],
            {"title": INDENT * 2 * (one["level"] - 1) + one["cateName"], "total": f"{one['total']:,}",
             "id": str(one["cateId"])},
            f"/videos?v_cate={one['cateId']}",
            [word for word in MENUS if word != "add" or one["level"] < levels] if session.may("manage") else [],
        )
        for one in found
    ]  # fmt: skip
    menus = {word: (icon, t(f"categories.{word}")) for word, icon in MENUS.items()} if session.may("manage") else None
    data_table.show(
        "c_table", t("categories.title"), columns, shown, row_height=ROW_HEIGHT, menus=menus, on_event=chosen
    )  # fmt: skip


def ask(what: str, category: dict[str, Any] | None) -> None:
    number = st.session_state.setdefault("c_number", layout.opening())
    if what == "delete" and category:
        st.markdown(f"**{formatting.plain(category['path'])}**")
        st.warning(t("categories.follows"), icon=":material/warning:")
        given: dict[str, Any] = {"cateId": category["cateId"]}
    else:
        if what == "add" and category:
            st.caption(t("categories.below", path=formatting.plain(category["path"])))
        value = category["cateName"] if what == "rename" and category else ""
        name = st.text_input(t("categories.name"), value, key=f"c_name--{number}")
        ids = {"cateId": category["cateId"]} if what == "rename" and category else {}
        below = {"parentId": category["cateId"]} if what == "add" and category else {}
        given = {"cateName": name, **ids, **below}
    with st.container(horizontal=True, horizontal_alignment="right", key="danger" if what == "delete" else None):
        if st.button(t("common.cancel"), key="c_no"):
            st.rerun()
        word = t("categories.delete") if what == "delete" else t("common.save")
        if st.button(word, key="c_yes", type="primary"):
            send(what, given)


def send(what: str, given: dict[str, Any]) -> None:
    """Run the dialog's operation; an error is shown in it, and the input is kept."""
    envelope = session.attempt(f"{what}Category", **given)
    if envelope["result"] != "true":
        st.error(formatting.plain(envelope["message"]))
        return
    count = envelope["data"]["videos"] if what == "delete" else 1
    st.session_state.setdefault("done", []).append(t(f"done.{what}_category", count=count))
    st.rerun()


with layout.header(t("categories.title")):
    if session.may("manage"):
        st.button(
            t("categories.add_first"), icon=":material/add:", key="c_add", type="primary", on_click=request,
            args=("add", None),
        )  # fmt: skip
st.page_link("videos.py", label=t("video.back"), icon=":material/arrow_back:")
layout.say_results()
tree = session.ask("getCategories")["categoryList"]
if tree:
    with data_table.rows():
        rows(tree)
else:
    st.info(t("categories.none"), icon=":material/account_tree:")
if wanted := st.session_state.pop(WANTED, None):
    st.session_state.pop("c_number", None)
    word, of = wanted
    title = t("categories.add_first" if word == "add" and of is None else f"categories.{word}")
    layout.open_dialog(title, MENUS[word])(ask)(word, of)
