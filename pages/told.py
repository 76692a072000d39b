"""Who did what to a video, in a few words: in its history, and to whoever acts on what has changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages import parts
from pages.words import named, t

MOST_AT_ONCE = 100  # ids of a question to the backend
MOST_TEXT = 60


def since(seen: int, videos: Sequence[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
    """Return the newest line of the history, and what was decided about these videos since the line `seen`."""
    newest, lines = seen, []
    for start in range(0, len(videos), MOST_AT_ONCE):
        ids = ",".join(video["videoId"] for video in videos[start : start + MOST_AT_ONCE])
        data = parts.ask("getChanges", seenLine=seen, videoIds=ids)
        newest = newest if start else data["line"]
        lines += data["changeList"]
    return newest, lines


def warn(lines: list[dict[str, Any]], titles: dict[str, str]) -> None:
    """Tell what others did while one looked at these videos; `titles` are by their ids."""
    shown = [
        f"- {parts.plain(line['title'] or titles.get(line['target'], line['target']))}: {summary(line)} "
        f":gray[{parts.moment(line['time'])}]"
        for line in reversed(lines)
    ]
    with st.container(key="told"):
        st.warning("\n".join(shown), title=t("told.title"), icon=":material/history:")


def summary(line: dict[str, Any]) -> str:
    """Return a line of the history as Markdown: who, what, and what changed by it."""
    return f"{parts.plain(named('actor', line['userName']))} · **{named('did', line['action'])}** {change(line)}"


def change(line: dict[str, Any]) -> str:
    """Return in a few words what a line of the history changed, as Markdown."""
    after = line["after"]
    if line["action"] in ("createAudit", "undoAudit"):
        reason = f" — {parts.plain(after['reason'])}" if after.get("reason") else ""
        return parts.chip(after["censorStatus"], "censor") + reason
    if line["action"] == "chooseCover":
        return parts.clock(after["seconds"])
    if line["action"] == "editVideo":
        words = {name: value for name, value in after.items() if name != "cate_id" or "cate_name" not in after}
        return ", ".join(f"{named('field', name)}: {_short(str(value))}" for name, value in words.items())
    values = [value for name, value in after.items() if name.endswith("status") and isinstance(value, str)]
    return " ".join(parts.chip(value) for value in values if value)


def _short(text: str) -> str:
    cut = text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"
    return parts.plain(cut) or "–"
