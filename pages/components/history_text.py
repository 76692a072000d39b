"""Descriptions of history lines: in the history, on a video's page, and in warnings about concurrent changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages.components import formatting, reason_choice, session
from pages.components.i18n import named, t

MAX_TEXT = 300
MOMENT = re.compile(r".{10}T.{8}\+00:00")
GROUPS = {
    "censorStatus": ("censor",),
    "technicalFlag": ("flag",),
    "offReason": ("off",),
    "action": ("action",),
}  # translation groups of ambiguous values
# What a field is called in some actions, where its name means something else in others.
COUNTS_VIDEOS, OF_SLOT = {"count": "videos"}, {"size": "slotSize"}
FIELDS = {
    **dict.fromkeys(("startBulk", "undoBulk", "applySheet", "undoSheet"), COUNTS_VIDEOS),
    **dict.fromkeys(("saveSlot", "deleteSlot"), OF_SLOT),
}
WORDS = {
    "scope": {scope: f"views.scope_{scope}" for scope in ("me", "role", "all")},
    "page": {page: f"{page}.title" for page in ("videos", "recommendations", "history", "trash")},
}  # texts of the values of some fields
# Free text and names, never to be translated.
FREE = {
    "title", "description", "tags", "name", "userName", "userId", "cate_name", "cateName", "reason", "comment", "error",
    "target", "watermark", "nameZh", "nameEn", "uploaderZh", "uploaderEn",
    "host", "types", "issuer",
}  # fmt: skip
WAYS_OF_PEOPLE = ("page", "rest", "pull")
NOTHING = ("", None, [], {})
NO_VALUE = "–"
WRITTEN: dict[str, Callable[[Any], str]] = {
    "size": formatting.megabytes, "seconds": formatting.clock,
    **dict.fromkeys(("count", "videos", "specials", "slotSize"), "{:,}".format),
}  # fmt: skip


def since(seen: int, videos: Sequence[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
    """Return the newest history line, and the decisions on these videos after the line `seen`."""
    newest, lines, size = seen, [], session.limit("watchedVideos")
    for start in range(0, len(videos), size):
        ids = ",".join(video["videoId"] for video in videos[start : start + size])
        data = session.ask("getChanges", seenLine=seen, videoIds=ids)
        newest = newest if start else data["line"]
        lines += data["changeList"]
    return newest, lines


def warn(lines: list[dict[str, Any]], titles: dict[str, str]) -> None:
    """Warn about changes made by others to these videos; `titles` are by id."""
    shown = [
        f"- {formatting.plain(line['title'] or titles.get(line['target'], line['target']))}: {summary(line)} "
        f":gray[{formatting.moment(line['time'])}]"
        for line in reversed(lines)
    ]
    with st.container(key="told"):
        st.warning("\n".join(shown), title=t("told.title"), icon=":material/history:")


def summary(line: dict[str, Any]) -> str:
    """Return a history line as Markdown: who, what, and the changes."""
    who, what, changed = (formatting.plain(text) for text in (actor(line), did(line["action"]), in_short(line)))
    return f"{who} · **{what}** {changed}"


def actor(line: dict[str, Any]) -> str:
    """Return who made a change: users by name, components of the console translated."""
    name: str = line["userName"]
    if not name:
        return t("history.unknown")
    return name if line["way"] in WAYS_OF_PEOPLE else named("actor", name)


def value(of: Any, field: str) -> str:
    """Return a field's value for display."""
    if isinstance(of, bool):
        return t("history.yes") if of else t("history.no")
    if of in NOTHING:
        return NO_VALUE
    if isinstance(of, list):
        return ", ".join(value(one, field) for one in of)
    if isinstance(of, dict):
        return ", ".join(f"{named('field', name)} {value(one, name)}" for name, one in of.items())
    if field in WRITTEN and isinstance(of, int | float):
        return WRITTEN[field](of)
    text = str(of)
    if field == "reasonCode":
        return reason_choice.name_of(text)
    if MOMENT.fullmatch(text):
        return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(session.features()['timeZone'])):%Y-%m-%d %H:%M:%S}"
    if field in FREE:
        return text
    if key := WORDS.get(field, {}).get(text):
        return t(key)
    groups = GROUPS.get(field, ("status", "censor", "role", "right"))
    return next((named(group, text) for group in groups if named(group, text) != text), text)


def changes(line: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the changed fields with their values before and after."""
    before, after = line["before"], line["after"]
    called = FIELDS.get(line["action"], {})
    told = {called.get(name, name): (before.get(name), after.get(name)) for name in after or before}
    return [
        (named("field", name), *(value(one, name) for one in pair))
        for name, pair in told.items()
        if any(one not in NOTHING for one in pair)
    ]


def in_short(line: dict[str, Any]) -> str:
    """Return the changes of a line in one sentence."""
    old, new = bool(line["before"]), bool(line["after"])

    def told(field: str, before: str, after: str) -> str:
        if old and new and NO_VALUE not in (before, after):
            return t("history.from_to", field=field, before=before, after=after)
        return t("history.set", field=field, after=after) if new else t("history.was", field=field, before=before)

    told_each = (told(name, *map(_short, pair)) for name, *pair in changes(line) if pair[0] != pair[1])
    return t("history.and").join(told_each)


def did(action: str) -> str:
    """Return the description of an action; for an unknown one, at least its name."""
    found = named("did", action)
    return t("history.other", action=action) if found == action else found


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
