"""What several pages share: asking the console, the head of a page, paging, chips, and how values are written."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import backend
from pages.components.document import tab_title
from pages.components.i18n import COOKIE, LANGUAGES, language, named, t

SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$^])")
JOINTS = re.compile(r"(?<=:)(?=\S)|(?<=[<>~-])(?=[-<>=])|(?=@)|(?i:(?<=www))(?=\.)")
NOTHING = ":gray[]"
# Letters written from right to left, and marks that turn the direction.
TURNING = re.compile("[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]")
DIALOG = "dialog_open"
SEEN = "seen_line"  # of the history, when the page was drawn
SESSION_COOKIE = "qu_session"
THIS_MACHINE = "127.0.0.1"  # which Streamlit tells as no address at all
MOST_AGENT = 300
MOST_PAGES = 2**31 - 1
UNKNOWN = object()
PAGE_SIZES = (10, 20, 50, 100)
COLOURS = {
    "success": "green", "fail": "red", "check": "orange", "onCensor": "blue", "onTranscode": "blue",
    "onSnapshot": "blue", "Normal": "green", "Blocked": "red", "TranscodeFail": "red", "UploadFail": "red",
    "queued": "gray", "running": "blue", "done": "green", "failed": "red", "cancelled": "gray",
    "waiting": "gray", "warm": "green", "isRecommend": "violet",
    "admin": "violet", "manager": "blue", "reviewer": "green", "analyst": "orange", "active": "green",
    "disabled": "red", "expired": "red", "manage": "blue", "review": "green", "export": "orange", "here": "green",
}  # fmt: skip


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
        way="page",
        address=address if isinstance(address, str) else THIS_MACHINE,
        language=language(),
        agent=agent[:MOST_AGENT] if isinstance(agent, str) else "",
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
        st.error(plain(envelope["message"]), icon=":material/error:")
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


def guard(right: str = "read") -> None:
    """Show nothing of a page to somebody who is not signed in, or has not the right. The first call of every page."""
    if account() is None:
        st.error(t("sign_in.first"))
        st.stop()
    if not may(right):
        header(t("common.not_yours"))
        st.info(t("common.no_right"), icon=":material/lock:")
        st.stop()
    # Before anything else is read: whatever comes later is newer than what this page will show.
    st.session_state[SEEN] = ask("getChanges")["line"]


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


def header(title: str, caption: str = "", beside: Callable[[], None] | None = None) -> Any:
    """Draw the head of a page, and return the place for its buttons.

    What comes and goes is drawn by `beside`, on the line of the title: on a narrow screen nothing has to make room.
    """
    if page := st.session_state.pop("wanted_page", None):
        visit(page)
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
                keep_language(other)
            case "profile":
                st.session_state["wanted_page"] = "profile"
            case "sign_out":
                sign_out()

    name = st.session_state["account"]["userName"]
    st.menu_button(
        plain(name), list(choices), key="person_menu", icon=":material/account_circle:", type="tertiary",
        format_func=choices.__getitem__, on_click=chosen,
    )  # fmt: skip


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


def say_results() -> None:
    """Tell what the last action did: a toast where all went well, a list that stays where something did not."""
    for done in st.session_state.pop("done", []):
        st.toast(done, icon=":material/check_circle:")
    if problems := st.session_state.get("problems"):
        title, lines = problems
        with st.container(key="problems"):
            shown = "\n".join(f"- {plain(line)}" for line in lines[:20])
            st.error(shown, title=title, icon=":material/error:")
            if len(lines) > 20:
                with st.expander(t("common.more", count=len(lines) - 20)):
                    st.code("\n".join(lines[20:]), language=None, height=300)
            st.button(t("common.understood"), key="problems_seen", on_click=lambda: st.session_state.pop("problems"))


def job_label(job: dict[str, Any]) -> str:
    """Return in Markdown what a job is, and of which video where it is of one; kinds of newer versions too."""
    kind = named("job", job["kind"])
    shown = t("job.unknown", kind=plain(kind)) if kind == job["kind"] else kind
    return f"{shown} · {plain(job['title'])}" if job["title"] else shown


def run_script(script: str) -> None:
    """Run JavaScript in the person's browser, once. Only JSON of our own goes into it."""
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def as_json(value: Any) -> str:
    """Return a value as JSON that may stand inside a script element."""
    return json.dumps(value).replace("<", "\\u003c")


def go_to(url: str) -> None:
    """Let the browser load an address of ours, as a download does without leaving the page."""
    run_script(f"location.assign({as_json(url)})")


def visit(page: str, query: Mapping[str, str] | None = None, *, instead: bool = False) -> None:
    """Lead to another of our pages by its path, as a link does; `instead` of the page that is shown, Back skips that.

    `st.switch_page` leaves an entry in the browser's history that never was: this page with the other's parameters.
    """
    url = f"/{page}?{urlencode(query)}" if query else f"/{page}"
    change = "replaceState" if instead else "pushState"
    run_script(f"history.{change}({{}}, '', {as_json(url)}); dispatchEvent(new PopStateEvent('popstate'))")


def keep_language(chosen: str) -> None:
    st.session_state["language"] = chosen
    st.session_state["keep_language"] = f"{COOKIE}={chosen};path=/;max-age=31536000;samesite=lax"


def language_menu(key: str) -> None:
    """Draw the switch between the languages."""
    other = next(code for code in LANGUAGES if code != language())
    st.button(LANGUAGES[other], key=key, icon=":material/translate:", type="tertiary",
              on_click=keep_language, args=(other,))  # fmt: skip


