"""Page layout: header, paging, dialogs, and results of the last action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from backend import LANGUAGES
from pages.components import formatting, session, url_state
from pages.components.document import tab_title
from pages.components.i18n import language, t

DIALOG = "dialog_open"


def guard(right: str = "read") -> None:
    """Stop the page unless the user is signed in and has the permission. The first call of every page."""
    if session.account_for_page() is None:
        st.error(t("sign_in.first"))
        st.stop()
    if not session.may(right):
        header(t("common.not_yours"))
        st.info(t("common.no_right"), icon=":material/lock:")
        st.stop()
    # Read first, so that later changes are detected as newer than this page.
    st.session_state[session.SEEN] = session.ask("getChanges")["line"]


def header(title: str, caption: str = "", beside: Callable[[], None] | None = None) -> Any:
    """Draw the page header and return the container for its buttons.

    `beside` draws temporary controls on the title's line, which cause no layout shift on narrow screens.
    """
    if page := st.session_state.pop("wanted_page", None):
        url_state.visit(page)
    tab_title(title)
    row = st.container(horizontal=True, vertical_alignment="center", key="page_head")
    with row:
        with st.container(width="stretch", gap=None):
            st.subheader(title, anchor=False)
            if caption:
                st.caption(caption)
        if beside:
            beside()
        buttons = st.container(horizontal=True, width="content", vertical_alignment="center")
        _person_menu()
    return buttons


def _person_menu() -> None:
    other = next(code for code in LANGUAGES if code != language())
    choices = {
        "profile": f":material/manage_accounts: {t('profile.title')}",
        "language": f":material/translate: {LANGUAGES[other]}",
        "sign_out": f":material/logout: {t('sign_in.out')}",
    }

    def chosen() -> None:
        match st.session_state["person_menu"]:
            case "language":
                url_state.keep_language(other)
            case "profile":
                st.session_state["wanted_page"] = "profile"
            case "sign_out":
                session.sign_out()

    name = st.session_state["account"]["userName"]
    st.menu_button(
        formatting.plain(name), list(choices), key="person_menu", icon=":material/account_circle:", type="tertiary",
        format_func=choices.__getitem__, on_click=chosen,
    )  # fmt: skip


def say_results() -> None:
    """Show the results of the last action: a toast for successes, a persistent list for failures."""
    for done in st.session_state.get("done", []):
        st.toast(done, icon=":material/check_circle:")
    if warned := st.session_state.get("warned"):
        with st.container(key="warned"):
            st.warning("\n".join(f"- {formatting.plain(line)}" for line in warned), icon=":material/warning:")
    for told in ("done", "warned"):  # not before: a click meanwhile ends this run at the first of them
        st.session_state.pop(told, None)
    if problems := st.session_state.get("problems"):
        title, lines = problems
        with st.container(key="problems"):
            shown = "\n".join(f"- {formatting.plain(line)}" for line in lines[:20])
            st.error(shown, title=title, icon=":material/error:")
            if len(lines) > 20:
                with st.expander(t("common.more", count=len(lines) - 20)):
                    st.code("\n".join(lines[20:]), language=None, height=300)
            st.button(t("common.understood"), key="problems_seen", on_click=lambda: st.session_state.pop("problems"))


def language_menu(key: str) -> None:
    """Draw the language switch."""
    other = next(code for code in LANGUAGES if code != language())
    st.button(LANGUAGES[other], key=key, icon=":material/translate:", type="tertiary",
              on_click=url_state.keep_language, args=(other,))  # fmt: skip


def own_key(name: str, video: Mapping[str, Any]) -> str:
    """Return a widget key specific to a video, so that its state never applies to another one."""
    return f"{name}--{video['videoId']}"


def opening() -> int:
    """Return a new number for every opened dialog, used in widget keys so that input is not carried over."""
    number: int = st.session_state.get("openings", 0) + 1
    st.session_state["openings"] = number
    return number


def open_dialog(title: str, icon: str, **how: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Open a dialog as st.dialog does, and suppress full reruns while it is open."""
    st.session_state[DIALOG] = True
    opener: Callable[[Callable[..., None]], Callable[..., None]] = st.dialog(
        title, icon=f":material/{icon}:", on_dismiss="rerun", **how
    )
    return opener


def is_whole_run() -> bool:
    """Return whether the whole page is drawn, and not a fragment of it by itself."""
    context = get_script_run_ctx(suppress_warning=True)
    return not (context and context.fragment_ids_this_run)


def no_dialog() -> None:
    """Mark that no dialog is open at the start of a full run."""
    st.session_state[DIALOG] = False


def redraw() -> None:
    """Rerun the whole page from a fragment, unless a dialog is open, which would close and lose its input.

    Closing a dialog reruns the page anyway.
    """
    if not st.session_state.get(DIALOG):
        st.rerun(scope="app")
