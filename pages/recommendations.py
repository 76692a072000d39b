"""The recommended feed: what is on it, since when, and taking things off."""

import streamlit as st

from pages import actions, exports, parts, undo
from pages.lists import VideoList
from pages.words import t

parts.guard()
FEED = VideoList(
    prefix="r",
    operation="getRecommendVideos",
    columns=("cover", "title", "user", "censor", "transcode", "narrow", "duration", "size", "created", "do"),
    row_actions=("unrecommend", "prewarm", "narrow", "block"),
    bulk_actions=("unrecommend", "prewarm", "narrow", "block"),
)

with parts.header(t("recommendations.title"), beside=undo.button):
    export = exports.control(FEED)
parts.say_results()
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
    title = FEED.search("title", t("filter.title"), "search", 260)
    user = FEED.search("user", t("filter.user_name"), "person", 180)
    with st.popover(t("filter.more"), icon=":material/tune:"):
        wanted = {"title": title, "userName": user, **FEED.dates()}
    sort = FEED.order()
    FEED.clear_button(wanted)
exports.send(export, wanted)
FEED.show(wanted, sort, nothing=t("recommendations.none"))
actions.confirm_requested()
