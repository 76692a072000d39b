"""Formatting of values: text escaped for Markdown and HTML, statuses, durations, sizes."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.i18n import named, t

SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$^])")
JOINTS = re.compile(r"(?<=:)(?=\S)|(?<=[<>~-])(?=[-<>=])|(?=@)|(?i:(?<=www))(?=\.)")
NOTHING = ":gray[]"
# right-to-left letters and directional marks
TURNING = re.compile("[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]")
COLOURS = {
    "success": "green", "fail": "red", "check": "orange", "onCensor": "blue", "onTranscode": "blue",
    "onSnapshot": "blue", "Normal": "green", "Blocked": "red", "TranscodeFail": "red", "UploadFail": "red",
    "queued": "gray", "running": "blue", "done": "green", "failed": "red", "cancelled": "gray",
    "waiting": "gray", "warm": "green", "failing": "red", "sent": "blue",
    "isRecommend": "violet",
    "admin": "violet", "manager": "blue", "reviewer": "green", "analyst": "orange", "active": "green",
    "disabled": "red", "expired": "red", "manage": "blue", "review": "green", "export": "orange", "here": "green",
}  # fmt: skip


def job_label(job: dict[str, Any]) -> str:
    """Return a job's kind and video title as Markdown, including kinds of newer versions."""
    kind = named("job", job["kind"])
    shown = t("job.unknown", kind=plain(kind)) if kind == job["kind"] else kind
    return f"{shown} · {plain(job['title'])}" if job["title"] else shown


def named_list(names: Sequence[str], most: int) -> str:
    """Return a list of names as Markdown, limited to `most`."""
    lines = [f"- {plain(name)}" for name in names[:most]]
    if len(names) > most:
        lines.append(f"- {t('common.more', count=len(names) - most)}")
    return "\n".join(lines)


def chip(status: str, group: str = "status") -> str:
    """Return a status as a coloured Markdown badge; `group` is its translation group."""
    return f":{COLOURS.get(status, 'gray')}-badge[{named(group, status)}]"


def chip_column(label: str, words: list[str], group: str = "status", **options: Any) -> Any:
    """Return a grid column that shows statuses as coloured chips."""
    names = {word: named(group, word) for word in words}
    return st.column_config.MultiselectColumn(
        label,
        options=list(names),
        color=[COLOURS.get(word, "gray") for word in names],
        format_func=lambda word: names.get(word, word),
        **options,
    )


def plain(text: str) -> str:
    """Escape text for Markdown, isolating right-to-left text.

    URLs become links, and `:smile:` and `->` emoji and arrows, after Markdown is parsed, regardless of escaping; only
    an empty element between their characters prevents that, and it is not copied with the text.
    """
    shown = NOTHING.join(SIGNS.sub(r"\\\1", part) for part in JOINTS.split(text)).replace("\n", " ")
    return f"\u2068{shown}\u2069" if TURNING.search(text) else shown


def safe(text: str) -> str:
    """Escape text for HTML."""
    return html.escape(text, quote=True)


def comma_separated(tags: str) -> str:
    """Return tags separated by commas, as operations take them; people also type Chinese commas and semicolons."""
    return re.sub(r"\s*[，;；、]\s*", ",", tags).strip(", ")


def clock(seconds: float) -> str:
    """Format a duration as 1:05 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lasting(seconds: float) -> str:
    """Format a remaining time in words: `34 s`, `2 min 5 s`, `1 h 20 min`."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    if not minutes:
        return t("time.seconds", seconds=rest)
    hours, of_hour = divmod(minutes, 60)
    return t("time.hours", hours=hours, minutes=of_hour) if hours else t("time.minutes", minutes=minutes, seconds=rest)


def megabytes(size: int) -> str:
    """Format a size in decimal units."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def moment(time: str) -> str:
    """Return a time of the API without its fraction."""
    return time.removesuffix(".0")


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a DataFrame."""
    return pd.DataFrame(rows)
