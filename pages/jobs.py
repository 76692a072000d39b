"""Jobs page: running and queued jobs with estimates, failures and finished jobs."""

from typing import Any

import streamlit as st

from pages.components import bulk_actions, formatting, layout, session
from pages.components.i18n import t

layout.guard()
SHOWN = 50


def queue(answer: session.Answer, watched: bool) -> None:
    """Draw running and queued jobs. `watched`: refresh every second until the queue is empty."""
    data = answer.take()
    shown = {job["jobId"] for job in data["jobList"]}
    ended = st.session_state.get("jobs_shown", set()) - shown
    st.session_state["jobs_shown"] = shown
    if ended or watched != bool(shown):
        layout.redraw()  # finished jobs are listed elsewhere on the page
    st.markdown(f"**{t('jobs.queue', count=data['total'])}**")
    if not data["jobList"]:
        st.info(t("jobs.idle"), icon=":material/done_all:")
    for job in data["jobList"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(gap=None):
                title(job)
                if job["state"] == "running":
                    st.progress(job["progress"], text=standing(job))
                else:
                    st.caption(standing(job))
            if session.may("manage"):
                st.button(
                    t("common.cancel"), key=f"cancel_{job['jobId']}", icon=":material/close:", on_click=do,
                    args=("cancelJob", t("done.cancelled")), kwargs={"jobId": job["jobId"]},
                )  # fmt: skip
    if data["total"] > SHOWN:
        st.caption(t("common.more", count=data["total"] - SHOWN))


def title(job: dict[str, Any]) -> None:
    label = formatting.job_label(job)
    if job["videoId"]:
        st.page_link("video.py", label=label, query_params={"videoId": job["videoId"]})
    else:
        st.markdown(label)


def standing(job: dict[str, Any]) -> str:
    """Return the progress of a job, its estimated time, and the number of interruptions."""
    words = [f"{job['progress']:.0%}"] if job["state"] == "running" else [t("jobs.position", number=job["position"])]
    if job["secondsLeft"] is not None:
        words.append(t("jobs.left", time=formatting.lasting(job["secondsLeft"])))
    interruptions = job["attempts"] - (job["state"] == "running")
    if interruptions:
        words.append(t("jobs.interrupted", count=interruptions))
    return " · ".join(words)


def failed() -> None:
    data = session.ask("getJobs", state="failed", pageSize=SHOWN)
    if not data["total"]:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{t('overview.failed_list', count=data['total'])}**")
        if session.may("manage"):
            st.button(
                t("jobs.retry_all"), key="retry_all", icon=":material/refresh:", on_click=do,
                args=("retryFailedJobs", t("done.retried")),
            )  # fmt: skip
    for job in data["jobList"]:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                with st.container(gap=None):
                    title(job)
                    st.markdown(formatting.plain(job["error"]))
                    st.caption(formatting.moment(job["finishTime"]))
                if session.may("manage"):
                    st.button(
                        t("common.retry"), key=f"retry_{job['jobId']}", icon=":material/refresh:", on_click=do,
                        args=("retryJob", t("done.retried")), kwargs={"jobId": job["jobId"]},
                    )  # fmt: skip
            if job["detail"]:
                with st.expander(t("video.detail"), key=f"words_{job['jobId']}"):
                    st.code(job["detail"], language=None)


def finished() -> None:
    data = session.ask("getJobs", state="done", pageSize=20)
    if not data["total"]:
        return
    st.markdown(f"**{t('jobs.done')}**")
    rows = [
        {
            t("jobs.kind"): formatting.job_label({**job, "title": ""}).replace("\\", ""),
            t("column.title"): job["title"],
            t("jobs.finished"): formatting.moment(job["finishTime"]),
        }
        for job in data["jobList"]
    ]
    st.dataframe(formatting.frame(rows), hide_index=True, alt=t("jobs.done"))
    for job in data["jobList"]:
        if job["detail"]:
            label = t("jobs.damaged", title=formatting.plain(job["title"]))
            with st.expander(label, key=f"words_{job['jobId']}", icon=":material/warning:"):
                st.code(job["detail"], language=None)


def do(operation: str, done: str, **parameters: str) -> None:
    envelope = session.attempt(operation, **parameters)
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(done)
    else:
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])


layout.header(t("jobs.title"))
st.html("<style>[data-testid='stPageLink'] a { padding-left: 0 }</style>")  # align with the text below
layout.say_results()
left, right = st.columns(2, gap="large")
with left:
    waiting = session.Answer("getQueue", pageSize=SHOWN)
    watched = waiting.first["total"] > 0
    st.fragment(queue, run_every="1s" if watched else None)(waiting, watched)
    if session.may("review"):
        bulk_actions.recent()
with right:
    failed()
    finished()
