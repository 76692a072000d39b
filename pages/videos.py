"""The catalogue: find videos, look at many at once, and act on one or on a selection."""

import streamlit as st

from pages import confirming, exports, facets, parts, undo, uploads
from pages.lists import VideoList
from pages.words import t

parts.guard()
VIDEOS = VideoList(
    prefix="v",
    operation="getVideos",
    columns=("cover", "title", "user", "censor", "recommended", "transcode", "narrow", "duration", "size", "created"),
    row_actions=("approve", "block", "recommend", "unrecommend", "transcode", "narrow", "prewarm", "delete"),
    bulk_actions=("approve", "block", "recommend", "transcode", "narrow", "snapshot", "prewarm", "delete"),
)

with parts.header(t("videos.title"), beside=undo.button):
    export = exports.control(VIDEOS)
    if parts.may("upload"):
        uploads.button()
parts.say_results()
narrowing = VIDEOS.narrowing
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
    wanted = narrowing.search("title", t("filter.title"), "search", 220) | narrowing.status()
    more = st.popover(t("filter.more"), icon=":material/tune:", on_change="rerun", key="v_more")
    with more:
        counts = st.container()
        with st.container(horizontal=True):
            for name in ("tc", "nb", "rec"):
                wanted |= narrowing.choice(name)
        for names in (("dmin", "dmax"), ("smin", "smax"), ("from", "to")):
            wanted |= narrowing.pair(names)
        wanted |= narrowing.text("tags", help=t("filter.tags_help"))
        with st.container(horizontal=True):
            for name in ("user", "uid", "vid"):
                wanted |= narrowing.text(name)
        wanted |= narrowing.category()
    if more.open:
        with counts:
            facets.show(VIDEOS, wanted)
    sort = VIDEOS.order()
narrowing.active(wanted, aside=("title", "status"))
exports.send(export, wanted, sort)
VIDEOS.show(wanted, sort, nothing=t("videos.none"))
confirming.requested()
