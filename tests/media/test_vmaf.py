"""Scores, and the sums that lead from them to the next quality."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.media import gops, vmaf
from backend.media.filters import Shape, scaled, shape
from backend.media.quality_search import ProgressSplitter
from backend.media.quality_target import (
    AIM,
    FLOOR,
    LADDERS,
    MAX_PROBES,
    MAX_SAMPLES,
    WORST_DROP,
    GroupState,
    expected,
    foreseen,
    foreseen_size,
    merit,
    modelled,
    next_crf,
    next_sample,
    repair,
    second_crf,
    slope_of,
    target_for,
)
from backend.media.source import open_source
from backend.media.transcode import make_renditions
from backend.media.vmaf import Pictures, Score, Unscored

SCORES = st.floats(1, 99.9)
CODECS = st.sampled_from(sorted(LADDERS))


def quietly(done):
    """Take the progress of something that nobody watches."""


@pytest.fixture
def score(ffmpeg, tmp_path):
    """Score a file against a source."""

    def compare(path, source):
        opened = open_source(ffmpeg, source, quietly)
        reference = vmaf.source_reference(ffmpeg, opened, shape(ffmpeg, opened.probe, scaled(opened.probe, 720, "min")))
        return vmaf.score(ffmpeg, path, reference, tmp_path, 48, 1, quietly)

    return compare


@pytest.fixture
def worse(ffmpeg, clip, tmp_path):
    """Encode a clip badly."""

    def make(name, *options):
        output = tmp_path / "worse.mp4"
        settings = "-an -c:v libx264 -preset ultrafast -crf 40 -fps_mode passthrough"
        assert ffmpeg.run(["-i", str(clip(name)), *options, *settings.split(), str(output)]).ok
        return output

    return make


def test_a_clip_is_like_itself_and_a_bad_encode_less(score, worse, clip):
    same, bad = score(clip("plain.mp4"), clip("plain.mp4")), score(worse("plain.mp4"), clip("plain.mp4"))

    assert [number for number, _ in same.frames] == list(range(48))
    assert same.mean >= 97
    assert bad.mean < same.mean - 10
    assert bad.p5 < same.p5


def test_other_numbers_of_pictures_are_not_compared(score, worse, clip):
    fewer = worse("plain.mp4", "-frames:v", "40")

    with pytest.raises(Unscored, match="40 pictures cannot be compared with 48"):
        score(fewer, clip("plain.mp4"))


@pytest.mark.parametrize("name", ["variable-rate.mkv", "odd.mkv"])
def test_odd_sizes_and_changing_rates_are_paired_right(ffmpeg, score, clip, tmp_path, name):
    (made,), _ = make_renditions(ffmpeg, (720,), tmp_path, open_source(ffmpeg, clip(name), quietly), quietly)

    assert score(made, clip(name)).mean >= 94


@pytest.mark.parametrize("encoder", [vmaf.RAW, vmaf.SMALL])
def test_samples_of_a_video_are_its_windows(ffmpeg, clip, tmp_path, encoder):
    source = open_source(ffmpeg, clip("six-seconds.mp4"), quietly)
    nut = tmp_path / "samples.nut"

    original = vmaf.source_reference(ffmpeg, source, Shape("scale=64:36", ()))
    reference = vmaf.copy(ffmpeg, original, ((0.5, 2.5), (3.5, 5.5)), 6, encoder, nut, quietly)

    assert reference.filters == "null"
    assert ffmpeg.run([*reference.inputs(), "-f", "null", "-"]).frames == 80


def test_what_cannot_be_scored_is_said(ffmpeg, score, clip, tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"nothing")

    with pytest.raises(Unscored):
        score(tmp_path / "no.mp4", clip("plain.mp4"))
    with pytest.raises(Unscored):
        vmaf.list_pictures(ffmpeg, tmp_path / "no.mp4")


@pytest.mark.parametrize("log", [b"", b"[]", b"{}", b'{"frames": []}', b'{"frames": [{"frameNum": 0, "metrics": {}}]}'])
def test_a_log_without_scores_is_none(log):
    with pytest.raises(Unscored):
        vmaf.read_scores(log)


def test_scores_that_are_no_numbers_are_not_believed():
    with pytest.raises(Unscored):
        vmaf.read_scores(b'{"frames": [{"frameNum": 0, "metrics": {"vmaf": NaN}}]}')


@given(st.integers(0, 10**7))
def test_only_each_odd_picture_is_scored(frames):
    assert vmaf.step_for(frames) % 2 == 1


@given(st.floats(4, 21600), st.floats(0, 60))
def test_windows_are_groups_of_pictures_of_the_video_spread_evenly(duration, first):
    windows = vmaf.sample_windows(duration, first)

    gaps = [start - end for (_, end), (start, _) in pairwise(windows)]
    assert all(gap >= 0 for gap in gaps)
    assert max(gaps, default=0) - min(gaps, default=0) <= vmaf.SAMPLE_SECONDS
    assert all(start % 2 == 0 and end == start + 2 for start, end in windows)
    assert len(windows) == min(6 if duration <= 600 else 10, max(1, round(duration / 6)))
    assert windows[0][0] >= first
    assert windows[-1][1] <= first + duration
    centre = sum(start + end for start, end in windows) / 2 / len(windows)
    assert centre == pytest.approx(first + duration / 2, abs=vmaf.SAMPLE_SECONDS)


@given(st.lists(st.tuples(st.floats(0.01, 1), SCORES), min_size=1, max_size=40), st.floats(0.5, 4))
def test_the_lowest_stretch_is_the_lowest_of_all(shown, seconds):
    times = [sum(gap for gap, _ in shown[:number]) for number in range(len(shown))]
    values = [value for _, value in shown]
    frames = Score(tuple(enumerate(values)))

    stretches = []
    for start in range(len(shown)):
        inside = [value for at, value in zip(times[start:], values[start:], strict=True) if at - times[start] < seconds]
        stretches.append(sum(inside) / len(inside))
        if start + len(inside) == len(shown):
            break

    assert frames.lowest(times, seconds) == pytest.approx(min(stretches))


def test_a_score_tells_of_its_parts():
    frames = Score(tuple((number, 90.0 if number % 20 else 50.0) for number in range(100)))

    assert frames.mean == pytest.approx(88)
    assert frames.p5 == 50
    assert frames.among(frozenset({0, 1})).mean == 70
    assert frames.among(frozenset({1000})) == frames


def test_pictures_are_found_by_time():
    pictures = Pictures((0.0, 0.5, 1.0, 1.5), (10, 1, 2, 3))

    assert pictures.size == pictures.size_in(()) == 16
    assert pictures.numbers_in([(0.5, 1.5)]) == {1, 2}
    assert pictures.size_in([(0.5, 1.5)]) == 3


@given(SCORES)
def test_the_target_is_just_below_the_plain_rendition(plain):
    assert plain - target_for(plain) >= 0.8 - 1e-9
    assert target_for(plain) <= 95


@given(SCORES, SCORES, SCORES)
def test_the_whole_loses_as_many_times_what_the_plain_one_loses_as_its_samples_do(sampled, plain_sampled, plain):
    whole = expected(sampled, plain_sampled, plain)

    assert (100 - whole) / (100 - plain) == pytest.approx((100 - sampled) / (100 - plain_sampled))
    assert expected(plain_sampled, plain_sampled, plain) == pytest.approx(plain)


@given(CODECS, st.floats(0.5, 2), st.floats(60, 97), st.floats(0.1, 0.9))
def test_few_samples_foresee_what_the_whole_needs(codec, steepness, target, where):
    ladder = LADDERS[codec]
    slope = ladder.usual_slope(target) * steepness
    needed = ladder.least + 2 + where * (ladder.most - ladder.least - 4)

    points = []
    while (crf := next_sample(ladder, target, points)) is not None:
        assert crf not in [tried for tried, _ in points]
        points.append((crf, 100 - math.exp(math.log(100 - target) + slope * (crf - needed))))

    assert 1 <= len(points) <= MAX_SAMPLES
    if len(points) > 1:  # one is trusted as far as the usual slope is
        aimed = needed + math.log((100 - target - ladder.aim) / (100 - target)) / slope
        assert foreseen(ladder, target, points, ladder.aim) == pytest.approx(aimed, abs=ladder.step)


def test_a_sample_that_says_little_is_followed_by_another():
    near, far, ladder = [(38, 94.8)], [(38, 92.0)], LADDERS["av1"]

    assert next_sample(ladder, 95, near) is None
    assert next_sample(ladder, 95, far) == foreseen(ladder, 95, far, ladder.aim) < 35
    assert next_sample(ladder, 90, [(38, 86.0)]) == foreseen(ladder, 90, [(38, 86.0)], ladder.aim) < 32


@given(CODECS, st.floats(0.5, 2), st.floats(60, 97), st.floats(0.1, 0.9))
def test_a_straight_curve_is_hit_in_few_probes(codec, steepness, target, where):
    ladder = LADDERS[codec]
    slope = ladder.usual_slope(target) * steepness
    at_target = ladder.least + 2 + where * (ladder.most - ladder.least - 4)  # the CRF that just reaches it

    def curve(crf):
        return 100 - math.exp(math.log(100 - target) + slope * (crf - at_target))

    points = []
    while (crf := next_crf(ladder, target, points)) is not None:
        assert crf not in [tried for tried, _ in points]
        assert ladder.least <= crf <= ladder.most
        points.append((crf, curve(crf)))

    assert 1 <= len(points) <= MAX_PROBES
    passed = [tried for tried, reached in points if reached >= target]
    assert passed
    assert max(passed) >= at_target - max(2 * ladder.step, 0.6 / slope / (100 - target) + ladder.step)


@given(CODECS, SCORES, st.integers(20, 40))
def test_the_model_meets_its_own_points(codec, reached, crf):
    ladder = LADDERS[codec]

    assert modelled(reached, [(crf, reached)], ladder.slope) == pytest.approx(crf)


@given(CODECS, SCORES, st.lists(st.tuples(st.integers(10, 60), SCORES), max_size=4))
def test_the_slope_stays_sensible(codec, aim, points):
    ladder = LADDERS[codec]

    usual = ladder.usual_slope(aim)
    assert usual / 3 <= slope_of(ladder, aim, points) <= usual * 3


@given(CODECS, st.floats(50, 95), st.floats(-20, 5))
def test_the_whole_is_made_again_only_where_that_pays(codec, target, over):
    ladder = LADDERS[codec]
    crf = ladder.start

    again = second_crf(ladder, target, crf, min(target + over, 99.9), ladder.slope)

    if over < -FLOOR - 1e-6:
        assert again is not None
        assert again < crf
    elif over < AIM:
        assert again is None
    elif again is not None:
        assert again > crf


def test_a_trial_that_is_far_too_good_does_not_end_the_search_for_its_size():
    ladder = LADDERS["av1"]

    # A GoPro clip: better than its plain rendition by 3.5 at CRF 38, in more bytes; at CRF 45 in a third fewer.
    assert foreseen_size(ladder, 45, [(38, 1135)]) < 800
    assert foreseen_size(ladder, 30, [(46, 265), (32, 700)]) == pytest.approx(700, rel=0.2)


@pytest.mark.parametrize(("mean", "p5", "is_enough"), [(95.1, 90.1, True), (95.1, 88.9, False), (94.0, 94.0, False)])
def test_the_worst_pictures_count_as_much_as_the_mean(mean, p5, is_enough):
    assert (merit(95, mean, p5, plain_p5=90 + WORST_DROP) >= 95) is is_enough


GROUPS = st.lists(
    st.builds(GroupState, st.floats(20, 50), st.floats(80, 99), st.integers(1, 10**6)), min_size=1, max_size=30
)


@given(GROUPS, st.floats(85, 98.9), st.floats(0.02, 0.15))
def test_groups_are_made_again_only_where_the_whole_is_off(now, score, slope):
    ladder, target = LADDERS["av1"], 93.0

    chosen, crf = repair(ladder, target, score, slope, now)

    before = [now[place].crf for place in chosen]
    if score < target - FLOOR:
        assert chosen
        assert crf <= sum(before) / len(before)
        assert {now[place].score for place in chosen} == set(sorted(one.score for one in now)[: len(chosen)])
    elif chosen:
        assert (100 - target) / (100 - score) > 1
        assert crf <= sum(before) / len(before) + 4 + ladder.step


def test_groups_are_those_pictures_that_are_shown_within_the_same_two_seconds():
    times = [number / 29.97 for number in range(150)]

    assert gops.groups_of(times) == [range(60), range(60, 120), range(120, 150)]
    assert gops.groups_of([0.0, 5.0, 5.5]) == [range(1), range(1, 3)]


@given(st.integers(1, 400))
def test_the_groups_that_are_tried_are_spread_evenly(count):
    chosen = gops.spread(count, 6)

    assert len(set(chosen)) == len(chosen) == min(6, max(1, round(count / 3)))
    assert chosen == sorted(chosen)
    assert 0 <= chosen[0] <= chosen[-1] < count


def test_at_the_end_of_the_ladder_there_is_no_other_encode():
    ladder = LADDERS["av1"]

    assert second_crf(ladder, 90, ladder.least, 80, ladder.slope) is None
    assert next_crf(ladder, 95 - AIM, [(ladder.least, 80.0)]) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.lists(st.floats(-1, 2), max_size=5)), max_size=8))
def test_progress_never_goes_back(marks):
    told = []
    steps = ProgressSplitter(told.append)
    for mark, parts in marks:
        tell = steps.until(mark)
        for part in parts:
            tell(part)

    assert told == sorted(told)
    assert all(0 <= done <= 1 for done in told)


def test_a_source_is_compared_through_the_filters_of_its_rendition(ffmpeg, clip):
    source = open_source(ffmpeg, clip("plain.mp4"), lambda done: None)

    assert vmaf.source_reference(ffmpeg, source, Shape("scale=64:36", ())).filters == "scale=64:36"
