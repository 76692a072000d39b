"""What the views of the recommendation programme share: the slot shown, its entries as videos, and conflicts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import streamlit as st

from pages.components import formatting, session, url_state
from pages.components.i18n import t

FEED = "feed"
PREFIX = "r"
ORDER = ("scheduled", "noRendition", "notApproved", "tooOld", "beyondSize", "ended")
MAX_CONFLICTS = 50
DAYS_AHEAD = 60


def slots() -> list[dict[str, Any]]:
    """Return the slots of the app, the feed first."""
    found: list[dict[str, Any]] = session.ask_once("getSlots")["slotList"]
    return sorted(found, key=lambda one: one["slot"] != FEED)


def slot() -> dict[str, Any]:
    """Return the slot that is shown."""
    return next((one for one in slots() if one["slot"] == code()), slots()[0])


def slot_name(one: dict[str, Any]) -> str:
    return one["name"] or (t("programme.feed") if one["slot"] == FEED else one["slot"])


def code() -> str:
    """Return the code of the slot that is shown. What somebody does is meant for it, although it may be gone by now."""
    return st.query_params.get("r_slot", FEED)


def leave_gone_slot() -> bool:
    """Show the feed in place of a slot that is gone, and say so; return whether it is."""
    wanted = code()
    if wanted == FEED or wanted in {one["slot"] for one in slots()}:
        return False
    st.query_params.pop("r_slot")
    st.session_state["problems"] = (t("slot.gone", code=wanted), [t("slot.gone_follows", name=slot_name(slot()))])
    return True


def choose_slot() -> None:
    """Draw the choice of a slot, if there are several."""
    if len(slots()) < 2:
        return
    names = {one["slot"]: slot_name(one) for one in slots()}
    st.selectbox(
        t("programme.slot"), list(names), format_func=names.__getitem__, width=180, label_visibility="collapsed",
        filter_mode=None, **url_state.from_address("r_slot", list(names), FEED, then="r_page"),
    )  # fmt: skip


def ask_slot(number: int, among: Collection[str] = ()) -> str:
    """Draw the choice of a slot in a dialog, if there are several, and return its code; only of these if some are
    given.
    """
    names = {one["slot"]: slot_name(one) for one in slots() if not among or one["slot"] in among}
    if len(slots()) < 2:
        return ""
    chosen = st.selectbox(
        t("programme.slot"), list(names), format_func=names.__getitem__, filter_mode=None, key=f"ask_slot--{number}"
    )
    return str(chosen)


def order_of(shown: dict[str, Any]) -> dict[str, Any]:
    """Return the slot's own order, given what previewFeed returned of now: the same, unless a special is on."""
    if not shown["special"]:
        return shown
    order: dict[str, Any] = session.ask("previewFeed", slot=shown["slot"], specials="false")
    return order


def own_entry(video: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """Return the entry of a video in its slot, as somebody scheduled it, and the slot's revision.

    A special that shows the video has another window for it. Empty if the video is not in the slot.
    """
    found = session.attempt("previewFeed", slot=video.get("slot", FEED), specials="false")["data"]
    if not found:
        return {}, None
    entries = [one["entry"] for one in (*found["placeList"], *found["leftOutList"])]
    return next((one for one in entries if one["videoId"] == video["videoId"]), {}), found["revision"]


def as_video(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as actions on videos take it."""
    return {
        **entry, "slot": code(), "status": "Normal", "censorStatus": "success", "isRecommend": "true",
        "transcodeStatus": "", "narrowTranscodeStatus": "", "snapshotStatus": "", "firstFrameUrl": "", "fileUrl": "",
        "user": {"userId": entry["userId"], "userName": entry["userName"]},
    }  # fmt: skip


def span(entry: dict[str, Any]) -> str:
    """Return the window of an entry in short."""
    start, end = short(entry["startTime"]), short(entry["endTime"])
    return f"{start} – {end}" if end else t("programme.from", time=start)


def short(time: str) -> str:
    """Return a time without its year if that is this one, and without seconds."""
    text = formatting.moment(time)[:16]
    return text[5:] if text[:4] == str(now_year()) else text


def now_year() -> int:
    from pages.components.schedule_fields import now

    return now().year


def why(left_out: dict[str, Any], *, in_full: bool = True) -> str:
    """Return why an entry is not shown; with a time, or not in full with the day alone."""
    reason, entry = left_out["reason"], left_out["entry"]
    times = {"scheduled": entry["startTime"], "ended": entry["endTime"]}
    time = short(times.get(reason, ""))
    return t(f"leftout.{reason}", time=time if in_full else time[:-5].strip() or time)


def reason(place: dict[str, Any]) -> str:
    """Return why an entry stands at its place."""
    said = [t(f"place.{place['reason']}", pin=place["entry"]["pin"])]
    if place["moved"]:
        said.append(t("place.up" if place["moved"] > 0 else "place.down", count=abs(place["moved"])))
    if place["beside"]:
        said.append(t("place.beside"))
    return " · ".join(said)


def show_conflicts(found: list[dict[str, Any]]) -> None:
    """Warn about conflicts."""
    if not found:
        return
    lines = [formatting.plain(conflict(one)) for one in together(found)]
    with st.container(key="conflicts"):
        if len(lines) == 1:
            st.warning(lines[0], icon=":material/warning:")
            return
        with st.expander(t("conflict.count", count=len(lines)), icon=":material/warning:"):
            st.markdown("\n".join(f"- {one}" for one in lines[:MAX_CONFLICTS]))
            if len(lines) > MAX_CONFLICTS:
                st.caption(t("common.more", count=len(lines) - MAX_CONFLICTS))


def warn_later(slot: str, videos: set[str]) -> None:
    """Show at the next run the conflicts to come that some videos take part in."""
    from pages.components.schedule_fields import now

    first = now().date()
    given = {"startTime": str(first), "endTime": str(first + timedelta(days=DAYS_AHEAD))}
    data = session.attempt("getProgramme", slot=slot, **given)["data"]
    found = (
        [one for one in data["conflictList"] if {video["videoId"] for video in one["videoList"]} & videos]
        if data
        else []
    )
    if found:
        st.session_state["warned"] = [conflict(one) for one in together(found)]


def together(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return conflicts with one line for all pins on a place that meet: the API names each pair."""
    kept: list[dict[str, Any]] = []
    for one in found:
        same = next((other for other in kept if one["kind"] == other["kind"] == "samePin" and one["pin"] == other["pin"]
                     and any(video in other["videoList"] for video in one["videoList"])), None)  # fmt: skip
        if same is None:
            kept.append({**one, "videoList": list(one["videoList"])})
        else:
            same["videoList"] += [video for video in one["videoList"] if video not in same["videoList"]]
    return kept


def conflict(one: dict[str, Any]) -> str:
    """Return a conflict in words."""
    titles = t("programme.and").join(f"“{video['title'] or video['videoId']}”" for video in one["videoList"])
    return t(
        f"conflict.{one['kind']}", titles=titles, pin=one["pin"], number=one["count"], start=short(one["startTime"]),
        end=short(one["endTime"]), size=slot()["rules"]["size"],
    )  # fmt: skip


def change(operation: str, done: str, **parameters: Any) -> dict[str, Any] | None:
    """Run a change, and keep what to say about it for the next run; return its data, or None if it was refused."""
    envelope = session.attempt(operation, slot=code(), **parameters)
    if envelope["result"] != "true":
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])
        return None
    st.session_state.setdefault("done", []).append(done)
    data: dict[str, Any] = envelope["data"] or {}
    return data
