"""Choice of a reason to block."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import session
from pages.components.i18n import language, t


def reasons() -> list[dict[str, Any]]:
    """Return the reasons in order, each with its name in the user's language."""
    return _named(session.ask("getReviewReasons"))


def with_version() -> tuple[list[dict[str, Any]], str]:
    """Return `reasons` and the version of the list."""
    found = session.ask("getReviewReasons")
    return _named(found), found["version"]


def name_of(code: str) -> str:
    """Return the name of a reason in the user's language; its code, if the user may not read the list."""
    found = _named(session.ask_once("getReviewReasons")) if session.may("desk") else []
    return next((reason["name"] for reason in found if reason["code"] == code), code)


def words_of(verdict: dict[str, Any], listed: list[dict[str, Any]]) -> str:
    """Return the reason of a verdict for its reader: the name in the list, with what was written in its own words."""
    reason = next((one for one in listed if one["code"] == verdict["reasonCode"]), None)
    words: str = verdict["reason"]
    if reason is None:
        return " · ".join(word for word in (verdict["reasonCode"], words) if word)
    usual = words in ("", reason["uploaderZh"], reason["uploaderEn"])
    return str(reason["name"]) if usual else f"{reason['name']} · {words}"


def _named(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**reason, "name": reason[f"name{language().capitalize()}"]} for reason in found["reasonList"]]


def choose(number: int | str) -> str:
    """Draw the current reasons, and return the code of the chosen one, or an empty string."""
    names = {reason["code"]: reason["name"] for reason in reasons() if not reason["retired"]}
    return st.pills(t("block.choose"), list(names), format_func=names.__getitem__, key=f"block_code--{number}") or ""


def form(number: int | str) -> dict[str, Any]:
    """Draw the reasons and a field for other words, and return the parameters of a block."""
    code = choose(number)
    reason = st.text_input(
        t("block.reason"), key=f"block_reason--{number}", placeholder=t("block.reason_example"), live=True,
        autocomplete="off",
    )  # fmt: skip
    used, most = len(reason.encode()), session.limit("reasonBytes")
    if used > most:
        st.error(t("block.too_long", used=used, most=most))
    else:
        st.caption(t("block.bytes", used=used, most=most))
    return {"reason": reason, "reasonCode": code}


def is_ready(given: dict[str, Any]) -> bool:
    """Return whether `form` returned a reason that can be sent."""
    reason: str = given["reason"]
    return bool(given["reasonCode"] or reason.strip()) and len(reason.encode()) <= session.limit("reasonBytes")
