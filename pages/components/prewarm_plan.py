"""The plan of prewarming: how much of the programme is warm, what is sent when, and what stands in its way."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, layout, session
from pages.components.formatting import plain
from pages.components.i18n import named, t

STATES = ["planned", "waiting", "sent", "warm", "failed", "skipped"]
UNDER_WAY = ("sent", "planned", "waiting", "failed", "skipped")
STARTS, SHOWN, SECONDS = 6, 100, "10s"


def draw() -> None:
    """Draw the plan of all slots, refreshed by itself."""
    st.markdown(f"**{t('plan.title')}**")
    st.fragment(_plan, run_every=SECONDS)()


def _plan() -> None:
    plan = session.ask("getPrewarmPlan", pageSize=SHOWN)
    for problem in plan["problemList"]:
        text = t(
            "plan.problem", kind=named("warm_kind", problem["kind"]), host=plain(problem["host"]),
            why=plain(problem["problem"]),
        )  # fmt: skip
        st.error(text, icon=":material/block:")
    if not plan["slotList"]:
        st.caption(t("plan.none"))
        return
    for slot in plan["slotList"]:
        _slot(slot, is_alone=len(plan["slotList"]) == 1)
    st.caption(t("plan.automatic") if plan["automatic"] else t("plan.by_hand"))
    if plan["quota"]:
        st.caption(t("plan.quota", **plan["quota"]))
    elif plan["quotaProblem"]:
        st.warning(t("plan.quota_unknown", why=plain(plan["quotaProblem"])), icon=":material/warning:")
    _send(plan)
    with st.expander(t("plan.addresses", count=plan["total"])):
        _table(plan)


def _slot(slot: dict[str, Any], *, is_alone: bool) -> None:
    """Say how many of the first clips are warm, what of the others becomes, and what is sent later."""
    parts = [] if is_alone else [f"`{plain(slot['slot'])}`"]
    if slot["total"]:
        parts.append(_warm(slot))
    parts += (t(f"plan.{state}", count=slot[state]) for state in UNDER_WAY if slot[state])
    if parts:
        st.markdown(" · ".join(parts))
    for start in slot["startList"][:STARTS]:
        times = {"time": _short(start["sendTime"]), "start": _short(start["startTime"])}
        state = "start_planned" if start["state"] == "planned" else "start"
        said = t(f"plan.{state}", count=start["clipCount"], state=named("plan_state", start["state"]), **times)
        st.markdown(f":gray[:material/schedule: {said}]")
    if len(slot["startList"]) > STARTS:
        st.caption(t("common.more", count=len(slot["startList"]) - STARTS))


def _warm(slot: dict[str, Any]) -> str:
    if slot["warm"] == slot["total"]:
        return f":green[:material/check_circle: {t('plan.all_warm', count=slot['total'])}]"
    if not slot["warm"]:
        return t("plan.live", count=slot["total"])
    return t("plan.warm_of", warm=slot["warm"], count=slot["total"])


def _send(plan: dict[str, Any]) -> None:
    cold = sum(slot[state] for slot in plan["slotList"] for state in ("planned", "waiting", "failed", "skipped"))
    if not cold or not session.may("manage"):
        return
    if st.button(t("plan.send"), key="plan_send", icon=":material/bolt:"):
        envelope = session.attempt("sendPrewarmPlan")
        if envelope["result"] == "true":
            count = envelope["data"]["count"]
            st.session_state.setdefault("done", []).append(t("plan.sent_now", count=count))
        else:
            st.session_state["problems"] = (t("prewarm.refused"), [envelope["message"]])
        layout.redraw()


def _table(plan: dict[str, Any]) -> None:
    rows = [
        {
            "state": [one["state"]], "place": one["place"], "title": one["title"],
            "kind": named("warm_kind", one["kind"]), "send": _short(one["sendTime"]), "sent": _short(one["sentTime"]),
            "until": _short(one["warmUntil"]), "size": formatting.megabytes(one["size"]) if one["size"] else "",
            "detail": one["detail"], "url": one["url"],
        }
        for one in plan["urlList"]
    ]  # fmt: skip
    text = st.column_config.TextColumn
    st.dataframe(
        formatting.frame(rows), hide_index=True, alt=t("plan.title"),
        column_config={
            "state": formatting.chip_column(t("prewarm.state"), STATES, "plan_state", width=90),
            "place": st.column_config.NumberColumn(t("plan.place"), width=60),
            "title": text(t("plan.clip"), width=180), "kind": text(t("plan.kind"), width=90),
            "send": text(t("plan.send_time"), width=110), "sent": text(t("plan.sent_time"), width=110),
            "until": text(t("plan.until"), width=110), "size": text(t("plan.size"), width=80),
            "detail": text(t("prewarm.detail"), width=130), "url": text(t("prewarm.url"), width=480),
        },
    )  # fmt: skip
    if plan["total"] > SHOWN:
        st.caption(t("plan.first", count=SHOWN))


def _short(time: str) -> str:
    """Return a time of the API without year and seconds."""
    return time[5:16]
