"""What the indexes of titles, user names and tags are asked for: any substring is found by the signs it consists of.

The function `signs` of the schema makes them of the stored texts: the code point of each character, and of each pair of
neighbours one number. A text of one or two characters is found by these alone; a longer one is compared as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

PAIR_BITS = 24
MAX_PAIRS = 40  # more of them select nothing more, and each costs


def signs(text: str) -> list[int]:
    """Return the signs of a text that is searched for."""
    if len(text) == 1:
        return [ord(text)]
    pairs = dict.fromkeys(ord(one) << PAIR_BITS | ord(two) for one, two in pairwise(text))
    return list(pairs)[:MAX_PAIRS]


def has_signs(column: str, text: str) -> str:
    """Return the condition that a column has the signs of a text.

    They are in the SQL itself: the planner then knows how many rows have them, and numbers can say nothing else.
    """
    return f"signs({column}) @> {numbers(signs(text))}"


def numbers(found: Iterable[int]) -> str:
    """Return numbers as an array in SQL."""
    return f"'{{{','.join(map(str, found))}}}'::bigint[]"
