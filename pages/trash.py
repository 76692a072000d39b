"""Trash page: deleted videos, restoring and purging them."""

from typing import Any

import streamlit as st

from pages.components import confirm_dialog, data_table, formatting, layout, paging, saved_views, session
from pages.components.data_table import Column, Row
from pages.components.i18n import t
from pages.components.list_filters import ListFilters
from pages.components.video_grid import ROW_HEIGHT

layout.guard("manage")
TRASH = ListFilters("t")
PAGE, TABLE, PICKED = TRASH.page_key, "t_table", "t_picked"
NAMED = 8


def listing() -> saved_views.Listing:
    """Return the columns, and the views that show them."""
    columns = [
        Column("title", t("column.title")),
        Column("user", t("column.user"), width=140, priority=2),
        Column("duration", t("column.duration"), "number", 80, priority=3),
        Column("size", t("column.size"), "number", 96, priority=2),
        Column("deleted", t("trash.deleted"), width=164, priority=1),
        Column("by", t("trash.by"), width=130, priority=3),
        Column("until", t("trash.until"), width=164),
    ]
    return saved_views.Listing("trash", "t", columns, [column.key for column in columns])


def listed(videos: list[dict[str, Any]]) -> None:
    """Draw a page of the trash; the selection is kept by id across pages."""
    shown = {video["videoId"]: video for video in videos}

    def pick(ids: list[str], ticked: list[str]) -> None:
        for video_id in ids:
            picked().pop(video_id, None)
        picked().update({video_id: shown[video_id] for video_id in ticked})

    rows = [
        Row(
            video["videoId"],
            video["title"] or video["videoId"],
            {
                "title": video["title"] or video["videoId"],
                "user": video["user"]["userName"] or video["user"]["userId"],
                "duration": formatting.clock(video["duration"]),
                "size": formatting.megabytes(video["size"]),
                "deleted": formatting.moment(video["deleteTime"]),
                "by": video["deletedBy"],
                "until": formatting.moment(video["purgeTime"]),
            },
        )
        for video in videos
    ]
    data_table.show(
        TABLE, t("trash.title"), listing().chosen(), rows, row_height=ROW_HEIGHT,
        ticked=[video_id for video_id in shown if video_id in picked()], on_ticks=pick,
        resizable=True, on_event=lambda event: listing().resized(event),
    )  # fmt: skip


def picked() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = st.session_state.setdefault(PICKED, {})
    return found


def do(operation: str, said: str, videos: list[dict[str, Any]]) -> None:
    session.attempt_each(operation, [(video, {"videoId": video["videoId"]}) for video in videos], said)
    for video_id in st.session_state.pop("acted", ()):
        picked().pop(video_id, None)


def request(videos: list[dict[str, Any]]) -> None:
    """Open the confirmation at the next run."""
    st.session_state["t_wanted"] = videos


def buttons() -> None:
    ticked = list(picked().values())
    st.caption(t("videos.ticked", count=len(ticked)), width="content")
    st.button(
        t("trash.restore"), key="t_restore", icon=":material/restore_from_trash:", disabled=not ticked, on_click=do,
        args=("restoreVideo", "undone.delete", ticked),
    )  # fmt: skip
    st.button(
        t("trash.purge"), key="t_purge", icon=":material/delete_forever:", disabled=not ticked, on_click=request,
        args=(ticked,),
    )  # fmt: skip
    if ticked:
        st.button(t("videos.untick"), key="t_untick", type="tertiary", icon=":material/close:", on_click=picked().clear)


def confirm(videos: list[dict[str, Any]]) -> None:
    st.markdown(formatting.named_list([video["title"] or video["videoId"] for video in videos], NAMED))
    st.warning(t("follows.purge"), icon=":material/warning:")
    with st.container(horizontal=True, horizontal_alignment="right", key="danger"):
        if st.button(t("common.cancel"), key="confirm_no"):
            st.rerun()
        if st.button(t("trash.purge"), key="confirm_yes", type="primary", icon=":material/delete_forever:"):
            do("purgeVideo", "done.purge", videos)
            st.rerun()


def show() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        wanted = TRASH.search("title", t("filter.title"), "search", 260)
        saved_views.menu(listing())
    TRASH.active(wanted, aside=("title",))
    size, page = paging.page_size(PAGE), paging.page_number(PAGE)
    found = session.ask("getTrash", **wanted, pageIndex=page, pageSize=size)
    if not found["trashList"] and found["total"]:
        page = st.session_state[PAGE] = -(-found["total"] // size)
        found = session.ask("getTrash", **wanted, pageIndex=page, pageSize=size)
    if not found["trashList"]:
        st.info(t("filter.none" if any(wanted.values()) else "trash.empty"), icon=":material/delete_sweep:")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="toolbar"):
        buttons()
    with data_table.rows():
        listed(found["trashList"])
    paging.draw(PAGE, found["total"], size)


days = session.trash_days()
layout.header(t("trash.title"), t("trash.kept", count=days) if days else t("trash.off"))
saved_views.arrive(listing())
layout.say_results()
show()
if wanted := st.session_state.pop("t_wanted", None):
    layout.open_dialog(confirm_dialog.asked("purge", len(wanted)), "delete_forever")(confirm)(wanted)
