"""Figures of the feed: intervals, and clips compared with others at the same places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.model.feed import Figures
from backend.model.feed_statistics import compare, wilson


def test_intervals_are_wilsons():
    # Values of R's prop.test(82, 263, correct = FALSE), and the textbook example of none in ten
    assert (wilson(82, 263).low, wilson(82, 263).high) == pytest.approx((0.2589, 0.3701), abs=2e-4)
    assert (wilson(0, 10).low, wilson(0, 10).high) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0).rate is None


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_an_interval_holds_its_share_and_stays_between_0_and_1(count, number):
    found = wilson(count, number)

    assert 0 <= found.low <= found.rate + 1e-12 <= found.high + 2e-12 <= 1 + 4e-12


def test_a_clip_is_compared_with_others_at_its_places():
    # Place 1 is played twice as often as place 2, whatever is there.
    rows = [
        ("first", 1, Figures(impressions=1000, plays=400)),
        ("second", 2, Figures(impressions=1000, plays=300)),
        ("other", 1, Figures(impressions=1000, plays=400)),
        ("other", 2, Figures(impressions=1000, plays=100)),
    ]

    found = {one.group: one for one in compare(rows, ranked=True)}

    assert found["first"].play_rate.rate > found["second"].play_rate.rate
    assert (found["first"].compared, found["second"].compared) == (1.0, 3.0)
    assert found["other"].compared == pytest.approx(5 / 7)
    assert [found[name].rank for name in ("second", "first", "other")] == [1, 2, 3]


def test_a_clip_alone_at_its_places_is_compared_with_nobody():
    (found, *_) = compare([("a", 1, Figures(500, 90)), ("b", 2, Figures(400, 80))], ranked=True)

    assert (found.group, found.compared, found.rank) == ("a", None, None)


def test_a_clip_seen_fewer_than_200_times_is_not_ranked():
    rows = [(name, 1, Figures(impressions=number, plays=9)) for name, number in (("a", 199), ("b", 200), ("c", 300))]

    assert {one.group: one.rank for one in compare(rows, ranked=True)} == {"a": None, "b": 1, "c": 2}


def test_shares_of_playbacks():
    (found,) = compare([("a", 1, Figures(10, plays=2, completes=3, skips=5, watched_ms=30, played_ms=120))])

    assert (found.play_rate.rate, found.completion_rate.rate, found.skip_rate.rate) == (0.5, 0.3, 0.5)
    assert found.watched_share == 0.25
