"""Video page: player, facts, history and actions of one video."""

from typing import Any

import streamlit as st

from pages.components import (
    category_choice,
    cdn_refreshes,
    confirm_dialog,
    edit_dialog,
    formatting,
    history_text,
    layout,
    machine_review,
    playback,
    player,
    review_queue,
    session,
    similar_videos,
    technical_flags,
    undo,
    url_state,
    video_actions,
    video_reports,
    video_slots,
)
from pages.components.i18n import named, t

layout.guard()
ACTIVE = ("queued", "running")
MAX_JOBS = 20  # jobs of a video that are read


def statuses(video: dict[str, Any]) -> None:
    is_unfinished = video["status"] in ("Uploading", "UploadFail")  # its review has not begun
    chips = [formatting.chip(video["status"]) if is_unfinished else formatting.chip(video["censorStatus"], "censor")]
    if review_queue.is_first(video):
        chips.append(f":orange-badge[:material/priority_high: {t('review_place.first')}]")
    if video["isRecommend"] == "true":
        chips.append(f":violet-badge[:material/recommend: {t('status.isRecommend')}]")
    for name in ("transcodeStatus", "narrowTranscodeStatus", "snapshotStatus"):
        if video[name]:
            chips.append(formatting.chip(video[name]).replace("[", f"[{t(f'video.{name}')} ", 1))
    st.markdown(" ".join(chips))


def facts(video: dict[str, Any], infos: list[dict[str, Any]]) -> None:
    category = category_choice.paths().get(video["cateId"], video["cateName"])
    shape = next((f"{info['width']} × {info['height']}" for info in infos if info["width"]), "–")
    st.table(
        {
            t(
                "column.user"
            ): f"{formatting.plain(video['user']['userName'])} ({formatting.plain(video['user']['userId'])})",
            t("column.duration"): formatting.clock(video["duration"]),
            t("video.shape"): shape,
            t("column.size"): formatting.megabytes(video["size"]),
            t("column.created"): formatting.moment(video["creationTime"]),
            t("video.category"): formatting.plain(category) or "–",
            t("video.tags"): formatting.plain(video["tags"]) or "–",
            t("video.status"): named("status", video["status"]),
            "ID": video["videoId"],
        },
        border="horizontal",
    )


def renditions(infos: list[dict[str, Any]]) -> None:
    """List playable files by size, so that each narrow-band rendition follows its plain one."""
    st.markdown(f"**{t('video.renditions')}**")
    rows = [
        {
            t("video.definition"): named("definition", info["kind"]),
            t("video.shape"): f"{info['width']} × {info['height']}" if info["width"] else "–",
            t("video.bitrate"): f"{info['bitrate'] / 1000:,.0f} kbit/s" if info["bitrate"] else "–",
            t("column.size"): formatting.megabytes(info["size"]) if info["size"] else "–",
            t("video.codecs"): info.get("codecs") or "–",
        }
        for info in sorted(infos, key=pixels, reverse=True)
    ]
    st.dataframe(formatting.frame(rows), hide_index=True, alt=t("video.renditions"))


def pixels(info: dict[str, Any]) -> int:
    return int(info["width"] * info["height"])


