"""Texts as people see them: which show nothing, and what may stand in one that is shown on one line."""

from __future__ import annotations

import re
import unicodedata

FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that show nothing
UNSHOWN = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_blank(text: str) -> bool:
    """Say whether nothing of a text can be seen."""
    return all(unicodedata.category(sign)[0] in "ZC" or sign in FILLERS for sign in text)


def one_line(text: str) -> str:
    """Return a title or a name as it is kept: a blank for each line end and control character, none around it, and
    empty where nothing can be seen.
    """
    line = UNSHOWN.sub(" ", text).strip()
    return "" if is_blank(line) else line
