"""Prewarm page: enter URLs with immediate validation, and watch their progress."""

from typing import Any

import streamlit as st

from pages import widgets
from pages.components import cdn_refreshes, formatting, layout, paging, prewarm_plan, session
from pages.components.i18n import named, t

layout.guard()
STATES = ["waiting", "warm", "failed"]
SHOWN = 10


@st.fragment
def new_batch() -> None:
    """Draw the field for URLs in a fragment, which alone reruns while typing."""
    round_ = st.session_state.setdefault("prewarm_round", 0)
    st.markdown(f"**{t('prewarm.lines')}**")
    text = widgets.lines(t("prewarm.lines"), t("prewarm.example"), value="", round_=round_, key="prewarm_lines")
    lines = session.ask("checkObjectPaths", objectPath=text) if text.strip() else []
    bad = [line for line in lines if line["problem"]]
    if bad:
        st.warning(
            "\n".join(problem(line) for line in bad[:10]),
            title=t("prewarm.bad", count=len(bad)),
            icon=":material/warning:",
        )
    elif lines:
        st.success(t("prewarm.good", count=len(lines)), icon=":material/check_circle:")
    left = quota()
    no_room = left is not None and left < len(lines)
    if no_room:
        st.warning(t("prewarm.no_room", left=left, count=len(lines)), icon=":material/warning:")
    label = t("prewarm.do", count=len(lines)) if lines else t("prewarm.empty")
    pressed = st.button(
        label, type="primary", icon=":material/bolt:", key="prewarm_do",
        disabled=not lines or bool(bad) or no_room,
    )  # fmt: skip
    if pressed:
        send("pushObjectCache", text, t("done.prewarmed", count=len(lines)))
    if session.is_cloud() and st.button(
        t("refresh.do"), icon=":material/cached:", type="tertiary", key="refresh_do", help=t("refresh.do_help"),
        disabled=not lines or bool(bad),
    ):  # fmt: skip
        send("refreshObjectCache", text, t("refresh.done", count=len(lines)))


def send(operation: str, text: str, done: str) -> None:
    """Send the typed lines, and empty the field if that went well."""
    envelope = session.attempt(operation, objectPath=text)
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(done)
        st.session_state["prewarm_round"] = st.session_state.get("prewarm_round", 0) + 1
    else:
        st.session_state["problems"] = (t("prewarm.refused"), [envelope["message"]])
    st.rerun()


def quota() -> int | None:
    """Draw today's prefetch quota and return the remaining number, in cloud mode."""
    if not session.is_cloud():
        return None
    envelope = session.attempt("getPrewarmQuota")
    data = envelope["data"]
    st.caption(t("prewarm.quota", **data) if data else formatting.plain(envelope["message"]))
    return data["left"] if data else None


def problem(line: dict[str, Any]) -> str:
    where = t("prewarm.line", number=line["line"])
    return f"- {where} {formatting.plain(line['text'][:100])}: {formatting.plain(line['problem'])}"


def batches(answer: session.Answer, watched: bool) -> None:
    """Draw the batches, newest first. `watched`: refresh every second until none is running."""
    page = paging.page_number("p_page")
    data = answer.take(pageIndex=page)
    if watched != runs(data):
        layout.redraw()
    if not data["sendList"]:
        st.info(t("prewarm.none"), icon=":material/bolt:")
        return
    for number, batch in enumerate(data["sendList"]):
        one_batch(batch, opened=number == 0 and page == 1)
    if data["total"] > SHOWN:
        st.pagination(-(-data["total"] // SHOWN), key="p_page", bind="query-params")


def runs(data: dict[str, Any]) -> bool:
    return any(batch["job"]["state"] in ("queued", "running") for batch in data["sendList"])


def one_batch(batch: dict[str, Any], *, opened: bool) -> None:
    job, urls = batch["job"], batch["urlList"]
    actor = formatting.plain(batch["actor"]) if batch["source"] == "hand" else ""
    label = " · ".join([
        formatting.moment(job["creationTime"]), formatting.chip(job["state"]), outcome(urls),
        actor or named("prewarm_source", batch["source"]),
    ])  # fmt: skip
    with st.expander(label, expanded=opened):
        if job["error"]:
            st.caption(formatting.plain(job["error"]))
        rows = [{"state": [url["state"]], "detail": detail(url), "url": url["url"]} for url in urls]
        st.dataframe(
            formatting.frame(rows), hide_index=True, alt=t("prewarm.batches"),
            column_config={
                "state": formatting.chip_column(t("prewarm.state"), STATES, width=90),
                "detail": st.column_config.TextColumn(t("prewarm.detail"), width=130),
                "url": st.column_config.TextColumn(t("prewarm.url"), width=620),
            },
        )  # fmt: skip
        again = job["state"] == "failed" and session.may("manage")
        if again and st.button(t("common.retry"), key=f"retry_{job['jobId']}", icon=":material/refresh:"):
            session.ask("retryJob", jobId=job["jobId"])
            st.rerun(scope="app")


def outcome(urls: list[dict[str, Any]]) -> str:
    """Say how many addresses of a batch are warm."""
    warm = sum(url["state"] == "warm" for url in urls)
    if warm == len(urls):
        return t("prewarm.all_warm", count=len(urls))
    return t("prewarm.warm_of", warm=warm, count=len(urls)) if warm else t("prewarm.addresses", count=len(urls))


def detail(url: dict[str, Any]) -> str:
    return t("prewarm.shared") if url["shared"] else url["detail"]


layout.header(t("prewarm.title"))
layout.say_results()
prewarm_plan.draw()
# without permission, only the batches are shown
found = session.Answer("getPrewarmHistory", pageIndex=paging.page_number("p_page"), pageSize=SHOWN)
left, right = st.columns([2, 3], gap="large") if session.may("manage") else (None, st.container())
if left:
    with left:
        new_batch()
        hosts = ", ".join(map(formatting.plain, found.first["hostList"]))
        st.caption(t("prewarm.hosts", hosts=hosts or named("common", "nothing")))
with right:
    cdn_refreshes.listed()
    st.markdown(f"**{t('prewarm.batches')}**")
    watched = runs(found.first)
    with st.container(key="batches"):
        st.fragment(batches, run_every="1s" if watched else None)(found, watched)
