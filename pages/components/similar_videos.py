"""Videos that look like one another, on a video's page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, session
from pages.components.formatting import plain
from pages.components.i18n import t

MAX_SHOWN = 6
CENSOR = {"Normal": "success", "Blocked": "fail", "": "check"}


def panel(video: dict[str, Any]) -> None:
    """List similar videos with what was decided on them, for those who review; nothing if there are none."""
    if not session.may("review"):
        return
    found = session.ask("getSimilarVideos", videoId=video["videoId"])["videoList"]
    if not found:
        return
    with st.container(key="similar_videos", gap="xsmall"):
        st.markdown(f"**{t('similar.title')}**")
        for one in found[:MAX_SHOWN]:
            st.page_link(
                "video.py", label=plain(one["title"]) or one["videoId"], query_params={"videoId": one["videoId"]}
            )
            st.markdown(f":small[{_said(one)}]")  # a caption is paler, and so would be what is in it
        if len(found) > MAX_SHOWN:
            st.caption(t("common.more", count=len(found) - MAX_SHOWN))


def _said(one: dict[str, Any]) -> str:
    said = [formatting.chip(CENSOR[one["status"]], "censor"), t("similar.share", share=one["share"])]
    said += [
        t(f"similar.{name}") for name, field in (("mirrored", "mirrored"), ("same_user", "sameUser")) if one[field]
    ]
    said += [formatting.moment(one["time"])] if one["time"] else []
    said += [plain(one["reason"])] if one["reason"] else []
    return " · ".join(said)
