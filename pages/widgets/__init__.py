"""Custom Streamlit components: streaming upload, live text area, two players, a table and the review desk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent


def _component(name: str, *parts: str, plays: bool = False) -> Callable[..., Any]:
    """Register a component; the JavaScript of a large one lies in a folder, as parts that become one module.

    Its folder `panels` may contain further parts and styles. One that `plays` media requests new URLs when they fail.
    """
    html, css = _read(f"{name}.html"), _read(f"{name}.css")
    js = "\n".join(_read(f"{name}/{part}.js") for part in parts) if parts else _read(f"{name}.js")
    css, js = css + _panels(name, "css"), js + _panels(name, "js")
    if plays:
        html = html.replace("<!--renewal-->", _read("renewal.html"))
        css, js = css + _read("renewal.css"), _read("renewal.js") + js
    return st.components.v2.component(f"qu_{name}", html=html, css=css, js=js)


def _panels(name: str, kind: str) -> str:
    return "".join(f"\n{path.read_text(encoding='utf-8')}" for path in sorted(HERE.glob(f"{name}/panels/*.{kind}")))


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


_upload = _component("upload")
_lines = _component("lines")
_compare = _component("compare", plays=True)
_watch = _component("watch", plays=True)
_table = _component("table")
_review = _component("review", "panels", "api", "tab", "outbox", "desk", "pictures", "clip", "facts", "alerts", "keys",
                     "help", "commands", "view", "main")  # fmt: skip


def upload(data: dict[str, Any], key: str, on_sent: Callable[[], None]) -> dict[str, Any] | None:
    """Draw a drop area for files and return their progress.

    It requests a link for each file by number, as `wanted`, and uses `data["url"]` once `data["number"]` matches. The
    field `data["returns"]` of the last answer is its `answer`.
    `on_sent` finds this state as `sent` under `key`, even if the component is no longer drawn.
    """
    sent: dict[str, Any] | None = _upload(data=data, key=key, on_sent_change=on_sent).sent
    return sent


def lines(label: str, placeholder: str, *, value: str, round_: int, key: str) -> str:
    """Draw a text area and return its text while typing. It is reset to `value` whenever `round_` changes."""
    data = {"label": label, "placeholder": placeholder, "value": value, "round": round_}
    text: str = _lines(data=data, key=f"{key}_{round_}", default={"text": value}, on_text_change=lambda: None).text
    return text or ""


def compare(data: dict[str, Any], key: str, on_failed: Callable[[], None]) -> None:
    """Draw two renditions on top of each other, with a movable divider; `on_failed` as in `watch`."""
    _compare(data=data, key=key, on_failed_change=on_failed)


def watch(data: dict[str, Any], key: str, on_choose: Callable[[], None], on_failed: Callable[[], None]) -> None:
    """Draw the player with its tiles; `on_choose` finds the time of a chosen cover as `cover` in the state of `key`.

    `on_failed` is called when the URLs do not play: it requests new ones and changes `data["answer"]`.
    """
    _watch(data=data, key=key, on_cover_change=on_choose, on_failed_change=on_failed)


def table(
    data: dict[str, Any], key: str, *, height: int, on_ticks: Callable[[], None], on_event: Callable[[], None]
) -> None:
    """Draw a table; `data` is defined in `pages.components.data_table`.

    `on_ticks` finds the ticked ids as `ticks` in the state of `key`; `on_event` the event, as `event`.
    """
    _table(
        data=data, key=key, height=height, default={"ticks": None}, on_ticks_change=on_ticks, on_event_change=on_event
    )


def review(data: dict[str, Any], key: str) -> None:
    """Draw the review desk; `pages.components.review_desk` says what is in `data`. It asks the REST server itself."""
    _review(data=data, key=key)
