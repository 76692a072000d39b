"""Webhooks page: who is told of events, and the log of what was delivered."""

from typing import Any

import streamlit as st

from pages.components import (
    data_table,
    formatting,
    layout,
    session,
    session_tables,
    webhook_dialogs,
    webhook_log,
    webhook_notices,
)
from pages.components.data_table import Column, Row
from pages.components.i18n import named, t

layout.guard("admin")
ROW_HEIGHT = 42
ACTIONS = {
    "edit": "edit", "test": "send", "switch_on": "toggle_on", "switch_off": "toggle_off", "roll": "key",
    "delete": "delete",
}  # fmt: skip


def state_of(hook: dict[str, Any]) -> str:
    if not hook["active"]:
        return "off"
    return "failing" if hook["failingTime"] else "active"


def row_of(hook: dict[str, Any]) -> Row:
    state, name = state_of(hook), webhook_notices.name_of(hook)
    count = len(hook["typeList"])
    cells = {
        "name": name,
        "address": hook["url"],
        "events": t("webhooks.some_events", count=count) if count else t("webhooks.all_events"),
        "state": data_table.chips([({"off": "disabled"}.get(state, state), named("webhook", state))]),
        "waiting": f"{hook['waiting']:,}",
        "failed": f"{hook['failed']:,}",
        "since": formatting.moment(hook["creationTime"]),
    }
    switch = "switch_off" if hook["active"] else "switch_on"
    return Row(str(hook["webhookId"]), name, cells, menu=("edit", "test", switch, "roll", "delete"))


def listed(hooks: list[dict[str, Any]]) -> None:
    """Draw the table of webhooks; a click on one shows its log."""
    by_id = {str(hook["webhookId"]): hook for hook in hooks}

    def chosen(event: dict[str, Any]) -> None:
        if event["kind"] == "open":
            webhook_dialogs.choose(event["id"])
        elif event["action"] in ("test", "switch_on"):
            webhook_dialogs.act(event["action"], by_id[event["id"]])
            webhook_dialogs.choose(event["id"])
        else:
            st.session_state["wanted_change"] = (event["action"], by_id[event["id"]])

    columns = [
        Column("name", t("webhooks.name"), "button", 180),
        Column("address", t("webhooks.address"), priority=2),
        Column("events", t("webhooks.events"), width=110, priority=2),
        Column("state", t("webhooks.state"), "chips", 96),
        Column("waiting", t("webhook.waiting"), "number", 84, priority=1),
        Column("failed", t("webhook.failed"), "number", 84, priority=1),
        Column("since", t("people.created"), width=164, priority=3),
    ]
    menus = {key: (icon, t(f"webhooks.{key}")) for key, icon in ACTIONS.items()}
    rows = [row_of(hook) for hook in hooks]
    data_table.show("webhooks", t("webhooks.title"), columns, rows, row_height=ROW_HEIGHT, menus=menus, on_event=chosen)


def show_secret(made: dict[str, Any]) -> None:
    st.markdown(t("webhooks.rolled_follows" if made["rolled"] else "webhooks.secret_follows"))
    session_tables.told_once(made["secret"], t("webhooks.once"), "secret_seen")


found = session.ask("getWebhooks")
hooks = found["webhookList"]
with layout.header(t("webhooks.title"), t("webhooks.what")):
    adding = st.button(
        t("webhooks.add"), key="webhook_add", icon=":material/add:", type="primary",
        disabled=len(hooks) >= found["maxWebhooks"],
    )  # fmt: skip
layout.say_results()
webhook_notices.show(hooks)
if hooks:
    listed(hooks)
    webhook_log.show(hooks)
else:
    st.info(t("webhooks.none"), icon=":material/webhook:")
if adding:
    layout.open_dialog(t("webhooks.add"), "webhook")(webhook_dialogs.edit)(layout.opening(), found["typeList"])
elif wanted := st.session_state.pop("wanted_change", None):
    webhook_dialogs.open_change(*wanted, found["typeList"])
elif made := st.session_state.pop("told_secret", None):
    layout.open_dialog(t("webhooks.secret"), "key")(show_secret)(made)
elif delivery := st.session_state.pop("wanted_delivery", None):
    layout.open_dialog(named("event", delivery["type"]), "webhook", width="large")(webhook_log.details)(delivery)
