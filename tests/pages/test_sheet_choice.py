"""Rows of a sheet that are not to be applied: what an address keeps of them over a refresh."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import sheet_choice


@pytest.mark.parametrize(
    ("places", "written"), [(set(), ""), ({3}, "3"), ({9, 3, 8, 10}, "3,8-10"), (set(range(1, 50_001)), "1-50000")]
)
def test_places_are_written_in_short(places, written):
    assert sheet_choice.write(places) == written
    assert sheet_choice.parse(written) == places


@pytest.mark.parametrize("written", ["x", "-3", "3-", "5-2", "1-99999999999", "²", "many", ",,"])
def test_what_is_no_place_is_left_aside(written):
    assert sheet_choice.parse(f"{written},7") == {7}


def leave_out() -> None:
    """Leave out every other one of so many rows."""
    import streamlit as st

    from pages.components import sheet_choice

    if "rows" in st.query_params:
        rows = range(1, int(st.query_params.pop("rows")) + 1)
        sheet_choice.take("one", rows, [row for row in rows if row % 2])
    st.text(f"{len(sheet_choice.left_out('one'))} {sheet_choice.is_lost('one')}")


@pytest.mark.usefixtures("own_process")
@pytest.mark.parametrize(("rows", "after"), [(40, "20 False"), (4000, "0 True")])
def test_after_a_refresh_they_are_left_out_still_or_it_is_told(rows, after):
    page = AppTest.from_function(leave_out, default_timeout=90)
    page.query_params["rows"] = str(rows)
    assert page.run().text[0].value == f"{rows // 2} False"

    again = AppTest.from_function(leave_out, default_timeout=90)
    again.query_params.update(page.query_params)
    assert again.run().text[0].value == after
