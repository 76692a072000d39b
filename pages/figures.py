"""Figures page: what was uploaded, reviewed, transcoded, stored and shown, by day, week or month."""

from datetime import date, timedelta
from typing import Any

import streamlit as st

from pages.components import figure_filters, figure_panels, layout, schedule_fields, session, url_state, usage_panel
from pages.components.i18n import t

layout.guard()
TOPICS = list(figure_panels.TOPICS)
RANGES = ["7", "30", "90", "365", "own"]
MOST = {"day": 92, "week": 735, "month": 1100}  # days that fit
USUAL = {"7": "day", "30": "day", "90": "week", "365": "month"}
PAGE = "f_page"
SHORT = ("uploadsByUser", "decisionTimesByReviewer")
FIRST_DAY = date(1970, 1, 1)


def choose_range() -> tuple[date, date, str]:
    """Draw the choice of a range and of what it is summed by."""
    today = schedule_fields.now().date()
    kept = url_state.from_address("f_range", RANGES, "30", then=PAGE)

    def keep() -> None:
        kept["on_change"]()
        if st.session_state["f_range"] == "own":  # from the first moment, a link means the same days tomorrow
            usual = {"f_from": str(today - timedelta(days=29)), "f_to": str(today)}
            st.query_params.update({key: day for key, day in usual.items() if key not in st.query_params})

    chosen = st.segmented_control(
        t("figures.range"), RANGES, format_func=lambda word: t(f"figures.range_{word}"), label_visibility="collapsed",
        required=True, key="f_range", on_change=keep,
    )  # fmt: skip
    start, end = today - timedelta(days=int(chosen) - 1 if chosen != "own" else 29), today
    if chosen == "own":
        start, end = (
            choose_day("f_from", t("filter.from"), start, today),
            choose_day("f_to", t("filter.to"), end, today),
        )
    days = (end - start).days
    fitting = [word for word, most in MOST.items() if days < most] or ["month"]
    by = st.segmented_control(
        t("figures.by"), fitting, format_func=lambda word: t(f"figures.by_{word}"), label_visibility="collapsed",
        required=True, **url_state.from_address("f_by", fitting, _usual(chosen, fitting), then=PAGE),
    )  # fmt: skip
    return start, end, by


def choose_day(key: str, label: str, usual: date, last: date) -> date:
    """Draw the choice of a day, which is in the address; `usual` if there is none."""
    try:
        day = date.fromisoformat(st.query_params.get(key, ""))
    except ValueError:
        day = usual
    st.session_state[key] = min(max(day, FIRST_DAY), last)

    def keep() -> None:
        st.query_params[key] = str(st.session_state[key])

    chosen: date = st.date_input(
        label, key=key, on_change=keep, min_value=FIRST_DAY, max_value=last, format="YYYY-MM-DD", width=140,
        label_visibility="collapsed",
    )  # fmt: skip
    return chosen


def _usual(chosen: str, fitting: list[str]) -> str:
    return USUAL[chosen] if USUAL.get(chosen) in fitting else fitting[0]


def draw(topic: str, wanted: dict[str, str], filters: dict[str, str]) -> None:
    """Draw the panels of a topic; a table that several show is asked for once."""
    answers: dict[str, Any] = {}
    with st.grid(2, gap="small", min_column_width=320):
        for panel in figure_panels.TOPICS[topic]:
            asked = {**wanted, **figure_panels.narrow(panel, filters)}
            if panel.in_cloud and not session.is_cloud():
                continue
            if panel.figure in SHORT and too_long(wanted):
                figure_panels.leave_out(panel, t("figures.too_long", most=MOST["day"]))
                continue
            key = f"{panel.figure} {asked}"
            if key not in answers:
                answers[key] = session.ask("getFigures", figure=panel.figure, **asked)
            figure_panels.show(panel, asked, filters, answers[key])


def too_long(wanted: dict[str, str]) -> bool:
    """Return whether a range is longer than some figures by name are answered for."""
    days = date.fromisoformat(wanted["endTime"]) - date.fromisoformat(wanted["startTime"])
    return days.days >= MOST["day"]


layout.header(t("figures.title"))
layout.say_results()
figure_panels.send()
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
    start, end, by = choose_range()
    wanted = {"startTime": str(start), "endTime": str(end), "by": by}
    filters = figure_filters.choose(wanted, has_uploaders=not too_long(wanted))
topic = st.segmented_control(
    t("figures.topic"), TOPICS, format_func=lambda word: t(f"figures.topic_{word}"), label_visibility="collapsed",
    required=True, **url_state.from_address("f_topic", TOPICS, TOPICS[0], then=PAGE),
)  # fmt: skip
draw(topic, wanted, filters)
if topic == "programme" and session.is_cloud():
    usage_panel.quota(session.ask("getUsage")["prewarmQuota"])
st.caption(t("figures.note", zone=session.features()["timeZone"]))
