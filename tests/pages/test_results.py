"""What the pages tell of the last action."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def draw_while_somebody_clicks() -> None:
    """Draw the results of an action; a click comes in just then, which has Streamlit begin anew."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    from pages.components import layout

    class Results(list):
        clicked = False

        def __iter__(self):
            if not self.clicked:
                self.clicked = True
                get_script_run_ctx().script_requests.request_rerun(RerunData())
            return super().__iter__()

    if "begun" not in st.session_state:
        st.session_state["begun"], st.session_state["done"] = True, Results(["1 video deleted", "1 video blocked"])
        st.session_state["warned"] = Results(["it has fewer tags there"])
    layout.say_results()


def draw_a_sheet_applied_in_parts() -> None:
    import streamlit as st

    from pages.components import layout, sheet_upload

    if "begun" not in st.session_state:
        st.session_state["begun"] = True
        refused = [{"videoId": "v1", "title": "first", "why": "changed"}]
        answers = (
            {"result": "true", "data": {"done": 2, "refusedList": refused}},
            {"result": "false", "message": "the console is away"},
            {"result": "true", "data": {"done": 1, "refusedList": [{**refused[0], "title": "last"}]}},
        )
        sheet_upload.note(answers, "done.sheet")
    layout.say_results()


@pytest.mark.usefixtures("own_process")
def test_of_a_sheet_that_is_applied_in_parts_all_is_told():
    page = AppTest.from_function(draw_a_sheet_applied_in_parts, default_timeout=90).run()

    assert not page.exception
    (problems,) = page.error
    assert all(word in problems.value for word in ("first", "last", "the console is away"))
    assert "3" in page.toast[0].value


@pytest.mark.usefixtures("own_process")
def test_what_was_done_is_told_although_somebody_clicks_while_the_page_is_drawn():
    page = AppTest.from_function(draw_while_somebody_clicks, default_timeout=90).run()

    assert [toast.value for toast in page.toast] == ["1 video deleted", "1 video blocked"]
    assert "it has fewer tags there" in page.warning[0].value
    page.run()
    assert not page.toast
    assert not page.warning
