"""Sign-in form, and staying signed in with a cookie that scripts and operations cannot read."""

from __future__ import annotations

import streamlit as st

from pages.components import layout, session, url_state
from pages.components.document import tab_title
from pages.components.i18n import t

REFUSED = ("denied", "disabled", "expired", "failed", "name", "role")  # why a company sign-in is


def show() -> None:
    """Draw the sign-in form."""
    if st.session_state.pop("forget", False):
        _post("/console/user/forget", {}, then="location.replace('/')")
    tab_title(t("sign_in.do"))
    _, middle, _ = st.columns([1, 1.1, 1])
    with middle:
        st.space("large")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(t("app.name"), anchor=False)
            layout.language_menu("sign_in_language")
        if "refused" in st.query_params:
            st.session_state["refused"] = st.query_params.pop("refused")
        if (refused := st.session_state.get("refused")) in REFUSED:
            st.error(t(f"sign_in.refused_{refused}"), icon=":material/error:")
        elif st.session_state.get("ended"):
            st.info(t("sign_in.ended"), icon=":material/logout:")
        with st.form("sign_in", border=True):
            name = st.text_input(t("sign_in.name"), key="sign_in_name", autocomplete="username")
            password = st.text_input(
                t("sign_in.password"), type="password", key="sign_in_password", autocomplete="current-password"
            )
            pressed = st.form_submit_button(t("sign_in.do"), type="primary", width="stretch", key="sign_in_do")
        if pressed:
            _sign_in(name, password)
        _company_sign_in()
        st.caption(t("sign_in.help"))


def _company_sign_in() -> None:
    """Draw the button that leads to the provider of company accounts, if there is one."""
    path = session.ask("getSignIn")["companyPath"]
    if path and st.button(t("sign_in.company"), key="sign_in_company", icon=":material/badge:", width="stretch"):
        to = "encodeURIComponent(location.pathname + location.search)"
        url_state.run_script(f"location.assign({url_state.as_json(path)} + '?to=' + {to})")


def keep() -> None:
    """After sign-in, exchange a one-time ticket for the cookie, so that the token is never in the page."""
    if ticket := st.session_state.pop("keep_ticket", None):
        _post("/console/user/adopt", {"ticket": ticket})


def _sign_in(name: str, password: str) -> None:
    envelope = session.attempt("login", userName=name, password=password)
    if envelope["result"] != "true":
        st.error(envelope["message"], icon=":material/error:")
        return
    console_token = envelope["data"]["consoleToken"]
    st.session_state["token"] = console_token
    st.session_state.pop("refused", None)
    st.session_state["keep_ticket"] = session.ask("createSessionTicket")["ticket"]
    st.rerun()


def _post(path: str, body: dict[str, str], then: str = "") -> None:
    url_state.run_script(
        f"fetch({url_state.as_json(path)}, {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, "
        f"body: JSON.stringify({url_state.as_json(body)})}}).then(() => {{{then}}})"
    )
