"""The keys of rows: the second of a row, shifted, and a number within it, so that newest first is the order of keys."""

from __future__ import annotations

SEQ_BITS = 20
SPAN_BITS = 36  # a key shifted by this is its span of 65,536 seconds, by which rows are counted


def first_key(second: int) -> int:
    """Return the smallest key that a row of this second can have."""
    return second << SEQ_BITS
