"""Translations of the dashboard into Chinese and English."""

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
Text: TypeAlias = str | dict[str, str]  # a text, or its plural forms `one` and `other`


def language() -> str:
    """Return the chosen language, or else the browser's: Chinese for any Chinese locale, English otherwise."""
    chosen = st.session_state.get("language") or st.context.cookies.get(COOKIE)
    if isinstance(chosen, str) and chosen in LANGUAGES:
        return chosen
    locale = st.context.locale
    return "en" if isinstance(locale, str) and not locale.lower().startswith("zh") else "zh"


def t(key: str, **values: Any) -> str:
    """Return a text in the user's language; plural forms depend on `count`, or on the only number."""
    return form(texts(language())[key], values).format_map(values)


def form(text: Text, values: Mapping[str, Any]) -> str:
    """Choose the plural form: `one` for 1, else `other`."""
    if isinstance(text, str):
        return text
    number = values["count"] if "count" in values else next(iter(values.values()))
    return text["one" if str(number) == "1" else "other"]


def named(group: str, word: str) -> str:
    """Translate a value of the backend (a status, an action, a kind of job); unknown ones are returned unchanged."""
    found = texts(language()).get(f"{group}.{word or 'none'}")
    return found if isinstance(found, str) else word


@cache
def texts(of: str) -> dict[str, Text]:
    """Return all texts of a language by key."""
    found: dict[str, Text] = json.loads((LOCALES / f"{of}.json").read_text(encoding="utf-8"))
    return found
