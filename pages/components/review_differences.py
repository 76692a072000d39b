"""Differences between first and second reviews: a lead sees one at a time, and settles it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, player, reason_choice, session
from pages.components.formatting import plain
from pages.components.i18n import t

CHOICES = {"leave": "", "approve": "Normal", "block": "Blocked"}


def count() -> int:
    """Return how many differences the user can settle."""
    return session.ask("getReviewDifferences", count=0)["total"] if session.may("manage") else 0


def draw(number: int) -> None:
    """Draw the oldest difference with its clip, and the form that settles it."""
    found = session.ask("getReviewDifferences")
    if found["own"]:
        st.caption(t("desk.differences_own", count=found["own"]))
    if not found["differenceList"]:
        st.success(t("desk.differences_none"), icon=":material/handshake:")
        return
    (one,) = found["differenceList"]
    video = one["video"]
    st.markdown(f"**{plain(video['title'] or video['videoId'])}**")
    left = t("desk.differences_left", count=found["total"])
    st.caption(f"{plain(video['user']['userName'])} · {formatting.moment(video['creationTime'])} · {left}")
    reasons = reason_choice.reasons()
    for column, verdict in zip(st.columns(len(one["verdictList"]), wrap=False), one["verdictList"], strict=True):
        with column:
            _verdict(verdict, reasons)
    with st.container(key="difference"):
        left, right = st.columns([3, 2])
    with left:
        player.player(video, session.ask("getPlayInfo", videoId=video["videoId"]), busy=False, may_choose=False)
    with right:
        _form(one["differenceId"], f"{number}-{one['differenceId']}")


def _verdict(verdict: dict[str, Any], reasons: list[dict[str, Any]]) -> None:
    blocked = verdict["status"] == "Blocked"
    with st.container(border=True, gap="small"):
        st.caption(t("desk.difference_stands" if verdict["stands"] else "desk.difference_second"))
        st.badge(
            t("censor.fail" if blocked else "censor.success"), icon=f":material/{'block' if blocked else 'check'}:",
            color="red" if blocked else "green",
        )  # fmt: skip
        if said := reason_choice.words_of(verdict, reasons):
            st.markdown(plain(said))
        if verdict["comment"]:
            st.caption(t("desk.difference_note", note=plain(verdict["comment"])))


def _form(difference: int, key: str) -> None:
    chosen = st.radio(
        t("desk.difference_settle"), list(CHOICES), key=f"settle--{key}", horizontal=True,
        format_func=lambda name: t(f"desk.difference_{name}"),
    )  # fmt: skip
    given: dict[str, Any] = {}
    if chosen == "block":
        given = reason_choice.form(key)
    if CHOICES[chosen]:
        given["status"] = CHOICES[chosen]
    comment = st.text_input(t("desk.note"), key=f"settle_note--{key}", autocomplete="off") if CHOICES[chosen] else ""
    is_ready = chosen != "block" or reason_choice.is_ready(given)
    if st.button(t("desk.settle"), key=f"settle_yes--{key}", type="primary", disabled=not is_ready):
        envelope = session.attempt("settleReviewDifference", differenceId=difference, comment=comment, **given)
        if envelope["result"] == "true":
            st.toast(t("desk.settled"), icon=":material/check:")
            st.rerun(scope="fragment")
        st.error(plain(envelope["message"]), icon=":material/error:")
