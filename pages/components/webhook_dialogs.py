"""What administrators do with a webhook: dialogs, and actions that need none."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import layout, session, url_state
from pages.components.formatting import plain
from pages.components.i18n import named, t
from pages.components.webhook_notices import name_of

PAGE, CHOSEN = "w_page", "w_hook"  # in the address: whose log is shown
ICONS = {"edit": "edit", "roll": "key", "switch_off": "toggle_off", "delete": "delete_forever"}


def choose(webhook_id: str) -> None:
    """Show the log of another webhook."""
    st.query_params[CHOSEN] = webhook_id
    url_state.first_page(PAGE)


def open_change(key: str, hook: dict[str, Any], types: list[str]) -> None:
    """Open the dialog of an action."""
    title = f"{t(f'webhooks.{key}')} · {plain(name_of(hook))}"
    if key == "edit":
        layout.open_dialog(title, ICONS[key])(edit)(layout.opening(), types, hook)
    else:
        layout.open_dialog(title, ICONS[key])(confirm)(key, hook)


def edit(number: int, types: list[str], hook: dict[str, Any] | None = None) -> None:
    """Draw the fields of a webhook, new or known."""
    known = hook or {"url": "", "description": "", "typeList": []}
    url = st.text_input(
        t("webhooks.address"), known["url"], key=f"webhook_url_{number}", placeholder="https://example.com/hooks",
        max_chars=2048, autocomplete="off", help=t("webhooks.address_help"),
    ).strip()  # fmt: skip
    description = st.text_input(
        t("webhooks.description"), known["description"], key=f"webhook_description_{number}", max_chars=200,
        placeholder=t("webhooks.description_help"), autocomplete="off",
    )  # fmt: skip
    chosen = st.multiselect(
        t("webhooks.events"), types, known["typeList"], key=f"webhook_types_{number}",
        format_func=lambda word: f"{named('event', word)} · {word}", placeholder=t("webhooks.all_events"),
        help=t("webhooks.events_help"),
    )  # fmt: skip
    label = t("common.save") if hook else t("webhooks.add")
    if st.button(label, key="webhook_do", type="primary", width="stretch", disabled=not url):
        given = {"url": url, "description": description, "types": ",".join(chosen) or "all"}
        if hook:
            changed = {
                "url": url != hook["url"], "description": description != hook["description"],
                "types": set(chosen) != set(hook["typeList"]),
            }  # fmt: skip
            given = {name: value for name, value in given.items() if changed[name]}
            finish("saveWebhook", t("done.webhook_saved"), webhookId=hook["webhookId"], **given)
        else:
            finish("saveWebhook", t("done.webhook_added"), **given)


def confirm(key: str, hook: dict[str, Any]) -> None:
    """Ask before a secret is replaced, or a webhook is switched off or deleted."""
    if key == "delete":
        st.warning(t("webhooks.delete_follows"), icon=":material/warning:")
    else:
        st.markdown(t(f"webhooks.{key}_follows"))
    if not st.button(t(f"webhooks.{key}"), key="webhook_do", type="primary", width="stretch"):
        return
    if key == "roll":
        finish("rollWebhookSecret", t("done.webhook_rolled"), webhookId=hook["webhookId"])
    elif key == "delete":
        finish("deleteWebhook", t("done.webhook_deleted"), webhookId=hook["webhookId"])
    else:
        finish("saveWebhook", t("done.webhook_off"), webhookId=hook["webhookId"], active="false")


def finish(operation: str, done: str, **parameters: Any) -> None:
    """Run an operation and redraw the page; an error is shown in the dialog, where it can be corrected."""
    envelope = session.attempt(operation, **parameters)
    if envelope["result"] != "true":
        st.error(plain(envelope["message"]), icon=":material/error:")
        return
    st.session_state.setdefault("done", []).append(done)
    if envelope["data"] and envelope["data"]["secret"]:
        choose(str(envelope["data"]["webhookId"]))
        st.session_state["told_secret"] = {**envelope["data"], "rolled": operation == "rollWebhookSecret"}
    st.rerun()


def act(key: str, hook: dict[str, Any]) -> None:
    """Send a test event, or switch a webhook on."""
    if key == "test":
        say_attempt(session.attempt("testWebhook", webhookId=hook["webhookId"]), "webhooks.test_sent")
        return
    envelope = session.attempt("saveWebhook", webhookId=hook["webhookId"], active="true")
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(t("done.webhook_on"))
    else:
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])


def say_attempt(envelope: dict[str, Any], said: str) -> None:
    """Tell, at the next run, how an attempt by hand ended."""
    if envelope["result"] != "true":
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])
        return
    made = envelope["data"]
    if made["problem"]:
        st.session_state["problems"] = (t("webhooks.not_taken"), [made["problem"]])
    else:
        st.session_state.pop("problems", None)
        st.session_state.setdefault("done", []).append(
            t(said, status=made["status"], milliseconds=f"{made['milliseconds']:,}")
        )
