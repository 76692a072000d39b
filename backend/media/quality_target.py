"""Chooses the next quality to try from the scores so far; pure computation, no encoding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

ENOUGH, DROP = 95.0, 0.8  # VMAF: above this no difference is visible; below, this much may be lost
# VMAF that the 5th percentile may lose. The guarantee is 4 (with FLOOR, 3.75 is published): scoring every third frame
# was found to be off by up to 0.25.
WORST_DROP = 3.6
# VMAF relative to the target: aimed at, good enough, still published. The guarantee is 0.2 below; the rest covers the
# error of scoring every third frame.
AIM, CLOSE, FLOOR = 0.15, 0.4, 0.15
MAX_PROBES, MAX_SAMPLES = 4, 3  # for a video that is its own sample; for samples of a longer one
# In ln(100 - VMAF): range in which the line through one trial (about 3 CRF of AV1) or two trials is trusted. Observed
# slopes were 0.027 to 0.12, steepest where the bitrate cap limits the plain rendition.
NEAR, NEAR_MORE = 0.12, 0.3
STRAIGHT = 94.0  # VMAF below which curves are less steep
STRIDE = 4.0  # CRF: maximum change of a GOP at once
WORTH = 0.05  # in ln(100 - VMAF), about 7 % of the bytes: threshold for encoding some GOPs again
WASTED = 0.07  # in ln(100 - VMAF), about a tenth of the bytes: an encode that could save this much is made again
Points: TypeAlias = Sequence[tuple[float, float]]  # CRF and score


@dataclass(frozen=True, slots=True)
class Ladder:
    """Prior knowledge about a codec."""

    start: float  # CRF
    start_below: float  # the same if the target is below STRAIGHT
    slope: float  # of ln(100 - VMAF) per CRF
    slope_below: float  # the same below STRAIGHT
    size_slope: float  # decrease of ln(bytes) per CRF; 0.046 to 0.09 on eight clips of AV1
    step: float  # CRF
    least: float
    most: float
    fixed: float  # CRF used without measurement
    aim: float  # VMAF above the target when predicting from samples
    alone: float  # seconds of video up to which trials encode the whole

    def first(self, target: float) -> float:
        """The quality to try first."""
        return self.start if target > STRAIGHT else self.start_below

    def usual_slope(self, target: float) -> float:
        """The typical slope around a target."""
        return self.slope if target > STRAIGHT else self.slope_below


# The slopes of AV1 are medians of twelve clips. Predictions from samples may be off by 0.4. For AV1, aiming higher is
# cheaper than encoding the whole again; the savings of H.264 are within that error, so it is tried as a whole.
LADDERS = {
    "av1": Ladder(36, 32, 0.05, 0.0375, 0.06, 0.5, 8, 63, fixed=31, aim=0.25, alone=4.0),
    "h264": Ladder(26, 26, 0.13, 0.13, 0.115, 0.25, 12, 45, fixed=24, aim=AIM, alone=13.5),
}


@dataclass(frozen=True, slots=True)
class GroupState:
    """The current state of a GOP."""

    crf: float
    score: float  # VMAF
    size: int  # bytes


def next_crf(ladder: Ladder, target: float, points: Points) -> float | None:
    """Return the quality to try after these trials of the whole; None if the best one has been found."""
    if not points:
        return ladder.first(target)
    if len(points) >= MAX_PROBES or any(target <= score <= target + CLOSE for _, score in points):
        return None
    low = max((crf + ladder.step for crf, score in points if score >= target), default=ladder.least)
    high = min((crf - ladder.step for crf, score in points if score < target), default=ladder.most)
    crf = foreseen(ladder, target, points, AIM)
    if low > high or crf < low:  # nothing in between, or nothing better than what was found
        return None
    return min(crf, high)


def next_sample(ladder: Ladder, target: float, points: Points) -> float | None:
    """Return the quality to try after these trials of samples; None if they predict the quality for the whole."""
    if not points:
        return ladder.first(target)
    crf = foreseen(ladder, target, points, ladder.aim)
    near = NEAR if len(points) == 1 else NEAR_MORE
    known = min(abs(crf - tried) for tried, _ in points) * ladder.usual_slope(target) <= near
    return None if known or len(points) >= MAX_SAMPLES else crf


def foreseen(ladder: Ladder, target: float, points: Points, aim: float) -> float:
    """Return the quality predicted to reach the target plus `aim`, from the nearest trials."""
    return rounded(ladder, modelled(target + aim, points, slope_of(ladder, target, points)))


def modelled(aim: float, points: Points, slope: float) -> float:
    """Return the CRF predicted to score `aim`, on the line through the nearest point.

    The model is linear in ln(100 - VMAF), where the curves of all clips were nearly straight; in VMAF itself the same
    step overshot by 9 CRF.
    """
    crf, score = min(points, key=_distance(aim))
    return crf + (_loss(aim) - _loss(score)) / slope


def slope_of(ladder: Ladder, aim: float, points: Points) -> float:
    """Return the slope between the two points nearest to `aim`, limited to a factor of three around the typical
    slope.
    """
    near = sorted(points, key=_distance(aim))[:2]
    usual = ladder.usual_slope(aim)
    if len(near) < 2 or near[0][0] == near[1][0]:
        return usual
    slope = (_loss(near[1][1]) - _loss(near[0][1])) / (near[1][0] - near[0][0])
    return min(max(slope, usual / 3), usual * 3)


def foreseen_size(ladder: Ladder, crf: float, tried: Sequence[tuple[float, int]]) -> float:
    """Return the size in bytes predicted for a quality, from trials given as CRF and bytes."""
    near, size = min(tried, key=lambda one: abs(one[0] - crf))
    return size * math.exp((near - crf) * ladder.size_slope)


def target_for(plain: float) -> float:
    """Return the target VMAF for a plain rendition's score."""
    return min(ENOUGH, plain - DROP)


