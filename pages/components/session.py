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
FEATURES, FRAME_ACCOUNT, ASKED_ONCE = "features", "frame_account", "asked_once"


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
    call, shown_token = backend.call, token()
    return lambda **parameters: call(operation, parameters, shown_token, caller)


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
        backend.tell_socket(key, context.session_id, name)


class Answer:
    """What an operation answers: asked once for the page and the fragment in it that both need it, and anew whenever
    the fragment is drawn again."""

    def __init__(self, operation: str, **parameters: Any) -> None:
        self._operation, self._parameters = operation, parameters
        self.first = ask(operation, **parameters)
        self._is_new = True

    def take(self, **parameters: Any) -> Any:
        """Return the data, with other parameters where some are given."""
        wanted = self._parameters | parameters
        if self._is_new and wanted == self._parameters:
            self._is_new = False
            return self.first
        return ask(self._operation, **wanted)


def ask_once(operation: str, **parameters: Any) -> Any:
    """As `ask`, but once for one drawing of the whole page, however many of its parts need it. Not for fragments."""
    asked: dict[str, Any] = st.session_state.setdefault(ASKED_ONCE, {})
    key = f"{operation} {sorted(parameters.items())}"
    if key not in asked:
        asked[key] = ask(operation, **parameters)
    return asked[key]


def account_for_frame() -> Any | None:
    """Return who is signed in, for the frame; the page in it takes the same answer."""
    st.session_state[FRAME_ACCOUNT] = account()
    return st.session_state[FRAME_ACCOUNT]


def account_for_page() -> Any | None:
    """Return who is signed in, at the beginning of a page: it may be drawn without the frame."""
    st.session_state[ASKED_ONCE] = {}
    return st.session_state.pop(FRAME_ACCOUNT) if FRAME_ACCOUNT in st.session_state else account()


def account() -> Any | None:
    """Return who is signed in; asked anew at every run, so that signing out ends every tab."""
    envelope = attempt("getAccount")
    st.session_state["account"] = envelope["data"]
    st.session_state["ended"] = envelope["code"] == "403" and token() != ""
    return envelope["data"]


def features() -> dict[str, Any]:
    """Return what this console offers and its limits: asked once a session, for that stays as long as it runs."""
    if FEATURES not in st.session_state:
        st.session_state[FEATURES] = ask("getFeatures")
    found: dict[str, Any] = st.session_state[FEATURES]
    return found


def limit(name: str) -> int:
    """Return one of the console's limits."""
    most: int = features()["limits"][name]
    return most


def is_cloud() -> bool:
    """Say whether the console works on ApsaraVideo VOD."""
    return bool(features()["mode"] == "cloud")


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
    days: int = features()["trashDays"]
    return days


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
