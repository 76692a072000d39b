"""Technical flags on a video's page, with parts that seek the player."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, layout, player, session
from pages.components.formatting import plain
from pages.components.i18n import named, t

FLASHES = ("flashing", "mayFlash")
MAX_SHOWN = 6  # parts of a flag
WAITING = ("waiting", "running")


def panel(video: dict[str, Any]) -> None:
    """Draw the panel if this console checks videos and the video has its file."""
    if video["status"] in ("Uploading", "UploadFail"):
        return
    found = session.ask("getTechnicalFlags", videoId=video["videoId"])
    if not found["available"]:
        return
    with st.container(key="technical_flags"):
        st.markdown(f"**{t('flags.title')}**")
        flags = found["flagList"]
        if any(one["flag"] in FLASHES for one in flags):
            st.warning(t("flags.flashes"), icon=":material/flash_on:")
        for one in flags:
            _flag(video, one)
        for line in _lines(found):
            st.caption(line)
        if found["state"] == "failed":
            st.warning(plain(found["error"]), icon=":material/warning:")
        if found["state"] in ("none", "failed") and session.may("review"):
            st.button(
                t("flags.check"), key=layout.own_key("flags_check", video), icon=":material/troubleshoot:",
                on_click=_check, args=(video,),
            )  # fmt: skip


def _check(video: dict[str, Any]) -> None:
    envelope = session.attempt("submitTechnicalFlags", mediaId=video["videoId"])
    if envelope["result"] != "true":
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])


def _flag(video: dict[str, Any], one: dict[str, Any]) -> None:
    colour = "orange" if one["flag"] in FLASHES else "gray"
    share = f" {one['share']:.0%}" if one["share"] else ""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.markdown(f":{colour}-badge[{plain(named('flag', one['flag']))}{share}]", width="content")
        for number, span in enumerate(one["spanList"][:MAX_SHOWN]):
            text = f"{formatting.clock(span['start'])}–{formatting.clock(span['end'])}"
            st.button(
                text, key=layout.own_key(f"flag_{one['flag']}_{number}", video), type="tertiary",
                help=t("flags.go", time=formatting.clock(span["start"])), on_click=player.go_to,
                args=(video, span["start"]),
            )  # fmt: skip
        if len(one["spanList"]) > MAX_SHOWN:
            st.caption(t("flags.more", count=len(one["spanList"]) - MAX_SHOWN), width="content")


def _lines(found: dict[str, Any]) -> list[str]:
    """Return what is said below the flags."""
    if found["state"] in (*WAITING, "none"):
        lines = [t(f"flags.{found['state']}")]
    else:
        lines = [] if found["flagList"] or found["state"] == "failed" else [t("flags.clear")]
    if found["loudness"] is not None and found["peak"] is not None:
        lines.append(t("flags.loudness", loudness=f"{found['loudness']:.1f}", peak=f"{found['peak']:.1f}"))
    if found["uncheckedList"]:
        lines.append(t("flags.unchecked", what=", ".join(named("check", word) for word in found["uncheckedList"])))
    return lines
