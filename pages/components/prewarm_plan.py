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
    state = st.session_state.get("plan_state") or ""
    plan = session.ask("getPrewarmPlan", pageSize=SHOWN, state=state)
    for problem in plan["problemList"]:
        kind = named("warm_kind", problem["kind"])
        text = t("plan.problem", kind=kind, url=plain(problem["url"]), why=plain(problem["problem"]))
        st.error(text, icon=":material/block:")
    if not plan["slotList"]:
        st.caption(t("plan.none"))
        return
    for slot in plan["slotList"]:
        _slot(slot, plan["time"], is_alone=len(plan["slotList"]) == 1, automatic=plan["automatic"])
    st.caption(t("plan.automatic") if plan["automatic"] else t("plan.by_hand"))
    if plan["quota"]:
        st.caption(t("plan.quota", **plan["quota"]))
    elif plan["quotaProblem"]:
        st.warning(t("plan.quota_unknown", why=plain(plan["quotaProblem"])), icon=":material/warning:")
    _send(plan)
    with st.expander(t("plan.addresses", count=sum(plan["stateCounts"].values()))):
        found = [one for one in STATES if plan["stateCounts"].get(one) or one == state]
        st.pills(
            t("prewarm.state"), found, key="plan_state", label_visibility="collapsed",
            format_func=lambda one: f"{named('plan_state', one)} {plan['stateCounts'].get(one, 0)}",
        )  # fmt: skip
        _table(plan)


def _slot(slot: dict[str, Any], now: str, *, is_alone: bool, automatic: bool) -> None:
    """Say how many of the first clips are warm, what of the others becomes, and what is sent later."""
    parts = [] if is_alone else [f"`{plain(slot['slot'])}`"]
    if slot["total"]:
        parts.append(_warm(slot))
    parts += (t(f"plan.{state}", count=slot[state]) for state in UNDER_WAY if slot[state])
    if parts:
        st.markdown(" · ".join(parts))
    starts = [one for one in slot["startList"] if one["startTime"] > now]
    for start in starts[:STARTS]:
        times = {"time": _short(start["sendTime"], now), "start": _short(start["startTime"], now)}
        said = t(
            f"plan.{_start(start, now, automatic=automatic)}",
            count=start["clipCount"],
            state=named("plan_state", start["state"]),
            **times,
        )
        st.markdown(f":gray[:material/schedule: {said}]")
    if len(starts) > STARTS:
        st.caption(t("common.more", count=len(starts) - STARTS))


def _start(start: dict[str, Any], now: str, *, automatic: bool) -> str:
    """Return what to say of clips that start later: nothing is sent by itself unless that is switched on."""
    if start["state"] != "planned":
        return "start"
    if not automatic:
        return "start_by_hand"
    return "start_planned" if start["sendTime"] > now else "start_due"


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
    now = plan["time"]
    rows = [
        {
            "state": [one["state"]], "place": one["place"], "title": one["title"],
            "kind": named("warm_kind", one["kind"]), "send": _short(one["sendTime"], now),
            "sent": _short(one["sentTime"], now), "until": _short(one["warmUntil"], now),
            "size": formatting.megabytes(one["size"]) if one["size"] else "",
            "detail": "" if one["state"] == "warm" else one["detail"], "url": one["url"],
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


def _short(time: str, now: str) -> str:
    """Return a time of the API to the minute, and without a date if it is today."""
    return time[11:16] if time[:10] == now[:10] else time[5:16]
