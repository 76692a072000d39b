"""Taking back what one has just done: a button in the head of the page, until one does something else or goes on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import session
from pages.components.i18n import t

# What takes back which action.
OPERATIONS = {"approve": "undoAudit", "block": "undoAudit", "delete": "restoreVideo"}
LAST, PLACE = "last_action", "place"


def keep(page: str) -> None:
    """Note what is shown, before it is drawn. What was done elsewhere cannot be taken back here."""
    st.session_state[PLACE] = (page, st.query_params.get("videoId", ""))
    if (last := st.session_state.get(LAST)) and last["place"] != st.session_state[PLACE]:
        del st.session_state[LAST]


def offer(action: str, done: list[tuple[dict[str, Any], str]]) -> None:
    """Offer to take back an action, in place of the one before; `done` holds each video that it changed, and the id
    of the request: what somebody else did to it since is not taken back."""
    st.session_state.pop(LAST, None)
    if done and action in OPERATIONS and (action != "delete" or session.trash_days()):
        asked = [
            (video, {"videoId": video["videoId"], **({} if action == "delete" else {"requestId": request_id})})
            for video, request_id in done
        ]
        st.session_state[LAST] = {"action": action, "asked": asked, "place": st.session_state[PLACE]}


def button() -> None:
    """Draw the button, where there is something to take back."""
    if last := st.session_state.get(LAST):
        what = t(f"done.{last['action']}", count=len(last["asked"]))
        st.button(t("undo.label"), key="undo", icon=":material/undo:", type="tertiary", on_click=_take_back, help=what)


def goes_along(page: str, video_id: str) -> bool:
    """Say whether this video was just deleted on its own page; taking that back is then offered on `page`."""
    last = st.session_state.get(LAST)
    if not last or last["action"] != "delete" or last["place"][1] != video_id:
        return False
    last["place"] = (page, "")
    return True


def _take_back() -> None:
    last = st.session_state.pop(LAST, None)
    if last is None:  # the second of two clicks
        return
    session.attempt_each(OPERATIONS[last["action"]], last["asked"], f"undone.{last['action']}")
