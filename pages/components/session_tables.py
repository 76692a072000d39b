"""Tables of sessions and API tokens, for the profile and the accounts page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import data_table, formatting, session
from pages.components.data_table import Column, Row
from pages.components.i18n import named, t

ROW_HEIGHT = 42
BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("MicroMessenger", "WeChat"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def do(operation: str, done: str, **parameters: Any) -> dict[str, Any] | None:
    """Run an operation and store its result message for the next run; return its data on success."""
    envelope = session.attempt(operation, **parameters)
    if envelope["result"] != "true":
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])
        return None
    st.session_state.setdefault("done", []).append(done)
    data: dict[str, Any] = envelope["data"] or {}
    return data


def sessions(rows: list[dict[str, Any]], operation: str, *, owners: bool) -> None:
    """Draw the table of sessions; `operation` ends the clicked one."""

    def ended(event: dict[str, Any]) -> None:
        do(operation, t("done.session_ended"), sessionId=event["id"])

    columns = [
        *([Column("user", t("accounts.name"), width=96)] if owners else []),
        Column("with", t("people.with")),
        Column("here", "", "chips", 84),
        Column("way", t("history.way"), width=90, priority=3),
        Column("address", t("people.address"), width=140, priority=2),
        Column("since", t("people.since"), width=164, priority=3),
        Column("seen", t("people.seen"), width=164, priority=1),
        Column("do", "", "button", 72),
    ]
    shown = [
        Row(
            row["sessionId"], row["userName"],
            {
                "user": row["userName"],
                "with": browser(row["agent"]) or named("way", row["way"]),
                "here": data_table.chips([("here", named("people", "here"))] if row["isOwn"] else []),
                "way": named("way", row["way"]),
                "address": row["address"],
                "since": formatting.moment(row["creationTime"]),
                "seen": formatting.moment(row["lastSeenTime"]),
                "do": t("people.end"),
            },
        )
        for row in rows
    ]  # fmt: skip
    data_table.show("sessions", t("people.sessions"), columns, shown, row_height=ROW_HEIGHT, on_event=ended)


def tokens(rows: list[dict[str, Any]], operation: str, *, owners: bool) -> None:
    """Draw the table of API tokens with a link to the docs; `operation` revokes the clicked one."""
    st.link_button(t("people.docs"), "/console/docs", icon=":material/api:", type="tertiary")
    if not rows:
        st.info(t("people.no_tokens"), icon=":material/key:")
        return
    names = {row["tokenId"]: row["name"] for row in rows}

    def revoked(event: dict[str, Any]) -> None:
        do(operation, t("done.token_revoked", name=names[event["id"]]), tokenId=event["id"])

    columns = [
        *([Column("user", t("accounts.name"), width=96)] if owners else []),
        Column("name", t("people.token_name")),
        Column("right", t("people.right"), "chips", 104),
        Column("until", t("people.until"), width=164, priority=1),
        Column("used", t("people.used"), width=164, priority=2),
        Column("since", t("people.created"), width=164, priority=3),
        Column("do", "", "button", 72),
    ]
    shown = [
        Row(
            row["tokenId"], row["name"],
            {
                "user": row["userName"],
                "name": row["name"],
                "right": data_table.chips(
                    [(word, named("right", word)) for word in (row["right"], *(["expired"] if row["expired"] else []))]
                ),
                "until": formatting.moment(row["expirationTime"]),
                "used": formatting.moment(row["lastSeenTime"]) or t("people.never"),
                "since": formatting.moment(row["creationTime"]),
                "do": t("people.revoke"),
            },
        )
        for row in rows
    ]  # fmt: skip
    data_table.show("tokens", t("people.tokens"), columns, shown, row_height=ROW_HEIGHT, on_event=revoked)


def browser(agent: str) -> str:
    """Return a readable name for a User-Agent: `Chrome · Windows`, or a program's first word."""
    name = next((name for sign, name in BROWSERS if sign in agent), "")
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return " · ".join(word for word in (name, system) if word) if name else agent.split(" ")[0]


def told_once(secret: str, explanation: str, key: str) -> None:
    """Show a secret in a dialog, once."""
    st.code(secret, language=None, wrap_lines=True)
    st.caption(explanation)
    if st.button(t("common.understood"), key=key, type="primary", width="stretch"):
        st.rerun()
