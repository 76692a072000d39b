"""The HTML document around every page: styles, title, and translations of Streamlit's own texts."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import streamlit as st

from backend import texts_in
from pages.components.i18n import language, t

PAGES = Path(__file__).resolve().parents[1]
ASSETS = PAGES / "assets"
HTML_LANGUAGES = {"zh": "zh-CN", "en": "en"}
MARKDOWN_ESCAPE = re.compile(r"\\(.)")


def head() -> str:
    """Return HTML for the head that must be present from the first byte, to avoid layout shifts."""
    rules, script = ((ASSETS / name).read_text(encoding="utf-8") for name in ("page.css", "first.js"))
    return f"<style>{rules}</style><script>{script}</script>"


def dress() -> None:
    """Add keyboard shortcuts, and translate Streamlit's own texts."""
    st.html(f"<script>{_dressing(language())}</script>", unsafe_allow_javascript=True)


def tab_title(text: str) -> None:
    """Set the title of the browser tab from plain text or Markdown."""
    shown = MARKDOWN_ESCAPE.sub(r"\1", text)
    st.set_page_config(page_title=f"{shown} · {t('app.name')}")


@cache
def _dressing(of: str) -> str:
    script, keys = ((ASSETS / name).read_text(encoding="utf-8") for name in ("page.js", "keys.js"))
    told = json.dumps({"lang": HTML_LANGUAGES[of], "words": texts_in("streamlit", of)}).replace("<", "\\u003c")
    function = script[script.index("(") :].rstrip()
    return f"({function})({told});{keys}"
