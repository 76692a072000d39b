"""Recommendations page: the recommended feed."""

import streamlit as st

from pages.components import confirm_dialog, export_button, layout, session, undo
from pages.components.i18n import t
from pages.components.video_grid import VideoList

layout.guard()
FEED = VideoList(
    prefix="r",
    operation="getRecommendVideos",
    columns=("cover", "title", "user", "censor", "transcode", "narrow", "duration", "size", "created"),
    row_actions=("unrecommend", "prewarm", "narrow", "block"),
    bulk_actions=("unrecommend", "prewarm", "narrow", "block"),
)

with layout.header(t("recommendations.title"), beside=undo.button):
    export = export_button.control(FEED)
layout.say_results()
filters = FEED.filters
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
    wanted = filters.search("title", t("filter.title"), "search", 220)
    wanted |= filters.search("user", t("filter.user"), "person", 180)
    with st.popover(t("filter.more"), icon=":material/tune:", key="r_more"):
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
filters.active(wanted, aside=("title", "user"))
export_button.send(export, wanted, sort)
FEED.show(wanted, sort, nothing=t("recommendations.none"))
confirm_dialog.requested()
