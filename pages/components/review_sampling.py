"""Rules of second reviews, known clips and reported videos."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import reason_choice, session
from pages.components.formatting import plain
from pages.components.i18n import t

SHARES = ("approvals", "blocks", "hasty")


def draw(number: int) -> None:
    """Draw the form with the rules."""
    rules = session.ask("getReviewSampling")
    st.caption(t("desk.sampling_help"))
    names = {reason["code"]: reason["name"] for reason in reason_choice.reasons()}
    with st.form(f"sampling--{number}", border=False):
        given: dict[str, Any] = {"secondReviews": st.checkbox(t("desk.sampling_on"), value=rules["secondReviews"])}
        for column, name in zip(st.columns(3, vertical_alignment="bottom"), SHARES, strict=True):
            given[name] = column.number_input(
                t(f"desk.sampling_{name}"), 0.0, 100.0, float(rules[name]), step=1.0, format="%g"
            )
        given["newcomerDecisions"] = st.number_input(
            t("desk.sampling_newcomerDecisions"), 0, 1000, rules["newcomerDecisions"]
        )
        codes = st.multiselect(
            t("desk.sampling_reasonCodes"), list(dict.fromkeys([*names, *rules["reasonCodes"]])), rules["reasonCodes"],
            format_func=lambda code: names.get(code, code), placeholder=t("desk.sampling_no_reasons"),
        )  # fmt: skip
        left, right = st.columns(2, vertical_alignment="bottom")
        given["dailyMinimum"] = left.number_input(t("desk.sampling_dailyMinimum"), 0, 50, rules["dailyMinimum"])
        given["maximum"] = right.number_input(
            t("desk.sampling_maximum"), 0.0, 100.0, float(rules["maximum"]), step=1.0, format="%g"
        )  # fmt: skip
        given["knownClips"] = st.number_input(
            t("desk.sampling_knownClips"), 0.0, 1.0, float(rules["knownClips"]), step=0.1, format="%g",
            help=t("desk.sampling_knownClips_help"),
        )  # fmt: skip
        given["reports"] = st.number_input(
            t("desk.sampling_reports"), 0, 1000, rules["reports"], help=t("desk.sampling_reports_help")
        )
        sent = st.form_submit_button(t("common.save"), type="primary")
    if not sent:
        return
    envelope = session.attempt("setReviewSampling", **given, reasonCodes=",".join(codes))
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(t("done.edit"))
        st.rerun()
    st.error(plain(envelope["message"]), icon=":material/error:")
