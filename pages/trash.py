"""The trash: what was deleted, until when it can be restored, and deleting it for good."""

from typing import Any

import streamlit as st

from pages import parts
from pages.people import ROW_HEIGHT
from pages.words import t

parts.guard("manage")
PAGE, TABLE = "t_page", "t_table"
MOST_ROWS_SEEN = 14
NAMED = 8


def clear() -> None:
    st.session_state["t_title"] = ""
    parts.first_page(PAGE)


def search() -> str:
    label = t("filter.title")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        text: str = st.text_input(
            label, type="search", placeholder=label, width=260, live=True, label_visibility="collapsed",
            icon=":material/search:", autocomplete="off", key="t_title", bind="query-params",
            on_change=parts.first_page, args=(PAGE,),
        )  # fmt: skip
        if text.strip():
            st.button(t("filter.clear"), icon=":material/close:", type="tertiary", on_click=clear, key="t_clear")
    return text.strip()


def listed(videos: list[dict[str, Any]], seen: Any) -> list[dict[str, Any]]:
    """Draw a page of the trash and return the videos that are ticked."""
    parts.keep_ticks(TABLE, seen)
    column = st.column_config.TextColumn
    event = st.dataframe(
        parts.frame([
            {
                "title": video["title"] or video["videoId"],
                "user": video["user"]["userName"] or video["user"]["userId"],
                "duration": parts.clock(video["duration"]),
                "size": parts.megabytes(video["size"]),
                "deleted": parts.moment(video["deleteTime"]),
                "by": video["deletedBy"],
                "until": parts.moment(video["purgeTime"]),
            }
            for video in videos
        ]),
        key=TABLE, on_select="rerun", selection_mode="multi-row", hide_index=True, row_height=ROW_HEIGHT,
        height=min(len(videos), MOST_ROWS_SEEN) * ROW_HEIGHT + 40, alt=t("trash.title"),
        column_config={
            "title": column(t("column.title"), width=340),
            "user": column(t("column.user"), width=140),
            "duration": column(t("column.duration"), width=80, alignment="right"),
            "size": column(t("column.size"), width=96, alignment="right"),
            "deleted": column(t("trash.deleted"), width=170),
            "by": column(t("trash.by"), width=130),
            "until": column(t("trash.until"), width=170),
        },
    )  # fmt: skip
    return [videos[number] for number in event.selection.rows if number < len(videos)]


def do(operation: str, said: str, videos: list[dict[str, Any]]) -> None:
    parts.attempt_each(operation, [(video, {"videoId": video["videoId"]}) for video in videos], said)


def request(videos: list[dict[str, Any]]) -> None:
    """Ask for a confirmation at the next run."""
    st.session_state["t_wanted"] = videos


def buttons(ticked: list[dict[str, Any]]) -> None:
    st.caption(t("videos.ticked", count=len(ticked)), width="content")
    st.button(
        t("trash.restore"), key="t_restore", icon=":material/restore_from_trash:", disabled=not ticked, on_click=do,
        args=("restoreVideo", "undone.delete", ticked),
    )  # fmt: skip
    st.button(
        t("trash.purge"), key="t_purge", icon=":material/delete_forever:", disabled=not ticked, on_click=request,
        args=(ticked,),
    )  # fmt: skip


def confirm(videos: list[dict[str, Any]]) -> None:
    st.markdown(parts.named_list([video["title"] or video["videoId"] for video in videos], NAMED))
    st.caption(t("follows.purge"))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("common.cancel"), key="confirm_no"):
            st.rerun()
        if st.button(t("trash.purge"), key="confirm_yes", type="primary"):
            do("purgeVideo", "done.purge", videos)
            st.rerun()


def show() -> None:
    title = search()
    size, page = parts.page_size(PAGE), parts.page_number(PAGE)
    found = parts.ask("getTrash", title=title, pageIndex=page, pageSize=size)
    if not found["trashList"] and found["total"]:
        page = st.session_state[PAGE] = -(-found["total"] // size)
        found = parts.ask("getTrash", title=title, pageIndex=page, pageSize=size)
    if not found["trashList"]:
        st.info(t("filter.none" if title else "trash.empty"), icon=":material/delete_sweep:")
        return
    toolbar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="toolbar")
    ids = [video["videoId"] for video in found["trashList"]]
    ticked = listed(found["trashList"], seen=(title, size, ids, st.session_state.get("changed")))
    with toolbar:
        buttons(ticked)
    parts.paging(PAGE, found["total"], size)


days = parts.trash_days()
parts.header(t("trash.title"), t("trash.kept", days=days) if days else t("trash.off"))
parts.say_results()
show()
if wanted := st.session_state.pop("t_wanted", None):
    st.dialog(t("confirm.purge", count=len(wanted)), icon=":material/delete_forever:")(confirm)(wanted)
