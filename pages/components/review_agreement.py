"""Agreement of first and second reviews."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import streamlit as st

from pages.components import formatting, reason_choice, session
from pages.components.formatting import plain
from pages.components.i18n import t

NONE = "–"


def draw(_number: int) -> None:
    """Draw the figures of the last weeks: in total, by person, pair, week and reason."""
    found = session.ask("getReviewAgreement")
    fewest: int = found["fewest"]
    start, end = formatting.moment(found["startTime"]), formatting.moment(found["endTime"])
    st.caption(t("desk.agreement_span", start=start, end=end))
    st.caption(t("desk.agreement_help", fewest=fewest))
    if found["waiting"]:
        st.caption(t("desk.agreement_waiting", count=found["waiting"]))
    if not found["total"]["pairs"]:
        st.info(t("desk.agreement_none"), icon=":material/handshake:")
    else:
        _table(t("desk.agreement_total"), t("desk.agreement_who"), fewest, [
            (t("desk.agreement_all"), found["total"]),
            *((_name(one["userName"]), one["agreement"]) for one in found["personList"]),
        ])  # fmt: skip
        names = {reason["code"]: reason["name"] for reason in reason_choice.reasons()}
        by = {
            "pair": [(" · ".join(map(_name, one["userNames"])), one["agreement"]) for one in found["pairList"]],
            "week": [(_week(one["week"]), one["agreement"]) for one in found["weekList"]],
            "reason": [
                (names.get(one["code"], one["code"]) or t("desk.other"), one["agreement"])
                for one in found["reasonList"]
            ],
        }
        for name, rows in by.items():
            _table(t(f"desk.agreement_by_{name}"), t(f"desk.agreement_{name}"), fewest, rows)
    _known(found["knownList"])


def _name(name: str) -> str:
    return name or NONE


def _table(title: str, first: str, fewest: int, rows: Iterable[tuple[str, dict[str, Any]]]) -> None:
    shown = [{first: name, **_cells(one, fewest)} for name, one in rows]
    if shown:
        st.markdown(f"**{plain(title)}**")
        right = {name: st.column_config.TextColumn(alignment="right") for name in shown[0] if name != first}
        st.dataframe(formatting.frame(shown), hide_index=True, alt=title, column_config=right)


def _cells(one: dict[str, Any], fewest: int) -> dict[str, Any]:
    """Return the columns of a row. All are texts, as a column of some numbers and dashes cannot be typed."""
    few = t("desk.agreement_few") if one["pairs"] < fewest else NONE
    percent = {name: None if one[name] is None else one[name] * 100 for name in ("observed", "blocks")}
    low, high = (None if one[name] is None else one[name] * 100 for name in ("observedLow", "observedHigh"))
    return {
        t("desk.agreement_pairs"): f"{one['pairs']:,}",
        t("desk.agreement_observed"): _between(percent["observed"], low, high, "{:.1f} %", "{:.1f}") or few,
        t("desk.agreement_kappa"): _between(one["kappa"], one["kappaLow"], one["kappaHigh"], "{:.2f}", "{:.2f}")
        or NONE,
        "PABAK": NONE if one["pabak"] is None else f"{one['pabak']:.2f}",
        t("desk.agreement_blocks"): NONE if percent["blocks"] is None else f"{percent['blocks']:.1f} %",
    }


def _between(value: float | None, low: float | None, high: float | None, form: str, bound: str) -> str:
    if value is None or low is None or high is None:
        return ""
    return f"{form.format(value)} ({bound.format(low)}–{bound.format(high)})"


def _week(monday: str) -> str:
    first = date.fromisoformat(monday)
    return f"{first:%Y-%m-%d} – {first + timedelta(days=6):%m-%d}"


def _known(rows: list[dict[str, Any]]) -> None:
    shown = [
        {
            t("column.user"): one["userName"],
            t("desk.known_shown"): one["shown"],
            t("desk.known_found"): one["found"],
            t("desk.known_missed"): one["shown"] - one["found"],
        }
        for one in rows
    ]
    if shown:
        st.markdown(f"**{t('desk.known_title')}**")
        st.dataframe(formatting.frame(shown), hide_index=True, alt=t("desk.known_title"))
