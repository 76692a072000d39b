"""The words of a video, put right in a dialog."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages import parts
from pages.words import t


def button(video: dict[str, Any]) -> None:
    """Draw the button that opens the dialog, for whoever may edit."""
    if parts.may("manage") and st.button(
        t("common.edit"), icon=":material/edit:", key=parts.own_key("edit_open", video)
    ):
        st.dialog(t("common.edit"), icon=":material/edit:")(_edit)(video, parts.opening())


def _edit(video: dict[str, Any], number: int) -> None:
    with st.form(f"edit--{number}", border=False):
        changes = {
            "title": st.text_input(t("column.title"), video["title"], max_chars=200, key=f"edit_title--{number}"),
            "description": st.text_area(
                t("video.description"), video["description"], max_chars=2000, key=f"edit_description--{number}"
            ),
            "cateName": st.text_input(
                t("video.category"), video["cateName"], max_chars=100, key=f"edit_category--{number}"
            ),
            "tags": st.text_input(t("video.tags"), video["tags"], max_chars=500, key=f"edit_tags--{number}"),
        }
        if st.form_submit_button(t("common.save"), type="primary", key=f"edit_save--{number}"):
            envelope = parts.attempt("editVideo", videoId=video["videoId"], **changes)
            if envelope["result"] == "true":
                st.session_state.setdefault("done", []).append(t("done.edit"))
                st.rerun()
            st.error(envelope["message"])
