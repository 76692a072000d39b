"""Popovers that close after a choice. Streamlit leaves a popover open until somebody clicks beside it."""

from __future__ import annotations

from typing import Any

import streamlit as st


def draw(label: str, key: str, **options: Any) -> Any:
    """Draw a popover that `close` closes, with the options of `st.popover`, and return its container."""
    return st.popover(label, key=f"{key}--{st.session_state.get(_counter(key), 0)}", **options)


def close(key: str) -> None:
    """Have a popover drawn closed, by a key that it did not have before. For callbacks, or before a rerun.

    A popover whose state the server sets would run the page whenever somebody opens or closes it.
    """
    st.session_state[_counter(key)] = st.session_state.get(_counter(key), 0) + 1


def _counter(key: str) -> str:
    return f"{key}_closed"
