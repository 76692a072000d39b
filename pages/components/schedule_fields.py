"""Fields for the window and place of an entry of the programme. Times are wall times of the console's zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages.components import formatting, session
from pages.components.i18n import t

STEP_SECONDS = 300
MINUTE = 16  # characters of a time to the minute


def zone() -> ZoneInfo:
    """Return the console's time zone."""
    return ZoneInfo(session.features()["timeZone"])


def now() -> datetime:
    """Return the wall time now, to the minute."""
    return datetime.now(zone()).replace(second=0, microsecond=0, tzinfo=None)


def wall_of(time: str) -> datetime | None:
    """Return a time of the API as a wall time."""
    return datetime.fromisoformat(formatting.moment(time)) if time else None


def moment(label: str, value: datetime | None, key: str, **options: Any) -> str:
    """Draw a field for a time and return it as operations take it; empty without one.

    Of a time that clocks show twice, it offers both.
    """
    chosen = st.datetime_input(
        label, value=value, format="YYYY-MM-DD", step=STEP_SECONDS, key=key, min_value=None, **options
    )
    if chosen is None:
        return ""
    wall = chosen.replace(tzinfo=None)
    both = [wall.replace(tzinfo=zone(), fold=fold) for fold in (0, 1)]
    if both[0].utcoffset() == both[1].utcoffset() or both[0].astimezone(ZoneInfo("UTC")) > both[1].astimezone(
        ZoneInfo("UTC")
    ):
        return wall.isoformat(" ", "seconds")
    texts = [one.isoformat(" ", "minutes") for one in both]
    return str(st.radio(t("schedule.twice"), texts, key=f"{key}_twice", horizontal=True))


def is_new(time: str, before: datetime | None) -> bool:
    """Return whether a field has another time than before: it is to the minute, and a past start would mean now."""
    return time[:MINUTE] != (before.isoformat(" ")[:MINUTE] if before else "")


def window(number: int, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Draw start, end and pin, and return those that were filled in; `known` is the one entry they are of, if it is
    one.
    """
    known = known or {}
    start, end = wall_of(known.get("startTime", "")), wall_of(known.get("endTime", ""))
    # The first field gets the focus, and a field for a time would open its calendar over the rest.
    with st.container(horizontal=True):
        pin = st.number_input(
            t("schedule.pin"), min_value=0, max_value=50, step=1, value=known.get("pin") or None, width=120,
            key=f"schedule_pin--{number}", help=t("schedule.pin_help"),
        )  # fmt: skip
        starts = moment(t("schedule.start"), start, f"schedule_start--{number}", help=t("schedule.start_help"))
        ends = moment(t("schedule.end"), end, f"schedule_end--{number}", help=t("schedule.end_help"))
    found: dict[str, Any] = {}
    if starts and is_new(starts, start):
        found["startTime"] = starts
    if is_new(ends, end):
        found["endTime"] = ends
    if (pin or 0) != (known.get("pin") or 0):
        found["pin"] = pin or 0
    return found
