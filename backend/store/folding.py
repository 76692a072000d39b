"""Text normalization: strings that look the same compare equal."""

from __future__ import annotations

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point: invisible characters that some input methods insert. Some keyboards add a
# variation selector to an emoji and others do not.
IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def fold(text: str) -> str:
    """Normalize text for comparison: case, full and half width, and invisible characters are ignored."""
    if text.isascii():
        return text.lower()
    compatible = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", IGNORED.sub("", compatible))


def split_tags(tags: str) -> tuple[str, ...]:
    """Split comma-separated tags, normalized and without duplicates."""
    return tuple(dict.fromkeys(tag for part in fold(tags).split(",") if (tag := part.strip())))


def marked_tags(tags: str) -> str:
    """Return normalized tags with a comma on both sides of each, for substring search; empty without any."""
    return f",{','.join(found)}," if (found := split_tags(tags)) else ""
