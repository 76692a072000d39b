"""Charts of figures: over time, and by name, with units people read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from pages.components.i18n import t

HEIGHT = 260
ROW, MARGIN = 26, 64  # pixels per bar of a chart by name, and above and below all
LABEL, LONG_LABEL, LINE = 110, 168, 15  # pixels: how wide labels are, and how high a line of a long one is
LINE_LETTERS = 25  # that fit into a line of a long label; Chinese ones count twice
COUNTED = ("videos", "verdicts", "jobs", "times", "urls")  # what counts are of
MAX_BARS = 12
FADED = 0.45
AXES: dict[str, dict[str, Any]] = {**{unit: {"minInterval": 1} for unit in COUNTED}, "score": {"scale": True}}
COLOURS = {
    "light": {"blue": "#2457D6", "green": "#12936A", "orange": "#E07A1F", "red": "#D13B4A", "grey": "#64748B"},
    "dark": {"blue": "#6E9BFF", "green": "#3CC596", "orange": "#F2A65A", "red": "#F17A86", "grey": "#94A3B8"},
}
# factor and text key, largest first
SCALES = {
    "bytes": ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "B")),
    "seconds": ((86_400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds")),
}


def scale_of(unit: str, values: Sequence[float]) -> tuple[float, str]:
    """Return by what values of a unit are divided to be read easily, and the name of that unit."""
    highest = max(map(abs, values), default=0)
    scales = SCALES.get(unit, ())
    factor, name = next((one for one in scales if highest >= one[0]), scales[-1] if scales else (1, unit))
    return factor, name if unit == "bytes" else t(f"figures.unit_{name}")


def over_time(
    title: str, by: str, rows: list[dict[str, Any]], series: dict[str, tuple[str, str]], unit: str, *, line: bool
) -> None:
    """Draw columns of rows by period; `series` has for each its label and colour. Bars are stacked.

    The present period is faint, and its label has an asterisk. Lines connect what is known.
    """
    known = [row[name] for row in rows for name in series if row[name] is not None]
    factor, unit_name = scale_of(unit, known)
    colours = _colours()
    drawn = []
    for name, (label, colour) in series.items():
        data = [_point(row[name], factor, faint=not row["complete"] and not line) for row in rows]
        shape = (
            {"type": "line", "connectNulls": True, "symbolSize": 5, "showAllSymbol": True}
            if line
            else {"type": "bar", "stack": "all"}
        )
        drawn.append({
            **shape, "name": label, "data": data, "barMaxWidth": 22, "itemStyle": {"color": colours[colour]},
            **({"lineStyle": {"color": colours[colour]}} if line else {}),
        })  # fmt: skip
    _draw(title, {
        "xAxis": {"type": "category", "data": [period_label(row, by) for row in rows],
                  "axisLabel": {"showMaxLabel": True, "hideOverlap": True}},
        "yAxis": {"type": "value", "name": unit_name, "nameTextStyle": {"align": "left"},
                  **AXES.get(unit, {})},
        "series": drawn,
    }, HEIGHT, tooltip_of(unit, unit_name))  # fmt: skip


def by_name(
    title: str, rows: list[tuple[str, dict[str, float]]], series: dict[str, tuple[str, str]], unit: str, *,
    long: bool = False, stacked: bool = True,
) -> None:  # fmt: skip
    """Draw a bar for each of the first rows, a label and its values; the first is on top. Long labels are wrapped."""
    shown = rows[:MAX_BARS][::-1]
    lines = max((lines_of(label) for label, _ in shown), default=1) if long else 1
    bars = 1 if stacked else len(series)
    wrapped = {"width": LONG_LABEL, "overflow": "break", "lineHeight": LINE, "interval": 0}
    shape = {"type": "bar", "barMaxWidth": 18, **({"stack": "all"} if stacked else {})}
    factor, unit_name = scale_of(unit, [values[name] for _, values in shown for name in series])
    colours = _colours()
    _draw(title, {
        "xAxis": {"type": "value", "name": unit_name, "nameLocation": "middle", "nameGap": 24,
                  **AXES.get(unit, {})},
        "yAxis": {"type": "category", "data": [label for label, _ in shown],
                  "axisLabel": wrapped if long else {"width": LABEL, "overflow": "truncate"}},
        "series": [
            {**shape, "name": label, "itemStyle": {"color": colours[colour]},
             "data": [_point(values[name], factor) for _, values in shown]}
            for name, (label, colour) in series.items()
        ],
    }, MARGIN + 24 + max(ROW * bars, LINE * lines + 8) * max(len(shown), 1), tooltip_of(unit, unit_name))  # fmt: skip


def tooltip_of(unit: str, unit_name: str) -> str:
    """Return how tooltips write a value and its unit, as printf does."""
    if unit in COUNTED:
        return t(f"figures.tooltip_{unit}")
    return f"%,.{1 if unit == 'score' else 2}f {unit_name}"


def lines_of(label: str) -> int:
    """Return how many lines a long label takes."""
    return -(-sum(2 if letter > "\u2e7f" else 1 for letter in label) // LINE_LETTERS) or 1


def period_label(row: dict[str, Any], by: str) -> str:
    """Return how a period is called: its first day, or its month; what is not over has an asterisk."""
    day = date.fromisoformat(row["day"])
    text = f"{day:%Y-%m}" if by == "month" else f"{day:%m-%d}"
    return text if row["complete"] else f"{text}*"


def _point(value: float | None, factor: float, *, faint: bool = False) -> Any:
    scaled = None if value is None else round(value / factor, 2) if factor != 1 else value
    return {"value": scaled, "itemStyle": {"opacity": FADED}} if faint else scaled


def _draw(title: str, spec: dict[str, Any], height: int, tooltip: str) -> None:
    names = [one["name"] for one in spec["series"]]
    common = {
        "animation": False,  # a busy browser would show lines half drawn
        "tooltip": {"trigger": "axis", "valueFormatter": tooltip, "confine": True},
        "legend": {"left": "right", "top": 0, "type": "scroll", "data": names},
        "grid": {"left": 4, "right": 14, "top": 44, "bottom": 22 if spec["xAxis"]["type"] == "value" else 4,
                 "containLabel": True},
    }  # fmt: skip
    st.echarts_chart({**common, **spec}, height=height, alt=title)


def _colours() -> dict[str, str]:
    return COLOURS["dark" if st.context.theme.type == "dark" else "light"]
