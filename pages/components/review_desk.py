"""The review desk component: its access to the REST server, and its texts."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages import widgets
from pages.components import reason_choice, session
from pages.components.i18n import language, named, t
from pages.components.review_panels import PANELS

API = "/console/vod/"
DESK = "review_desk"
WORDS = (
    "approve", "block", "skip", "undo", "note", "opinion", "play", "sound", "grey", "blur", "help",
    "no_media", "reasons", "other", "cancel", "understood", "close", "never", "nothing_to_undo",
    "type_reason", "type_note", "type_opinion", "send_reason", "send_note", "send_opinion",
    "too_long", "just_now", "alerts", "disturbing", "rest", "loading", "all_done", "none_free", "panel", "comfort",
    "choose_break",
    "choose_grey", "choose_blur", "choose_small", "choose_sound", "choose_autoplay",
    "choose_sensitiveAutoplay", "choose_keys",
)  # fmt: skip
# The component fills in the values.
COUNTED = (
    "done", "waiting", "unsent", "offline", "full", "ended", "days", "hours", "minutes", "seconds",
    "record_passed", "record_blocked", "record_waiting", "with_others", "with_you", "skipped", "opinions",
)  # fmt: skip
FILLED = {
    "play_from": ("time",), "waits": ("age",), "blocked_for": ("title", "reason"),
    "undo_elsewhere": ("title", "verdict", "time"), "titled": ("title", "message"), "bytes": ("used", "most"),
    "pace": ("minute", "median"), **dict.fromkeys(COUNTED, ("number",)),
}  # fmt: skip
KEY_LIST = (
    ("A", "approve"), ("B", "block"), ("1–9", "key_reason"), ("E", "key_other"), ("S", "skip"), ("U", "undo"),
    ("N", "note"), ("O", "opinion"), ("␣", "play"), ("← →", "key_tiles"), ("J L", "key_time"), (", .", "key_speed"),
    ("M", "sound"), ("G", "grey"), ("X", "blur"), ("Z", "key_small"),
)  # fmt: skip
LAST_KEYS = (("Esc", "cancel"), ("?", "help"))  # below those of panels


def draw() -> None:
    """Draw the desk. Its key is requested once per page session and sign-in, and permits reviewing only."""
    signed_in, desk = st.session_state.get(DESK, ("", None))
    if desk is None or signed_in != session.token():
        desk = session.ask("openReviewDesk")
        st.session_state[DESK] = session.token(), desk
    reasons, version = reason_choice.with_version()
    widgets.review(
        {
            "api": API,
            "desk": desk["desk"],
            "deskKey": desk["deskKey"],
            "userName": desk["userName"],
            "language": language(),
            "preferences": session.ask("getReviewPreferences"),
            "reasons": reasons,
            "reasonsVersion": version,
            "maxBytes": {
                "reason": session.limit("reasonBytes"),
                "note": session.limit("commentBytes"),
                "opinion": session.limit("commentBytes"),
            },
            "words": words(),
            "names": names(),
            **{panel.name: panel.data() for panel in PANELS if panel.data},
        },
        key="review_desk_widget",
    )


def words() -> dict[str, Any]:
    """Return the texts of the component, with placeholders in braces."""
    fixed = [*WORDS, *(name for panel in PANELS for name in panel.words)]
    filled = FILLED | {name: values for panel in PANELS for name, values in panel.filled.items()}
    said: dict[str, Any] = {name: t(f"desk.{name}") for name in fixed}
    said |= {name: t(f"desk.{name}", **{value: f"{{{value}}}" for value in values}) for name, values in filled.items()}
    keys = [*KEY_LIST, *(row for panel in PANELS for row in panel.keys), *LAST_KEYS]
    said["key_list"] = [(t(f"desk.{name}"), key) for key, name in keys]
    return said


def names() -> dict[str, str]:
    """Return the display names of values, by group and value."""
    groups = [(group, words) for panel in PANELS for group, words in panel.names.items()]
    return {f"{group}.{word}": named(group, word) for group, words in groups for word in words}
