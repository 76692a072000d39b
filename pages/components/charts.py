"""Charts in the theme's colours."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting


def bars_by_day(rows: list[dict[str, Any]], height: int, alt: str, *, whole: bool = False) -> None:
    """Draw a bar chart by day: the first column of `rows` is the day, each other column a series."""
    st.echarts_chart(
        {
            "tooltip": {"trigger": "axis"},
            "legend": {"right": 0, "top": 0},
            "grid": {"left": 4, "right": 4, "top": 36, "bottom": 4, "containLabel": True},
            "dataset": {"source": formatting.frame(rows)},
            "xAxis": {"type": "category"},
            "yAxis": {"type": "value", **({"minInterval": 1} if whole else {})},
            "series": [{"type": "bar", "barMaxWidth": 14}] * (len(rows[0]) - 1 if rows else 0),
        },
        height=height, alt=alt,
    )  # fmt: skip
