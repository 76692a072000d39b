"""Parts that Streamlit has not: an upload that streams, a text area read while one types, two players and a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent


def _component(name: str) -> Callable[..., Any]:
    html, css, js = ((HERE / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component(f"qu_{name}", html=html, css=css, js=js)


_upload = _component("upload")
_lines = _component("lines")
_compare = _component("compare")
_watch = _component("watch")
_table = _component("table")


def upload(data: dict[str, Any], key: str, on_sent: Callable[[], None]) -> dict[str, Any] | None:
    """Draw a place for files, and return how far they are.

    It asks for the link of a file by its number, as `wanted`, and takes `data["url"]` once `data["number"]` is that.
    `on_sent` finds all that in the state of `key`, as `sent`, even where the place is not drawn any more.
    """
    sent: dict[str, Any] | None = _upload(data=data, key=key, on_sent_change=on_sent).sent
    return sent


def lines(label: str, placeholder: str, *, value: str, round_: int, key: str) -> str:
    """Draw a text area and return its text as it is typed. It takes `value` whenever `round_` changes."""
    data = {"label": label, "placeholder": placeholder, "value": value, "round": round_}
    text: str = _lines(data=data, key=f"{key}_{round_}", default={"text": value}, on_text_change=lambda: None).text
    return text or ""


def compare(plain: str, narrow: str, words: dict[str, str], key: str) -> None:
    """Draw two renditions of one video over each other, with a line between them that can be moved."""
    _compare(data={"plain": plain, "narrow": narrow, "words": words}, key=key)


def watch(data: dict[str, Any], key: str, on_choose: Callable[[], None]) -> None:
    """Draw a video with its tiles; `on_choose` finds the second of a chosen cover in the state of `key`, as `cover`."""
    _watch(data=data, key=key, on_cover_change=on_choose)


def table(
    data: dict[str, Any], key: str, *, height: int, on_ticks: Callable[[], None], on_event: Callable[[], None]
) -> None:
    """Draw rows as a table; `pages.components.data_table` says what is in `data`.

    `on_ticks` finds what is ticked in the state of `key`, as `ticks`; `on_event` what was chosen, as `event`.
    """
    _table(
        data=data, key=key, height=height, default={"ticks": None}, on_ticks_change=on_ticks, on_event_change=on_event
    )
