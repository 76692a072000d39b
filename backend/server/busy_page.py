"""The page shown while the server is at its limits: a localized message that reloads automatically."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape

from backend.errors import Refused
from backend.i18n.messages import say

AGAIN_SECONDS = 5
LATE_SECONDS = 6  # after which a missing page is reported; Streamlit reconnects every few seconds
LANGUAGE_COOKIE = "qu_language"  # the language chosen on a page
LATE = Refused(503, "The page is not available yet; many pages may be open right now. It retries automatically.")
AGAIN = Refused(503, "The page retries automatically.")
# Streamlit learns only from the first run that pages are wide; without this the layout would jump. Its skeleton is
# hidden, because it would stay visible while the server has no capacity for the WebSocket.
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
    """Return the reader's language: chosen on the page, or else preferred by the browser."""
    chosen = cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in ("en", "zh") else preferred


@cache
def style(language: str) -> bytes:
    """Return CSS for the time before the page's own styles, including a message when it is late."""
    return STYLE.format(late=say(LATE, language), seconds=LATE_SECONDS).encode()


def page(error: Refused, language: str) -> bytes:
    """Return the HTML shown instead of a refused page."""
    title, again = escape(say(error, language)), escape(say(AGAIN, language))
    named = "zh-CN" if language == "zh" else "en"
    return PAGE.format(language=named, title=title, again=again, seconds=AGAIN_SECONDS).encode()
