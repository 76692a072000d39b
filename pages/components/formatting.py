"""How values are written for people: text safe in Markdown and HTML, statuses, durations, sizes."""

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
# Letters written from right to left, and marks that turn the direction.
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
    """Return in Markdown what a job is, and of which video where it is of one; kinds of newer versions too."""
    kind = named("job", job["kind"])
    shown = t("job.unknown", kind=plain(kind)) if kind == job["kind"] else kind
    return f"{shown} · {plain(job['title'])}" if job["title"] else shown


def named_list(names: Sequence[str], most: int) -> str:
    """Return a list of names in Markdown; of those beyond `most`, how many they are."""
    lines = [f"- {plain(name)}" for name in names[:most]]
    if len(names) > most:
        lines.append(f"- {t('common.more', count=len(names) - most)}")
    return "\n".join(lines)


def chip(status: str, group: str = "status") -> str:
    """Return a status as a coloured badge of Markdown; `group` says whose words those are."""
    return f":{COLOURS.get(status, 'gray')}-badge[{named(group, status)}]"


def chip_column(label: str, words: list[str], group: str = "status", **options: Any) -> Any:
    """Return the column of a grid that shows statuses as coloured chips."""
    names = {word: named(group, word) for word in words}
    return st.column_config.MultiselectColumn(
        label,
        options=list(names),
        color=[COLOURS.get(word, "gray") for word in names],
        format_func=lambda word: names.get(word, word),
        **options,
    )


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, in a direction of its own where it may turn what follows.

    Addresses become links, `:smile:` and `->` become pictures and arrows after Markdown is read, whatever was escaped;
    only an element between their characters keeps them from it, and one that shows nothing is copied by nobody.
    """
    shown = NOTHING.join(SIGNS.sub(r"\\\1", part) for part in JOINTS.split(text)).replace("\n", " ")
    return f"\u2068{shown}\u2069" if TURNING.search(text) else shown


def safe(text: str) -> str:
    """Return text that HTML shows as it is."""
    return html.escape(text, quote=True)


def clock(seconds: float) -> str:
    """Return a duration as 1:05 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lasting(seconds: float) -> str:
    """Return how long something will take in words: `34 s`, `2 min 5 s`, `1 h 20 min`."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    if not minutes:
        return t("time.seconds", seconds=rest)
    hours, of_hour = divmod(minutes, 60)
    return t("time.hours", hours=hours, minutes=of_hour) if hours else t("time.minutes", minutes=minutes, seconds=rest)


def megabytes(size: int) -> str:
    """Return bytes as people read them, in powers of a thousand."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def moment(time: str) -> str:
    """Return a time of the wire without its empty fraction."""
    return time.removesuffix(".0")


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a grid wants them."""
    return pd.DataFrame(rows)
