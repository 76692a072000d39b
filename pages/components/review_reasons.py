"""The list of reasons to block, and a form for one of them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import reason_choice, session
from pages.components.formatting import plain
from pages.components.i18n import t

TEXTS = ("nameZh", "nameEn", "uploaderZh", "uploaderEn")
NEW = "+"


def draw(number: int) -> None:
    """Draw the reasons in order of their keys, and a form for the chosen one."""
    known = {reason["code"]: reason for reason in reason_choice.reasons()}
    st.caption(t("desk.reasons_help", bytes=session.limit("reasonBytes")))
    codes = [*known, NEW]
    code = st.selectbox(
        t("desk.reason"), codes, key=f"reason--{number}", format_func=lambda code: _shown(code, known.get(code))
    )
    _form(code, known.get(code), len(known), number)


def _shown(code: str, reason: dict[str, Any] | None) -> str:
    if reason is None:
        return t("desk.reason_new")
    if reason["retired"]:
        return f"– {reason['name']} ({t('desk.reason_retired')})"
    return f"{reason['position']} {reason['name']}"


def _form(code: str, reason: dict[str, Any] | None, count: int, number: int) -> None:
    kept: dict[str, Any] = reason or {}
    with st.form(f"reason_form--{code}--{number}", border=False):
        typed = code if reason else st.text_input(t("desk.reason_code"), help=t("desk.reason_code_help"), max_chars=32)
        given: dict[str, Any] = {name: st.text_input(t(f"desk.{name}"), value=kept.get(name, "")) for name in TEXTS}
        given["position"] = st.number_input(
            t("desk.reason_position"), 1, count + 1, value=kept.get("position", count + 1)
        )
        given["sensitive"] = st.checkbox(t("desk.reason_sensitive"), value=kept.get("sensitive", False))
        given["retired"] = st.checkbox(t("desk.reason_retire"), value=kept.get("retired", False))
        sent = st.form_submit_button(t("common.save"), type="primary")
    if not sent:
        return
    envelope = session.attempt("editReviewReason", code=typed, **given)
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(t("done.edit"))
        st.rerun()
    st.error(plain(envelope["message"]), icon=":material/error:")
