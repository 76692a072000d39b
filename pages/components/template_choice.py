"""Choice of a transcode template, if the provider has any."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, session
from pages.components.i18n import t


def choose(kind: str, number: int) -> dict[str, str]:
    """Draw the choice of a template and its watermark text; return them as operation parameters.

    Draws nothing if there is no choice.
    """
    answer = session.attempt("getTranscodeTemplates")
    if answer["result"] != "true":
        st.caption(f":material/warning: {formatting.plain(answer['message'])}")
        return {}
    groups = {one["templateGroupId"]: one for one in answer["data"]["templateGroupList"] if one["kind"] == kind}
    if not groups:
        return {}
    first = next((one for one, group in groups.items() if group["isSetting"]), next(iter(groups)))
    options = [first, *(one for one in groups if one != first)]
    picked = st.selectbox(
        t("template.label"), options, key=f"template--{number}", format_func=lambda one: _named(groups[one]),
        filter_mode=None,
    )  # fmt: skip
    group = groups[picked]
    if group["isEncrypted"]:
        st.caption(f":material/lock: {t('template.encrypted')}")
    chosen = {} if group["isSetting"] else {"templateGroupId": picked}
    return chosen | _watermark(group, picked, number)


def _named(group: dict[str, Any]) -> str:
    made = ", ".join(one["definition"] for one in group["templateList"])
    usual = f" · {t('template.setting')}" if group["isSetting"] else ""
    return f"{group['name'] or group['templateGroupId']} ({made}){usual}"


def _watermark(group: dict[str, Any], group_id: str, number: int) -> dict[str, str]:
    ids = group["watermarkIdList"]
    if not ids:
        return {}
    answer = session.attempt("getWatermarks")
    known = answer["data"]["watermarkList"] if answer["result"] == "true" else []
    texts = {one["watermarkId"]: one for one in known if one["watermarkId"] in ids and one["type"] == "Text"}
    pictures = [one["name"] for one in known if one["watermarkId"] in ids and one["type"] != "Text"]
    if pictures:
        st.caption(
            f":material/branding_watermark: {t('template.pictures', names=formatting.plain(', '.join(pictures)))}"
        )
    if not texts:
        return {}
    picked = st.selectbox(
        t("template.watermark"), ["", *texts], key=f"watermark--{number}", filter_mode=None,
        format_func=lambda one: texts[one]["name"] if one else t("template.unchanged"),
    )  # fmt: skip
    if not picked:
        return {}
    text = st.text_input(
        t("template.text"), texts[picked]["content"], key=f"watermark_text--{number}--{picked}",
        max_chars=session.limit("watermarkTextLength"),
    )  # fmt: skip
    return {"templateGroupId": group_id, "watermarkId": picked, "watermarkText": text.strip()}
