"""Renews the URLs of the players on a video's page when they have expired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.components import layout, session
from pages.components.i18n import t

WORDS = ("renewing", "awaited", "dead", "again")


def fragment(draw: Callable[..., None], video: dict[str, Any], play: dict[str, Any], *others: Any) -> None:
    """Draw a player by `draw(video, play, renewal, *others)`, in a fragment: renewing URLs does not close a dialog.

    `play` is the answer of getPlayInfo; `renewal` holds what the widget needs: the number of answers, and its texts.
    """
    st.session_state.pop(_key("renewed", video), None)  # the page has just read newer ones

    def again() -> None:
        if st.session_state.pop(_key("page_is_old", video), False):
            layout.redraw()
        words = {word: t(f"playback.{word}") for word in WORDS}
        renewal = {"answer": st.session_state.get(_key("answer", video), 0), "words": words}
        draw(video, st.session_state.get(_key("renewed", video), play), renewal, *others)

    st.fragment(again)()


def renew(video: dict[str, Any]) -> None:
    """Request new URLs, because the last ones do not play."""
    envelope = session.attempt("getPlayInfo", videoId=video["videoId"], renew=True)
    st.session_state[_key("answer", video)] = st.session_state.get(_key("answer", video), 0) + 1
    if envelope["result"] == "true":
        st.session_state[_key("renewed", video)] = envelope["data"]
    else:
        show_page_anew(video)


def show_page_anew(video: dict[str, Any]) -> None:
    """Redraw the whole page, and not only the fragment."""
    st.session_state[_key("page_is_old", video)] = True


def all_infos(play: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all renditions; the URL of an awaited one is empty."""
    return [*play["playInfoList"], *({"playURL": "", "codecs": "", **info} for info in play["awaitedInfoList"])]


def _key(name: str, video: dict[str, Any]) -> str:
    return layout.own_key(f"playback_{name}", video)
