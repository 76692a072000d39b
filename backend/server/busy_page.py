"""What a browser shows while there is no room for a page: a sentence in the reader's language, instead of an envelope
or of nothing at all, and it tries again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape

from backend.errors import Refused
from backend.i18n.messages import say

AGAIN_SECONDS = 5
LATE_SECONDS = 6  # a page that is not there by then is told to be late; Streamlit tries again every few seconds
LANGUAGE_COOKIE = "qu_language"  # what somebody chose on a page
LATE = Refused(503, "The page is not there yet. Many pages may be open right now; it tries again by itself.")
AGAIN = Refused(503, "The page tries again by itself.")
# Streamlit learns from the first run that pages are wide. Until then they would be narrow, and then all of it jumps.
# What it shows until then is hidden, and would be all there is for as long as the server has no room for its WebSocket.
STYLE = """<style>
[data-testid=stMainBlockContainer]{{max-width:initial!important}}
[data-testid=stAppSkeleton]{{visibility:hidden}}
@keyframes qu-late{{to{{visibility:visible}}}}
[data-testid=stAppSkeleton]::after{{
content:"{late}";position:fixed;inset:0;display:grid;place-content:center;padding:2rem;text-align:center;
visibility:hidden;animation:qu-late 0s {seconds}s forwards}}
</style>"""
PAGE = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{seconds}"><title>{title}</title><style>
:root{{color-scheme:light dark;font:15px/1.6 -apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",sans-serif}}
body{{margin:0;min-height:100vh;display:grid;place-content:center;padding:2rem;box-sizing:border-box;text-align:center;
color:light-dark(#14181f,#e8ecf2);background:light-dark(#fff,#12161d)}}
</style></head><body><main><p>{title}</p><p>{again}</p></main></body></html>
"""


def reads(cookies: Mapping[str, str], preferred: str) -> str:
    """Return the language of whoever reads a page: what they chose there, else what their browser prefers."""
    chosen = cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in ("en", "zh") else preferred


@cache
def style(language: str) -> bytes:
    """Return the rules that hold until the pages bring their own; they tell when a page is late."""
    return STYLE.format(late=say(LATE, language), seconds=LATE_SECONDS).encode()


def page(error: Refused, language: str) -> bytes:
    """Return what is shown instead of a page that is refused."""
    title, again = escape(say(error, language)), escape(say(AGAIN, language))
    named = "zh-CN" if language == "zh" else "en"
    return PAGE.format(language=named, title=title, again=again, seconds=AGAIN_SECONDS).encode()
