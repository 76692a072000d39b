"""The player of a video, with the whole of it at a glance, and the choice of its cover."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages import parts, widgets
from pages.words import t

WORDS = ("sheet", "timeline", "cover", "busy")


def player(video: dict[str, Any], infos: list[dict[str, Any]], busy: bool) -> None:
    """Draw the video; `busy` while a cover that was chosen is being made."""
    if not infos:
        st.info(t("video.no_media"), icon=":material/videocam_off:")
        return
    shape = next((info for info in infos if info["width"]), {"width": 16, "height": 9})
    words = {word: t(f"watch.{word}") for word in WORDS}
    words |= {word: t(f"watch.{word}", time="{time}") for word in ("play_from", "choose")}
    data = {
        # A browser takes the first that it can play: narrow-band before plain, each best first.
        "sources": [
            {"src": info["playURL"], "type": mime(info)}
            for info in sorted(infos, key=lambda info: info["kind"] != "narrow")
        ],
        "width": shape["width"],
        "height": shape["height"],
        "cover": video["coverUrl"],
        "tiles": tiles(video, shape),
        "choose": parts.may("manage"),
        "busy": busy,
        "words": words,
    }
    key = parts.own_key("watch", video)
    widgets.watch(data, key=key, on_choose=lambda: choose(video["videoId"], key))


def mime(info: dict[str, Any]) -> str:
    return f'video/mp4; codecs="{info["codecs"]}"' if info["codecs"] else "video/mp4"


def tiles(video: dict[str, Any], shape: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tiles of the sprite; of a video that has none, its snapshots, each for an equal part of it."""
    sprite = parts.ask("getSprite", videoId=video["videoId"])
    if sprite["tileList"]:
        sheet = {"url": sprite["spriteUrl"], "sheetWidth": sprite["width"], "sheetHeight": sprite["height"]}
        return [{**tile, **sheet} for tile in sprite["tileList"]]
    pictures = video["snapshotList"]
    step = video["duration"] / max(1, len(pictures))
    width, height = shape["width"], shape["height"]
    whole = {"x": 0, "y": 0, "width": width, "height": height, "sheetWidth": width, "sheetHeight": height}
    return [
        {"start": number * step, "end": (number + 1) * step, "url": url, **whole} for number, url in enumerate(pictures)
    ]


def choose(video_id: str, key: str) -> None:
    """Ask for the cover that the person chose."""
    seconds = st.session_state[key]["cover"]
    envelope = parts.attempt("chooseCover", mediaId=video_id, seconds=seconds, seenLine=st.session_state[parts.SEEN])
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(t("done.cover"))
        st.session_state[f"active--{video_id}"] = 1  # the page is drawn anew once it is made, however soon that is
    else:
        st.session_state["problems"] = (t("watch.refused"), [envelope["message"]])


def snapshots(video: dict[str, Any]) -> None:
    """Offer the snapshots in full size."""
    pictures = "".join(
        f'<a href="{parts.safe(url)}" target="_blank" rel="noopener"><img src="{parts.safe(url)}" alt="" '
        'loading="lazy" style="height:84px;border-radius:6px;display:block"></a>'
        for url in video["snapshotList"]
    )
    if pictures:
        with st.expander(t("watch.snapshots", count=len(video["snapshotList"]))):
            st.html(f'<div style="display:flex;gap:8px;overflow-x:auto;padding-bottom:4px">{pictures}</div>')
