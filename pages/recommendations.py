"""Recommendations page: the programme by place, its week and revisions, and the list of recommendations."""

import streamlit as st

from pages.components import (
    confirm_dialog,
    export_button,
    feed_panel,
    layout,
    programme_data,
    programme_dialogs,
    programme_order,
    programme_preview,
    programme_revisions,
    programme_week,
    saved_views,
    session,
    undo,
    url_state,
)
from pages.components.i18n import t
from pages.components.video_grid import VideoList

layout.guard()
VIEWS = ("order", "week", "revisions", "app", "list")
FEED = VideoList(
    prefix="r",
    operation="getRecommendVideos",
    columns=("cover", "title", "user", "censor", "transcode", "narrow", "duration", "size", "created"),
    row_actions=("schedule", "unrecommend", "prewarm", "narrow", "block"),
    bulk_actions=("schedule", "unrecommend", "prewarm", "narrow", "block"),
)
OURS = ("r_view", "r_slot", "r_week", "r_by")


def chosen_view() -> str:
    """Draw the choice of a view; an address with filters means the list."""
    filtered = any(key.startswith("r_") and key not in OURS for key in st.query_params)
    filtered = filtered or saved_views.OPEN in st.query_params or saved_views.VIEW in st.query_params
    usual = "list" if filtered else "order"
    chosen = st.segmented_control(
        t("programme.view"), VIEWS, format_func=lambda word: t(f"programme.view_{word}"), label_visibility="collapsed",
        required=True, **url_state.from_address("r_view", VIEWS, usual, then="r_page"),
    )  # fmt: skip
    return str(chosen or usual)


def listed(head: st.delta_generator.DeltaGenerator) -> None:
    """Draw the list with its filters."""
    with head:
        export = export_button.control(FEED)
    filters = FEED.filters
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        wanted = filters.search("title", t("filter.title"), "search", 220)
        wanted |= filters.search("user", t("filter.user"), "person", 180)
        with st.popover(t("filter.more"), icon=":material/tune:", key="r_more"):
            wanted |= filters.choice("state")
            with st.container(horizontal=True):
                for name in ("tc", "nb"):
                    wanted |= filters.choice(name)
            if session.features()["technicalFlags"]:
                wanted |= filters.choice("flag")
            for names in (("dmin", "dmax"), ("smin", "smax"), ("from", "to")):
                wanted |= filters.pair(names)
            wanted |= filters.text("tags", help=t("filter.tags_help"))
            with st.container(horizontal=True):
                for name in ("uid", "vid"):
                    wanted |= filters.text(name)
            wanted |= filters.category()
        sort = FEED.order()
        saved_views.menu(FEED.listing)
    filters.active(wanted, aside=("title", "user"))
    export_button.send(export, wanted, sort)
    FEED.show(wanted, sort, nothing=t("recommendations.none"))


def programmed(view: str) -> None:
    """Draw a view of the programme."""
    st.session_state["o_whole"] = True
    if view == "week":
        programme_week.show()
    elif view == "revisions":
        programme_revisions.show()
    elif view == "app":
        feed_panel.show(programme_data.slot()["slot"])
    else:
        found = session.ask("getProgramme", slot=programme_data.slot()["slot"])["conflictList"]
        programme_data.show_conflicts([one for one in found if one["kind"] != "fewClips"])
        answer = session.Answer("previewFeed", slot=programme_data.slot()["slot"])
        left, right = st.columns([5, 3], gap="large")
        with left:
            programme_order.show(answer)
        with right:
            programme_preview.show([answer.first])
    st.session_state["o_whole"] = False


head = layout.header(t("recommendations.title"), beside=undo.button)
saved_views.arrive(FEED.listing)
if programme_data.leave_gone_slot():
    programme_dialogs.forget()
layout.say_results()
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="views"):
    view = chosen_view()
    if view != "list":
        programme_data.choose_slot()
        if session.may("manage"):
            st.button(t("programme.rules"), key="r_rules", icon=":material/tune:", type="tertiary",
                      on_click=programme_dialogs.request, args=("rules", programme_data.slot()))  # fmt: skip
            if programme_data.slot()["slot"] != programme_data.FEED:
                st.button(t("slot.drop"), key="r_drop_slot", icon=":material/playlist_remove:", type="tertiary",
                          on_click=programme_dialogs.request, args=("drop_slot", programme_data.slot()))  # fmt: skip
            st.button(t("slot.new"), key="r_new_slot", icon=":material/playlist_add:", type="tertiary",
                      on_click=programme_dialogs.request, args=("slot", {}))  # fmt: skip
if view == "list":
    listed(head)
else:
    programmed(view)
    programme_order.requested()
    programme_dialogs.requested()
confirm_dialog.requested()
