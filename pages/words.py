"""The texts of the dashboard, in Chinese and English."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

LANGUAGES = {"zh": "中文", "en": "English"}
COOKIE = "qu_language"


def language() -> str:
    """Return what the person chose, else what the browser prefers: Chinese for any Chinese, English otherwise."""
    chosen = st.session_state.get("language") or st.context.cookies.get(COOKIE)
    if isinstance(chosen, str) and chosen in LANGUAGES:
        return chosen
    locale = st.context.locale
    return "en" if isinstance(locale, str) and not locale.lower().startswith("zh") else "zh"


def t(key: str, **values: Any) -> str:
    """Return a text in the person's language."""
    return texts(language())[key].format_map(values)


def named(group: str, word: str) -> str:
    """Return how a word of the backend (a status, an action, a kind of job) reads; unknown ones stay as they are."""
    return texts(language()).get(f"{group}.{word or 'none'}", word)


@cache
def texts(of: str) -> dict[str, str]:
    """Return every text of a language by its key."""
    found: dict[str, str] = json.loads((Path(__file__).parent / "locales" / f"{of}.json").read_text(encoding="utf-8"))
    return found
