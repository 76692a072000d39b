"""The revisions of a slot: who changed it, when and how; each can be compared with the present one, and restored."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import data_table, history_text, paging, programme_data, programme_dialogs, session
from pages.components.data_table import Column, Row
from pages.components.i18n import t

ROW_HEIGHT = 40
MENUS = {"compare": "difference", "restore": "restore"}


def show() -> None:
    """Draw the list of revisions, newest first."""
    size, page = paging.page_size("rev_page"), paging.page_number("rev_page")
    data = session.ask("getLineups", slot=programme_data.slot()["slot"], pageIndex=page, pageSize=size)
    rows = {str(one["revision"]): one for one in data["lineupList"]}

    def chosen(event: dict[str, Any]) -> None:
        if event["kind"] == "menu" and (row := rows.get(event["id"])):
            programme_dialogs.request(event["action"], {**row, "lineup": row["revision"], "revision": data["revision"]})

    columns = [
        Column("revision", "#", "number", 56),
        Column("time", t("history.time"), width=112),
        Column("who", t("history.user"), width=110, priority=1),
        Column("what", t("revisions.what")),
        Column("note", t("revisions.note"), width=220, priority=2),
    ]
    shown = [
        Row(
            number, t("revisions.named", revision=number),
            {"revision": number, "time": programme_data.short(one["time"]), "who": one["userName"] or "–",
             "what": _what(one), "note": one["note"]},
            "", [key for key in MENUS if one["revision"] != data["revision"]
                 and (key != "restore" or session.may("manage"))],
        )
        for number, one in rows.items()
    ]  # fmt: skip
    with data_table.rows():
        data_table.show(
            "rev_table", t("revisions.title"), columns, shown, row_height=ROW_HEIGHT,
            menus={key: (icon, t(f"action.{key}_revision")) for key, icon in MENUS.items()}, on_event=chosen,
        )  # fmt: skip
    st.session_state.setdefault("rev_page", page)
    paging.draw("rev_page", data["total"], size)


def _what(one: dict[str, Any]) -> str:
    did = history_text.did(one["action"]) if one["action"] else t("revisions.first")
    what = one["title"]
    if one["action"] == "restoreLineup":
        what = t("revisions.named", revision=one["target"])
    elif one["action"] == "copyWeek":
        what = t("revisions.to_week", day=one["target"]) if one["target"] else ""
    return f"{did} · {what}" if what else did
