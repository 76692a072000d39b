"""Actions on videos: in row menus, on a video's page, and on a selection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.components import layout, review_queue, session, undo
from pages.components.i18n import t


@dataclass(frozen=True)
class Action:
    """An action: its operation, and how its parameters follow from a video and the form."""

    key: str
    icon: str
    right: str
    operation: str
    parameters: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
    shortcut: str | None = None

    @property
    def label(self) -> str:
        return f":material/{self.icon}: {t(f'action.{self.key}')}"


def _by_media_id(video: dict[str, Any], _form: dict[str, Any]) -> dict[str, Any]:
    return {"mediaId": video["videoId"]}


def _transcode(video: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    return {"mediaId": video["videoId"], **form}


def _approve(video: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    return {"mediaId": video["videoId"], "status": "Normal", "comment": form.get("comment", "")}


def _block(video: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    return {
        "mediaId": video["videoId"],
        "status": "Blocked",
        "reason": form.get("reason", ""),
        "reasonCode": form.get("reasonCode", ""),
        "comment": form.get("comment", ""),
    }


def _recommend(video: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    flags = {name: "true" if form.get(name) else "false" for name in ("isNarrow", "isCache")}
    slot = {"slot": form["slot"]} if form.get("slot") else {}
    return {"videoId": video["videoId"], **flags, **slot, **_window(form)}


def _schedule(video: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    known = {"slot": video["slot"]} if "slot" in video else {}
    seen = {} if form.get("revision") is None else {"revision": form["revision"]}
    return {"videoId": video["videoId"], **known, **seen, **_window(form)}


def _window(form: dict[str, Any]) -> dict[str, Any]:
    return {name: form[name] for name in ("startTime", "endTime", "pin") if name in form}


def _unrecommend(video: dict[str, Any], _form: dict[str, Any]) -> dict[str, Any]:
    return {"videoId": video["videoId"], **({"slot": video["slot"]} if "slot" in video else {})}


def _prewarm(video: dict[str, Any], _form: dict[str, Any]) -> dict[str, Any]:
    feed = [f"/{video['fileUrl']}"] if video.get("fileUrl") else []  # feed entries have a path instead of URLs
    files = [*video.get("fileUrlList", feed), video["firstFrameUrl"], video["coverUrl"]]
    return {"objectPath": "\n".join(url for url in files if url)}


def _delete(video: dict[str, Any], _form: dict[str, Any]) -> dict[str, Any]:
    return {"videoId": video["videoId"], "userId": video["user"]["userId"]}


def _by_video_id(video: dict[str, Any], _form: dict[str, Any]) -> dict[str, Any]:
    return {"videoId": video["videoId"]}


ACTIONS = {
    action.key: action
    for action in (
        Action("approve", "check_circle", "review", "createAudit", _approve, "A"),
        Action("block", "block", "review", "createAudit", _block, "B"),
        Action("first", "priority_high", "manage", "setReviewPriority", _by_video_id),
        Action("unfirst", "low_priority", "manage", "setReviewPriority", _by_video_id),
        Action("recommend", "recommend", "manage", "recommendVideo", _recommend),
        Action("schedule", "event", "manage", "editRecommend", _schedule),
        Action("unrecommend", "remove_circle", "manage", "deleteRecommendById", _unrecommend),
        Action("transcode", "movie_edit", "manage", "submitTranscode", _transcode),
        Action("narrow", "compress", "manage", "submitTabTranscode", _transcode),
        Action("snapshot", "photo_library", "manage", "submitSnapshot", _by_media_id),
        Action("machine", "smart_toy", "review", "resubmitReview", _by_media_id),
        Action("prewarm", "bolt", "manage", "pushObjectCache", _prewarm),
        Action("delete", "delete", "manage", "deleteVideoById", _delete),
    )
}


FREE_SLOTS = "freeSlots"  # of a video that is to be put into another slot
OF_SLOTS = ("slot", FREE_SLOTS)  # what actions know of a video beside its row
AT_ONCE = ("first", "unfirst")  # without a question: they change no video, and can be undone
ONLY_WHERE_IT_FITS = ("first", "unfirst")  # not offered, rather than disabled, where it applies to no video


def why_not(key: str, video: dict[str, Any]) -> str:
    """Return why an action does not apply to this video, as a key of the texts `not.…`.

    Empty if it does; the backend decides.
    """
    if key not in ("delete", "unrecommend") and video["status"] in ("Uploading", "UploadFail"):
        return "unfinished"
    place = video.get(review_queue.PLACE) or {}
    reasons = {
        "first": {"not_waiting": video["censorStatus"] != "check" and not place, "first": bool(place.get("first"))},
        "unfirst": {"not_first": not place.get("first")},
        "approve": {"approved": video["censorStatus"] == "success"},
        "block": {"blocked": video["censorStatus"] == "fail"},
        "recommend": {
            "recommended": video["isRecommend"] == "true" and not video.get(FREE_SLOTS),
            "unapproved": video["censorStatus"] != "success",
        },
        "schedule": {"unrecommended": video["isRecommend"] != "true"},
        "unrecommend": {"unrecommended": video["isRecommend"] != "true" and "slot" not in video},
        "transcode": {"running": video["transcodeStatus"] == "onTranscode"},
        "narrow": {"running": video["narrowTranscodeStatus"] == "onTranscode"},
        "machine": {"running": video["censorStatus"] == "onCensor"},
        "snapshot": {"running": video["snapshotStatus"] == "onSnapshot"},
        "prewarm": {"no_media": not _prewarm(video, {})["objectPath"]},
    }
    return next((reason for reason, holds in reasons.get(key, {}).items() if holds), "")


def fits(key: str, video: dict[str, Any]) -> bool:
    """Return whether an action applies to this video."""
    return not why_not(key, video)


def allowed(*keys: str) -> list[Action]:
    """Return the given actions that the user is allowed to do."""
    return [ACTIONS[key] for key in keys if session.may(ACTIONS[key].right)]


def request(key: str, videos: list[dict[str, Any]], seen: int | None = None) -> None:
    """Open the confirmation at the next run.

    The videos are stored, since the list may have changed by then; `seen` is the history line at which they were read,
    by default that of the page. What needs no confirmation is done now.
    """
    if key in AT_ONCE:
        chosen = [video for video in videos if fits(key, video)]
        undo.offer(key, review_queue.set_first(chosen, key == "first", f"done.{key}"))
    elif videos:
        st.session_state["wanted_action"] = (key, videos, st.session_state[session.SEEN] if seen is None else seen)


def buttons(keys: Iterable[str], videos: list[dict[str, Any]]) -> None:
    """Draw a row of buttons for the ticked videos; disabled without any."""
    with st.container(horizontal=True, gap="small", wrap=False):
        for action in allowed(*keys):
            _button(action, videos, f"do_{action.key}")


def own_buttons(keys: Iterable[str], video: dict[str, Any], place: str = "acts") -> None:
    """Draw the buttons of a video on its own page; `place` is the container's key."""
    with st.container(horizontal=True, gap="small", key=place, width="content"):
        for action in allowed(*keys):
            _button(action, [video], layout.own_key(f"do_{action.key}", video), action.shortcut)


def _button(action: Action, videos: list[dict[str, Any]], key: str, shortcut: str | None = None) -> None:
    """Draw an action's button; if it applies to none of the videos, it is disabled with the reason."""
    reasons = [why_not(action.key, video) for video in videos]
    rests = all(reasons)
    st.button(
        t(f"action.{action.key}"), key=key, icon=f":material/{action.icon}:", disabled=rests,
        help=t(f"not.{reasons[0]}") if rests and reasons else None,
        on_click=request, args=(action.key, videos, st.session_state[session.SEEN]), shortcut=shortcut,
    )  # fmt: skip
