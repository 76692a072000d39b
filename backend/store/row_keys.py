"""Row keys: the row's second, shifted, plus a number within that second, so that key order is time order."""

from __future__ import annotations

SEQ_BITS = 20
SPAN_BITS = 36  # a key shifted by this is its span of 65,536 seconds, by which rows are counted


def first_key(second: int) -> int:
    """Return the smallest key of a row of this second."""
    return second << SEQ_BITS
