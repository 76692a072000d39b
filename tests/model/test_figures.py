"""Periods and quantiles of figures."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.model.figures import (
    BOUNDS,
    HOURS,
    LENGTHS,
    SLOT_SECONDS,
    TO_THE_HOUR,
    PeriodLength,
    find_quantile,
    make_periods,
    make_segments,
)

SECONDS = st.lists(st.integers(0, 10**8), min_size=1, max_size=200)


@given(SECONDS, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_a_quantile_is_at_most_5_percent_off(seconds, share):
    classes = Counter(max(low for low in BOUNDS if low <= second) for second in seconds)
    exact = sorted(seconds)[ceil(share * len(seconds)) - 1]

    found = find_quantile(classes, share)

    assert found == exact if exact <= 10 else abs(found - exact) <= 0.05 * exact


def test_there_is_no_quantile_of_nothing():
    assert find_quantile({}, 0.5) is None
    assert find_quantile({60: 0}, 0.5) is None


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Asia/Kathmandu", "America/New_York"])
@pytest.mark.parametrize("by", PeriodLength)
def test_segments_cover_each_quarter_of_a_period_once(by, zone):
    periods = make_periods(by, date(2026, 1, 20), date(2026, 4, 5), ZoneInfo(zone))

    for number, period in enumerate(periods):
        covered: Counter[int] = Counter()
        for of, span, first, last in make_segments(periods):
            if of == number:
                times = LENGTHS[span]
                covered.update(range(first * times, last * times))
        wanted = range(period.start // SLOT_SECONDS, period.end // SLOT_SECONDS)
        assert covered == Counter(wanted)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu"])
def test_hours_belong_to_the_period_in_which_they_begin(zone):
    periods = make_periods(PeriodLength.DAY, date(2026, 1, 1), date(2026, 1, 9), ZoneInfo(zone))

    segments = make_segments(periods, TO_THE_HOUR)

    assert all(span >= HOURS for _, span, _, _ in segments)
    for number, period in enumerate(periods):
        hours = sorted(
            hour for of, span, first, last in segments if of == number
            for hour in range(first * LENGTHS[span] // 4, last * LENGTHS[span] // 4)
        )  # fmt: skip
        assert hours == [hour for hour in range(period.start // 3600, period.end // 3600 + 1)
                         if period.start <= hour * 3600 < period.end]  # fmt: skip


def test_weeks_begin_on_monday_and_periods_are_whole():
    zone = ZoneInfo("Asia/Shanghai")

    weeks = make_periods(PeriodLength.WEEK, date(2026, 1, 1), date(2026, 1, 12), zone)
    months = make_periods(PeriodLength.MONTH, date(2026, 1, 31), date(2026, 3, 1), zone)

    assert [str(one.day) for one in weeks] == ["2025-12-29", "2026-01-05", "2026-01-12"]
    assert [str(one.day) for one in months] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert all(one.end == other.start for one, other in pairwise(weeks))
