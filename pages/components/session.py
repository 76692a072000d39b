"""The user's session, and calls of operations on their behalf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import backend
from pages.components import formatting
from pages.components.i18n import language, t

SEEN = "seen_line"  # newest history line when the page was drawn
SESSION_COOKIE = "qu_session"
THIS_MACHINE = "127.0.0.1"  # Streamlit reports no address for it
MAX_AGENT = 300
UNKNOWN = object()
FEATURES, FRAME_ACCOUNT, ASKED_ONCE = "features", "frame_account", "asked_once"


def token() -> str:
    """Return the session's console token, from the sign-in form or from the cookie."""
    kept = st.session_state.get("token")
    if isinstance(kept, str):
        return kept
    cookie = st.context.cookies.get(SESSION_COOKIE)
    return cookie if isinstance(cookie, str) else ""


def attempt(operation: str, **parameters: Any) -> dict[str, Any]:
    """Run an operation as the signed-in user and return its envelope."""
    return operation_caller(operation)(**parameters)


def operation_caller(operation: str) -> Callable[..., dict[str, Any]]:
    """Return a function that runs an operation as the signed-in user, from any thread."""
    address, agent = st.context.ip_address, st.context.headers.get("User-Agent")
    caller = backend.Caller(
        channel="page",
        address=address if isinstance(address, str) else THIS_MACHINE,
        language=language(),
        agent=agent[:MAX_AGENT] if isinstance(agent, str) else "",
        plainly=True,
    )
    call, shown_token = backend.call, token()
    return lambda **parameters: call(operation, parameters, shown_token, caller)


def ask(operation: str, **parameters: Any) -> Any:
    """Run an operation and return its data; on failure, show the error and stop the page."""
    envelope = attempt(operation, **parameters)
    if envelope["code"] == "403" and attempt("getAccount")["code"] == "403":
        st.rerun()  # signed out elsewhere: the frame shows the sign-in form
    if envelope["result"] != "true":
        st.error(formatting.plain(envelope["message"]), icon=":material/error:")
        st.stop()
    return envelope["data"]


def report_socket_user(person: Any | None = UNKNOWN) -> None:
    """Tell the server who uses this page, because visitors who are not signed in have lower limits."""
    key = st.context.headers.get(backend.SOCKET_HEADER)
    if isinstance(key, str) and (context := get_script_run_ctx(suppress_warning=True)):
        name = None if person is UNKNOWN else person["userName"] if person else ""
        backend.report_socket_user(key, context.session_id, name)


class Answer:
    """The response of an operation, shared by a page and a fragment in it on the first run, and requested again
    whenever the fragment reruns.
    """

    def __init__(self, operation: str, **parameters: Any) -> None:
        self._operation, self._parameters = operation, parameters
        self.first = ask(operation, **parameters)
        self._is_new = True

    def take(self, **parameters: Any) -> Any:
        """Return the data, optionally for other parameters."""
        wanted = self._parameters | parameters
        if self._is_new and wanted == self._parameters:
            self._is_new = False
            return self.first
        return ask(self._operation, **wanted)


def ask_once(operation: str, **parameters: Any) -> Any:
    """As `ask`, but cached for one run of the whole page. Not for fragments."""
    asked: dict[str, Any] = st.session_state.setdefault(ASKED_ONCE, {})
    key = f"{operation} {sorted(parameters.items())}"
    if key not in asked:
        asked[key] = ask(operation, **parameters)
    return asked[key]


def account_for_frame() -> Any | None:
    """Return the signed-in account for the frame; the page reuses it."""
    st.session_state[FRAME_ACCOUNT] = account()
    return st.session_state[FRAME_ACCOUNT]


def account_for_page() -> Any | None:
    """Return the signed-in account at the start of a page, which may run without the frame."""
    st.session_state[ASKED_ONCE] = {}
    return st.session_state.pop(FRAME_ACCOUNT) if FRAME_ACCOUNT in st.session_state else account()


def account() -> Any | None:
    """Return the signed-in account; requested on every run, so that signing out affects every tab."""
    envelope = attempt("getAccount")
    st.session_state["account"] = envelope["data"]
    st.session_state["ended"] = envelope["code"] == "403" and token() != ""
    return envelope["data"]


def features() -> dict[str, Any]:
    """Return the console's features and limits, cached per session because they change only at a restart."""
    if FEATURES not in st.session_state:
        st.session_state[FEATURES] = ask("getFeatures")
    found: dict[str, Any] = st.session_state[FEATURES]
    return found


def limit(name: str) -> int:
    """Return one of the console's limits."""
    most: int = features()["limits"][name]
    return most


def is_cloud() -> bool:
    """Return whether the console uses ApsaraVideo VOD."""
    return bool(features()["mode"] == "cloud")


def may(right: str) -> bool:
    """Return whether the signed-in user has a permission; the backend checks it again."""
    return right in st.session_state["account"]["rights"]


def mark_seen(videos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Record with each video when it was read, since a selection may be acted on much later."""
    for video in videos:
        video[SEEN] = st.session_state[SEEN]
    return videos


def trash_days() -> int:
    """Return for how many days a deleted video can be restored; 0 if it cannot."""
    days: int = features()["trashDays"]
    return days


def sign_out() -> None:
    """End this session; all tabs notice at their next run."""
    attempt("signOut")
    st.session_state.clear()
    st.session_state["forget"] = True
    st.session_state["token"] = ""  # this connection still has the old cookie


def attempt_each(
    operation: str, asked: list[tuple[dict[str, Any], dict[str, Any]]], said: str
) -> list[tuple[dict[str, Any], str]]:
    """Run an operation for each video with its parameters; return the successful ones with their request ids.

    The results are shown at the next run: the number of successes, using the text `said`, and the failures.
    """
    done, refused = [], []
    for video, parameters in asked:
        envelope = attempt(operation, **parameters)
        if envelope["result"] == "true":
            done.append((video, envelope["requestId"]))
        else:
            refused.append(t("desk.titled", title=video["title"] or video["videoId"], message=envelope["message"]))
    report(done, refused, said)
    return done


def report(done: list[tuple[dict[str, Any], str]], refused: list[str], said: str) -> None:
    """Store the results to show at the next run: the number of successes, using the text `said`, and the failures."""
    st.session_state.setdefault("acted", set()).update(video["videoId"] for video, _ in done)
    if done:
        st.session_state.setdefault("done", []).append(t(said, count=len(done)))
        st.session_state["changed"] = st.session_state.get("changed", 0) + 1
    if refused:
        st.session_state["problems"] = (t("common.refused", count=len(refused)), refused)
