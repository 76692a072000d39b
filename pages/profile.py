"""Profile page: password, own sessions, and own API tokens."""

from datetime import date, timedelta
from typing import Any

import streamlit as st

from pages.components import formatting, layout, session, session_tables
from pages.components.i18n import named, t

layout.guard("own")
TOKEN_DAYS = 90


def password() -> None:
    """Draw the form for changing the password."""
    with st.form("password", border=True, clear_on_submit=True):
        st.markdown(f"**{t('profile.password')}**")
        old = st.text_input(t("profile.old"), type="password", key="password_old", autocomplete="current-password")
        new = st.text_input(
            t("profile.new", fewest=session.limit("minPasswordLength")), type="password", key="password_new",
            max_chars=session.limit("maxPasswordLength"), autocomplete="new-password",
        )  # fmt: skip
        again = st.text_input(t("profile.again"), type="password", key="password_again", autocomplete="new-password")
        st.caption(t("profile.password_follows"))
        pressed = st.form_submit_button(t("profile.change"), type="primary", key="password_do")
    if pressed and new != again:
        st.error(t("profile.differ"), icon=":material/error:")
    elif (
        pressed
        and session_tables.do("changePassword", t("done.password"), oldPassword=old, newPassword=new) is not None
    ):
        st.rerun()
    elif pressed:
        st.rerun()  # the header shows the error


def new_token() -> None:
    """Draw the form for a new API token."""
    rights = [right for right in session.features()["tokenRightList"] if session.may(right)]
    name = st.text_input(
        t("people.token_name"), key="token_name", max_chars=session.limit("nameLength"),
        placeholder=t("people.token_example"), autocomplete="off",
    )  # fmt: skip
    right = st.radio(
        t("people.right"), rights, key="token_right", format_func=lambda word: named("right", word),
        captions=[t(f"right_is.{word}") for word in rights],
    )  # fmt: skip
    end = st.date_input(
        t("people.until"), value=date.today() + timedelta(days=TOKEN_DAYS), min_value=date.today(),  # noqa: DTZ011
        format="YYYY-MM-DD", key="token_end",
    )  # fmt: skip
    if st.button(t("people.create_token"), key="token_do", type="primary", width="stretch", disabled=not name.strip()):
        made = session.attempt("createToken", name=name.strip(), right=right, endTime=str(end))
        if made["result"] == "true":
            st.session_state["told_token"] = made["data"]
            st.rerun()
        st.error(made["message"], icon=":material/error:")


def show_token(made: dict[str, Any]) -> None:
    session_tables.told_once(made["consoleToken"], t("people.token_once"), "token_seen")


person = st.session_state["account"]
layout.header(t("profile.title"), f"{formatting.plain(person['userName'])} · {named('role', person['role'])}")
layout.say_results()
left, right = st.columns([1, 2], gap="large")
with left:
    password()
with right:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{t('people.sessions')}**", width="content")
        own = session.ask("getOwnSessions")
        if len(own) > 1:
            st.button(
                t("profile.end_others"), key="end_others", icon=":material/logout:", on_click=session_tables.do,
                args=("endOtherSessions", t("done.sessions_ended")),
            )  # fmt: skip
    session_tables.sessions(own, "endOwnSession", owners=False)
    st.space("small")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{t('people.tokens')}**", width="content")
        if st.button(t("people.create_token"), key="token_new", icon=":material/add:"):
            layout.open_dialog(t("people.create_token"), "key")(new_token)()
    st.caption(t("people.tokens_are"))
    session_tables.tokens(session.ask("getOwnTokens"), "revokeOwnToken", owners=False)
if made := st.session_state.pop("told_token", None):
    layout.open_dialog(t("people.token_made"), "key")(show_token)(made)
