"""Account names: normalization, and detection of names that are easily confused."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from backend.errors import BadRequest
from backend.store.folding import IGNORED, fold


def clean(name: str) -> str:
    """Normalize a new name: invisible characters are removed, width and composition unified, whitespace collapsed.

    Raises BadRequest if the result is empty or not printable.
    """
    kept = " ".join(IGNORED.sub("", unicodedata.normalize("NFKC", name)).split())
    if not kept or not kept.isprintable():
        raise BadRequest("A name needs visible characters, and no others.")
    return kept


def folded(name: str) -> str:
    """Return the form in which names are compared, ignoring case, width and composition."""
    return " ".join(fold(name).split())


def look_alike(name: str, other: str) -> bool:
    """Return whether two names are visually confusable, such as `anne` with a Cyrillic а (Unicode UTS 39)."""
    one, two = folded(name), folded(other)
    return _skeleton(one) == _skeleton(two) or _skeleton(one.upper()) == _skeleton(two.upper())


@lru_cache(10_000)
def _skeleton(text: str) -> str:
    return "".join(map(_prototype, text)).casefold()


def _prototype(char: str) -> str:
    """Return the representative of all characters that look like this one."""
    # Loading its tables takes 0.25 s and is needed only when an account is added.
    from confusable_homoglyphs.confusables import confusables_data

    others = [one["c"] for one in confusables_data.get(char, ())]
    if len(others) != 1:  # nothing looks like it, or it is itself the representative
        return char
    (other,) = others
    return str(min(char, other) if len(confusables_data.get(other, ())) == 1 else other)
