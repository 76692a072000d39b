"""The programme as a list: what is shown now by place, then what is not and why. Rows are moved and scheduled."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import (
    bulk_runner,
    data_table,
    formatting,
    layout,
    paging,
    programme_data,
    session,
    video_actions,
)
from pages.components.data_table import Column, Row
from pages.components.i18n import t

ROW_HEIGHT = 40
MENUS = {"up": "arrow_upward", "down": "arrow_downward", "to": "low_priority", "schedule": "event",
         "unrecommend": "remove_circle"}  # fmt: skip
PICKED, WANTED = "o_picked", "o_wanted_place"
BULK = ("schedule", "unrecommend")
COLOURS = {"scheduled": "running", "ended": "queued", "pin": "isRecommend", "rank": "done", "newest": "queued"}


def show(answer: session.Answer) -> None:
    """Draw the list; `answer` is that of previewFeed."""
    bulk_runner.show()
    st.fragment(_list, run_every="15s")(answer)


def _list(answer: session.Answer) -> None:
    if {"wanted_action", WANTED, "o_rerun"} & set(st.session_state) and not st.session_state.get("o_whole"):
        st.session_state.pop("o_rerun", None)
        st.rerun(scope="app")
    shown = answer.take()
    order = programme_data.order_of(shown)
    rows = _rows(order)
    st.session_state["o_shown"] = {row["entry"]["videoId"]: row for row in rows}
    st.session_state["o_revision"] = order["revision"]
    _toolbar(shown["special"], order["total"])
    if not rows:
        st.info(t("recommendations.none"), icon=":material/upload:")
        return
    size, page = paging.page_size("o_page"), paging.page_number("o_page")
    page = min(page, -(-len(rows) // size))
    if st.session_state.get("o_page") != page:
        st.session_state["o_page"] = page
    with data_table.rows():
        _table(rows[(page - 1) * size : page * size])
    if len(rows) > size:
        paging.draw("o_page", len(rows), size)


def _rows(preview: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the shown entries by place, then the others: those that start soonest first, those that ended last."""
    order = programme_data.ORDER
    rest = sorted(preview["leftOutList"], key=lambda one: (order.index(one["reason"]), one["entry"]["startSecond"]))
    return [*preview["placeList"], *({"place": 0, **one} for one in rest)]


def _toolbar(special: dict[str, Any] | None, count: int) -> None:
    picked = st.session_state.setdefault(PICKED, {})
    if special:
        name, end = formatting.plain(special["name"]), programme_data.short(special["endTime"])
        st.info(t("programme.special_on", name=name, time=end), icon=":material/celebration:")
    shown = st.session_state["o_shown"]
    for video_id in [*st.session_state.pop("acted", ()), *(picked.keys() - shown.keys())]:
        picked.pop(video_id, None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="toolbar"):
        st.caption(t("programme.shown_later" if special else "programme.shown_now", count=count), width="content")
        if video_actions.allowed(*BULK):
            if picked:
                st.caption(t("videos.ticked", count=len(picked)), width="content")
                st.button(t("videos.untick"), key="o_untick", type="tertiary", icon=":material/close:",
                          on_click=picked.clear)  # fmt: skip
            video_actions.buttons(BULK, [] if bulk_runner.is_running() else list(picked.values()))


def _table(rows: list[dict[str, Any]]) -> None:
    may = session.may("manage")
    columns = [
        Column("place", "#", "number", 44),
        Column("cover", t("column.cover"), "picture", 78, priority=3),
        Column("title", t("column.title"), "link"),
        Column("user", t("column.user"), width=104, priority=2),
        Column("state", t("programme.state"), "chips", 132),
        Column("window", t("programme.window"), width=196, priority=1),
    ]
    picked = st.session_state[PICKED]
    data_table.show(
        "o_table", t("recommendations.title"), columns, [_row(row, may) for row in rows], row_height=ROW_HEIGHT,
        ticked=[row["entry"]["videoId"] for row in rows if row["entry"]["videoId"] in picked] if may else None,
        menus={key: (icon, t(f"action.{key}")) for key, icon in MENUS.items()} if may else None,
        on_ticks=_pick, on_event=_event,
    )  # fmt: skip


def _row(row: dict[str, Any], may: bool) -> Row:
    entry = row["entry"]
    title = entry["title"] or entry["videoId"]
    if not row["place"]:
        word = (COLOURS.get(row["reason"], "failed"), programme_data.why(row, in_full=False))
    else:
        word = (COLOURS[row["reason"]], t(f"place.{row['reason']}", pin=entry["pin"]))
    cells = {
        "place": str(row["place"] or "–"), "cover": entry["coverUrl"], "title": title,
        "user": entry["userName"] or entry["userId"], "state": data_table.chips([word]),
        "window": programme_data.span(entry),
    }  # fmt: skip
    menu = [key for key in MENUS if row["place"] or key not in ("up", "down")]
    if row["place"] == 1:
        menu.remove("up")
    return Row(entry["videoId"], title, cells, f"/video?videoId={entry['videoId']}", menu if may else [])


def _pick(shown: list[str], ticked: list[str]) -> None:
    picked = st.session_state[PICKED]
    for video_id in shown:
        picked.pop(video_id, None)
    known = st.session_state["o_shown"]
    picked.update({one: programme_data.as_video(known[one]["entry"]) for one in ticked if one in known})


def _event(event: dict[str, Any]) -> None:
    row = st.session_state["o_shown"].get(event["id"])
    if event["kind"] != "menu" or row is None:
        return
    match event["action"]:
        case "up":
            _move(row, row["place"] - 1)
        case "down":
            _move(row, row["place"] + 1)
        case "to":
            st.session_state[WANTED] = row
        case key:
            video_actions.request(key, [programme_data.as_video(row["entry"])])


def _move(row: dict[str, Any], wanted: int) -> bool:
    entry = row["entry"]
    moved = programme_data.change(
        "moveRecommend", "", videoId=entry["videoId"], place=wanted, revision=st.session_state["o_revision"]
    )
    if moved is not None:
        st.session_state["done"][-1] = _moved(moved["place"], row["place"], wanted)
    st.session_state["o_rerun"] = True
    return moved is not None


def _moved(place: int, before: int, wanted: int) -> str:
    """Say where a clip is after a move; pins, spacing and the number of clips may have it elsewhere than wanted."""
    if not place:
        return t("programme.moved_later")
    if place == wanted:
        return t("programme.moved", place=place)
    return t("programme.not_moved" if place == before else "programme.moved_near", place=place, wanted=wanted)


def requested() -> None:
    """Open the requested dialog; called once per run, from the body of the page."""
    if row := st.session_state.pop(WANTED, None):
        layout.open_dialog(t("action.to"), "low_priority")(_ask_place)(row, layout.opening())


def _ask_place(row: dict[str, Any], number: int) -> None:
    st.markdown(f"**{formatting.plain(row['entry']['title'] or row['entry']['videoId'])}**")
    # Without a value, so that what is typed is not added to the digits of the present place.
    place = st.number_input(t("programme.place"), min_value=1, max_value=2000, value=None, step=1,
                            placeholder=str(row["place"] or ""), key=f"o_place--{number}")  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("common.cancel"), key="o_place_no"):
            st.rerun()
        if st.button(t("common.save"), key="o_place_yes", type="primary"):
            if place is not None:
                _move(row, int(place))
            st.session_state.pop("o_rerun", None)
            st.rerun()
