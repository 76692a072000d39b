"""The slots that a video is in, on its page, where the app has several; it is put into another one from there."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, layout, programme_data, session, video_actions
from pages.components.i18n import named, t


def panel(video: dict[str, Any]) -> None:
    """Draw the slots with their windows, and the buttons that change them."""
    names = {one["slot"]: programme_data.slot_name(one) for one in programme_data.slots()}
    if len(names) < 2:
        return
    found = session.ask("getVideoSlots", videoId=video["videoId"])["slotList"]
    free = [slot for slot in names if slot not in {one["slot"] for one in found}]
    st.markdown(f"**{t('programme.slots')}**")
    for one in found:
        _row(video, one, names.get(one["slot"], one["slot"]))
    if not found:
        st.caption(t("slot.in_none"))
    wanted = {**video, video_actions.FREE_SLOTS: free}
    if free and session.may("manage") and video_actions.fits("recommend", wanted):
        st.button(
            t("slot.add"), key=layout.own_key("slot_add", video), icon=":material/playlist_add:",
            on_click=video_actions.request, args=("recommend", [wanted], st.session_state[session.SEEN]),
        )  # fmt: skip


def _row(video: dict[str, Any], one: dict[str, Any], name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"slot_{one['slot']}"):
        state = f"{named('state', one['state'])} · {programme_data.span(one)}"
        label = f"{formatting.plain(name)} :gray[{formatting.plain(state)}]"
        st.page_link("recommendations.py", label=label, query_params={"r_view": "order", "r_slot": one["slot"]})
        if session.may("manage"):
            st.button(
                t("action.unrecommend"), key=f"slot_leave_{one['slot']}", icon=":material/remove_circle:",
                type="tertiary", on_click=video_actions.request,
                args=("unrecommend", [{**video, "slot": one["slot"]}], st.session_state[session.SEEN]),
            )  # fmt: skip
