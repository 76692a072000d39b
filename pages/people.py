"""Sessions and API tokens as one's own page and the administrators' page show them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages import parts
from pages.words import named, t

ROW_HEIGHT = 42
RIGHTS = ["read", "upload", "export", "review", "manage"]
BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("MicroMessenger", "WeChat"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def do(operation: str, done: str, **parameters: Any) -> dict[str, Any] | None:
    """Run an operation, and keep for the next run what to say about it; return its data where it succeeded."""
    envelope = parts.attempt(operation, **parameters)
    if envelope["result"] != "true":
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])
        return None
    st.session_state.setdefault("done", []).append(done)
    data: dict[str, Any] = envelope["data"] or {}
    return data


def sessions(rows: list[dict[str, Any]], operation: str, *, owners: bool) -> None:
    """Draw where people are signed in; `operation` ends the one that is clicked."""

    def ended() -> None:
        do(operation, t("done.session_ended"), sessionId=rows[st.session_state["session_end"].row]["sessionId"])

    column = st.column_config
    st.container(key="sessions").dataframe(
        parts.frame([
            {
                "user": row["userName"],
                "with": browser(row["agent"]) or named("way", row["way"]),
                "here": ["here"] if row["isOwn"] else [],
                "way": named("way", row["way"]),
                "address": row["address"],
                "since": parts.moment(row["creationTime"]),
                "seen": parts.moment(row["lastSeenTime"]),
                "do": t("people.end"),
            }
            for row in rows
        ]),
        hide_index=True, row_height=ROW_HEIGHT, alt=t("people.sessions"),
        column_order=[*(["user"] if owners else []), "with", "here", "way", "address", "since", "seen", "do"],
        column_config={
            "user": column.TextColumn(t("accounts.name"), width=120),
            "with": column.TextColumn(t("people.with"), width=150),
            "here": parts.chip_column("", ["here"], "people", width=80),
            "way": column.TextColumn(t("history.way"), width=90),
            "address": column.TextColumn(t("people.address"), width=120),
            "since": column.TextColumn(t("people.since"), width=156),
            "seen": column.TextColumn(t("people.seen"), width=156),
            "do": column.ButtonColumn("", width=80, type="tertiary", key="session_end", on_click=ended),
        },
    )  # fmt: skip


def tokens(rows: list[dict[str, Any]], operation: str, *, owners: bool) -> None:
    """Draw API tokens and where it says what to do with them; `operation` revokes the one that is clicked."""
    st.link_button(t("people.docs"), "/console/docs", icon=":material/api:", type="tertiary")
    if not rows:
        st.info(t("people.no_tokens"), icon=":material/key:")
        return

    def revoked() -> None:
        row = rows[st.session_state["token_revoke"].row]
        do(operation, t("done.token_revoked", name=row["name"]), tokenId=row["tokenId"])

    column = st.column_config
    st.container(key="tokens").dataframe(
        parts.frame([
            {
                "user": row["userName"],
                "name": row["name"],
                "right": [row["right"], *(["expired"] if row["expired"] else [])],
                "until": parts.moment(row["expirationTime"]),
                "used": parts.moment(row["lastSeenTime"]) or t("people.never"),
                "since": parts.moment(row["creationTime"]),
                "do": t("people.revoke"),
            }
            for row in rows
        ]),
        hide_index=True, row_height=ROW_HEIGHT, alt=t("people.tokens"),
        column_order=[*(["user"] if owners else []), "name", "right", "until", "used", "since", "do"],
        column_config={
            "user": column.TextColumn(t("accounts.name"), width=120),
            "name": column.TextColumn(t("people.token_name"), width=150),
            "right": parts.chip_column(t("people.right"), [*RIGHTS, "expired"], "right", width=140),
            "until": column.TextColumn(t("people.until"), width=156),
            "used": column.TextColumn(t("people.used"), width=156),
            "since": column.TextColumn(t("people.created"), width=156),
            "do": column.ButtonColumn("", width=80, type="tertiary", key="token_revoke", on_click=revoked),
        },
    )  # fmt: skip


def browser(agent: str) -> str:
    """Return what a User-Agent means to people: `Chrome · Windows`, or a program's own first word."""
    name = next((name for sign, name in BROWSERS if sign in agent), "")
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return " · ".join(word for word in (name, system) if word) if name else agent.split(" ")[0]


def told_once(secret: str, explanation: str, key: str) -> None:
    """Show in a dialog what is never shown again."""
    st.code(secret, language=None, wrap_lines=True)
    st.caption(explanation)
    if st.button(t("common.understood"), key=key, type="primary", width="stretch"):
        st.rerun()
