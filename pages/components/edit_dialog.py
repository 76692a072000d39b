"""The dialog for editing a video's texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.components import category_choice, formatting, history_text, layout, session
from pages.components.i18n import t


@dataclass
class Edit:
    """The state of an open edit dialog."""

    video: dict[str, Any]
    number: int
    seen: int
    categories: dict[str, int]  # category ids by label
    changed: list[dict[str, Any]] = field(default_factory=list)


def button(video: dict[str, Any]) -> None:
    """Draw the button that opens the dialog, if the user may edit."""
    if session.may("manage"):
        st.button(
            t("common.edit"), icon=":material/edit:", key=layout.own_key("edit_open", video),
            on_click=_request, args=(video, st.session_state[session.SEEN]),
        )  # fmt: skip


def _request(video: dict[str, Any], seen: int) -> None:
    st.session_state["wanted_edit"] = (video, seen)


def requested() -> None:
    """Open the requested dialog; called once per run, from the body of the page."""
    if wanted := st.session_state.pop("wanted_edit", None):
        video, seen = wanted
        edit = Edit(video, layout.opening(), seen, category_choice.by_path())
        layout.open_dialog(t("common.edit"), "edit")(_draw)(edit)


def _draw(edit: Edit) -> None:
    video, number = edit.video, edit.number
    if edit.changed:
        history_text.warn(edit.changed, {video["videoId"]: video["title"]})
    with st.form(f"edit--{number}", border=False):
        # No max_chars: such a field silently discards longer pasted text.
        written = {
            "title": st.text_input(t("column.title"), video["title"], key=f"edit_title--{number}"),
            "description": st.text_area(
                t("video.description"), video["description"], key=f"edit_description--{number}"
            ),
            "tags": st.text_input(
                t("video.tags"), video["tags"], key=f"edit_tags--{number}", placeholder=t("upload.tags_example")
            ),
        }
        now = next((name for name, cate_id in edit.categories.items() if cate_id == video["cateId"]), "")
        category = category_choice.choose(edit.categories, now, f"edit_category--{number}")
        label = t("confirm.anyway", action=t("common.save")) if edit.changed else t("common.save")
        if st.form_submit_button(label, type="primary", key=f"edit_save--{number}"):
            if written["tags"] != video["tags"]:
                written["tags"] = formatting.comma_separated(written["tags"])
            changes = {name: text for name, text in written.items() if text != video[name]}
            if category not in ({"cateId": video["cateId"]}, {"cateName": video["cateName"]}):
                changes |= category
            _save(edit, changes)


def _save(edit: Edit, changes: dict[str, Any]) -> None:
    if changes:
        envelope = session.attempt("editVideo", videoId=edit.video["videoId"], **changes, seenLine=edit.seen)
        if envelope["result"] != "true":
            seen, changed = history_text.since(edit.seen, [edit.video])
            if not changed:
                st.error(formatting.plain(envelope["message"]))
                return
            edit.seen, edit.changed = seen, changed
            st.rerun(scope="fragment")
        st.session_state.setdefault("done", []).append(t("done.edit"))
        st.session_state["warned"] = envelope["data"]["warningList"]
    st.rerun()
