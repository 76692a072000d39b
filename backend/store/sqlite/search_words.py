"""Encodes the searchable fields of a video as words of the FTS5 index, so that any substring can be found.

A title becomes overlapping pairs of its folded characters, the last one paired with an end mark: a search is a phrase
of pairs, and a single character is the prefix of a pair. User name, tags, flags and exact values (user, statuses …)
follow the title as words with prefixes of their own, so that filters are combined inside the index. FTS5 splits at
ASCII punctuation and folds ASCII capitals, so all ASCII except small letters and digits is mapped to private-use code
points; characters already there are escaped with a second code point.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from itertools import pairwise

from backend.model.technical_flags import ANY, NONE
from backend.store.folding import split_tags

MAX_PHRASE = 40  # longer texts are compared with the rows, because each pair costs an iterator

_BASE = 0xE000
_PLAIN = set(string.ascii_lowercase + string.digits)
_ESCAPE = chr(_BASE + 0xFF)
_ENCODED = {chr(code): chr(_BASE + code) for code in range(128) if chr(code) not in _PLAIN} | {
    chr(code): _ESCAPE + chr(code) for code in range(_BASE, _BASE + 0x100)
}
# Fields compared exactly, in the order of the arguments; each has its own prefix.
EXACT = ("user_id", "censor_status", "cate_id", "transcode_status", "narrow_transcode_status", "recommended")
TOLD = ("title_folded", "user_name_folded", "tags", "flags", *EXACT)
_END, _NAME_PAIR, _NAME_SIGN, *_MARKS, _TAG, _FLAG = (chr(_BASE + 0x80 + number) for number in range(5 + len(EXACT)))


def index_words(
    title: str | None, user_name: str | None, tags: str | None, flags: str | None, *exact: str | int | None
) -> str:
    """Return the index words of a video; `title` and `user_name` are folded.

    None yields no words. `exact` are the values of EXACT.
    """
    words: list[str] = []
    if title is not None:
        words += _pairs([*_encoded(title), _END])
    if user_name is not None:
        name = _encoded(user_name)
        words += [*_pairs(name, _NAME_PAIR), *(_NAME_SIGN + char for char in dict.fromkeys(name))]
    if tags is not None:
        words += (_word(_TAG, tag) for tag in split_tags(tags))
    if flags:
        words += (_word(_FLAG, flag) for flag in [*flags.split(","), *([] if flags == NONE else [ANY])])
    return " ".join([*words, *_exact_words(exact)])


def match_words(title: str, user_name: str, tags: Iterable[str], flag: str, *exact: str | int | None) -> str:
    """Return the FTS5 query for these values; `title` and `user_name` are folded and at most MAX_PHRASE long.

    `tags` come from `split_tags`, `flag` is a technical flag or empty; `exact` are the values of EXACT, None for any.
    """
    signs, name = _encoded(title), _encoded(user_name)
    found = [_phrase(_pairs(signs)), _phrase(_pairs(name, _NAME_PAIR))]
    if len(signs) == 1:
        found.append(f'"{signs[0]}" *')
    if len(name) == 1:
        found.append(_phrase([_NAME_SIGN + name[0]]))
    told = [*(_word(_TAG, tag) for tag in tags), *([_word(_FLAG, flag)] if flag else []), *_exact_words(exact)]
    found += (_phrase([word]) for word in told)
    return " ".join(filter(None, found))


def _exact_words(values: Iterable[str | int | None]) -> list[str]:
    return [_word(mark, str(value)) for mark, value in zip(_MARKS, values, strict=True) if value is not None]


def _encoded(text: str) -> list[str]:
    return [_ENCODED.get(char, char) for char in text]


def _pairs(signs: list[str], mark: str = "") -> list[str]:
    return [mark + one + two for one, two in pairwise(signs)]


def _phrase(words: list[str]) -> str:
    return f'"{" ".join(words)}"' if words else ""


def _word(mark: str, text: str) -> str:
    return mark + "".join(_encoded(text))
