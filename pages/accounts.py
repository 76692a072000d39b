"""Accounts page: accounts, open sessions and API tokens."""

from typing import Any

import streamlit as st

from pages.components import data_table, formatting, layout, session, session_tables
from pages.components.data_table import Column, Row
from pages.components.i18n import named, t

layout.guard("admin")


def role_choice(key: str, chosen: str = "") -> str:
    """Draw the choice of roles with descriptions; administrators last, so that the role is not chosen by accident."""
    known = session.features()["roleList"]
    roles = [one["role"] for one in sorted(known, key=lambda one: "admin" in one["rightList"])]
    role: str = st.radio(
        t("accounts.role"), roles, index=roles.index(chosen) if chosen else 0, key=key,
        format_func=lambda word: named("role", word), captions=[named("role_is", word) for word in roles],
    )  # fmt: skip
    return role


def password_field(key: str) -> str:
    return st.text_input(
        t("accounts.password"), type="password", key=key, help=t("accounts.password_help"),
        max_chars=session.limit("maxPasswordLength"),
        placeholder=t("accounts.made_up"), autocomplete="new-password",
    )  # fmt: skip


def add() -> None:
    name = st.text_input(t("accounts.name"), key="account_name", max_chars=session.limit("nameLength"),
                         autocomplete="off").strip()  # fmt: skip
    role = role_choice("account_role")
    password = password_field("account_password")
    if st.button(t("accounts.add"), key="account_do", type="primary", width="stretch", disabled=not name):
        finish("addAccount", t("done.account_added", name=name), userName=name, role=role, password=password)


def change_role(account: dict[str, Any]) -> None:
    role = role_choice("account_role", account["role"])
    if st.button(t("common.save"), key="account_do", type="primary", width="stretch"):
        finish("editAccount", t("done.account_edited"), userName=account["userName"], role=role)


def reset(account: dict[str, Any]) -> None:
    st.caption(t("accounts.reset_follows"))
    password = password_field("account_password")
    if st.button(t("accounts.reset"), key="account_do", type="primary", width="stretch"):
        finish("resetPassword", t("done.password_reset"), userName=account["userName"], password=password)


def disable(account: dict[str, Any]) -> None:
    st.caption(t("accounts.disable_follows"))
    if st.button(t("accounts.disable"), key="account_do", type="primary", width="stretch"):
        finish("editAccount", t("done.account_disabled"), userName=account["userName"], disabled="true")


def enable(account: dict[str, Any]) -> None:
    finish("editAccount", t("done.account_enabled"), userName=account["userName"], disabled="false")


def finish(operation: str, done: str, **parameters: str) -> None:
    """Run an operation and redraw the page; an error is shown in the dialog, where it can be corrected."""
    envelope = session.attempt(operation, **parameters)
    if envelope["result"] != "true":
        st.error(formatting.plain(envelope["message"]), icon=":material/error:")
        return
    st.session_state.setdefault("done", []).append(done)
    if envelope["data"] and envelope["data"]["password"]:
        st.session_state["told_password"] = envelope["data"]
    st.rerun()


def show_password(made: dict[str, str]) -> None:
    st.markdown(t("accounts.for_whom", name=formatting.plain(made["userName"])))
    session_tables.told_once(made["password"], t("accounts.once"), "account_seen")


ACTIONS = {
    "new_role": ("badge", change_role), "reset": ("lock_reset", reset), "disable": ("person_off", disable),
    "enable": ("person_check", enable),
}  # fmt: skip


def account_row(account: dict[str, Any]) -> Row:
    name, state = account["userName"], "disabled" if account["disabled"] else "active"
    cells = {
        "name": name,
        "role": data_table.chips([(account["role"], named("role", account["role"]))]),
        "state": data_table.chips([(state, named("accounts", state))]),
        "seen": formatting.moment(account["lastSeenTime"]) or t("people.never"),
        "sessions": str(account["sessionCount"]),
        "tokens": str(account["tokenCount"]),
        "since": formatting.moment(account["creationTime"]),
    }
    return Row(name, name, cells, menu=("new_role", "reset", "enable" if account["disabled"] else "disable"))


def listed(accounts: list[dict[str, Any]]) -> None:
    """Draw the table of accounts with their actions."""
    by_name = {account["userName"]: account for account in accounts}

    def chosen(event: dict[str, Any]) -> None:
        st.session_state["wanted_change"] = (event["action"], by_name[event["id"]])

    columns = [
        Column("name", t("accounts.name")),
        Column("role", t("accounts.role"), "chips", 120),
        Column("state", t("accounts.state"), "chips", 96),
        Column("seen", t("people.seen"), width=164, priority=1),
        Column("sessions", t("people.sessions"), "number", 110, priority=3),
        Column("tokens", t("people.tokens"), "number", 110, priority=3),
        Column("since", t("people.created"), width=164, priority=2),
    ]
    rows = [account_row(account) for account in accounts]
    menus = {key: (icon, t(f"accounts.{key}")) for key, (icon, _) in ACTIONS.items()}
    data_table.show(
        "accounts",
        t("accounts.title"),
        columns,
        rows,
        row_height=session_tables.ROW_HEIGHT,
        menus=menus,
        on_event=chosen,
    )


with layout.header(t("accounts.title")):
    adding = st.button(t("accounts.add_short"), key="account_add", icon=":material/person_add:", type="primary")
layout.say_results()
listed(session.ask("getAccounts"))
st.space("small")
st.markdown(f"**{t('people.sessions')}**")
session_tables.sessions(session.ask("getSessions"), "endSession", owners=True)
st.space("small")
st.markdown(f"**{t('people.tokens')}**")
session_tables.tokens(session.ask("getTokens"), "revokeToken", owners=True)
if adding:
    layout.open_dialog(t("accounts.add"), "person_add")(add)()
elif wanted := st.session_state.pop("wanted_change", None):
    key, account = wanted
    icon, draw = ACTIONS[key]
    title = f"{t(f'accounts.{key}')} · {account['userName']}"
    if key == "enable":
        draw(account)
    else:
        layout.open_dialog(title, icon)(draw)(account)
elif made := st.session_state.pop("told_password", None):
    layout.open_dialog(t("accounts.told"), "password")(show_password)(made)
