"""CDN cache refreshes for blocked and deleted videos: pending and failed ones."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, session
from pages.components.formatting import plain
from pages.components.i18n import named, t

SHOWN = 10


def listed() -> None:
    """Draw all pending refreshes with today's quota, in cloud mode."""
    if not session.is_cloud():
        return
    st.markdown(f"**{t('refresh.title')}**")
    st.fragment(_list, run_every="5s")()
    envelope = session.attempt("getRefreshQuota")
    st.caption(t("refresh.quota", **envelope["data"]) if envelope["data"] else plain(envelope["message"]))


def of_video(video: dict[str, Any]) -> None:
    """Draw a warning on the page of a video with a pending refresh."""
    if not session.is_cloud():
        return
    found = session.ask("getCacheRefreshes", videoId=video["videoId"])
    for one in found["refreshList"]:
        with st.container(key="refresh_waits"):
            text = f"{t('refresh.waits')} {plain(one['error'])}" if one["error"] else t("refresh.waits")
            (st.warning if one["error"] else st.info)(text, icon=":material/cached:")
            _again(one)


def _list() -> None:
    found = session.ask("getCacheRefreshes", pageSize=SHOWN)
    if not found["total"]:
        st.caption(t("refresh.none"))
        return
    for one in found["refreshList"]:
        name = _name(one)
        count = t("refresh.line", count=one["count"])
        st.markdown(
            f"{formatting.chip(one['state'], 'refreshing')} **{name}** · {named('why', one['why'])} · {count} · "
            f":gray[{formatting.moment(one['time'])}]"
        )
        if one["error"]:
            st.caption(plain(one["error"]))
            _again(one)
    if found["total"] > SHOWN:
        st.caption(t("refresh.more", count=found["total"] - SHOWN))


def _name(one: dict[str, Any]) -> str:
    """Return what is refreshed: a video, the app's feed, or addresses that were typed."""
    if one["videoId"] == "feed":
        return t("refresh.feed")
    return t("refresh.typed") if one["videoId"].startswith("urls:") else plain(one["title"] or one["videoId"])


def _again(one: dict[str, Any]) -> None:
    if one["error"] and session.may("manage"):
        st.button(
            t("refresh.again"), key=f"refresh--{one['videoId']}", icon=":material/refresh:", type="tertiary",
            on_click=session.attempt, args=("refreshCache",), kwargs={"videoId": one["videoId"]},
        )  # fmt: skip
