"""Names of accounts: which are one and the same, and which look so much alike that people take one for the other."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from backend.errors import BadRequest
from backend.store.folding import IGNORED, fold


def clean(name: str) -> str:
    """Return a new name as it is kept: without what is not seen, in one width and composition, blanks set right.

    Raises BadRequest where nothing is left, or what is left cannot be shown.
    """
    kept = " ".join(IGNORED.sub("", unicodedata.normalize("NFKC", name)).split())
    if not kept or not kept.isprintable():
        raise BadRequest("A name needs visible characters, and no others.")
    return kept


def folded(name: str) -> str:
    """Return a name as names are compared: whoever types it in another case, width or composition means the same."""
    return " ".join(fold(name).split())


def look_alike(name: str, other: str) -> bool:
    """Say whether people would take one name for the other, such as `anne` with a Cyrillic а (Unicode's UTS 39)."""
    one, two = folded(name), folded(other)
    return _skeleton(one) == _skeleton(two) or _skeleton(one.upper()) == _skeleton(two.upper())


@lru_cache(10_000)
def _skeleton(text: str) -> str:
    return "".join(map(_prototype, text)).casefold()


def _prototype(sign: str) -> str:
    """Return the character that stands for all that look like this one."""
    # Its tables take a quarter of a second to be read, and are asked when an account is added.
    from confusable_homoglyphs.confusables import confusables_data

    others = [one["c"] for one in confusables_data.get(sign, ())]
    if len(others) != 1:  # nothing looks like it, or it is what many others look like
        return sign
    (other,) = others
    return str(min(sign, other) if len(confusables_data.get(other, ())) == 1 else other)
