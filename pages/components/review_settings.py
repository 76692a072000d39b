"""Dialogs of the review desk: its figures; for administrators the list of reasons, and current leases."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, layout, reason_choice, session
from pages.components.formatting import plain
from pages.components.i18n import t

WANTED = "review_settings"
TEXTS = ("nameZh", "nameEn", "uploaderZh", "uploaderEn")
NEW = "+"
ICONS = {"figures": "bar_chart", "reasons": "list_alt", "leases": "lock_clock"}


def buttons() -> None:
    """Draw the buttons that open the dialogs."""
    for name, icon in ICONS.items():
        if name != "figures" and not session.may("admin"):
            continue
        st.button(
            t(f"desk.{name}_title"), key=f"review_{name}", icon=f":material/{icon}:", on_click=_want, args=(name,)
        )


def requested() -> None:
    """Open the requested dialog. Call once per run, from the body of the page."""
    if name := st.session_state.pop(WANTED, None):
        opener = layout.open_dialog(
            t(f"desk.{name}_title"), ICONS[name], width="large" if name == "figures" else "medium"
        )
        opener({"figures": _figures, "reasons": _reasons, "leases": _leases}[name])(layout.opening())


def _want(name: str) -> None:
    st.session_state[WANTED] = name


def _figures(_number: int) -> None:
    """Draw the decisions of the last days: by person, for those who may see it, and by reason."""
    found = session.ask("getReviewFigures")
    st.caption(
        t(
            "desk.figures_span", start=formatting.moment(found["startTime"]), end=formatting.moment(found["endTime"]),
            waiting=f"{found['waiting']:,}", age=_age(found["oldestSeconds"]),
        )
    )  # fmt: skip
    if not found["personList"]:
        st.info(t("desk.figures_none"), icon=":material/bar_chart:")
        return
    rows = [
        {
            t("column.user"): one["userName"],
            t("desk.decisions"): one["decisions"],
            t("censor.success"): one["approved"],
            t("censor.fail"): one["blocked"],
            t("desk.undone"): one["undone"],
            t("desk.per_hour"): f"{one['decisionsPerHour']:,.0f}" if one["activeMinutes"] else "–",
            t("desk.median"): f"{one['medianSeconds']:.1f}",
        }
        for one in found["personList"]
    ]
    st.dataframe(formatting.frame(rows), hide_index=True, alt=t("desk.figures_title"))
    names = {reason["code"]: reason["name"] for reason in reason_choice.reasons()}
    counts = [
        {t("desk.reason"): names.get(one["code"], one["code"]) or t("desk.other"), t("desk.count"): one["count"]}
        for one in found["reasonList"]
    ]
    if counts:
        st.dataframe(formatting.frame(counts), hide_index=True, alt=t("desk.reasons"))


def _age(seconds: int) -> str:
    units = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
    unit, size = next((one for one in units if seconds >= one[1]), units[-1])
    return t(f"desk.{unit}", number=seconds // size)


def _reasons(number: int) -> None:
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


def _leases(_number: int) -> None:
    """List the current leases, oldest first, each with a button that revokes it."""
    found = session.ask("getReviewLeases")["leaseList"]
    if not found:
        st.info(t("desk.leases_none"), icon=":material/lock_open:")
    for lease in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"lease--{lease['videoId']}"):
            with st.container(gap=None, width="stretch"):
                st.markdown(plain(lease["title"] or lease["videoId"]))
                until = formatting.moment(lease["expirationTime"])
                st.caption(t("desk.lease", name=plain(lease["userName"]), time=until))
            st.button(t("desk.free"), key=f"free--{lease['videoId']}", on_click=_free, args=(lease["videoId"],))


def _free(video_id: str) -> None:
    envelope = session.attempt("freeReview", videoId=video_id)
    if envelope["result"] != "true":
        st.session_state["problems"] = (t("common.refused", count=1), [envelope["message"]])
