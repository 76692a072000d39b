"""Fingerprints of clips: 64-bit difference hashes of some frames, and how alike two clips are.

A frame's hash compares neighbouring cells of a 9 × 8 grid of mean brightness, so it survives other sizes, bitrates and
brightness, logos and captions. Frames are alike if their hashes differ in at most 8 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

COLUMNS, ROWS = 9, 8  # cells of a frame
MAX_DISTANCE = 8  # bits between frames that are alike
MIN_SHARE = 0.5  # of the frames of each of two similar clips that the other must have
MIN_FRAMES = 4  # of each, since one frame proves nothing
CLEAR_LEVELS, MIN_CLEAR = 4, 16  # a frame counts if so many of its differences are that large
BANDS, BAND_BITS = 4, 16
BAND_MASK = (1 << BAND_BITS) - 1

Hashes: TypeAlias = tuple[int, ...]  # of frames, in order
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) ^ 0xFF for byte in range(256))  # of one row of bits


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike a clip is to another: the share of its frames that the other has, possibly mirrored."""

    share: float
    mirrored: bool = False


def hash_frame(cells: Sequence[float]) -> int | None:
    """Return the hash of a frame, given the mean brightness (0 to 255) of its cells row by row.

    None if the frame is too flat to tell it from others.
    """
    found = clear = 0
    for row in range(0, COLUMNS * ROWS, COLUMNS):
        for left in range(row, row + COLUMNS - 1):
            difference = cells[left + 1] - cells[left]
            found = found << 1 | (difference > 0)
            clear += abs(difference) >= CLEAR_LEVELS
    return found if clear >= MIN_CLEAR else None


def mirror(frame: int) -> int:
    """Return the hash of the mirrored frame: the bits of each row reversed and inverted."""
    return int.from_bytes(frame.to_bytes(ROWS).translate(_MIRROR))


def bands(frames: Iterable[int]) -> set[int]:
    """Return the index values of hashes: each band of 16 bits, with its number above them."""
    return {
        number << BAND_BITS | frame >> number * BAND_BITS & BAND_MASK for frame in frames for number in range(BANDS)
    }


def compare(own: Sequence[Hashes], other: Sequence[Hashes]) -> tuple[Likeness, Likeness] | None:
    """Return how much of a clip is in another and of the other in it, or None if they are not similar.

    A clip has one sequence of hashes per way of cutting its frames.
    """
    pairs = [_compare(*both, mirrored) for both in product(own, other) for mirrored in (False, True)]
    return max(filter(None, pairs), key=lambda pair: min(one.share for one in pair), default=None)


def _compare(own: Hashes, other: Hashes, mirrored: bool) -> tuple[Likeness, Likeness] | None:
    turned = [mirror(frame) for frame in own] if mirrored else own
    near = [[(one ^ two).bit_count() <= MAX_DISTANCE for two in other] for one in turned]
    mine, theirs = sum(map(any, near)), sum(map(any, zip(*near, strict=True)))
    if min(mine, theirs) < MIN_FRAMES or min(mine / len(own), theirs / len(other)) < MIN_SHARE:
        return None
    return Likeness(mine / len(own), mirrored), Likeness(theirs / len(other), mirrored)
