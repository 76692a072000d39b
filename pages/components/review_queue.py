"""Where videos wait for review, and navigation through those that do."""

from __future__ import annotations

from itertools import count
from typing import Any

import streamlit as st

from pages.components import layout, session
from pages.components.i18n import t

MAX_IDS = 100  # of one request
PLACE = "review_place"  # of a video that waits for review, as getReviewPlaces has it


def mark_places(videos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Record with each video where it waits for review, if it does and the user may know."""
    if not videos or not session.may("desk"):
        return videos
    found = session.ask("getReviewPlaces", videoIds=",".join(video["videoId"] for video in videos))["placeList"]
    places = {place["videoId"]: place for place in found}
    for video in videos:
        video[PLACE] = places.get(video["videoId"])
    return videos


def is_first(video: dict[str, Any]) -> bool:
    """Return whether a video is reviewed before all others."""
    return bool((video.get(PLACE) or {}).get("first"))


def set_first(videos: list[dict[str, Any]], first: bool, said: str) -> list[tuple[dict[str, Any], str]]:
    """Have these videos reviewed first, or no longer; return those that changed, with request ids.

    The results are shown at the next run.
    """
    done, refused = [], []
    chunks = [videos[start : start + MAX_IDS] for start in range(0, len(videos), MAX_IDS)]
    while chunks:
        chunk = chunks.pop(0)
        ids = ",".join(video["videoId"] for video in chunk)
        envelope = session.attempt("setReviewPriority", videoIds=ids, first=str(first).lower())
        if envelope["result"] == "true":
            changed = envelope["data"]["videoIds"]
            done += [(video, envelope["requestId"]) for video in chunk if video["videoId"] in changed]
        elif len(chunk) > 1:  # one of them may have been deleted
            chunks[:0] = [[video] for video in chunk]
        else:
            refused.append(
                t("desk.titled", title=chunk[0]["title"] or chunk[0]["videoId"], message=envelope["message"])
            )
    session.report(done, refused, said)
    return done


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
