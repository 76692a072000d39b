"""Tells administrators which webhooks were switched off, and which are failing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from pages.components import formatting
from pages.components.formatting import plain
from pages.components.i18n import t

MAX_PATH = 24


def name_of(hook: dict[str, Any]) -> str:
    """Return how a webhook is called: its description, or else host and path, by whose end those of a host differ."""
    if hook["description"]:
        return str(hook["description"])
    parts = urlsplit(hook["url"])
    path = parts.path.rstrip("/")
    return parts.netloc + (path if len(path) <= MAX_PATH else f"/…{path[-MAX_PATH + 2 :]}")


def show(hooks: Iterable[dict[str, Any]], *, failing: bool = True) -> bool:
    """Draw a notice for each webhook that was switched off by itself, and if wanted for each that is failing; return
    whether there is any.
    """
    shown = False
    for hook in hooks:
        name = plain(name_of(hook))
        if hook["offReason"] in ("gone", "failing"):
            said = t(f"webhooks.off_{hook['offReason']}", name=name, time=formatting.moment(hook["offTime"]))
            st.error(said, icon=":material/error:")
            shown = True
        elif failing and hook["active"] and hook["failingTime"]:
            said = t("webhooks.fails", name=name, time=formatting.moment(hook["failingTime"]))
            st.warning(said, icon=":material/warning:")
            shown = True
    return shown
