"""What goes round every page in the browser: rules of style, the tab's title, and Streamlit's own texts translated."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import streamlit as st

from pages.components.i18n import language, t

PAGES = Path(__file__).resolve().parents[1]
ASSETS = PAGES / "assets"
HTML_LANGUAGES = {"zh": "zh-CN", "en": "en"}
MARKDOWN_ESCAPE = re.compile(r"\\(.)")


def head() -> str:
    """Return what the head of the page needs from the first byte, as HTML: whatever comes later makes it jump."""
    rules, script = ((ASSETS / name).read_text(encoding="utf-8") for name in ("page.css", "first.js"))
    return f"<style>{rules}</style><script>{script}</script>"


def dress() -> None:
    """Give the page its rules of the keyboard, and the person's language to what Streamlit itself says."""
    st.html(f"<script>{_dressing(language())}</script>", unsafe_allow_javascript=True)


def tab_title(text: str) -> None:
    """Give the tab its title: what is shown, as plain text or Markdown of it, and the name of the console."""
    shown = MARKDOWN_ESCAPE.sub(r"\1", text)
    st.set_page_config(page_title=f"{shown} · {t('app.name')}")


@cache
def _dressing(of: str) -> str:
    script, keys, words = (
        path.read_text(encoding="utf-8")
        for path in (ASSETS / "page.js", ASSETS / "keys.js", PAGES / "locales" / "streamlit.json")
    )
    told = json.dumps({"lang": HTML_LANGUAGES[of], "words": json.loads(words)[of]}).replace("<", "\\u003c")
    function = script[script.index("(") :].rstrip()
    return f"({function})({told});{keys}"
