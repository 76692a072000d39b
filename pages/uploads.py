"""Uploading from the browser: a dialog with a place to drop files into."""

from __future__ import annotations

import streamlit as st

from pages import parts, widgets
from pages.words import language, t

MOST_AT_ONCE = 20


def button() -> None:
    """Draw the button that opens the dialog."""
    if st.button(t("upload.do"), icon=":material/upload:", key="upload", type="primary"):
        st.session_state["upload_links"] = [link["url"] for link in parts.ask("createUploadLinks", count=MOST_AT_ONCE)]
        st.dialog(t("upload.title"), icon=":material/upload:", on_dismiss="rerun")(_dialog)()


def _dialog() -> None:
    with st.container(horizontal=True):
        # Live, for a file that is dropped takes the focus from no field, and only that would tell what was typed last.
        user = st.text_input(
            t("upload.user"), key="upload_user", max_chars=100, placeholder=t("upload.user_default"), live=True
        )
        tags = st.text_input(
            t("upload.tags"), key="upload_tags", max_chars=500, placeholder=t("upload.tags_example"), live=True
        )
    data = {
        "links": st.session_state["upload_links"],
        "fields": {"userName": user, "userId": user, "tags": tags},
        "language": language(),
        "words": {name: t(f"upload.{name}") for name in ("hint", "waiting", "checking", "done", "broken")},
    }
    sent = widgets.upload(data, key="upload_box", on_sent=_note)
    st.caption(t("upload.help"))
    if sent and sent["done"] == sent["of"]:
        st.rerun()


def _note() -> None:
    """Note what came in, to be told. Whoever closes the dialog meanwhile is told as well."""
    sent = st.session_state["upload_box"]["sent"]
    if done := sent["done"]:
        st.session_state.setdefault("done", []).append(t("done.upload", count=done))
    for title in sent.get("same", []):
        st.session_state["done"].append(t("done.same_file", title=parts.plain(title)))
