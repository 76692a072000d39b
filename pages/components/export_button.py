"""Export of a list: one click for CSV, or with a choice of format and columns."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import choice_popover, session, url_state
from pages.components.i18n import named, t
from pages.components.video_grid import VideoList

MORE = "export_more"


def control(shown: VideoList) -> dict[str, str] | None:
    """Draw the two buttons and return the export parameters when one is pressed."""
    if not session.may("export"):
        return None
    offered = session.features()
    formats = offered["exportFormatList"]
    recommended = shown.operation == "getRecommendVideos"
    asked = None
    with st.container(horizontal=True, width="content", gap="xxsmall", vertical_alignment="center"):
        if st.button(t("videos.export"), icon=":material/download:", key="export"):
            asked = {}
        with choice_popover.draw("", MORE, icon=":material/tune:", help=t("export.choose")):
            chosen = st.segmented_control(
                t("export.format"), formats, default=formats[0], required=True,
                format_func=lambda word: named("format", word),
                key=f"{shown.prefix}_export_format",
            )  # fmt: skip
            names = offered["recommendedExportColumnList" if recommended else "exportColumnList"]
            columns = st.multiselect(
                t("export.columns"), names, key=f"{shown.prefix}_export_columns",
                placeholder=t("export.all", count=len(names)),
            )  # fmt: skip
            st.caption(t(f"export.about_{chosen}"))
            if st.button(t("export.do"), icon=":material/download:", key="export_do", type="primary",
                         on_click=choice_popover.close, args=(MORE,)):  # fmt: skip
                asked = {"format": chosen, "columns": ",".join(columns)}
            if session.may("manage"):
                st.divider()
                st.page_link("sheets.py", label=t("sheets.title"), icon=":material/table_edit:", width="content")
    return None if asked is None else {**asked, "recommended": str(recommended).lower()}


def send(asked: dict[str, str] | None, wanted: dict[str, Any], sort: str) -> None:
    """Start the download in the browser, directly from the REST server."""
    if asked is not None:
        url_state.go_to(session.ask("createExportLink", **wanted, **asked, sort=sort)["url"])
