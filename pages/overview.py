"""Overview page: videos waiting for review, failures, recommendations, and recent activity."""

from typing import Any

import streamlit as st

from pages.components import charts, formatting, layout, session, usage_panel, webhook_notices
from pages.components.i18n import t

layout.guard()
WAITING_SHOWN = 6
FAILED_SHOWN = 5


def numbers(counts: dict[str, Any]) -> None:
    days = counts["dayList"]
    with st.container(key="numbers"), st.grid(4, gap="small", min_column_width=160):
        st.metric(
            t("overview.waiting"), f"{counts['byCensorStatus']['check']:,}", border=True, height="stretch",
            icon=":material/gavel:", delta=t("overview.hint_waiting"), delta_color="off", delta_arrow="off",
        )  # fmt: skip
        st.metric(
            t("overview.working"), f"{counts['runningJobs'] + counts['waitingJobs']:,}", border=True, height="stretch",
            icon=":material/movie_edit:", delta=t("overview.hint_failed", count=counts["failedJobs"]),
            delta_color="inverse" if counts["failedJobs"] else "off", delta_arrow="off",
        )  # fmt: skip
        st.metric(
            t("overview.recommended"), f"{counts['recommended']:,}", border=True, height="stretch",
            icon=":material/recommend:", delta=t("overview.hint_week", count=week(days, "recommended")),
            delta_color="off", delta_arrow="off",
        )  # fmt: skip
        st.metric(
            t("overview.videos"), f"{counts['videos']:,}", border=True, height="stretch", icon=":material/movie:",
            delta=f"{formatting.megabytes(counts['bytes'])} · {formatting.clock(counts['seconds'])}",
            delta_color="off", delta_arrow="off",
        )  # fmt: skip


def failures() -> None:
    """Draw links to the videos whose last transcode failed, with counts."""
    with st.container(horizontal=True):
        for name, wire in (("tc", "transcodeStatus"), ("nb", "narrowTranscodeStatus")):
            total = session.ask("getVideos", **{wire: "fail"}, pageSize=1)["total"]
            if total:
                st.page_link(
                    "videos.py", label=t(f"overview.failed_{name}", count=total), icon=":material/error:",
                    query_params={f"v_{name}": "fail"}, width="content",
                )  # fmt: skip


def saved(counts: dict[str, Any]) -> str:
    """Return the savings of narrow-band renditions, if there are any."""
    if not counts["narrowBytesPlain"]:
        return ""
    share = 1 - counts["narrowBytes"] / counts["narrowBytesPlain"]
    return t(
        "overview.saved",
        bytes=formatting.megabytes(counts["narrowBytesPlain"] - counts["narrowBytes"]),
        share=f"{share:.0%}",
    )


def week(days: list[dict[str, Any]], name: str) -> int:
    return sum(day[name] for day in days[-7:])


def figures(counts: dict[str, Any]) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{t('overview.by_day')}**")
        names = {name: t(f"overview.{name}") for name in ("uploaded", "recommended")}
        rows = [
            {"day": day["day"][5:], **{label: day[name] for name, label in names.items()}} for day in counts["dayList"]
        ]
        charts.bars_by_day(rows, 250, t("overview.by_day"), whole=True)
        st.markdown(f"**{t('overview.by_status')}**")
        total = sum(counts["byCensorStatus"].values()) or 1
        for status, count in counts["byCensorStatus"].items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(formatting.chip(status, "censor"), width=96)
                st.progress(count / total, width="stretch")
                st.markdown(f"{count:,}", width=56, text_alignment="right")
        if text := saved(counts):
            st.caption(text)


def waiting() -> None:
    """Draw the latest videos waiting for review."""
    data = session.ask("getVideos", censorStatus="check", pageSize=WAITING_SHOWN)
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{t('overview.waiting_list')}**")
        if not data["videoList"]:
            st.success(t("overview.nothing_waits"), icon=":material/done_all:")
            return
        for video in data["videoList"]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                thumbnail(video["coverUrl"])
                with st.container(gap=None):
                    st.page_link(
                        "video.py", label=formatting.plain(video["title"]), query_params={"videoId": video["videoId"]}
                    )
                    who = formatting.plain(video["user"]["userName"])
                    st.caption(
                        f"{who} · {formatting.clock(video['duration'])} · {formatting.moment(video['creationTime'])}"
                    )
        with st.container(horizontal=True):
            if session.may("review"):
                st.page_link("review.py", label=t("overview.to_desk"), icon=":material/rate_review:", width="content")
            if data["total"] > WAITING_SHOWN:
                st.page_link(
                    "videos.py", label=t("overview.all_waiting", count=data["total"]), width="content",
                    icon=":material/arrow_forward:", query_params={"v_status": "check"},
                )  # fmt: skip


def thumbnail(url: str) -> None:
    """Draw a cover in a box of fixed size."""
    picture = (
        f'<img src="{formatting.safe(url)}" alt="" style="width:100%;height:100%;object-fit:cover">' if url else ""
    )
    box = "width:84px;height:48px;border-radius:6px;overflow:hidden;background:#8884"
    st.html(f'<div style="{box}">{picture}</div>', width=84)


def failed() -> None:
    """Draw the latest failed jobs with reason and retry button."""
    data = session.ask("getJobs", state="failed", pageSize=FAILED_SHOWN)
    if not data["jobList"]:
        return
    with st.container(border=True):
        st.markdown(f"**{t('overview.failed_list', count=data['total'])}**")
        for job in data["jobList"]:
            with st.container(horizontal=True, vertical_alignment="center"):
                with st.container(gap=None):
                    st.markdown(f"**{formatting.job_label(job)}**  \n{formatting.plain(job['error'])}")
                    st.caption(formatting.moment(job["finishTime"]))
                if job["videoId"]:
                    st.page_link(
                        "video.py", label=t("overview.look"), query_params={"videoId": job["videoId"]},
                        width="content",
                    )  # fmt: skip
                if session.may("manage"):
                    st.button(
                        t("common.retry"), icon=":material/refresh:", key=f"retry_{job['jobId']}", on_click=retry,
                        args=(job["jobId"],),
                    )  # fmt: skip


def retry(job_id: str) -> None:
    envelope = session.attempt("retryJob", jobId=job_id)
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(t("done.retried"))
    else:
        st.session_state["problems"] = (t("overview.not_retried"), [envelope["message"]])


def everything(answer: session.Answer) -> None:
    """Draw the overview; refreshes while jobs are running."""
    counts = answer.take()
    if counts["demoDone"] < counts["demoTotal"]:
        share = counts["demoDone"] / counts["demoTotal"]
        st.progress(share, text=t("overview.demo", done=counts["demoDone"], total=counts["demoTotal"]))
    numbers(counts)
    failures()
    left, right = st.columns(2)
    with left:
        waiting()
    with right:
        figures(counts)
    failed()
    if session.is_cloud():
        usage_panel.usage()
    if st.session_state.get("overview_works") and not works(counts):
        st.session_state["overview_works"] = False
        layout.redraw()
    st.session_state["overview_works"] = works(counts)


def works(counts: dict[str, Any]) -> bool:
    return bool(counts["runningJobs"] or counts["waitingJobs"] or counts["demoDone"] < counts["demoTotal"])


layout.header(t("overview.title"))
layout.say_results()
if session.may("admin") and webhook_notices.show(session.ask("getWebhooks")["webhookList"], failing=False):
    st.page_link("webhooks.py", label=t("webhooks.title"), icon=":material/webhook:")
statistics = session.Answer("getStatistics")
st.fragment(everything, run_every="2s" if works(statistics.first) else None)(statistics)
