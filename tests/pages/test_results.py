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
    layout.say_results()


@pytest.mark.usefixtures("own_process")
def test_what_was_done_is_told_although_somebody_clicks_while_the_page_is_drawn():
    page = AppTest.from_function(draw_while_somebody_clicks, default_timeout=30).run()

    assert [toast.value for toast in page.toast] == ["1 video deleted", "1 video blocked"]
    assert not page.run().toast
