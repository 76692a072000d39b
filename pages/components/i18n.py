"""Translations of the dashboard into Chinese and English."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend import LANGUAGES, translations

COOKIE = "qu_language"


def language() -> str:
    """Return the chosen language, or else the browser's: Chinese for any Chinese locale, English otherwise."""
    chosen = st.session_state.get("language") or st.context.cookies.get(COOKIE)
    if isinstance(chosen, str) and chosen in LANGUAGES:
        return chosen
    locale = st.context.locale
    return "en" if isinstance(locale, str) and not locale.lower().startswith("zh") else "zh"


def t(key: str, /, **values: Any) -> str:
    """Return a text in the user's language; the integer `count` selects the plural form."""
    return text(language(), key, **values)


def text(of: str, key: str, /, **values: Any) -> str:
    """Return a text in the given language, formatted with `values`."""
    texts = translations(of)
    found = key
    if "count" in values:
        found = texts.ngettext(key, key, values["count"])
        values["count"] = f"{values['count']:,}"
    return (texts.gettext(key) if found == key else found).format_map(values)


def named(group: str, word: str) -> str:
    """Translate a value of the backend (a status, an action, a kind of job); unknown ones are returned unchanged."""
    key = f"{group}.{word or 'none'}"
    found = translations(language()).gettext(key)
    return word if found == key else found
