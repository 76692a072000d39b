"""The current leases of the review desk."""

from __future__ import annotations

import streamlit as st

from pages.components import formatting, session
from pages.components.formatting import plain
from pages.components.i18n import t


def draw(_number: int) -> None:
    """List the current leases, oldest first, each with a button that revokes it."""
    found = session.ask("getReviewLeases")["leaseList"]
    if not found:
        st.info(t("desk.leases_none"), icon=":material/lock_open:")
    for lease in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"lease--{lease['videoId']}"):
            with st.container(gap=None, width="stretch"):
                st.markdown(plain(lease["title"] or lease["videoId"]))
                until = formatting.moment(lease["expirationTime"])
                st.caption(t("desk.lease", name=plain(lease["userName"]), time=until))
            st.button(t("desk.free"), key=f"free--{lease['videoId']}", on_click=_free, args=(lease["videoId"],))


def _free(video_id: str) -> None:
    envelope = session.attempt("freeReview", videoId=video_id)
    if envelope["result"] != "true":
        st.session_state["problems"] = (t("common.refused", count=1), [envelope["message"]])
