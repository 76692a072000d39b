"""Videos page: search the catalogue, and act on one video or on a selection."""

import streamlit as st

from pages.components import (
    bulk_actions,
    confirm_dialog,
    export_button,
    facet_filters,
    layout,
    saved_views,
    session,
    undo,
    upload_dialog,
)
from pages.components.i18n import t
from pages.components.video_grid import VideoList

layout.guard()
VIDEOS = VideoList(
    prefix="v",
    operation="getVideos",
    columns=("cover", "title", "user", "censor", "recommended", "transcode", "narrow", "duration", "size", "created"),
    row_actions=(
        "approve", "block", "first", "unfirst", "recommend", "unrecommend", "transcode", "narrow", "prewarm", "delete",
    ),
    bulk_actions=(
        "approve", "block", "first", "unfirst", "recommend", "transcode", "narrow", "snapshot", "prewarm", "delete",
    ),
)  # fmt: skip

with layout.header(t("videos.title"), beside=undo.button):
    export = export_button.control(VIDEOS)
    if session.may("upload"):
        upload_dialog.button()
saved_views.arrive(VIDEOS.listing)
layout.say_results()
filters = VIDEOS.filters
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
    wanted = filters.search("title", t("filter.title"), "search", 220) | filters.status()
    more = st.popover(t("filter.more"), icon=":material/tune:", on_change="rerun", key="v_more")
    with more:
        counts = st.container()
        with st.container(horizontal=True):
            for name in ("tc", "nb", "rec"):
                wanted |= filters.choice(name)
        if session.features()["technicalFlags"]:
            wanted |= filters.choice("flag")
        wanted |= filters.choice("rep")
        for names in (("dmin", "dmax"), ("smin", "smax"), ("from", "to")):
            wanted |= filters.pair(names)
        wanted |= filters.text("tags", help=t("filter.tags_help"))
        with st.container(horizontal=True):
            for name in ("user", "uid", "vid"):
                wanted |= filters.text(name)
        wanted |= filters.category()
        st.page_link("categories.py", label=t("categories.title"), icon=":material/account_tree:", width="content")
    if more.open:
        with counts:
            facet_filters.show(VIDEOS, wanted)
    sort = VIDEOS.order()
    saved_views.menu(VIDEOS.listing)
filters.active(wanted, aside=("title", "status"))
export_button.send(export, wanted, sort)
VIDEOS.show(wanted, sort, nothing=t("videos.none"))
confirm_dialog.requested()
bulk_actions.requested()