def measured(video: dict[str, Any], newest: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the measurements of the last narrow-band job, among the newest jobs or earlier ones."""
    done = (job for job in newest if (job["kind"], job["state"]) == ("narrow", "done"))
    if (job := next(done, None)) is None and len(newest) == MAX_JOBS:
        older = session.ask("getJobs", videoId=video["videoId"], kind="narrow", state="done", pageSize=1)["jobList"]
        job = next(iter(older), None)
    return job["result"] if job else {}


def proof(video: dict[str, Any], play: dict[str, Any], newest: list[dict[str, Any]]) -> None:
    """Draw the savings of the best narrow-band rendition, and its measured quality."""
    infos = playback.all_infos(play)
    if not any(info["kind"] == "narrow" for info in infos):
        return
    found = measured(video, newest)
    st.markdown(f"**{t('narrow.title')}**")
    if found.get("gain") is False:
        st.info(t("narrow.no_gain"), icon=":material/compress:")
        return
    both = player.pair(infos)
    if both is None:
        return
    plain, narrow = both
    with st.grid(4, gap="small", min_column_width=150):
        saved = 1 - narrow["size"] / plain["size"] if plain["size"] else 0
        st.metric(t("narrow.saved"), f"{saved:.0%}", border=True, height="stretch",
                  delta=f"{formatting.megabytes(plain['size'])} → {formatting.megabytes(narrow['size'])}",
                  delta_color="off", delta_arrow="off")  # fmt: skip
        for name in ("vmaf_plain", "vmaf", "vmaf_low"):
            if isinstance(found.get(name), int | float):
                st.metric(t(f"narrow.{name}"), f"{found[name]:.1f}", border=True, height="stretch")
    if st.toggle(t("narrow.compare"), key=layout.own_key("narrow_compare", video)):
        player.compare(video, play)


def jobs(video_id: str, answer: session.Answer) -> None:
    """Draw running, queued and failed jobs; when the last one ends, rerun the page."""
    found = answer.take()["jobList"]
    active = [job for job in found if job["state"] in ACTIVE]
    for job in active:
        share = job["progress"] if job["state"] == "running" else 0.0
        st.progress(share, text=f"{named('job', job['kind'])} · {named('status', job['state'])} {share:.0%}")
    newest: dict[str, dict[str, Any]] = {}
    for job in found:
        newest.setdefault(job["kind"], job)
    for job in newest.values():
        if job["state"] == "failed":
            st.error(formatting.plain(job["error"]), title=f"{named('job', job['kind'])} · {t('status.failed')}")
            if job["detail"]:
                with st.expander(t("video.detail")):
                    st.code(job["detail"], language=None)
    was = st.session_state.get(f"active--{video_id}", 0)
    st.session_state[f"active--{video_id}"] = len(active)
    if len(active) < was:
        layout.redraw()


def warn_of_other_file(video: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    """Explain why a video must be reviewed again: its file was replaced."""
    last = next((line for line in lines if line["action"] in ("createAudit", "replaceFile")), None)
    if last and last["action"] == "replaceFile":
        said = "replaced.blocked" if video["censorStatus"] == "fail" else "replaced.again"
        st.warning(t(said, time=formatting.moment(last["time"])), icon=":material/published_with_changes:")


def history(lines: list[dict[str, Any]]) -> None:
    if not lines:
        return
    st.markdown(f"**{t('video.history')}**")
    rows = {
        f":gray[{formatting.moment(line['time'])}]{'&#8203;' * number}": history_text.summary(line)
        for number, line in enumerate(lines)
    }
    st.table(rows, border="horizontal", width="content")


def acts(video: dict[str, Any]) -> None:
    """Draw the statuses and actions of a video; above the player, which fills the screen on a phone."""
    statuses(video)
    priority = [key for key in ("first", "unfirst") if video_actions.fits(key, video)]
    recommend = "unrecommend" if video["isRecommend"] == "true" else "recommend"
    with st.container(horizontal=True, vertical_alignment="center", key="acts_row"):
        video_actions.own_buttons(
            ("approve", "block", *priority, recommend, "transcode", "narrow", "snapshot", "prewarm", "delete"), video
        )
        review_queue.next_button(video)


def show(video_id: str) -> None:
    play = session.ask("getPlayInfo", videoId=video_id)
    review_queue.mark_places([play["videoBase"]])
    video, infos, locked = play["videoBase"], playback.all_infos(play), play["encryptedInfoList"]
    with layout.header(formatting.plain(video["title"]) or video_id, beside=undo.button):
        edit_dialog.button(video)
    layout.say_results()
    acts(video)
    lines = session.ask("getHistory", videoId=video_id)
    warn_of_other_file(video, lines)
    left, right = st.columns([3, 2], gap="large")
    answer = session.Answer("getJobs", videoId=video_id, pageSize=MAX_JOBS)
    newest = answer.first["jobList"]
    working = {job["kind"] for job in newest if job["state"] in ACTIVE}
    with left:
        if locked:
            said = {info["kind"] for info in locked}
            st.info("\n".join(f"- {t(f'video.{kind}')}" for kind in sorted(said)), icon=":material/lock:")
        player.player(video, play, busy="cover" in working)
        player.snapshots(video)
        if video["description"]:
            st.markdown(formatting.plain(video["description"]))
    with right:
        st.fragment(jobs, run_every="1s" if working else None)(video_id, answer)
        facts(video, infos)
        video_slots.panel(video)
        video_reports.panel(video)
        technical_flags.panel(video)
        machine_review.panel(video)
        similar_videos.panel(video)
        cdn_refreshes.of_video(video)
    if infos or locked:
        renditions([*infos, *locked])
    if infos:
        proof(video, play, newest)
    history(lines)


video_id = st.query_params.get("videoId", "")
st.page_link(
    "videos.py", label=t("video.back"), icon=":material/arrow_back:", query_params=st.session_state.get("v_query")
)
if not video_id:
    layout.header(t("video.title"))
    st.info(t("video.choose"))
    st.stop()
known = session.attempt("getVideoById", videoId=video_id)
if known["code"] == "404":
    if undo.goes_along("videos", video_id):
        url_state.visit("videos", st.session_state.get("v_query"), instead=True)
        st.stop()
    layout.header(t("video.title"))
    layout.say_results()
    st.info(t("video.gone"), icon=":material/videocam_off:")
    st.stop()
show(video_id)
confirm_dialog.requested()
edit_dialog.requested()
