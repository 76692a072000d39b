"""Recommendations page: the recommended feed."""

import streamlit as st

from pages.components import confirm_dialog, export_button, layout, undo
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
narrowing = FEED.narrowing
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
    wanted = narrowing.search("title", t("filter.title"), "search", 220)
    wanted |= narrowing.search("user", t("filter.user"), "person", 180)
    with st.popover(t("filter.more"), icon=":material/tune:", key="r_more"):
        with st.container(horizontal=True):
            for name in ("tc", "nb"):
                wanted |= narrowing.choice(name)
        for names in (("dmin", "dmax"), ("smin", "smax"), ("from", "to")):
            wanted |= narrowing.pair(names)
        wanted |= narrowing.text("tags", help=t("filter.tags_help"))
        with st.container(horizontal=True):
            for name in ("uid", "vid"):
                wanted |= narrowing.text(name)
        wanted |= narrowing.category()
    sort = FEED.order()
narrowing.active(wanted, aside=("title", "user"))
export_button.send(export, wanted, sort)
FEED.show(wanted, sort, nothing=t("recommendations.none"))
confirm_dialog.requested()
