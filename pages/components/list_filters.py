"""Filters of a video list, stored in the URL and shown while active."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.components import category_choice, formatting, url_state
from pages.components.i18n import named, t

CENSOR = ["check", "success", "fail", "onCensor"]
RENDITIONS = ["onTranscode", "success", "fail", "none"]
FLAGS = ["any", "flashing", "mayFlash", "black", "frozen", "silent", "noSound", "loud", "quiet", "none"]
MAX_ID_DIGITS = 15
MEGABYTE = 1_000_000
MAX_AMOUNT = 1e7  # seconds or megabytes, far above real values
# URL parameter -> API parameter
TEXTS = {"title": "title", "user": "userName", "uid": "userId", "vid": "videoId", "tags": "tags"}
DATES = {"from": "startTime", "to": "endTime"}
NUMBERS = {"dmin": "minDuration", "dmax": "maxDuration", "smin": "minSize", "smax": "maxSize"}
CHOICES = {
    "status": "censorStatus", "cate": "cateId", "tc": "transcodeStatus", "nb": "narrowTranscodeStatus",
    "rec": "isRecommend", "flag": "technicalFlag", "rep": "minReports", "state": "state",
}  # fmt: skip
OPTIONS: dict[str, list[str]] = {
    "status": CENSOR, "tc": RENDITIONS, "nb": RENDITIONS, "rec": ["true", "false"], "flag": FLAGS,
    "rep": ["1", "2", "3", "5", "10"], "state": ["scheduled", "ended", "all"],
}  # fmt: skip
WIRE = {**TEXTS, **DATES, **NUMBERS, **CHOICES}


@dataclass(frozen=True)
class ListFilters:
    """The filters of a list, with a common prefix of their URL parameters; a change returns to the first page."""

    prefix: str

    @property
    def page_key(self) -> str:
        return f"{self.prefix}_page"

    def bound(self, name: str) -> dict[str, Any]:
        """Return the widget options that bind a field to the URL."""
        return {
            "key": f"{self.prefix}_{name}",
            "bind": "query-params",
            "on_change": url_state.first_page,
            "args": (self.page_key,),
        }

    def search(self, name: str, label: str, icon: str, width: int) -> dict[str, str]:
        """Draw a search field that responds while typing."""
        text: str = st.text_input(
            label, type="search", placeholder=label, width=width, live=True, label_visibility="collapsed",
            icon=f":material/{icon}:", autocomplete="off", **self.bound(name),
        )  # fmt: skip
        return {TEXTS[name]: text.strip()}

    def text(self, name: str, **options: Any) -> dict[str, str]:
        """Draw a text field; ids are stripped, since they are often pasted with whitespace."""
        text = st.text_input(label_of(name), **options, **self.bound(name)).strip()
        return {TEXTS[name]: formatting.comma_separated(text) if name == "tags" else text}

    def status(self) -> dict[str, str]:
        """Draw the choice of a review state."""
        chosen = st.segmented_control(
            t("filter.status"), CENSOR, format_func=lambda word: named("censor", word), label_visibility="collapsed",
            **url_state.from_address(f"{self.prefix}_status", CENSOR, None, then=self.page_key),
        )  # fmt: skip
        return {"censorStatus": chosen or ""}

    def choice(self, name: str) -> dict[str, str]:
        """Draw a choice among a few values."""
        options = OPTIONS[name]
        chosen = st.selectbox(
            label_of(name), options, placeholder=t("filter.any"), format_func=lambda word: value_of(name, word),
            filter_mode=None, **url_state.from_address(f"{self.prefix}_{name}", options, None, then=self.page_key),
        )  # fmt: skip
        return {CHOICES[name]: chosen or ""}

    def category(self) -> dict[str, str]:
        """Return the category filter of the URL."""
        written = st.query_params.get(f"{self.prefix}_cate", "")
        return {
            "cateId": written if written.isdecimal() and written.isascii() and len(written) <= MAX_ID_DIGITS else ""
        }

    def pair(self, names: Sequence[str]) -> dict[str, str]:
        """Draw the two ends of a range."""
        found = {}
        with st.container(horizontal=True):
            for name in names:
                if name in DATES:
                    day = st.date_input(label_of(name), value=None, format="YYYY-MM-DD", **self.bound(name))
                    found[DATES[name]] = str(day or "")
                else:
                    number = st.number_input(
                        label_of(name),
                        value=None,
                        min_value=0.0,
                        max_value=MAX_AMOUNT,
                        step=1.0,
                        format="%g",
                        **self.bound(name),
                    )
                    factor = MEGABYTE if name.startswith("s") else 1
                    found[NUMBERS[name]] = "" if number is None else f"{round(number * factor, 3):.15g}"
        return found

    def active(self, wanted: dict[str, str], aside: Sequence[str]) -> None:
        """Draw the active filters as removable buttons, except those in `aside`."""
        names = [name for name, wire in WIRE.items() if wanted.get(wire)]
        if not names:
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="active"):
            for name in names:
                if name not in aside:
                    text = f"{label_of(name)}: {value_of(name, wanted[WIRE[name]])}"
                    st.button(
                        formatting.plain(text), key=f"{self.prefix}_{name}_off", icon=":material/close:",
                        icon_position="right", on_click=self._remove, args=([name],), help=t("filter.remove"),
                    )  # fmt: skip
            st.button(
                t("filter.clear"), icon=":material/filter_alt_off:", type="tertiary", on_click=self._remove,
                key=f"{self.prefix}_clear", args=(list(WIRE),),
            )  # fmt: skip

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            key = f"{self.prefix}_{name}"
            if name in CHOICES:  # bound fields leave the URL with their value
                st.query_params.pop(key, None)
            elif key in st.session_state:
                st.session_state[key] = "" if isinstance(st.session_state[key], str) else None
        url_state.first_page(self.page_key)


def label_of(name: str) -> str:
    return t(f"filter.{name}")


def value_of(name: str, value: str) -> str:
    """Format a filter's value for display."""
    match name:
        case "status":
            return named("censor", value)
        case "tc" | "nb":
            return t("filter.never") if value == "none" else named("status", value)
        case "flag":
            return named("flag", value)
        case "state":
            return named("state", value)
        case "rep":
            return f"≥ {value}"
        case "rec":
            return t("history.yes" if value == "true" else "history.no")
        case "smin" | "smax":
            return formatting.megabytes(int(value))
        case "dmin" | "dmax":
            return t("time.seconds", seconds=value)
        case "cate":
            return t("filter.no_category") if value == "0" else category_choice.paths().get(int(value), value)
    return value
