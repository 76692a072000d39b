"""Reports of viewers on a video's page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, layout, session, undo
from pages.components.formatting import plain
from pages.components.i18n import named, t

MAX_SHOWN = 6


def panel(video: dict[str, Any]) -> None:
    """Draw the reports of a video, for those who review; nothing if there are none."""
    if not session.may("desk"):
        return
    found = session.ask("getVideoReports", videoId=video["videoId"])
    total, now = found["total"]["count"], found["open"]
    if not total:
        return
    with st.container(key="video_reports", gap="xsmall"):
        st.markdown(f"**{t('reports.title')}**")
        if now["count"]:
            st.warning(t("reports.open", count=now["count"], reasons=_reasons(now)), icon=":material/flag:")
        if answered := total - now["count"]:
            st.caption(t("reports.answered", count=answered))
        for one in found["reportList"][:MAX_SHOWN]:
            st.caption(_line(one))
        if total > MAX_SHOWN:
            st.caption(t("common.more", count=total - MAX_SHOWN))
        if now["count"] and video["censorStatus"] == "success":
            st.button(
                t("reports.dismiss"), key=layout.own_key("reports_dismiss", video), icon=":material/flag_check:",
                help=t("reports.dismiss_help"), on_click=_dismiss, args=(video, st.session_state[session.SEEN]),
            )  # fmt: skip


def _reasons(counts: dict[str, Any]) -> str:
    return " · ".join(f"{plain(named('report', one['code']))} {one['count']}" for one in counts["reasonList"])


def _line(one: dict[str, Any]) -> str:
    said = [formatting.moment(one["time"]), plain(named("report", one["reasonCode"]))]
    said += [f"“{plain(one['words'])}”"] if one["words"] else []
    said += [plain(one["reporterId"])]
    return " · ".join(said)


def _dismiss(video: dict[str, Any], seen: int) -> None:
    """Approve the video again, which answers its reports, and offer to undo that."""
    asked = {"mediaId": video["videoId"], "status": "Normal", "seenLine": seen}
    undo.offer("approve", session.attempt_each("createAudit", [(video, asked)], "done.reports_dismissed"))
