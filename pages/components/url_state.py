"""Page state in the URL: filters, page number, and navigation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages.components.i18n import COOKIE


def run_script(script: str) -> None:
    """Run JavaScript in the browser once; it may contain only JSON of our own."""
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def as_json(value: Any) -> str:
    """Return a value as JSON that is safe in a script element."""
    return json.dumps(value).replace("<", "\\u003c")


def go_to(url: str) -> None:
    """Navigate to a URL of ours, such as a download."""
    run_script(f"location.assign({as_json(url)})")


def visit(page: str, query: Mapping[str, str] | None = None, *, instead: bool = False) -> None:
    """Navigate to another page by path; `instead` replaces the current history entry.

    `st.switch_page` would add an invalid entry: this page with the other's parameters.
    """
    url = f"/{page}?{urlencode(query)}" if query else f"/{page}"
    change = "replaceState" if instead else "pushState"
    run_script(f"history.{change}({{}}, '', {as_json(url)}); dispatchEvent(new PopStateEvent('popstate'))")


def keep_language(chosen: str) -> None:
    st.session_state["language"] = chosen
    st.session_state["keep_language"] = f"{COOKIE}={chosen};path=/;max-age=31536000;samesite=lax"


def first_page(key: str) -> None:
    """Return to the first page, after a filter change."""
    st.session_state[key] = 1


def from_address(key: str, options: Sequence[Any], default: Any, then: str) -> dict[str, Any]:
    """Bind a choice to the URL; a change returns to the first page of `then`.

    Streamlit's own binding would store the displayed labels, which depend on the language.
    """
    st.session_state[key] = chosen_in_address(key, options, default)

    def keep() -> None:
        write_address(key, st.session_state[key], default)
        first_page(then)

    return {"key": key, "on_change": keep}


def write_address(key: str, value: Any, default: Any) -> None:
    """Store a choice in the URL; the default is omitted."""
    if value == default:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = str(value)


def chosen_in_address(key: str, options: Sequence[Any], default: Any) -> Any:
    written = st.query_params.get(key)
    return next((option for option in options if str(option) == written), default)
