"""Text normalization: invisible text, and text for single-line fields."""

from __future__ import annotations

import re
import unicodedata

FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # invisible letters and symbols
UNSHOWN = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_blank(text: str) -> bool:
    """Return whether a text has no visible characters."""
    return all(unicodedata.category(char)[0] in "ZC" or char in FILLERS for char in text)


def one_line(text: str) -> str:
    """Normalize a title or name: line ends and control characters become spaces, surrounding whitespace is removed;
    empty if nothing is visible.
    """
    line = UNSHOWN.sub(" ", text).strip()
    return "" if is_blank(line) else line