def paging(key: str, total: int, size: int) -> None:
    """Draw the pages of a list below it; the page shown is `st.session_state[key]`."""
    pages = max(1, -(-total // size))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(t("common.total", count=f"{total:,}"), width="content")
        st.pagination(pages, key=key, bind="query-params", width=420)
        st.selectbox(
            t("common.page_size"), PAGE_SIZES, width=120, label_visibility="collapsed",
            format_func=lambda count: t("common.per_page", count=count),
            **from_address(f"{key}_size", PAGE_SIZES, PAGE_SIZES[1], then=key),
        )  # fmt: skip


def own_key(name: str, video: Mapping[str, Any]) -> str:
    """Return the key of a part that belongs to one video: what was clicked or typed there never counts for another."""
    return f"{name}--{video['videoId']}"


def opening() -> int:
    """Return another number for every dialog that is opened: in the keys of its fields it keeps what was left in one
    dialog out of the next."""
    number: int = st.session_state.get("openings", 0) + 1
    st.session_state["openings"] = number
    return number


def first_page(key: str) -> None:
    """Go back to the first page, as every change of a filter does."""
    st.session_state[key] = 1


def from_address(key: str, options: Sequence[Any], default: Any, then: str) -> dict[str, Any]:
    """Return the options of a choice that the address keeps; a change of it leads to the first page of `then`.

    Streamlit's own binding would write the words that people read, and those differ from language to language.
    """
    st.session_state[key] = chosen_in_address(key, options, default)

    def keep() -> None:
        write_address(key, st.session_state[key], default)
        first_page(then)

    return {"key": key, "on_change": keep}


def write_address(key: str, value: Any, default: Any) -> None:
    """Keep a choice in the address; the one that is usual needs no word there."""
    if value == default:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = str(value)


def chosen_in_address(key: str, options: Sequence[Any], default: Any) -> Any:
    written = st.query_params.get(key)
    return next((option for option in options if str(option) == written), default)


def page_size(key: str) -> int:
    size: int = chosen_in_address(f"{key}_size", PAGE_SIZES, PAGE_SIZES[1])
    return size


def page_number(key: str) -> int:
    """Return the page that is asked for; one that no list can have counts as the first or the last possible one."""
    page = str(st.session_state.get(key) or st.query_params.get(key))
    if not (page.isascii() and page.isdecimal()):
        return 1
    return MOST_PAGES if len(page) > len(str(MOST_PAGES)) else min(max(1, int(page)), MOST_PAGES)


def named_list(names: Sequence[str], most: int) -> str:
    """Return a list of names in Markdown; of those beyond `most`, how many they are."""
    lines = [f"- {plain(name)}" for name in names[:most]]
    if len(names) > most:
        lines.append(f"- {t('common.more', count=len(names) - most)}")
    return "\n".join(lines)


def chip(status: str, group: str = "status") -> str:
    """Return a status as a coloured badge of Markdown; `group` says whose words those are."""
    return f":{COLOURS.get(status, 'gray')}-badge[{named(group, status)}]"


def chip_column(label: str, words: list[str], group: str = "status", **options: Any) -> Any:
    """Return the column of a grid that shows statuses as coloured chips."""
    names = {word: named(group, word) for word in words}
    return st.column_config.MultiselectColumn(
        label,
        options=list(names),
        color=[COLOURS.get(word, "gray") for word in names],
        format_func=lambda word: names.get(word, word),
        **options,
    )


def open_dialog(title: str, icon: str, **how: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what opens a dialog: as st.dialog, and while it is open nothing draws the whole page anew."""
    st.session_state[DIALOG] = True
    opener: Callable[[Callable[..., None]], Callable[..., None]] = st.dialog(
        title, icon=f":material/{icon}:", on_dismiss="rerun", **how
    )
    return opener


def no_dialog() -> None:
    """Note that a run of the whole page has begun: none is open until it opens one."""
    st.session_state[DIALOG] = False


def redraw() -> None:
    """Draw the whole page anew from a fragment, unless a dialog is open: it would close, and what was typed be lost.

    When it is closed the page is drawn anew anyway.
    """
    if not st.session_state.get(DIALOG):
        st.rerun(scope="app")


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, in a direction of its own where it may turn what follows.

    Addresses become links, `:smile:` and `->` become pictures and arrows after Markdown is read, whatever was escaped;
    only an element between their characters keeps them from it, and one that shows nothing is copied by nobody.
    """
    shown = NOTHING.join(SIGNS.sub(r"\\\1", part) for part in JOINTS.split(text)).replace("\n", " ")
    return f"\u2068{shown}\u2069" if TURNING.search(text) else shown


def safe(text: str) -> str:
    """Return text that HTML shows as it is."""
    return html.escape(text, quote=True)


def clock(seconds: float) -> str:
    """Return a duration as 1:05 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lasting(seconds: float) -> str:
    """Return how long something will take in words: `34 s`, `2 min 5 s`, `1 h 20 min`."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    if not minutes:
        return t("time.seconds", seconds=rest)
    hours, of_hour = divmod(minutes, 60)
    return t("time.hours", hours=hours, minutes=of_hour) if hours else t("time.minutes", minutes=minutes, seconds=rest)


def megabytes(size: int) -> str:
    """Return bytes as people read them, in powers of a thousand."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def moment(time: str) -> str:
    """Return a time of the wire without its empty fraction."""
    return time.removesuffix(".0")


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a grid wants them."""
    return pd.DataFrame(rows)
