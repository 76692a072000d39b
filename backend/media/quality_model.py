"""Which quality to try next, from the scores so far: sums only, nothing is encoded here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

ENOUGH, DROP = 95.0, 0.8  # VMAF: where more is not seen, and what may be lost below that
# VMAF that the 5th percentile may lose. The promise is 4 (with FLOOR, 3.75 is published): scores of each third picture
# were found to be off by up to 0.25 there.
WORST_DROP = 3.6
# VMAF around the target: aimed above, good enough, still published. The promise is 0.2 below; the rest is what scoring
# each third picture was found to be off by.
AIM, CLOSE, FLOOR = 0.15, 0.4, 0.15
MAX_PROBES, MAX_SAMPLES = 4, 3  # of a video that is its own sample; of the samples of a longer one
# Of ln(100 - VMAF): so far the line through one trial is trusted, about 3 CRF of AV1, and the one through two. Slopes
# of 0.027 to 0.12 were found, the steepest where the cap holds the plain rendition down.
NEAR, NEAR_MORE = 0.12, 0.3
STRAIGHT = 94.0  # VMAF; curves are less steep below it
STRIDE = 4.0  # CRF: as much as one group of pictures may be changed at once
WORTH = 0.05  # of ln(100 - VMAF), about 7 % of the bytes: where some groups can be made again by themselves
WASTED = (
    0.07  # of ln(100 - VMAF), about a tenth of the bytes: a finished encode that may lose so much more is made again
)
Points: TypeAlias = Sequence[tuple[float, float]]  # CRF and score


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is known of a codec before the first trial."""

    start: float  # CRF
    start_below: float  # the same where the target is below STRAIGHT
    slope: float  # of ln(100 - VMAF) for each CRF
    slope_below: float  # the same below STRAIGHT
    size_slope: float  # of ln(bytes), falling, for each CRF; 0.046 to 0.09 on eight clips of AV1
    step: float  # CRF
    least: float
    most: float
    fixed: float  # the CRF where nothing can be measured
    aim: float  # VMAF above the target where samples foresee it
    alone: float  # seconds of video that are tried as a whole

    def first(self, target: float) -> float:
        """The quality to try first."""
        return self.start if target > STRAIGHT else self.start_below

    def usual_slope(self, target: float) -> float:
        """The slope that clips have around a target."""
        return self.slope if target > STRAIGHT else self.slope_below


# The slopes of AV1 are the medians of twelve clips. What samples foresee may be 0.4 wrong. AV1 can spare the bits, and
# another encode of the whole costs more; what H.264 saves lies within that error, so that it is tried as a whole.
LADDERS = {
    "av1": Ladder(36, 32, 0.05, 0.0375, 0.06, 0.5, 8, 63, fixed=31, aim=0.25, alone=4.0),
    "h264": Ladder(26, 26, 0.13, 0.13, 0.115, 0.25, 12, 45, fixed=24, aim=AIM, alone=13.5),
}


@dataclass(frozen=True, slots=True)
class GroupState:
    """A group of pictures as it is now."""

    crf: float
    score: float  # VMAF
    size: int  # bytes


def next_crf(ladder: Ladder, target: float, points: Points) -> float | None:
    """The quality to try after these trials of the whole; None when the best one that can be found is among them."""
    if not points:
        return ladder.first(target)
    if len(points) >= MAX_PROBES or any(target <= score <= target + CLOSE for _, score in points):
        return None
    low = max((crf + ladder.step for crf, score in points if score >= target), default=ladder.least)
    high = min((crf - ladder.step for crf, score in points if score < target), default=ladder.most)
    crf = foreseen(ladder, target, points, AIM)
    if low > high or crf < low:  # nothing lies between, or nothing better than what was found
        return None
    return min(crf, high)


def next_sample(ladder: Ladder, target: float, points: Points) -> float | None:
    """The quality to try after these trials of samples; None when what the whole needs can be foreseen from them."""
    if not points:
        return ladder.first(target)
    crf = foreseen(ladder, target, points, ladder.aim)
    near = NEAR if len(points) == 1 else NEAR_MORE
    known = min(abs(crf - tried) for tried, _ in points) * ladder.usual_slope(target) <= near
    return None if known or len(points) >= MAX_SAMPLES else crf


