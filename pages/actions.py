"""What can be done with videos: the same list on a row, on one video and on a selection, each with its confirmation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages import batches, parts, undo
from pages.words import t

MOST_REASON_BYTES = 128
NAMED = 8


@dataclass(frozen=True)
class Action:
    """One thing to do: the operation behind it, and what of a video and of the form it is called with."""

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


def _approve(video: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    return {"mediaId": video["videoId"], "status": "Normal", "comment": form.get("comment", "")}


def _block(video: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    return {
        "mediaId": video["videoId"],
        "status": "Blocked",
        "reason": form.get("reason", ""),
        "comment": form.get("comment", ""),
    }


def _recommend(video: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    flags = {name: "true" if form.get(name) else "false" for name in ("isNarrow", "isCache")}
    return {"videoId": video["videoId"], **flags}


def _prewarm(video: dict[str, Any], _form: dict[str, Any]) -> dict[str, Any]:
    feed = [f"/{video['fileUrl']}"] if video.get("fileUrl") else []  # an entry of the feed has a path, no addresses
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
        Action("recommend", "recommend", "manage", "recommendVideo", _recommend),
        Action("unrecommend", "remove_circle", "manage", "deleteRecommendById", _by_video_id),
        Action("transcode", "movie_edit", "manage", "submitTranscode", _by_media_id),
        Action("narrow", "compress", "manage", "submitTabTranscode", _by_media_id),
        Action("snapshot", "photo_library", "manage", "submitSnapshot", _by_media_id),
        Action("prewarm", "bolt", "manage", "pushObjectCache", _prewarm),
        Action("delete", "delete", "manage", "deleteVideoById", _delete),
    )
}


def fits(key: str, video: dict[str, Any]) -> bool:
    """Say whether an action would change anything of this video; the backend decides all the same."""
    pointless = {
        "approve": video["censorStatus"] == "success",
        "block": video["censorStatus"] == "fail",
        "recommend": video["isRecommend"] == "true" or video["censorStatus"] != "success",
        "unrecommend": video["isRecommend"] != "true",
    }
    return not pointless.get(key, False)


def allowed(*keys: str) -> list[Action]:
    """Return those of these actions that the signed-in person may do."""
    return [ACTIONS[key] for key in keys if parts.may(ACTIONS[key].right)]


def request(key: str, videos: list[dict[str, Any]]) -> None:
    """Ask for a confirmation at the next run. The videos are kept whole, for a list may have moved by then."""
    if videos:
        st.session_state["wanted_action"] = (key, videos)


def buttons(keys: Iterable[str], videos: list[dict[str, Any]]) -> None:
    """Draw a row of buttons for the videos that are ticked; without videos they rest."""
    with st.container(horizontal=True, gap="small", wrap=False):
        for action in allowed(*keys):
            _button(action, videos, f"do_{action.key}")


def own_buttons(keys: Iterable[str], video: dict[str, Any]) -> None:
    """Draw the buttons of one video, on its own page."""
    with st.container(horizontal=True, gap="small"):
        for action in allowed(*keys):
            _button(action, [video], parts.own_key(f"do_{action.key}", video), action.shortcut)


def _button(action: Action, videos: list[dict[str, Any]], key: str, shortcut: str | None = None) -> None:
    st.button(
        t(f"action.{action.key}"), key=key, icon=f":material/{action.icon}:", disabled=not videos,
        on_click=request, args=(action.key, videos), shortcut=shortcut,
    )  # fmt: skip


def confirm_requested() -> None:
    """Open the confirmation that somebody asked for. Once a run, from the body of the page."""
    if wanted := st.session_state.pop("wanted_action", None):
        key, videos = wanted
        action = ACTIONS[key]
        title = t(f"confirm.{key}", count=len(videos))
        st.dialog(title, icon=f":material/{action.icon}:")(_confirm)(action, videos)


def _confirm(action: Action, videos: list[dict[str, Any]]) -> None:
    st.markdown(parts.named_list([video["title"] or video["videoId"] for video in videos], NAMED))
    st.caption(_follows(action))
    form = _form(action)
    reason = form.get("reason", "")
    ready = action.key != "block" or (bool(reason.strip()) and len(reason.encode()) <= MOST_REASON_BYTES)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("common.cancel"), key="confirm_no"):
            st.rerun()
        if st.button(t(f"action.{action.key}"), key="confirm_yes", type="primary", disabled=not ready):
            _do(action, videos, form)
            st.rerun()


def _follows(action: Action) -> str:
    if action.key == "delete" and (days := parts.trash_days()):
        return t("follows.trash", days=days)
    return t(f"follows.{action.key}")


def _form(action: Action) -> dict[str, Any]:
    if action.key == "block":
        reason = st.text_input(
            t("block.reason"), key="block_reason", placeholder=t("block.reason_example"), live=True,
            autocomplete="off",
        )  # fmt: skip
        used = len(reason.encode())
        if used > MOST_REASON_BYTES:
            st.error(t("block.too_long", used=used, most=MOST_REASON_BYTES))
        else:
            st.caption(t("block.bytes", used=used, most=MOST_REASON_BYTES))
        return {"reason": reason}
    if action.key == "recommend":
        return {
            "isNarrow": st.checkbox(t("recommend.narrow"), key="recommend_narrow"),
            "isCache": st.checkbox(t("recommend.cache"), key="recommend_cache", value=True),
        }
    return {}


def _do(action: Action, videos: list[dict[str, Any]], form: dict[str, Any]) -> None:
    """Do it to every video, and offer to take back what it changed."""
    asked = [(video, action.parameters(video, form)) for video in videos]
    if len(asked) > batches.AT_ONCE:
        batches.start(action.operation, asked, f"done.{action.key}", lambda done: _offer_undo(action, done))
        return
    done = parts.attempt_each(action.operation, asked, f"done.{action.key}")
    _offer_undo(action, done)


def _offer_undo(action: Action, done: batches.Done) -> None:
    undo.offer(action.key, [(video, request_id) for video, request_id in done if fits(action.key, video)])
