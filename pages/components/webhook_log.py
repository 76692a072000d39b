"""The log of a webhook: what is to be or was delivered to it, with every attempt."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from pages.components import data_table, formatting, paging, session, url_state, webhook_dialogs, webhook_notices
from pages.components.data_table import Column, Row
from pages.components.formatting import plain
from pages.components.i18n import named, t
from pages.components.webhook_dialogs import CHOSEN, PAGE

STATE = "w_state"
ALL = "all"
STATES = (ALL, "waiting", "delivered", "failed")
ROW_HEIGHT = 42


def show(hooks: list[dict[str, Any]]) -> None:
    """Draw the log of the chosen webhook, by default that of the first."""
    by_id = {str(hook["webhookId"]): hook for hook in hooks}
    hook = by_id.get(st.query_params.get(CHOSEN, ""), hooks[0])
    st.space("small")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{t('webhooks.log', name=plain(webhook_notices.name_of(hook)))}**")
        st.button(t("common.refresh"), key="webhook_again", icon=":material/refresh:", type="tertiary")
    state = st.segmented_control(
        t("webhooks.state"), STATES, format_func=lambda word: named("webhook", word), required=True,
        label_visibility="collapsed", **url_state.from_address(STATE, STATES, ALL, then=PAGE),
    )  # fmt: skip
    wanted = {"webhookId": hook["webhookId"], **({} if state in (None, ALL) else {"state": state})}
    size, page = paging.page_size(PAGE), paging.page_number(PAGE)
    found = session.ask("getDeliveries", **wanted, pageIndex=page, pageSize=size)
    if not found["deliveryList"] and found["total"]:
        page = st.session_state[PAGE] = -(-found["total"] // size)
        found = session.ask("getDeliveries", **wanted, pageIndex=page, pageSize=size)
    if not found["deliveryList"]:
        st.info(t("webhooks.nothing" if state in (None, ALL) else "webhooks.nothing_here"), icon=":material/inbox:")
        return
    with data_table.rows():
        _listed(found["deliveryList"])
    paging.draw(PAGE, found["total"], size)


def _listed(deliveries: list[dict[str, Any]]) -> None:
    by_id = {str(one["deliveryId"]): one for one in deliveries}

    def clicked(event: dict[str, Any]) -> None:
        if event["kind"] == "menu":
            resend(by_id[event["id"]])
        else:
            st.session_state["wanted_delivery"] = by_id[event["id"]]

    columns = [
        Column("event", t("webhooks.event"), "button", 190),
        Column("about", t("webhooks.about"), priority=1),
        Column("time", t("webhooks.happened"), width=164, priority=2),
        Column("state", t("webhooks.state"), "chips", 96),
        Column("attempts", t("webhooks.attempts"), "number", 84, priority=2),
        Column("last", t("webhooks.last"), width=150, priority=1),
        Column("next", t("webhooks.next"), width=164, priority=3),
    ]
    rows = [
        Row(
            id_, named("event", one["type"]),
            {
                "event": named("event", one["type"]), "about": about(one),
                "time": formatting.moment(one["creationTime"]),
                "state": data_table.chips([(_colour(one["state"]), named("webhook", one["state"]))]),
                "attempts": str(len(one["attemptList"])), "last": _last(one),
                "next": formatting.moment(one["nextTime"]),
            },
            menu=("resend",),
        )
        for id_, one in by_id.items()
    ]  # fmt: skip
    menus = {"resend": ("send", t("webhooks.resend"))}
    data_table.show(
        "deliveries", t("webhooks.deliveries"), columns, rows, row_height=ROW_HEIGHT, menus=menus, on_event=clicked
    )


def _colour(state: str) -> str:
    return {"delivered": "success", "failed": "failed"}.get(state, "waiting")


def about(delivery: dict[str, Any]) -> str:
    """Return what an event is about: the title of a video, a slot or a job."""
    data = json.loads(delivery["body"])["data"]
    return str(data.get("title") or data.get("videoId") or data.get("slot") or data.get("jobId") or "")


def _last(delivery: dict[str, Any]) -> str:
    if not delivery["attemptList"]:
        return ""
    last = delivery["attemptList"][-1]
    return f"{last['status']} · {last['milliseconds']:,} ms" if last["status"] else t("webhooks.no_answer")


def details(delivery: dict[str, Any]) -> None:
    """Draw a delivery with its body and attempts, and the button that sends it once more."""
    st.markdown(f"{formatting.chip(delivery['state'], 'webhook')} `{delivery['eventId']}`")
    st.code(json.dumps(json.loads(delivery["body"]), ensure_ascii=False, indent=2), language="json", wrap_lines=True)
    for number, one in enumerate(delivery["attemptList"], 1):
        by_hand = f" · {t('webhooks.by_hand')}" if one["byHand"] else ""
        status = one["status"] or t("webhooks.no_answer")
        st.markdown(
            f"**{number}.** {formatting.moment(one['time'])} · {status} · {one['milliseconds']:,} ms{by_hand}  \n"
            f"{plain(one['problem'])}"
        )
        if one["answer"]:
            st.code(
                one["answer"], language=None, wrap_lines=True, height=120 if len(one["answer"]) > 200 else "content"
            )
    if delivery["nextTime"]:
        st.caption(t("webhooks.next_is", time=formatting.moment(delivery["nextTime"])))
    if st.button(t("webhooks.resend"), key="resend_do", type="primary", width="stretch", icon=":material/send:"):
        resend(delivery)
        st.rerun()


def resend(delivery: dict[str, Any]) -> None:
    """Send a delivery once more."""
    envelope = session.attempt("resendDelivery", deliveryId=delivery["deliveryId"])
    webhook_dialogs.say_attempt(envelope, "webhooks.resent")
