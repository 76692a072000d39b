"""Results of the machine review on a video's page, with frames that seek the player."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, layout, player, session, video_actions
from pages.components.formatting import plain, safe
from pages.components.i18n import named, t

MAX_SHOWN = 12  # frames shown unless all are requested
WAITING = ("unknown", "running")
LOOK_SECONDS = "3s"
COLOURS = {"pass": "green", "review": "orange", "block": "red"}


def panel(video: dict[str, Any]) -> None:
    """Draw the panel if this console has a machine review; it is polled until the review has finished."""
    answer = session.Answer("getReviewResults", videoId=video["videoId"])
    found = answer.first
    if not found["available"]:
        return
    with st.container(key="machine_review"):
        st.markdown(f"**{t('machine.title')}**")
        st.fragment(_state, run_every=LOOK_SECONDS if found["state"] in WAITING else None)(answer, found["state"])
        _findings(found)
        _pictures(video, found)
        video_actions.own_buttons(("machine",), video, place="machine_acts")


def _state(answer: session.Answer, was: str) -> None:
    found = answer.take()
    if found["state"] != was and found["state"] not in WAITING:
        layout.redraw()
    if found["suggestion"]:
        said = found["suggestion"]
        chips = [f":{COLOURS.get(said, 'gray')}-badge[{plain(named('suggestion', said))}]"]
        chips += [f":gray-badge[{plain(named('module', label))}]" for label in found["labels"] if label != "normal"]
        st.markdown(" ".join(chips))
    if found["state"] in WAITING:
        st.caption(t(f"machine.{found['state']}"))
    elif found["state"] == "none":
        st.caption(t("machine.none"))
    elif found["state"] == "failed":
        st.warning(plain(found["error"]), icon=":material/warning:")
    if found["state"] == "done":
        st.caption(t("machine.time", time=formatting.moment(found["resultTime"])))


def _findings(found: dict[str, Any]) -> None:
    """List the findings."""
    lines = []
    for one in found["findingList"]:
        what = " · ".join(dict.fromkeys(
            named(group, one[field]) for group, field in (("module", "module"), ("label", "label")) if one[field]
        ))  # fmt: skip
        score = f" {one['score']:.0f}%" if one["score"] else ""
        text = f" “{plain(one['text'])}”" if one["text"] else ""
        lines.append(f"- {t('machine.part', part=named('part', one['part']))}{plain(what)}{score}{text}")
    if lines:
        st.markdown("\n".join(lines))


def _pictures(video: dict[str, Any], found: dict[str, Any]) -> None:
    """Draw the frames in time order, each with a button that seeks the player."""
    frames = found["frameList"]
    if not frames:
        return
    worst = sorted(frames, key=lambda frame: -frame["score"])[:MAX_SHOWN]
    everything = len(frames) <= MAX_SHOWN or st.toggle(
        t("machine.all", count=len(frames)), key=layout.own_key("machine_all", video)
    )
    with st.grid(3, gap="small", min_column_width=136):
        for number, frame in enumerate(frames):
            if everything or frame in worst:
                _picture(video, frame, number)


def _picture(video: dict[str, Any], frame: dict[str, Any], number: int) -> None:
    what = named("label", frame["label"])
    with st.container(gap="xxsmall"):
        url = frame["pictureUrl"]
        image = f'<img src="{safe(url)}" alt="" loading="lazy">' if url else ""
        st.html(f'<div class="review-picture">{image}</div>')
        st.button(
            f"{formatting.clock(frame['seconds'])} {plain(what)}", key=layout.own_key(f"machine_{number}", video),
            help=t("machine.go", time=formatting.clock(frame["seconds"]), what=what, score=f"{frame['score']:.0f}"),
            icon=":material/play_arrow:", on_click=player.go_to, args=(video, frame["seconds"]), width="stretch",
        )  # fmt: skip
