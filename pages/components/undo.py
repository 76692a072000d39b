"""Undo: a button in the page header, until the user does something else or leaves the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import review_queue, session
from pages.components.i18n import t

# action -> operation that undoes it
OPERATIONS = {"approve": "undoAudit", "block": "undoAudit", "delete": "restoreVideo"}
PRIORITIES = ("first", "unfirst")  # each undoes the other
LAST, PLACE = "last_action", "place"


def keep(page: str) -> None:
    """Store the current page before it is drawn, and drop the undo of an action on another page."""
    st.session_state[PLACE] = (page, st.query_params.get("videoId", ""))
    if (last := st.session_state.get(LAST)) and last["place"] != st.session_state[PLACE]:
        del st.session_state[LAST]


def offer(action: str, done: list[tuple[dict[str, Any], str]]) -> None:
    """Offer to undo an action, replacing the previous one; `done` has the changed videos with request ids, so that
    later changes by others are not undone.
    """
    st.session_state.pop(LAST, None)
    if done and action in (*OPERATIONS, *PRIORITIES) and (action != "delete" or session.trash_days()):
        asked = [
            (video, {"videoId": video["videoId"], **({} if action == "delete" else {"requestId": request_id})})
            for video, request_id in done
        ]
        st.session_state[LAST] = {"action": action, "asked": asked, "place": st.session_state[PLACE]}


def button() -> None:
    """Draw the undo button, if there is something to undo."""
    if last := st.session_state.get(LAST):
        what = t(f"done.{last['action']}", count=len(last["asked"]))
        st.button(t("undo.label"), key="undo", icon=":material/undo:", type="tertiary", on_click=_take_back, help=what)


def goes_along(page: str, video_id: str) -> bool:
    """Return whether this video was just deleted on its own page; its undo is then offered on `page`."""
    last = st.session_state.get(LAST)
    if not last or last["action"] != "delete" or last["place"][1] != video_id:
        return False
    last["place"] = (page, "")
    return True


def _take_back() -> None:
    last = st.session_state.pop(LAST, None)
    if last is None:  # a double click
        return
    if last["action"] in PRIORITIES:
        videos = [video for video, _ in last["asked"]]
        review_queue.set_first(videos, last["action"] == "unfirst", f"undone.{last['action']}")
        return
    session.attempt_each(OPERATIONS[last["action"]], last["asked"], f"undone.{last['action']}")
