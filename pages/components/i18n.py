"""The texts of the dashboard, in Chinese and English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import streamlit as st

LANGUAGES = {"zh": "中文", "en": "English"}
COOKIE = "qu_language"
LOCALES = Path(__file__).resolve().parents[1] / "locales"
Text: TypeAlias = str | dict[str, str]  # of its plural forms, `one` and `other`


def language() -> str:
    """Return what the person chose, else what the browser prefers: Chinese for any Chinese, English otherwise."""
    chosen = st.session_state.get("language") or st.context.cookies.get(COOKIE)
    if isinstance(chosen, str) and chosen in LANGUAGES:
        return chosen
    locale = st.context.locale
    return "en" if isinstance(locale, str) and not locale.lower().startswith("zh") else "zh"


def t(key: str, **values: Any) -> str:
    """Return a text in the person's language; one with plural forms follows `count`, or the only number there is."""
    return form(texts(language())[key], values).format_map(values)


def form(text: Text, values: Mapping[str, Any]) -> str:
    """Return the form of a text that goes with its numbers: `one` for 1, `other` for all else."""
    if isinstance(text, str):
        return text
    number = values["count"] if "count" in values else next(iter(values.values()))
    return text["one" if str(number) == "1" else "other"]


def named(group: str, word: str) -> str:
    """Return how a word of the backend (a status, an action, a kind of job) reads; unknown ones stay as they are."""
    found = texts(language()).get(f"{group}.{word or 'none'}")
    return found if isinstance(found, str) else word


@cache
def texts(of: str) -> dict[str, Text]:
    """Return every text of a language by its key."""
    found: dict[str, Text] = json.loads((LOCALES / f"{of}.json").read_text(encoding="utf-8"))
    return found
