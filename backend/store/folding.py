"""How texts are compared: what looks the same to people is the same."""

from __future__ import annotations

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point: nothing is seen of them, and keyboards put some where one types none. An emoji
# comes with a variation selector from one and without it from another.
IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def fold(text: str) -> str:
    """Return `text` as it is compared: letter case, full and half width, and what is not seen aside."""
    if text.isascii():
        return text.lower()
    compatible = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", IGNORED.sub("", compatible))


def split_tags(tags: str) -> tuple[str, ...]:
    """Return the tags of a text with commas between them, as they are compared, each once."""
    return tuple(dict.fromkeys(tag for part in fold(tags).split(",") if (tag := part.strip())))


def marked_tags(tags: str) -> str:
    """Return tags such that each, with a comma before and after it, can be looked for."""
    return f",{','.join(split_tags(tags))},"
