"""The person at this page, and the operations that run in their name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import backend
from pages.components import formatting
from pages.components.i18n import language, t

SEEN = "seen_line"  # of the history, when the page was drawn
SESSION_COOKIE = "qu_session"
THIS_MACHINE = "127.0.0.1"  # which Streamlit tells as no address at all
MAX_AGENT = 300
UNKNOWN = object()


def token() -> str:
    """Return the console token of this session: from the sign-in form, or from the cookie of an earlier one."""
    kept = st.session_state.get("token")
    if isinstance(kept, str):
        return kept
    cookie = st.context.cookies.get(SESSION_COOKIE)
    return cookie if isinstance(cookie, str) else ""


def attempt(operation: str, **parameters: Any) -> dict[str, Any]:
    """Run an operation as the signed-in person and return its envelope."""
    return asker(operation)(**parameters)


def asker(operation: str) -> Callable[..., dict[str, Any]]:
    """Return what runs an operation as the signed-in person, from any thread."""
    address, agent = st.context.ip_address, st.context.headers.get("User-Agent")
    caller = backend.Caller(
        channel="page",
        address=address if isinstance(address, str) else THIS_MACHINE,
        language=language(),
        agent=agent[:MAX_AGENT] if isinstance(agent, str) else "",
        plainly=True,
    )
    console, shown_token = backend.current(), token()
    return lambda **parameters: console.call(operation, parameters, shown_token, caller)


def ask(operation: str, **parameters: Any) -> Any:
    """Run an operation and return its data; where it is refused, say why and end the page."""
    envelope = attempt(operation, **parameters)
    if envelope["code"] == "403" and attempt("getAccount")["code"] == "403":
        st.rerun()  # signed out elsewhere: the frame shows the sign-in
    if envelope["result"] != "true":
        st.error(formatting.plain(envelope["message"]), icon=":material/error:")
        st.stop()
    return envelope["data"]


def tell_socket(person: Any | None = UNKNOWN) -> None:
    """Tell the server whose this page is: it keeps only few for people who are not signed in."""
    key = st.context.headers.get(backend.SOCKET_HEADER)
    if isinstance(key, str) and (context := get_script_run_ctx(suppress_warning=True)):
        name = None if person is UNKNOWN else person["userName"] if person else ""
        backend.current().sockets.tell(key, context.session_id, name)


def account() -> Any | None:
    """Return who is signed in; asked anew at every run, so that signing out ends every tab."""
    envelope = attempt("getAccount")
    st.session_state["account"] = envelope["data"]
    return envelope["data"]


def may(right: str) -> bool:
    """Say whether the signed-in person has a right; the backend checks it again."""
    return right in st.session_state["account"]["rights"]


def mark_seen(videos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Note with each video of a list when it was read: what is picked may be acted on much later."""
    for video in videos:
        video[SEEN] = st.session_state[SEEN]
    return videos


def trash_days() -> int:
    """Return for how many days a deleted video can be restored; 0 where it is gone at once."""
    return backend.current().settings.trash_days


def sign_out() -> None:
    """End this session everywhere: every tab asks the console at its next step."""
    attempt("signOut")
    st.session_state.clear()
    st.session_state["forget"] = True
    st.session_state["token"] = ""  # the cookie of this connection is still the old one


def attempt_each(
    operation: str, asked: list[tuple[dict[str, Any], dict[str, Any]]], said: str
) -> list[tuple[dict[str, Any], str]]:
    """Run an operation for each video with its parameters; return those that were done, with their request ids.

    What to say about it at the next run is kept: how many were done, by the text `said`, which were not, and why.
    """
    done, refused = [], []
    for video, parameters in asked:
        envelope = attempt(operation, **parameters)
        if envelope["result"] == "true":
            done.append((video, envelope["requestId"]))
        else:
            refused.append(f"{video['title'] or video['videoId']}: {envelope['message']}")
    report(done, refused, said)
    return done


def report(done: list[tuple[dict[str, Any], str]], refused: list[str], said: str) -> None:
    """Keep what to say at the next run: how many were done, by the text `said`, and which were not, and why."""
    st.session_state.setdefault("acted", set()).update(video["videoId"] for video, _ in done)
    if done:
        st.session_state.setdefault("done", []).append(t(said, count=len(done)))
        st.session_state["changed"] = st.session_state.get("changed", 0) + 1
    if refused:
        st.session_state["problems"] = (t("common.refused", count=len(refused)), refused)
