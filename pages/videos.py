"""The catalogue: find videos, look at many at once, and act on one or on a selection."""

import streamlit as st

from pages import actions, exports, facets, parts, undo, uploads
from pages.lists import CENSOR, VideoList
from pages.words import named, t

parts.guard()
VIDEOS = VideoList(
    prefix="v",
    operation="getVideos",
    columns=(
        "cover", "title", "user", "censor", "recommended", "transcode", "narrow", "duration", "size", "created", "do",
    ),
    row_actions=("approve", "block", "recommend", "unrecommend", "transcode", "narrow", "prewarm", "delete"),
    bulk_actions=("approve", "block", "recommend", "transcode", "narrow", "snapshot", "prewarm", "delete"),
)  # fmt: skip

with parts.header(t("videos.title"), beside=undo.button):
    export = exports.control(VIDEOS)
    if parts.may("upload"):
        uploads.button()
parts.say_results()
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
    title = VIDEOS.search("title", t("filter.title"), "search", 260)
    status = st.segmented_control(
        t("filter.status"), CENSOR, format_func=lambda word: named("censor", word), label_visibility="collapsed",
        **parts.from_address("v_status", CENSOR, None, then=VIDEOS.page_key),
    )  # fmt: skip
    more = st.popover(t("filter.more"), icon=":material/tune:", on_change="rerun", key="v_more")
    with more:
        counts = st.container()
        wanted = {
            "title": title,
            "censorStatus": status or "",
            "userName": st.text_input(t("filter.user_name"), **VIDEOS.bound("user")).strip(),
            "userId": st.text_input(t("filter.user_id"), **VIDEOS.bound("uid")).strip(),
            "videoId": st.text_input(t("filter.video_id"), **VIDEOS.bound("vid")).strip(),
            "cateId": facets.category(VIDEOS),
            **VIDEOS.dates(),
        }
    if more.open:
        with counts:
            facets.show(VIDEOS, wanted)
    sort = VIDEOS.order()
    VIDEOS.clear_button(wanted)
exports.send(export, wanted)
VIDEOS.show(wanted, sort, nothing=t("videos.none"))
actions.confirm_requested()
