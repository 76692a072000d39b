"""The video player with contact sheet, timeline and cover choice."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages import widgets
from pages.components import formatting, layout, playback, session
from pages.components.i18n import named, t

WORDS = ("sheet", "timeline", "cover", "busy")
MAX_TILES = 24  # of the contact sheet


def player(video: dict[str, Any], play: dict[str, Any], busy: bool, may_choose: bool = True) -> None:
    """Draw the player; `busy` while a chosen cover is being made. `play` is the answer of getPlayInfo.

    With `may_choose`, managers can choose a cover.
    """
    playback.fragment(_draw, video, play, busy, may_choose and session.may("manage"))


def _draw(video: dict[str, Any], play: dict[str, Any], renewal: dict[str, Any], busy: bool, may_choose: bool) -> None:
    infos = playback.all_infos(play)
    if not infos:
        st.info(t("video.no_media"), icon=":material/videocam_off:")
        return
    shape = next((info for info in infos if info["width"]), {"width": 16, "height": 9})
    words = {word: t(f"watch.{word}") for word in WORDS} | renewal["words"]
    words |= {word: t(f"watch.{word}", time="{time}") for word in ("play_from", "choose")}
    data = {
        # Browsers use the first playable source: narrow-band before plain, best first.
        "sources": [
            {"src": info["playURL"], "type": mime(info)}
            for info in sorted(play["playInfoList"], key=lambda info: info["kind"] != "narrow")
        ],
        "answer": renewal["answer"],
        "width": shape["width"],
        "height": shape["height"],
        "cover": video["coverUrl"],
        "tiles": tiles(video, shape),
        "choose": may_choose,
        "go": st.session_state.get(layout.own_key("go", video)),
        "busy": busy,
        "words": words,
    }
    key = layout.own_key("watch", video)
    st.html(f"<style>{room(shape, data['tiles'], data['choose'])}</style>")
    with st.container(key="watch_room"):
        widgets.watch(data, key=key, on_choose=lambda: choose(video, key), on_failed=lambda: playback.renew(video))


def go_to(video: dict[str, Any], seconds: float) -> None:
    """Seek the player at the next run."""
    key = layout.own_key("go", video)
    before = st.session_state.get(key) or {"number": 0}
    st.session_state[key] = {"number": before["number"] + 1, "seconds": seconds}


def room(shape: dict[str, Any], tiles: list[dict[str, Any]], choose: bool) -> str:
    """Return CSS that reserves the player's height before it is drawn; must match `watch.css`."""
    upright = shape["height"] > shape["width"]
    count = min(MAX_TILES, len(tiles))
    tall = tiles[0]["height"] / tiles[0]["width"] if tiles else 0
    bars = (62 if tiles else 0) + (58 if choose else 0)
    seen = f"min(62vh, 100cqw * {shape['height'] / shape['width']:.4f})"

    def sheet(columns: int) -> str:
        rows = -(-count // columns)
        return f"{rows} * (100cqw - {6 * (columns - 1)}px) / {columns} * {tall:.4f} + {6 * rows + 4 if rows else 0}px"

    beside = f"62vh + {bars}px" if upright else f"{seen} + {bars}px + {sheet(6)}"
    inner = ".st-key-watch_room > div { min-height: calc(%s) }"
    return (
        f".st-key-watch_room {{ container-type: inline-size; --shape: {shape['width']}/{shape['height']}; "
        f"--few: {6 if upright else 4} }} "
        + inner % f"{seen} + {bars}px + {sheet(6 if upright else 4)}"
        + f" @container (min-width: 600px) {{ {inner % beside} }}"
    )


def mime(info: dict[str, Any]) -> str:
    return f'video/mp4; codecs="{info["codecs"]}"' if info["codecs"] else "video/mp4"


def tiles(video: dict[str, Any], shape: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tiles of the sprite, or the snapshots if there is none."""
    sprite = session.ask("getSprite", videoId=video["videoId"])
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


def pair(infos: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the plain rendition of the same size as the best narrow-band one, and that; None if one is missing."""
    narrow = next((info for info in infos if info["kind"] == "narrow"), None)
    size = narrow and (narrow["width"], narrow["height"])
    plain = next((info for info in infos if info["kind"] == "common" and (info["width"], info["height"]) == size), None)
    return (plain, narrow) if plain and narrow else None


def compare(video: dict[str, Any], play: dict[str, Any]) -> None:
    """Draw the two renditions of `pair` on top of each other."""
    playback.fragment(_draw_both, video, play)


def _draw_both(video: dict[str, Any], play: dict[str, Any], renewal: dict[str, Any]) -> None:
    both = pair(playback.all_infos(play))
    if both is None:
        return
    words = {word: t(f"narrow.{word}") for word in ("play", "pause", "split", "time")} | renewal["words"]
    words |= {word: named("definition", kind) for word, kind in (("plain", "common"), ("narrow", "narrow"))}
    data = {"plain": both[0]["playURL"], "narrow": both[1]["playURL"], "answer": renewal["answer"], "words": words}
    widgets.compare(data, key=layout.own_key("compare", video), on_failed=lambda: playback.renew(video))


def choose(video: dict[str, Any], key: str) -> None:
    """Set the chosen cover."""
    video_id, seconds = video["videoId"], st.session_state[key]["cover"]
    envelope = session.attempt(
        "chooseCover", mediaId=video_id, seconds=seconds, seenLine=st.session_state[session.SEEN]
    )
    playback.show_page_anew(video)
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(t("done.cover"))
        st.session_state[f"active--{video_id}"] = 1  # ensures a redraw when the job ends, however soon
    else:
        st.session_state["problems"] = (t("watch.refused"), [envelope["message"]])


def snapshots(video: dict[str, Any]) -> None:
    """Draw links to the full-size snapshots."""
    pictures = "".join(
        f'<a href="{formatting.safe(url)}" target="_blank" rel="noopener"><img src="{formatting.safe(url)}" alt="" '
        'loading="lazy" style="height:84px;border-radius:6px;display:block"></a>'
        for url in video["snapshotList"]
    )
    if pictures:
        with st.expander(t("watch.snapshots", count=len(video["snapshotList"]))):
            st.html(f'<div style="display:flex;gap:8px;overflow-x:auto;padding-bottom:4px">{pictures}</div>')
