"""The app's feed: what phones reported of it, and its keys."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, session, url_state
from pages.components.formatting import plain
from pages.components.i18n import t

GROUPS = ("clip", "place", "hour", "revision")
DAYS = (1, 7, 28)
LATER = 21  # all places after 20
COUNT = st.column_config.NumberColumn(format="localized")


def show(slot: str) -> None:
    """Draw the figures of a slot, and for administrators the keys of the feed."""
    _figures(slot)
    if session.may("admin"):
        _keys()


def _figures(slot: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.segmented_control(
            t("feed.by"), GROUPS, format_func=lambda word: t(f"feed.by_{word}"), required=True,
            **url_state.from_address("r_by", GROUPS, GROUPS[0], then="r_page"),
        )  # fmt: skip
        days = st.segmented_control(
            t("feed.days"), DAYS, default=DAYS[1], format_func=lambda count: t("feed.last_days", count=count),
            required=True, key="feed_days",
        )  # fmt: skip
    found = session.ask("getFeedStatistics", slot=slot, by=by or GROUPS[0], days=days or DAYS[1])
    if not found["figureList"]:
        st.info(t("feed.none"), icon=":material/bar_chart:")
        return
    st.dataframe(
        formatting.frame([_row(one, by or GROUPS[0]) for one in found["figureList"]]), hide_index=True,
        alt=t("feed.figures"), column_config=dict.fromkeys((t("feed.impressions"), t("feed.plays")), COUNT),
    )  # fmt: skip
    st.caption(t("feed.figures_help"))


def _row(one: dict[str, Any], by: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if by == "clip":
        row[t("feed.rank")] = "–" if one["rank"] is None else str(one["rank"])
        row[t("column.title")] = one["title"] or one["videoId"]
    elif by == "place":
        row[t("feed.by_place")] = t("feed.later") if one["place"] == LATER else str(one["place"])
    elif by == "hour":
        row[t("feed.by_hour")] = formatting.moment(one["hour"])
    else:
        row[t("feed.by_revision")] = str(one["revision"])
    return row | {
        t("feed.impressions"): one["impressions"],
        t("feed.plays"): one["plays"],
        t("feed.play_rate"): _rate(one["playRate"]),
        t("feed.completion_rate"): _rate(one["completionRate"]),
        t("feed.watched"): "–" if one["watchedShare"] is None else f"{one['watchedShare']:.0%}",
        t("feed.compared"): "–" if one["comparedPlays"] is None else f"{one['comparedPlays'] - 1:+.0%}",
    }


def _rate(rate: dict[str, Any]) -> str:
    if rate["rate"] is None:
        return "–"
    return f"{rate['rate']:.1%} ({rate['low']:.1%}–{rate['high']:.1%})"


def _keys() -> None:
    st.markdown(f"**{t('feed.keys')}**")
    st.caption(t("feed.keys_help"))
    keys = session.ask("getFeedKeys")["keyList"]
    for one in keys:
        with st.container(horizontal=True, vertical_alignment="center", key=f"feed_key--{one['keyId']}"):
            st.code(one["key"], language=None, width="content")
            st.caption(t("feed.key_made", time=formatting.moment(one["creationTime"]), name=plain(one["createdBy"])))
            with st.popover(t("feed.retire"), type="tertiary"):
                st.markdown(t("feed.retire_last" if len(keys) == 1 else "feed.retire_old"))
                st.button(
                    t("feed.retire"), key=f"feed_retire--{one['keyId']}", type="primary", on_click=_act,
                    args=("retireFeedKey", "feed.key_retired"), kwargs={"keyId": one["keyId"]},
                )  # fmt: skip
    st.button(
        t("feed.add_next" if keys else "feed.add_first"), key="feed_add", icon=":material/key:", disabled=len(keys) > 1,
        help=t("feed.two_valid") if len(keys) > 1 else None, on_click=_act, args=("addFeedKey", "feed.key_added"),
    )  # fmt: skip


def _act(operation: str, said: str, **given: Any) -> None:
    envelope = session.attempt(operation, **given)
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(t(said))
    else:
        st.session_state["problems"] = (t("common.refused", count=1), [envelope["message"]])
