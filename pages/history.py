"""History page: changes by user, time, channel and target, with values before and after."""

from typing import Any

import streamlit as st

from pages.components import data_table, formatting, history_text, layout, paging, saved_views, session, url_state
from pages.components.data_table import Column, Row
from pages.components.i18n import named, t
from pages.components.video_grid import ROW_HEIGHT

layout.guard("history")
TEXTS = ("user", "target")
DATES = ("from", "to")
PAGE = "h_page"


def bound(name: str) -> dict[str, Any]:
    """Return the widget options that bind a filter to the URL; a change returns to the first page."""
    return {"key": f"h_{name}", "bind": "query-params", "on_change": url_state.first_page, "args": (PAGE,)}


def search(name: str, icon: str, width: int) -> str:
    label = t(f"history.{name}")
    text: str = st.text_input(
        label, type="search", placeholder=label, width=width, live=True, label_visibility="collapsed",
        icon=f":material/{icon}:", autocomplete="off", **bound(name),
    )  # fmt: skip
    return text.strip()


def clear() -> None:
    for name in ("action", "way"):
        st.query_params.pop(f"h_{name}", None)
    for name in TEXTS:
        st.session_state[f"h_{name}"] = ""
    for name in DATES:
        st.session_state[f"h_{name}"] = None
    url_state.first_page(PAGE)


def listing() -> saved_views.Listing:
    """Return the columns, and the views that show them."""
    columns = [
        Column("time", t("history.time"), width=164),
        Column("did", t("history.action"), "button", 180),
        Column("who", t("history.user"), width=130, priority=1),
        Column("target", t("history.target"), width=170, priority=2),
        Column("change", t("history.change"), priority=1),
        Column("way", t("history.way"), width=90, priority=3),
        Column("address", t("people.address"), width=120, priority=3),
    ]
    return saved_views.Listing("history", "h", columns, [column.key for column in columns], "did", (*TEXTS, *DATES))


def filters() -> tuple[dict[str, str], Any]:
    """Draw the filters; return their values, and the container for the action filter."""
    ways = session.features()["wayList"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        user = search("user", "person_search", 150)
        place = st.container(width="content")
        way = st.segmented_control(
            t("history.way"), ways, format_func=lambda word: named("way", word), label_visibility="collapsed",
            **url_state.from_address("h_way", ways, None, then=PAGE),
        )  # fmt: skip
        with st.popover(t("filter.more"), icon=":material/tune:"):
            target = st.text_input(t("history.target"), help=t("history.target_help"), **bound("target")).strip()
            start = st.date_input(t("filter.from"), value=None, format="YYYY-MM-DD", **bound("from"))
            end = st.date_input(t("filter.to"), value=None, format="YYYY-MM-DD", **bound("to"))
        wanted = {
            "userName": user, "action": st.query_params.get("h_action", ""), "way": way or "", "target": target,
            "startTime": str(start or ""), "endTime": str(end or ""),
        }  # fmt: skip
        if any(wanted.values()):
            st.button(t("filter.clear"), icon=":material/close:", type="tertiary", on_click=clear, key="h_clear")
        saved_views.menu(listing())
    return wanted, place


def action_choice(actions: list[str]) -> None:
    """Draw the choice of an action that occurs in the history."""
    st.selectbox(
        t("history.action"), actions, placeholder=t("history.action"), width=190, label_visibility="collapsed",
        format_func=history_text.did, **url_state.from_address("h_action", actions, None, then=PAGE),
    )  # fmt: skip


def find(wanted: dict[str, str]) -> dict[str, Any]:
    """Return the requested page of the history; beyond the end, the last one. An unknown action is ignored."""
    size, page = paging.page_size(PAGE), paging.page_number(PAGE)
    data: dict[str, Any] = session.ask("findHistory", **wanted, pageIndex=page, pageSize=size)
    if wanted["action"] and wanted["action"] not in data["actionList"]:
        wanted["action"] = ""
        data = session.ask("findHistory", **wanted, pageIndex=page, pageSize=size)
    if not data["historyList"] and data["total"]:
        page = st.session_state[PAGE] = -(-data["total"] // size)
        data = session.ask("findHistory", **wanted, pageIndex=page, pageSize=size)
    return data


def who(line: dict[str, Any]) -> str:
    name = history_text.actor(line)
    return f"{name} ({line['token']})" if line["token"] else name


def title(line: dict[str, Any]) -> str:
    """Return the title of a line's video, or its last known title."""
    found: str = line["title"] or line["before"].get("title") or line["after"].get("title") or ""
    return found


def details(line: dict[str, Any]) -> None:
    """Draw all details of a line."""
    if line["title"]:
        st.page_link("video.py", label=formatting.plain(line["title"]), icon=":material/movie:",
                     query_params={"videoId": line["target"]})  # fmt: skip
    facts = {
        t("history.time"): formatting.moment(line["time"]),
        t("history.user"): formatting.plain(who(line)),
        t("history.way"): named("way", line["way"]),
        t("people.address"): line["address"],
        t("history.target"): formatting.plain(line["target"]),
        t("history.request"): formatting.plain(line["requestId"]),
        t("history.line"): str(line["line"]),
    }
    st.table({name: fact for name, fact in facts.items() if fact}, border="horizontal")
    if rows := history_text.changes(line):
        names = (t("history.field"), t("history.before"), t("history.after"))
        st.table(
            [dict(zip(names, (formatting.plain(cell) for cell in row), strict=True)) for row in rows],
            hide_index=True, border="horizontal",
        )  # fmt: skip


def listed(lines: list[dict[str, Any]]) -> None:
    """Draw a page of lines; clicking one opens its details."""
    by_id = {str(line["line"]): line for line in lines}

    def clicked(event: dict[str, Any]) -> None:
        if event["kind"] == "width":
            listing().resized(event)
        else:
            st.session_state["wanted_line"] = by_id[event["id"]]

    rows = [
        Row(
            id_, history_text.did(line["action"]),
            {
                "time": formatting.moment(line["time"]), "did": history_text.did(line["action"]), "who": who(line),
                "target": title(line) or line["target"], "change": history_text.in_short(line),
                "way": named("way", line["way"]), "address": line["address"],
            },
        )
        for id_, line in by_id.items()
    ]  # fmt: skip
    data_table.show("h_table", t("history.title"), listing().chosen(), rows, row_height=ROW_HEIGHT, resizable=True,
                    on_event=clicked)  # fmt: skip


with layout.header(t("history.title")):
    export = session.may("export") and st.button(t("videos.export"), icon=":material/download:", key="h_export")
saved_views.arrive(listing())
layout.say_results()
wanted, place = filters()
found = find(wanted)
with place:
    action_choice(found["actionList"])
if export:
    url_state.go_to(session.ask("createHistoryLink", **wanted)["url"])
if found["historyList"]:
    listed(found["historyList"])
    paging.draw(PAGE, found["total"], paging.page_size(PAGE))
else:
    st.info(t("history.none"), icon=":material/search_off:")
if line := st.session_state.pop("wanted_line", None):
    layout.open_dialog(history_text.did(line["action"]), "history", width="large")(details)(line)
