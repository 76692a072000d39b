"""Charts of figures: what there is to see in them."""

from __future__ import annotations

import pytest
import streamlit as st

from pages.components import figure_charts


@pytest.fixture
def drawn(monkeypatch):
    """What is given to the library of charts."""
    found = []
    monkeypatch.setattr(st, "echarts_chart", lambda spec, **_: found.append(spec))
    return found


def test_a_value_between_periods_without_one_is_a_dot(drawn):
    rows = [{"day": f"2026-11-{day:02}", "complete": day < 30, "median": None} for day in range(1, 31)]
    rows[-1]["median"] = 37

    figure_charts.over_time("waits", "day", rows, {"median": ("Median", "blue")}, "seconds", line=True)

    (line,) = drawn[0]["series"]
    assert line["data"] == [None] * 29 + [37]
    assert line["showAllSymbol"] is True  # else only periods with a label have one


def test_the_name_of_a_unit_begins_within_the_chart(drawn):
    rows = [{"day": "2026-11-01", "complete": True, "score": 95}]

    figure_charts.over_time("scores", "day", rows, {"score": ("VMAF", "green")}, "score", line=True)

    assert drawn[0]["yAxis"]["nameTextStyle"] == {"align": "left"}


def test_a_tooltip_has_the_unit_and_a_long_name_is_wrapped_in_a_higher_bar(drawn):
    short, long = "The disk is full.", "ffmpeg could not read the source: " * 5

    for name in (short, long):
        rows = [(name, {"failed": 3})]
        figure_charts.by_name("failures", rows, {"failed": ("Failed", "red")}, "jobs", long=True)
    figure_charts.by_name("bytes", [("cover", {"bytes": 3_000_000})], {"bytes": ("Bytes", "blue")}, "bytes")

    assert [spec["yAxis"]["axisLabel"]["overflow"] for spec in drawn] == ["break", "break", "truncate"]
    assert drawn[2]["tooltip"]["valueFormatter"] == "%,.2f MB"
    assert figure_charts.lines_of(short) == 1 < figure_charts.lines_of(long)
