"""A week of a slot as bars, and its specials. What passes midnight is one bar over two days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import streamlit as st

from pages.components import formatting, programme_data, programme_dialogs, schedule_fields, session, url_state
from pages.components.i18n import language, t

MAX_BARS = 120
NARROW = 14  # percent of the week
MAX_YEARS = 20  # from now, either way
KEY = "r_week"
BACK, ON = ":material/chevron_left:", ":material/chevron_right:"
STYLE = """<style>
.qu-week { overflow-x: auto }
.qu-week .in { min-width: 640px }
.qu-week .days, .qu-week .bar { position: relative; height: 26px; border-bottom: 1px solid rgba(128,128,128,.25) }
.qu-week .days span { position: absolute; top: 2px; font-size: 13px; border-left: 1px solid rgba(128,128,128,.45);
    padding-left: 4px; white-space: nowrap; overflow: hidden }
.qu-week .line { position: absolute; top: 0; bottom: 0; border-left: 1px solid rgba(128,128,128,.25) }
.qu-week .now { position: absolute; top: 0; bottom: 0; border-left: 2px solid #d33 }
.qu-week b { position: absolute; top: 3px; height: 20px; border-radius: 5px; background: #2563eb; color: #fff;
    font-weight: 400; font-size: 12px; line-height: 20px; padding: 0 5px; white-space: nowrap; overflow: hidden;
    text-overflow: ellipsis; box-sizing: border-box }
.qu-week b.short { padding: 0; min-width: 6px }
.qu-week em { position: absolute; top: 3px; font-style: normal; font-size: 12px; line-height: 20px; padding: 0 5px;
    white-space: nowrap }
.qu-week b.special { background: #7c3aed }
.qu-week b.ended { background: #5b6472 }
</style>"""


def show() -> None:
    """Draw the week that the address names, by default this one."""
    first = _monday()
    head = st.container(horizontal=True, vertical_alignment="center", gap="small")
    data = session.ask(
        "getProgramme", slot=programme_data.slot()["slot"], startTime=f"{first}", endTime=f"{first + timedelta(days=6)}"
    )
    with head:
        _head(first, data["revision"])
    programme_data.show_conflicts(data["conflictList"])
    st.html(f"{STYLE}{_bars(data)}")
    _specials(data["specialList"], data["revision"])


def _monday() -> date:
    today = schedule_fields.now().date()
    try:
        chosen = date.fromisoformat(st.query_params.get(KEY, ""))
    except ValueError:
        chosen = today
    if abs(chosen.year - today.year) > MAX_YEARS:
        chosen = today
    return chosen - timedelta(days=chosen.weekday())


def _head(first: date, revision: int) -> None:
    def turn(days: int) -> None:
        url_state.write_address(KEY, first + timedelta(days=days), None)

    st.button("", key="week_before", icon=BACK, help=t("week.before"), on_click=turn, args=(-7,))
    st.markdown(f"**{first:%Y-%m-%d} – {first + timedelta(days=6):%m-%d}**", width="content")
    st.button("", key="week_after", icon=ON, help=t("week.after"), on_click=turn, args=(7,))
    if session.may("manage"):
        st.button(t("week.copy"), key="week_copy", icon=":material/content_copy:",
                  on_click=programme_dialogs.request, args=("copy", {"from": first, "revision": revision}))  # fmt: skip
        st.button(t("week.special"), key="week_special", icon=":material/celebration:",
                  on_click=programme_dialogs.request, args=("special", {"revision": revision}))  # fmt: skip


def _bars(data: dict[str, Any]) -> str:
    start, end = data["dayList"][0]["startSecond"], data["endSecond"]
    entries = [one for one in data["entryList"] if start < one["startSecond"] or 0 < one["endSecond"] < end]
    entries.sort(key=lambda one: one["startSecond"])
    lines = "".join(f"<i class='line' style='left:{_percent(day['startSecond'], start, end)}%'></i>"
                    for day in data["dayList"])  # fmt: skip
    rows = [_bar(one, one["name"], "special", start, end, lines) for one in data["specialList"]]
    rows += [_bar(one, one["title"] or one["videoId"], one["state"], start, end, lines) for one in entries[:MAX_BARS]]
    said = []
    if always := len(data["entryList"]) - len(entries):
        said.append(t("week.always", count=always))
    if len(entries) > MAX_BARS:
        said.append(t("common.more", count=len(entries) - MAX_BARS))
    if not rows:
        said.insert(0, t("week.nothing"))
    text = "".join(f"<p>{formatting.safe(one)}</p>" for one in said)
    head = f"<div class='days'>{_days(data, start, end)}</div>"
    week = f"<div class='qu-week' role='region' aria-label='{formatting.safe(t('programme.view_week'))}' tabindex='0'>"
    return f"{week}<div class='in'>{head}{''.join(rows)}</div></div>{text}"


def _days(data: dict[str, Any], start: int, end: int) -> str:
    found = []
    for number, day in enumerate(data["dayList"]):
        name = t(f"week.day_{number % 7 + 1}")
        text = f"{name} {day['date'][5:]}" if language() == "en" else f"{day['date'][5:]} {name}"
        found.append(f"<span style='left:{_percent(day['startSecond'], start, end)}%'>{formatting.safe(text)}</span>")
    return "".join(found)


def _bar(one: dict[str, Any], name: str, kind: str, start: int, end: int, lines: str) -> str:
    left = _percent(max(one["startSecond"], start), start, end)
    right = _percent(min(one["endSecond"] or end, end), start, end)
    pin = f"{t('place.pin', pin=one['pin'])} · " if one.get("pin") else ""
    text, safe = f"{pin}{name}", formatting.safe
    title = f"{text}: {programme_data.span(one)}"
    if right - left < NARROW:  # the text stands beside the bar
        side = f"left:max({right}%,{left}% + 6px)" if right < 100 - NARROW else f"right:{round(100 - left, 3)}%"
        beside, text, kind = f"<em style='{side}'>{safe(text)}</em>", "", f"{kind} short"
    else:
        beside = ""
    return (
        f"<div class='bar'>{lines}{beside}<b class='{safe(kind)}' style='left:{left}%;width:{round(right - left, 3)}%' "
        f"title='{safe(title)}'>{safe(text)}</b></div>"
    )


def _percent(second: int, start: int, end: int) -> float:
    return round((second - start) * 100 / (end - start), 3)


def _specials(specials: list[dict[str, Any]], revision: int) -> None:
    if not specials:
        return
    st.markdown(f"**{t('week.specials')}**")
    for one in specials:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            videos = t("week.special_videos", count=len(one["videoIds"]))
            st.markdown(
                f"{formatting.plain(one['name'])} :gray[{formatting.plain(programme_data.span(one))} · {videos}]",
                width="content",
            )
            if session.may("manage"):
                for what, icon in (("special", "edit"), ("drop", "delete")):
                    label = t("common.edit" if what == "special" else "week.delete_special")
                    st.button(label, key=f"{what}--{one['specialId']}", icon=f":material/{icon}:", type="tertiary",
                              on_click=programme_dialogs.request,
                              args=(what, {**one, "revision": revision}))  # fmt: skip
