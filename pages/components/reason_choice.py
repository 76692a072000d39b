"""Choice of a reason to block."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import session
from pages.components.i18n import language, t


def reasons() -> list[dict[str, Any]]:
    """Return the reasons in order, each with its name in the user's language."""
    found = session.ask("getReviewReasons")["reasonList"]
    return [{**reason, "name": reason[f"name{language().capitalize()}"]} for reason in found]


def choose(number: int) -> str:
    """Draw the current reasons, and return the code of the chosen one, or an empty string."""
    names = {reason["code"]: reason["name"] for reason in reasons() if not reason["retired"]}
    return st.pills(t("block.choose"), list(names), format_func=names.__getitem__, key=f"block_code--{number}") or ""
