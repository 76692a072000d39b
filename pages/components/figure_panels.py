"""Panels of figures: a chart, the table behind it, and its export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.components import category_choice, figure_charts, formatting, session, url_state
from pages.components.i18n import named, t

Rows = list[dict[str, Any]]
Draw = Callable[[str, dict[str, Any]], None]
EXPORT = "figures_export"


@dataclass(frozen=True)
class Panel:
    """What is shown of a figure. `name` is that of its texts; filters that do not apply to it are named beside it."""

    name: str
    figure: str
    draw: Draw
    filters: tuple[str, ...] = ()
    in_cloud: bool = False  # only there


def over_time(unit: str, *, line: bool = False, **colours: str) -> Draw:
    """Return what draws columns by period, each in its colour."""

    def draw(title: str, found: dict[str, Any]) -> None:
        if all(row[name] is None for row in found["rowList"] for name in colours):
            st.caption(t("figures.nothing"))
            return
        series = {name: (column_label(name), colour) for name, colour in colours.items()}
        figure_charts.over_time(title, found["by"], found["rowList"], series, unit, line=line)

    return draw


def by_name(
    label_of: Callable[[dict[str, Any]], str], unit: str, *, long: bool = False, stacked: bool = True, **colours: str
) -> Draw:  # fmt: skip
    """Return what draws a bar per row, or one per row and column, named by `label_of`; long names are wrapped."""

    def draw(title: str, found: dict[str, Any]) -> None:
        if not found["rowList"]:
            st.caption(t("figures.nothing"))
            return
        series = {name: (column_label(name), colour) for name, colour in colours.items()}
        rows = [(label_of(row), row) for row in found["rowList"]]
        figure_charts.by_name(title, rows, series, unit, long=long, stacked=stacked)

    return draw


def reviewer_of(row: dict[str, Any]) -> str:
    return str(row["reviewer"])


def category_of(row: dict[str, Any]) -> str:
    if row["cateId"] is None:
        return t("figures.category_unknown")
    return category_choice.paths().get(row["cateId"]) or row["cateName"] or t("filter.no_category")


def user_of(row: dict[str, Any]) -> str:
    return row["userName"] or row["userId"]


def kind_of(row: dict[str, Any]) -> str:
    return named("job" if "reason" in row else "file_kind", row["kind"])


def age_of(row: dict[str, Any]) -> str:
    if row["toSeconds"] is None:
        return t("figures.age_over", low=_lasting(row["fromSeconds"]))
    return t("figures.age_between", low=_lasting(row["fromSeconds"]), high=_lasting(row["toSeconds"]))


def reason_of(row: dict[str, Any]) -> str:
    return row["reason"] or t("desk.other_reason")


UPLOAD, OF_REVIEW = ("userId", "cateId"), ("cateId", "reviewer")
TOPICS = {
    "uploads": (
        Panel("uploads", "uploads", over_time("videos", uploads="blue"), UPLOAD),
        Panel("upload_bytes", "uploads", over_time("bytes", bytes="green"), UPLOAD),
        Panel("by_category", "uploadsByCategory", by_name(category_of, "videos", uploads="blue")),
        Panel("by_user", "uploadsByUser", by_name(user_of, "videos", uploads="blue")),
    ),
    "reviews": (
        Panel("reviews", "reviews", over_time("verdicts", passed="green", blocked="red"), OF_REVIEW),
        Panel("waiting", "reviews", over_time("videos", line=True, waiting="orange", came="blue")),
        Panel("by_reviewer", "reviewsByReviewer",
              by_name(reviewer_of, "verdicts", passed="green", blocked="red"), OF_REVIEW),
        Panel("by_reason", "reviewsByReason", by_name(reason_of, "verdicts", blocked="red"), OF_REVIEW),
        Panel("times", "decisionTimes", over_time("seconds", line=True, median="blue", p90="orange"), OF_REVIEW),
        Panel("times_by_reviewer", "decisionTimesByReviewer",
              by_name(reviewer_of, "seconds", stacked=False, median="blue", p90="orange"), OF_REVIEW),
        Panel("ages", "waitingAges", by_name(age_of, "videos", videos="orange")),
    ),
    "transcodes": (
        Panel("transcodes", "transcodes", over_time("jobs", done="green", failed="red", cancelled="grey"), ("cateId",)),
        Panel("transcodes_by_category", "transcodesByCategory",
              by_name(category_of, "jobs", done="green", failed="red", cancelled="grey")),
        Panel("job_waits", "transcodeWaits", over_time("seconds", line=True, median="blue", p90="orange")),
        Panel("job_works", "transcodeWorks", over_time("seconds", line=True, median="blue", p90="orange")),
        Panel("failures", "transcodeFailures", by_name(lambda row: row["reason"], "jobs", long=True, failed="red")),
    ),
    "storage": (
        Panel("bytes", "bytes", over_time("bytes", line=True, bytes="blue")),
        Panel("by_kind", "bytesByKind", by_name(kind_of, "bytes", bytes="blue")),
        Panel("saved", "narrowBand", over_time("bytes", line=True, savedBytes="green")),
        Panel("scores", "narrowBand", over_time("score", line=True, medianScore="green", p10Score="orange")),
    ),
    "programme": (
        Panel("recommendations", "recommendations", over_time("times", added="blue", removed="grey")),
        Panel("plays", "recommendations", over_time(
            "times", line=True, impressions="grey", plays="blue", completes="green")),
        Panel("prewarms", "prewarms", over_time("urls", warm="green", failed="red", shared="grey")),
        Panel("quota", "prewarmQuota", over_time("urls", line=True, quota="grey", used="blue"), in_cloud=True),
    ),
}  # fmt: skip


def show(panel: Panel, wanted: dict[str, str], filters: dict[str, str], found: dict[str, Any]) -> None:
    """Draw a panel of a table that was asked for."""
    title = t(f"figures.panel_{panel.name}")
    with st.container(border=True, height="stretch", key=f"figure_{panel.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title}**", width="stretch")
            _export(panel, wanted, title)
        ignored = [
            t(f"figures.filter_{name}") for name, value in filters.items() if value and name not in panel.filters
        ]
        hint = t("figures.ignores", names=" · ".join(ignored)) if ignored else t(f"figures.about_{panel.name}")
        st.caption(hint)
        panel.draw(title, found)
        with st.expander(t("figures.table")):
            _table(title, found)


def leave_out(panel: Panel, why: str) -> None:
    """Draw a panel without its figure."""
    with st.container(border=True, height="stretch", key=f"figure_{panel.name}"):
        st.markdown(f"**{t(f'figures.panel_{panel.name}')}**")
        st.caption(why)


def narrow(panel: Panel, filters: dict[str, str]) -> dict[str, str]:
    """Return the filters that apply to a panel."""
    return {name: value for name, value in filters.items() if value and name in panel.filters}


def column_label(name: str) -> str:
    return t(f"figures.column_{name}")


def send() -> None:
    """Start the download that was asked for in this run."""
    if asked := st.session_state.pop(EXPORT, None):
        url_state.go_to(session.ask("createFiguresLink", **asked)["url"])


def _export(panel: Panel, wanted: dict[str, str], title: str) -> None:
    if not session.may("export"):
        return
    key = f"figure_export_{panel.name}"

    def chosen() -> None:
        st.session_state[EXPORT] = {**wanted, "figure": panel.figure, "format": st.session_state[key]}

    st.menu_button(
        t("export.do"), session.features()["exportFormatList"], key=key, icon=":material/download:", type="tertiary",
        format_func=lambda word: named("format", word), on_click=chosen, help=title,
    )  # fmt: skip


def _table(title: str, found: dict[str, Any]) -> None:
    units = {column["name"]: column["unit"] for column in found["columnList"]}
    rows = [{column_label(name): _cell(row, name, unit) for name, unit in units.items()} for row in found["rowList"]]
    if not rows:
        st.caption(t("figures.nothing"))
        return
    formats = {"count": "localized", "bytes": "localized", "share": "percent", "score": "%.1f"}
    columns = {
        column_label(name): st.column_config.NumberColumn(format=formats[unit])
        for name, unit in units.items() if unit in formats
    }  # fmt: skip
    if "cateId" in units:  # may be missing, which makes all of them numbers with a point
        columns[column_label("cateId")] = st.column_config.NumberColumn(format="%d")
    if "reason" in units:
        columns[column_label("reason")] = st.column_config.TextColumn(width="large")
    # Sizes stay numbers, to be sorted, in the unit of the chart; Streamlit's format of bytes says “5.1万 B” in Chinese
    for name in (name for name, unit in units.items() if unit == "bytes"):
        label = column_label(name)
        factor, unit_name = figure_charts.scale_of("bytes", [row[label] for row in rows if row[label] is not None])
        for row in rows:
            row[label] = None if row[label] is None else row[label] / factor
        columns[label] = st.column_config.NumberColumn(f"{label} ({unit_name})", format=formats["bytes"])
    st.dataframe(formatting.frame(rows), hide_index=True, alt=title, column_config=columns, height=300)


def _cell(row: dict[str, Any], name: str, unit: str) -> Any:
    value = row[name]
    if name == "cateName" and row["cateId"] is None:
        return t("figures.category_unknown")
    if unit == "flag":
        return "" if value else t("figures.not_over")
    if unit == "seconds":
        return "–" if value is None else _lasting(value)
    return kind_of(row) if name == "kind" else value


def _lasting(seconds: float) -> str:
    for factor, name in figure_charts.SCALES["seconds"]:
        if seconds >= factor or factor == 1:
            return f"{seconds / factor:.3g} {t(f'figures.unit_{name}')}"
    raise AssertionError
