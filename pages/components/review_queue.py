"""Navigation through the review queue."""

from __future__ import annotations

from itertools import count
from typing import Any

import streamlit as st

from pages.components import layout, session
from pages.components.i18n import t


def next_button(video: dict[str, Any]) -> None:
    """Draw the button for the next waiting video, if there is one."""
    waiting = session.ask("getVideos", censorStatus="check", pageSize=2)
    if [other for other in waiting["videoList"] if other["videoId"] != video["videoId"]]:
        # a Streamlit link from a page to itself would keep the current video's URL
        st.button(
            t("video.next", count=waiting["total"]), key=layout.own_key("next", video), icon=":material/skip_next:",
            type="tertiary", shortcut="N", on_click=_go_on, args=(video,),
        )  # fmt: skip


def _go_on(video: dict[str, Any]) -> None:
    if following := _following(video):
        st.query_params["videoId"] = following


def _following(video: dict[str, Any]) -> str:
    """Return the id of the next video to review: the next older waiting one, wrapping around to the newest.

    Skipped ones come up again, regardless of other reviewers. Empty if none is waiting.
    """
    passed = video["censorStatus"] != "check"
    for page in count(1):
        rows = _waiting(endTime=video["creationTime"], pageIndex=page)
        for row in rows:
            passed = passed or row["creationTime"] != video["creationTime"]
            if row["videoId"] == video["videoId"]:
                passed = True
            elif passed:
                return str(row["videoId"])
        if len(rows) < session.limit("pageSize"):
            break
    return next((str(row["videoId"]) for row in _waiting() if row["videoId"] != video["videoId"]), "")


def _waiting(**narrowed: Any) -> list[dict[str, Any]]:
    found = session.attempt("getVideos", censorStatus="check", pageSize=session.limit("pageSize"), **narrowed)["data"]
    rows: list[dict[str, Any]] = found["videoList"] if found else []
    return rows
