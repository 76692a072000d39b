"""Figures of the review desk: decisions of the last days."""

from __future__ import annotations

import streamlit as st

from pages.components import formatting, reason_choice, session
from pages.components.i18n import t


def draw(_number: int) -> None:
    """Draw the decisions of the last days: by person, for those who may see it, and by reason."""
    found = session.ask("getReviewFigures")
    st.caption(
        t(
            "desk.figures_span", start=formatting.moment(found["startTime"]), end=formatting.moment(found["endTime"]),
            waiting=f"{found['waiting']:,}", age=_age(found["oldestSeconds"]),
        )
    )  # fmt: skip
    if not found["personList"]:
        st.info(t("desk.figures_none"), icon=":material/bar_chart:")
        return
    rows = [
        {
            t("column.user"): one["userName"],
            t("desk.decisions"): one["decisions"],
            t("censor.success"): one["approved"],
            t("censor.fail"): one["blocked"],
            t("desk.undone"): one["undone"],
            t("desk.per_hour"): f"{one['decisionsPerHour']:,.0f}" if one["activeMinutes"] else "–",
            t("desk.median"): one["medianSeconds"],
        }
        for one in found["personList"]
    ]
    st.dataframe(
        formatting.frame(rows), hide_index=True, alt=t("desk.figures_title"),
        column_config={
            t("desk.per_hour"): st.column_config.TextColumn(alignment="right"),
            t("desk.median"): st.column_config.NumberColumn(format="%.1f"),
        },
    )  # fmt: skip
    names = {reason["code"]: reason["name"] for reason in reason_choice.reasons()}
    counts = [
        {t("desk.reason"): names.get(one["code"], one["code"]) or t("desk.other_reason"), t("desk.count"): one["count"]}
        for one in found["reasonList"]
    ]
    if counts:
        st.dataframe(formatting.frame(counts), hide_index=True, alt=t("desk.reasons"))


def _age(seconds: int) -> str:
    units = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
    unit, size = next((one for one in units if seconds >= one[1]), units[-1])
    return t(f"desk.{unit}", number=seconds // size)
