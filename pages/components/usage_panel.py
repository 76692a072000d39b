"""The usage panel of the Alibaba account: figures, traffic by day, and most played videos."""

from typing import Any

import streamlit as st

from pages.components import charts, formatting, session
from pages.components.i18n import t

UNKNOWN = "–"
UNITS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3), ("B", 1))
CHART_HEIGHT = 220


def usage() -> None:
    """Draw the panel, including the age of the data and current errors."""
    data = session.ask("getUsage")
    with st.container(border=True, key="usage"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{t('overview.usage_title')}**")
            times = [source["time"] for source in data["sourceList"] if source["time"]]
            st.caption(
                t("overview.usage_age", time=formatting.moment(min(times))) if times else t("overview.usage_none")
            )
        figures(data)
        quota(data["prewarmQuota"])
        problems = [source for source in data["sourceList"] if source["problem"]]
        if problems:
            names = [t(f"overview.usage_source_{one['source']}") for one in problems]
            words = [f"- {name}: {formatting.plain(one['problem'])}" for name, one in zip(names, problems, strict=True)]
            st.warning("\n".join(words), title=t("overview.usage_problem"), icon=":material/cloud_off:")
        left, right = st.columns(2)
        with left:
            traffic(data["dayList"])
        with right:
            most_played(data["topVideoList"])


def figures(data: dict[str, Any]) -> None:
    with st.grid(4, gap="small", min_column_width=150):
        figure("traffic", "cloud_download", size(data["trafficBytes"]), peak(data["peakBandwidth"]))
        figure("storage", "database", size(data["storageBytes"]), t("overview.usage_now"))
        figure("transcoded", "movie_edit", minutes(data["transcodedSeconds"]), t("overview.usage_days"))
        figure("plays", "play_circle", number(data["plays"]), watched(data["playedSeconds"]))


def figure(name: str, icon: str, value: str, hint: str) -> None:
    st.metric(
        t(f"overview.usage_{name}"), value, border=True, height="stretch", icon=f":material/{icon}:", delta=hint,
        delta_color="off", delta_arrow="off",
    )  # fmt: skip


def quota(kept: dict[str, Any] | None) -> None:
    if kept is None:
        return
    if kept["left"] == 0:
        st.warning(t("overview.usage_quota_out"), icon=":material/bolt:")
    else:
        counts = {name: f"{kept[name]:,}" for name in ("left", "total")}
        st.caption(f":material/bolt: {t('overview.usage_quota', **counts)}")


def traffic(days: list[dict[str, Any]]) -> None:
    st.markdown(f"**{t('overview.usage_by_day')}**")
    if all(day["trafficBytes"] is None for day in days):
        st.caption(t("overview.usage_no_traffic"))
        return
    label = t("overview.usage_gigabytes")
    rows = [{"day": day["day"][5:], label: round((day["trafficBytes"] or 0) / 1e9, 3)} for day in days]
    charts.bars_by_day(rows, CHART_HEIGHT, t("overview.usage_by_day"))


def most_played(videos: list[dict[str, Any]]) -> None:
    st.markdown(f"**{t('overview.usage_top')}**")
    if not videos:
        st.caption(t("overview.usage_nothing_played"))
    for video in videos:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch"):
                title = formatting.plain(video["title"] or video["videoId"])
                if video["isHere"]:
                    st.page_link("video.py", label=title, query_params={"videoId": video["videoId"]})
                else:
                    st.markdown(title)
            st.markdown(f"{video['plays']:,}", width=72, text_alignment="right")


def size(count: int | None) -> str:
    """Format bytes with three digits, to fit a narrow card."""
    if count is None:
        return UNKNOWN
    unit, factor = next((one for one in UNITS if count >= one[1]), UNITS[-1])
    digits = 0 if count >= 100 * factor or factor == 1 else 1
    return f"{count / factor:.{digits}f} {unit}"


def number(count: int | None) -> str:
    return UNKNOWN if count is None else f"{count:,}"


def minutes(seconds: int | None) -> str:
    return UNKNOWN if seconds is None else f"{round(seconds / 60):,}"


def watched(seconds: int | None) -> str:
    return UNKNOWN if seconds is None else t("overview.usage_watched", hours=f"{seconds / 3600:,.1f}")


def peak(bits: int | None) -> str:
    return UNKNOWN if bits is None else t("overview.usage_peak", value=f"{bits / 1e6:,.1f} Mbit/s")
