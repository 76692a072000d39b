"""Which quality to try next, from the scores so far: sums only, nothing is encoded here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

ENOUGH, DROP = 95.0, 0.8  # VMAF: where more is not seen, and what may be lost below that
AIM, CLOSE, FLOOR, FAR = 0.15, 0.5, 0.2, 1.0  # VMAF around the target: aimed above, good enough, promised, wasteful
MOST_PROBES = 4
WASTED_STEPS = 3  # a finished encode is made again only where it would be this much smaller
Points: TypeAlias = Sequence[tuple[float, float]]  # CRF and score


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is known of a codec before the first probe."""

    start: float  # CRF
    slope: float  # of ln(100 - VMAF) for each CRF
    step: float  # CRF
    least: float
    most: float
    fixed: float  # the CRF where nothing can be measured


LADDERS = {"av1": Ladder(38, 0.05, 1, 8, 63, 31), "h264": Ladder(26, 0.13, 0.25, 12, 45, 24)}


def next_crf(ladder: Ladder, target: float, points: Points) -> float | None:
    """The quality to try after these; None when the best one that can be found is among them."""
    if not points:
        return ladder.start
    if len(points) >= MOST_PROBES or any(target <= score <= target + CLOSE for _, score in points):
        return None
    low = max((crf + ladder.step for crf, score in points if score >= target), default=ladder.least)
    high = min((crf - ladder.step for crf, score in points if score < target), default=ladder.most)
    crf = rounded(ladder, modelled(target + AIM, points, slope_of(ladder, target, points)))
    if low > high or crf < low:  # nothing lies between, or nothing better than what was found
        return None
    return min(crf, high)


def modelled(aim: float, points: Points, slope: float) -> float:
    """The CRF that should score `aim`, on the line through the nearest point.

    The line is one in ln(100 - VMAF), where curves of all clips were nearly straight; in VMAF the same step went too
    far by 9 CRF.
    """
    crf, score = min(points, key=lambda point: abs(_loss(point[1]) - _loss(aim)))
    return crf + (_loss(aim) - _loss(score)) / slope


def slope_of(ladder: Ladder, aim: float, points: Points) -> float:
    """How steep the line is between the two points nearest to `aim`: the usual slope, or up to three times off."""
    near = sorted(points, key=lambda point: abs(_loss(point[1]) - _loss(aim)))[:2]
    if len(near) < 2 or near[0][0] == near[1][0]:
        return ladder.slope
    slope = (_loss(near[1][1]) - _loss(near[0][1])) / (near[1][0] - near[0][0])
    return min(max(slope, ladder.slope / 3), ladder.slope * 3)


def target_for(plain: float) -> float:
    """The VMAF to reach, for that of the plain rendition."""
    return min(ENOUGH, plain - DROP)


def corrected(sampled: float, bias: float) -> float:
    """What the whole should score, whose samples score `sampled`."""
    return min(sampled - bias, 100.0)


def _loss(score: float) -> float:
    return math.log(max(100.0 - score, 0.02))


def rounded(ladder: Ladder, crf: float) -> float:
    """The nearest step of the ladder."""
    return min(max(round(crf / ladder.step) * ladder.step, ladder.least), ladder.most)


def second_crf(ladder: Ladder, target: float, crf: float, score: float, slope: float) -> float | None:
    """The quality for another encode of the whole, None where the first will do."""
    other = rounded(ladder, modelled(target + AIM, [(crf, score)], slope))
    if score < target - FLOOR:
        lower = max(min(other, crf - ladder.step), ladder.least)
        return lower if lower < crf else None
    return other if score > target + FAR and other - crf >= WASTED_STEPS * ladder.step else None
