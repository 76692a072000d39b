"""The words of the search index: what of a video can be searched for, written so that FTS5 finds any part of it.

A title becomes overlapping pairs of its folded characters, the last one paired with an end mark: a search is a phrase
of pairs, and a single character is the beginning of a pair. User name, tags and what is compared as it is (user,
statuses, category …) stand behind the title as words that begin with marks of their own, so that filters meet inside
the index. FTS5 splits at ASCII
punctuation and folds ASCII capitals: all of ASCII but small letters and digits is moved to private-use code points,
where nothing is syntax, and what is there already is written with a second code point.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from itertools import pairwise

from backend.store.folding import split_tags

MAX_PHRASE = 40  # characters; what is longer is compared with the rows: every pair costs an iterator more

_BASE = 0xE000
_PLAIN = set(string.ascii_lowercase + string.digits)
_ESCAPE = chr(_BASE + 0xFF)
_ENCODED = {chr(code): chr(_BASE + code) for code in range(128) if chr(code) not in _PLAIN} | {
    chr(code): _ESCAPE + chr(code) for code in range(_BASE, _BASE + 0x100)
}
# What is compared as it is, in the order in which it is told; each has a mark of its own.
EXACT = ("user_id", "censor_status", "cate_id", "transcode_status", "narrow_transcode_status", "recommended")
TOLD = ("title_folded", "user_name_folded", "tags", *EXACT)
_END, _NAME_PAIR, _NAME_SIGN, *_MARKS, _TAG = (chr(_BASE + 0x80 + number) for number in range(4 + len(EXACT)))


def index_words(title: str | None, user_name: str | None, tags: str | None, *exact: str | int | None) -> str:
    """Return the words of a video, for the index; `title` and `user_name` are folded. None has no words.

    `exact` holds the values of EXACT.
    """
    words: list[str] = []
    if title is not None:
        words += _pairs([*_encoded(title), _END])
    if user_name is not None:
        name = _encoded(user_name)
        words += [*_pairs(name, _NAME_PAIR), *(_NAME_SIGN + sign for sign in dict.fromkeys(name))]
    if tags is not None:
        words += (_word(_TAG, tag) for tag in split_tags(tags))
    return " ".join([*words, *_exact_words(exact)])


def match_words(title: str, user_name: str, tags: Iterable[str], *exact: str | int | None) -> str:
    """Return the FTS5 query for what is given; `title` and `user_name` are folded, and not too long for a phrase.

    `tags` are as from `split_tags`, `exact` the values of EXACT: None for what may be anything.
    """
    signs, name = _encoded(title), _encoded(user_name)
    found = [_phrase(_pairs(signs)), _phrase(_pairs(name, _NAME_PAIR))]
    if len(signs) == 1:
        found.append(f'"{signs[0]}" *')
    if len(name) == 1:
        found.append(_phrase([_NAME_SIGN + name[0]]))
    found += (_phrase([word]) for word in [*(_word(_TAG, tag) for tag in tags), *_exact_words(exact)])
    return " ".join(filter(None, found))


def _exact_words(values: Iterable[str | int | None]) -> list[str]:
    return [_word(mark, str(value)) for mark, value in zip(_MARKS, values, strict=True) if value is not None]


def _encoded(text: str) -> list[str]:
    return [_ENCODED.get(sign, sign) for sign in text]


def _pairs(signs: list[str], mark: str = "") -> list[str]:
    return [mark + one + two for one, two in pairwise(signs)]


def _phrase(words: list[str]) -> str:
    return f'"{" ".join(words)}"' if words else ""


def _word(mark: str, text: str) -> str:
    return mark + "".join(_encoded(text))
