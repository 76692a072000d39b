"""Differences page: resolving differences between the catalogue and ApsaraVideo VOD. Cloud mode only."""

from typing import Any

import streamlit as st

from pages.components import confirm_dialog, formatting, layout, paging, session, url_state
from pages.components.i18n import named, t

layout.guard()
KINDS = ("", "missing", "title", "description", "tags", "cateName")
ROW_HEIGHT, MAX_ROWS_SEEN = 38, 15


def standing(data: dict[str, Any]) -> None:
    """Draw the progress of the last sync and the number of pending changes."""
    if not data["syncTotal"]:
        st.info(t("differences.never"), icon=":material/cloud_off:")
    else:
        share = min(1.0, data["synced"] / data["syncTotal"])
        words = t("differences.synced", seen=f"{data['synced']:,}", total=f"{data['syncTotal']:,}")
        if data["syncDone"]:
            st.caption(words)
        else:
            st.progress(share, text=words)
    if data["unfinished"] or data["events"]:
        st.caption(t("differences.waiting", changes=data["unfinished"], events=data["events"]))


def rows(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw the differences and return the ticked ones."""
    shown = [
        {
            "title": one["title"] or one["videoId"],
            "what": named("difference", one["what"]),
            "here": one["here"],
            "there": one["there"],
            "time": formatting.moment(one["time"]),
        }
        for one in found
    ]
    column = st.column_config.TextColumn
    event = st.dataframe(
        formatting.frame(shown), key="d_table", selection_mode="multi-row", hide_index=True,
        on_select="rerun" if session.may("manage") else "ignore", row_height=ROW_HEIGHT,
        height=min(MAX_ROWS_SEEN, len(found)) * ROW_HEIGHT + 40, alt=t("differences.title"),
        column_config={
            "title": column(t("column.title"), width=240),
            "what": column(t("differences.what"), width=130),
            "here": column(t("differences.here"), width=260),
            "there": column(t("differences.there"), width=260),
            "time": column(t("differences.found"), width=156),
        },
    )  # fmt: skip
    ticked = event.selection.rows if session.may("manage") else ()
    return [found[number] for number in ticked if number < len(found)]


def request(ticked: list[dict[str, Any]], side: str) -> None:
    """Resolve immediately, unless that deletes videos, which must be confirmed."""
    if side == "there" and any(one["what"] == "missing" for one in ticked):
        st.session_state["d_wanted"] = ticked
    else:
        settle(ticked, side)


def confirm(ticked: list[dict[str, Any]]) -> None:
    gone = [one for one in ticked if one["what"] == "missing"]
    st.markdown(formatting.named_list([one["title"] or one["videoId"] for one in gone], 8))
    st.caption(t("differences.help"))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("common.cancel"), key="confirm_no"):
            st.rerun()
        if st.button(t("action.delete"), key="confirm_yes", type="primary", on_click=settle, args=(ticked, "there")):
            st.rerun()


def settle(ticked: list[dict[str, Any]], side: str) -> None:
    """Resolve the ticked differences and store the results for the next run."""
    refused = []
    for one in ticked:
        envelope = session.attempt("mendDrift", videoId=one["videoId"], what=one["what"], use=side)
        if envelope["result"] != "true":
            refused.append(f"{one['title'] or one['videoId']}: {envelope['message']}")
    if done := len(ticked) - len(refused):
        st.session_state.setdefault("done", []).append(t("done.mended", count=done))
    if refused:
        st.session_state["problems"] = (t("differences.refused", count=len(refused)), refused)
    st.session_state["d_table"] = {"selection": {"rows": [], "columns": [], "cells": []}}


def show() -> None:
    page = paging.page_number("d_page")
    size = paging.page_size("d_page")
    what = st.segmented_control(
        t("differences.what"), KINDS, key="d_what", default="", label_visibility="collapsed",
        format_func=lambda kind: named("difference", kind) if kind else t("differences.all"),
        on_change=url_state.first_page, args=("d_page",),
    )  # fmt: skip
    data = session.ask("getDrift", what=what or "", pageIndex=page, pageSize=size)
    standing(data)
    if not data["driftList"]:
        st.success(t("differences.none"), icon=":material/check_circle:")
        return
    buttons = st.container(horizontal=True, gap="small")
    ticked = rows(data["driftList"])
    if session.may("manage"):
        with buttons:
            for side, icon in (("there", "cloud_download"), ("here", "cloud_upload")):
                st.button(
                    t(f"differences.use_{side}", count=len(ticked)), key=f"use_{side}", icon=f":material/{icon}:",
                    disabled=not ticked, on_click=request, args=(ticked, side),
                )  # fmt: skip
        st.caption(t("differences.help"))
    paging.draw("d_page", data["total"], size)


layout.header(t("differences.title"))
layout.say_results()
if not session.is_cloud():
    st.info(t("differences.embedded"), icon=":material/cloud_off:")
else:
    show()
    if wanted := st.session_state.pop("d_wanted", None):
        count = sum(one["what"] == "missing" for one in wanted)
        layout.open_dialog(confirm_dialog.asked("delete", count), "delete")(confirm)(wanted)
