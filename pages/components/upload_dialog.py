"""The upload dialog: drop files, or fetch from URLs."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages import widgets
from pages.components import category_choice, formatting, layout, session
from pages.components.i18n import language, t

IS_OPEN, LINK, TOLD, CLOSED = "upload_open", "upload_link", "upload_told", "upload_closed"
PULLS, REFUSED, CUT = "upload_pulls", "upload_refused", "upload_cut"
WORDS = ("hint", "waiting", "checking", "done", "broken", "cancel", "cancelled", "leave_ask", "stay", "leave")


def button() -> None:
    """Draw the button that opens the dialog."""
    asked = st.button(t("upload.do"), icon=":material/upload:", key="upload", type="primary")
    st.session_state[IS_OPEN] = asked
    if asked:
        st.session_state[LINK], st.session_state[TOLD] = {}, []
        st.session_state[PULLS], st.session_state[REFUSED] = [], ""
        layout.open_dialog(t("upload.title"), "upload")(_dialog)(category_choice.by_path())


def is_open() -> bool:
    """Return whether the dialog was opened in this run; the list behind it then refreshes quickly."""
    return bool(st.session_state.get(IS_OPEN))


def _dialog(categories: dict[str, int]) -> None:
    with st.container(horizontal=True):
        # live, because dropping a file does not take the focus from a field
        user = st.text_input(
            t("upload.user"), key="upload_user", max_chars=session.limit("nameLength"),
            placeholder=t("upload.user_default"), live=True,
        )  # fmt: skip
        tags = formatting.comma_separated(
            st.text_input(
                t("upload.tags"), key="upload_tags", max_chars=session.limit("tagsLength"),
                placeholder=t("upload.tags_example"), live=True,
            )
        )  # fmt: skip
    category = category_choice.choose(categories, "", "upload_category")
    data = {
        **st.session_state[LINK],
        "accept": "video/*,.mkv,.flv,.ts",
        "multiple": True,
        "fields": {"userName": user, "userId": user, "tags": tags, **category},
        "language": language(),
        "words": {name: t(f"upload.{name}") for name in WORDS} | {"same": t("done.same_file", title="{title}")},
    }
    sent = widgets.upload(data, key="upload_box", on_sent=_note)
    st.caption(t("upload.help"))
    with st.expander(t("upload.by_address"), icon=":material/link:"):
        _addresses({"userName": user, "userId": user, "tags": tags, **category})
    if sent and sent["closing"] and sent["at"] != st.session_state.get(CLOSED):
        st.session_state[CLOSED] = sent["at"]  # a dialog reopened immediately may still have this
        st.rerun()


def _addresses(particulars: dict[str, Any]) -> None:
    """Draw the field for URLs, and the progress of fetching them."""
    st.text_area(
        t("upload.addresses"), key="upload_addresses", placeholder=t("upload.addresses_example"),
        help=t("upload.addresses_help"), max_chars=50_000,
    )  # fmt: skip
    st.button(t("upload.fetch"), key="upload_fetch", icon=":material/download:", on_click=_fetch, args=(particulars,))
    if refused := st.session_state.get(REFUSED):
        st.error(formatting.plain(refused))
    if cut := st.session_state.get(CUT):
        st.warning("\n".join(f"- {formatting.plain(text)}" for text in cut), icon=":material/content_cut:")
    if st.session_state.get(PULLS):
        st.fragment(_pulls, run_every="2s")()


def _fetch(particulars: dict[str, Any]) -> None:
    text = st.session_state["upload_addresses"]
    if not text.strip():
        return
    envelope = session.attempt("pullVideos", sourceUrl=text, **particulars)
    st.session_state[REFUSED] = "" if envelope["result"] == "true" else envelope["message"]
    st.session_state[CUT] = []
    if envelope["result"] == "true":
        told = [(job["title"], text) for job in envelope["data"] for text in job["warningList"]]
        st.session_state[CUT] = [f"{title}: {text}" for title, text in dict.fromkeys(told)]
        jobs = [job["jobId"] for job in envelope["data"]]
        st.session_state[PULLS] = list(dict.fromkeys([*st.session_state.get(PULLS, []), *jobs]))
        st.session_state["upload_addresses"] = ""
        st.session_state.setdefault("done", []).append(t("done.pull", count=len(jobs)))


def _pulls() -> None:
    for job_id in st.session_state[PULLS]:
        job = session.attempt("getJob", jobId=job_id)["data"]
        if job is None:
            continue
        title = formatting.plain(job["title"])
        if job["state"] == "running":
            st.progress(job["progress"], text=f"{title} · {job['progress']:.0%}")
        elif job["state"] == "failed":
            st.error(f"{title}: {formatting.plain(job['error'])}")
        elif job["state"] == "done":
            st.page_link("video.py", label=f"{title} · {t('upload.fetched')}", query_params={"videoId": job["videoId"]})
        else:
            st.caption(f"{title} · {t('upload.fetching')}")


def _note() -> None:
    """Provide a link for the next file, and store results to show when the dialog is closed."""
    sent = st.session_state["upload_box"]["sent"]
    if sent["wanted"] != st.session_state[LINK].get("number"):
        st.session_state[LINK] = {"number": sent["wanted"], **_link()}
    told = [t("done.same_file", title=formatting.plain(title)) for title in sent["same"]]
    if sent["done"]:
        told.insert(0, t("done.upload", count=sent["done"]))
    before = st.session_state.get(TOLD, [])
    st.session_state["done"] = [text for text in st.session_state.get("done", []) if text not in before] + told
    st.session_state[TOLD] = told
    if sent["cut"]:
        st.session_state["warned"] = sent["cut"]


def _link() -> dict[str, Any]:
    envelope = session.attempt("createUploadLinks")
    if envelope["result"] == "true":
        return {"url": envelope["data"][0]["url"]}
    return {"url": "", "problem": envelope["message"]}