def foreseen(ladder: Ladder, target: float, points: Points, aim: float) -> float:
    """The quality that should reach the target, and `aim` more, by the line through the trials nearest to it."""
    return rounded(ladder, modelled(target + aim, points, slope_of(ladder, target, points)))


def modelled(aim: float, points: Points, slope: float) -> float:
    """The CRF that should score `aim`, on the line through the nearest point.

    The line is one in ln(100 - VMAF), where curves of all clips were nearly straight; in VMAF the same step went too
    far by 9 CRF.
    """
    crf, score = min(points, key=_distance(aim))
    return crf + (_loss(aim) - _loss(score)) / slope


def slope_of(ladder: Ladder, aim: float, points: Points) -> float:
    """How steep the line is between the two points nearest to `aim`: the usual slope, or up to three times off."""
    near = sorted(points, key=_distance(aim))[:2]
    usual = ladder.usual_slope(aim)
    if len(near) < 2 or near[0][0] == near[1][0]:
        return usual
    slope = (_loss(near[1][1]) - _loss(near[0][1])) / (near[1][0] - near[0][0])
    return min(max(slope, usual / 3), usual * 3)


def foreseen_size(ladder: Ladder, crf: float, tried: Sequence[tuple[float, int]]) -> float:
    """The bytes that trials, given as CRF and bytes, foresee at a quality; the nearest one may be far from it."""
    near, size = min(tried, key=lambda one: abs(one[0] - crf))
    return size * math.exp((near - crf) * ladder.size_slope)


def target_for(plain: float) -> float:
    """The VMAF to reach, for that of the plain rendition."""
    return min(ENOUGH, plain - DROP)


def expected(sampled: float, plain_sampled: float, plain: float) -> float:
    """What the whole should score, whose samples score `sampled`: it loses as many times what the plain one loses.

    On eleven of twelve clips that was right to 0.5 VMAF, where a third of the clip was sampled.
    """
    return 100 - math.exp(_loss(sampled) - _loss(plain_sampled) + _loss(plain))


def merit(target: float, mean: float, p5: float, plain_p5: float) -> float:
    """What a search compares with the target: the mean, or how far the 5th percentile is from what it may lose.

    Where pictures of one clip differ much, the mean may lose little and the worst of them a lot.
    """
    return min(mean, target + p5 - (plain_p5 - WORST_DROP))


def _loss(score: float) -> float:
    return math.log(max(100.0 - score, 0.02))


def _distance(aim: float) -> Callable[[tuple[float, float]], float]:
    return lambda point: abs(_loss(point[1]) - _loss(aim))


def rounded(ladder: Ladder, crf: float) -> float:
    """The nearest step of the ladder."""
    return min(max(round(crf / ladder.step) * ladder.step, ladder.least), ladder.most)


def second_crf(ladder: Ladder, target: float, crf: float, score: float, slope: float) -> float | None:
    """The quality for another encode of the whole, None where the first will do."""
    other = rounded(ladder, modelled(target + AIM, [(crf, score)], slope))
    if score < target - FLOOR:
        lower = max(min(other, crf - ladder.step), ladder.least)
        return lower if lower < crf else None
    return other if (other - crf) * slope >= WASTED else None


def repair(
    ladder: Ladder, target: float, score: float, slope: float, groups: Sequence[GroupState]
) -> tuple[list[int], float]:
    """Which groups to encode again, by their place in `groups`, and at which quality; none where all is well.

    Few groups change by a lot rather than all by a little, which would cost a whole encode. The worst get, and of
    those that are good the largest give.
    """
    change = _change(target, score, slope)
    if target - FLOOR <= score and change * slope < WORTH:
        return [], 0.0
    count = min(len(groups), math.ceil(len(groups) * abs(change) / STRIDE))
    order = sorted(range(len(groups)), key=lambda place: groups[place].score)
    if change > 0:  # the worst fifth stays as it is
        order = sorted(order[len(groups) // 5 :], key=lambda place: groups[place].size, reverse=True)
    chosen = sorted(order[:count])
    shift = min(max(change * len(groups) / count, -2 * STRIDE), STRIDE)
    now = math.fsum(groups[place].crf for place in chosen) / count
    crf = rounded(ladder, now + shift)
    return (chosen if crf < now or change > 0 else []), crf


def _change(target: float, score: float, slope: float) -> float:
    """How far the CRF of the whole is from where it just reaches the target."""
    return (_loss(target + AIM) - _loss(score)) / slope
