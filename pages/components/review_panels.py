"""What each panel of the review desk adds to its texts, keys and data; see pages/widgets/review/panels.js."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.components import review_queues

SUGGESTIONS = ("pass", "review", "block")
MODULES = (
    "porn", "terrorism", "terrorism-live", "ad", "live", "logo", "audio", "enhanced", "antispam",
)  # fmt: skip
REPORTS = ("sexual", "violence", "illegal", "minors", "spam", "copyright", "abuse", "misleading", "other")
FLAGS = ("flashing", "mayFlash", "black", "frozen", "silent", "noSound", "loud", "quiet")


@dataclass(frozen=True)
class Panel:
    """A panel. `words` are texts `desk.…`; `filled` those with placeholders, by name.

    `keys` are rows of the key overview: key, and text `desk.…`. `names` are groups of translated values. `data` returns
    what the component gets under the name of the panel, once per run of the page.
    """

    name: str
    words: tuple[str, ...] = ()
    filled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: tuple[tuple[str, str], ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    data: Callable[[], Any] | None = None


PANELS = (
    Panel("queues", words=("queue", "queue_all"), filled={"queue_gone": ("name",)}, data=review_queues.own),
    Panel(
        "machine",
        words=("machine",),
        names={"suggestion": SUGGESTIONS, "module": MODULES},
    ),
    Panel(
        "reports",
        words=("reported_approved",),
        filled={"alert_reports": ("number",), "reported": ("number", "reasons"), "reported_ago": ("age",)},
        names={"report": REPORTS},
    ),
    Panel(
        "flags",
        words=("flags", "flashes"),
        names={"flag": FLAGS},
    ),
    Panel(
        "hints",
        words=("hint_before", "hint_mirrored", "hint_same_user", "hint_block_too", "hint_pass_too"),
        filled={
            "alert_like_blocked": ("share",),
            "alert_like_passed": ("share",),
            "hint_blocked": ("share", "title", "age", "reason"),
            "hint_passed": ("share", "title", "age"),
            "hint_ago": ("age",),
        },
        keys=(("H", "hint_key"),),
    ),
    Panel(
        "notes",
        filled={"asked": ("name", "note")},
    ),
    Panel(
        "known",
        filled={"known_clip": ("reason",)},
    ),
)
