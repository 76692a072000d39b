"""What the address keeps of a page: its choices, its number, and the way from page to page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages.components.i18n import COOKIE

MAX_PAGES = 2**31 - 1
PAGE_SIZES = (10, 20, 50, 100)


def run_script(script: str) -> None:
    """Run JavaScript in the person's browser, once. Only JSON of our own goes into it."""
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def as_json(value: Any) -> str:
    """Return a value as JSON that may stand inside a script element."""
    return json.dumps(value).replace("<", "\\u003c")


def go_to(url: str) -> None:
    """Let the browser load an address of ours, as a download does without leaving the page."""
    run_script(f"location.assign({as_json(url)})")


def visit(page: str, query: Mapping[str, str] | None = None, *, instead: bool = False) -> None:
    """Lead to another of our pages by its path, as a link does; `instead` of the page that is shown, Back skips that.

    `st.switch_page` leaves an entry in the browser's history that never was: this page with the other's parameters.
    """
    url = f"/{page}?{urlencode(query)}" if query else f"/{page}"
    change = "replaceState" if instead else "pushState"
    run_script(f"history.{change}({{}}, '', {as_json(url)}); dispatchEvent(new PopStateEvent('popstate'))")


def keep_language(chosen: str) -> None:
    st.session_state["language"] = chosen
    st.session_state["keep_language"] = f"{COOKIE}={chosen};path=/;max-age=31536000;samesite=lax"


def first_page(key: str) -> None:
    """Go back to the first page, as every change of a filter does."""
    st.session_state[key] = 1


def from_address(key: str, options: Sequence[Any], default: Any, then: str) -> dict[str, Any]:
    """Return the options of a choice that the address keeps; a change of it leads to the first page of `then`.

    Streamlit's own binding would write the words that people read, and those differ from language to language.
    """
    st.session_state[key] = chosen_in_address(key, options, default)

    def keep() -> None:
        write_address(key, st.session_state[key], default)
        first_page(then)

    return {"key": key, "on_change": keep}


def write_address(key: str, value: Any, default: Any) -> None:
    """Keep a choice in the address; the one that is usual needs no word there."""
    if value == default:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = str(value)


def chosen_in_address(key: str, options: Sequence[Any], default: Any) -> Any:
    written = st.query_params.get(key)
    return next((option for option in options if str(option) == written), default)


def page_size(key: str) -> int:
    size: int = chosen_in_address(f"{key}_size", PAGE_SIZES, PAGE_SIZES[1])
    return size


def page_number(key: str) -> int:
    """Return the page that is asked for; one that no list can have counts as the first or the last possible one."""
    page = str(st.session_state.get(key) or st.query_params.get(key))
    if not (page.isascii() and page.isdecimal()):
        return 1
    return MAX_PAGES if len(page) > len(str(MAX_PAGES)) else min(max(1, int(page)), MAX_PAGES)