def expected(sampled: float, plain_sampled: float, plain: float) -> float:
    """Predict the score of the whole from samples, scaling the loss by that of the plain rendition.

    On eleven of twelve clips this was within 0.5 VMAF, with a third of the clip sampled.
    """
    return 100 - math.exp(_loss(sampled) - _loss(plain_sampled) + _loss(plain))


def merit(target: float, mean: float, p5: float, plain_p5: float) -> float:
    """Return the value compared with the target: the mean, or an equivalent for the 5th percentile's limit.

    In clips with varied frames, the mean may lose little and the worst frames a lot.
    """
    return min(mean, target + p5 - (plain_p5 - WORST_DROP))


def _loss(score: float) -> float:
    return math.log(max(100.0 - score, 0.02))


def _distance(aim: float) -> Callable[[tuple[float, float]], float]:
    return lambda point: abs(_loss(point[1]) - _loss(aim))


def rounded(ladder: Ladder, crf: float) -> float:
    """Round to the nearest step of the ladder."""
    return min(max(round(crf / ladder.step) * ladder.step, ladder.least), ladder.most)


def second_crf(ladder: Ladder, target: float, crf: float, score: float, slope: float) -> float | None:
    """Return the quality for a second encode of the whole, None if the first is good enough."""
    other = rounded(ladder, modelled(target + AIM, [(crf, score)], slope))
    if score < target - FLOOR:
        lower = max(min(other, crf - ladder.step), ladder.least)
        return lower if lower < crf else None
    return other if (other - crf) * slope >= WASTED else None


def repair(
    ladder: Ladder, target: float, score: float, slope: float, groups: Sequence[GroupState]
) -> tuple[list[int], float]:
    """Return which GOPs to encode again, as indexes into `groups`, and at which quality; none if the result is good.

    A few GOPs change a lot, since changing all a little would cost a whole encode. The worst are improved; of the good
    ones the largest are reduced.
    """
    change = _change(target, score, slope)
    if target - FLOOR <= score and change * slope < WORTH:
        return [], 0.0
    count = min(len(groups), math.ceil(len(groups) * abs(change) / STRIDE))
    order = sorted(range(len(groups)), key=lambda place: groups[place].score)
    if change > 0:  # the worst fifth is unchanged
        order = sorted(order[len(groups) // 5 :], key=lambda place: groups[place].size, reverse=True)
    chosen = sorted(order[:count])
    shift = min(max(change * len(groups) / count, -2 * STRIDE), STRIDE)
    now = math.fsum(groups[place].crf for place in chosen) / count
    crf = rounded(ladder, now + shift)
    return (chosen if crf < now or change > 0 else []), crf


def _change(target: float, score: float, slope: float) -> float:
    """Return by how much CRF the whole is off its target."""
    return (_loss(target + AIM) - _loss(score)) / slope
