"""Times as people type them, in zones whose clocks jump."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import BadRequest
from backend.model import SECONDS_A_DAY
from backend.model.wall_times import check_window, day_of, day_start, instant_of, instants_of, shift_days, week_days

LOS_ANGELES, SHANGHAI = ZoneInfo("America/Los_Angeles"), ZoneInfo("Asia/Shanghai")
NOW, MINUTE = 1_800_000_000, 60


def test_a_skipped_time_is_refused_with_the_moments_around_it():
    with pytest.raises(BadRequest) as refused:
        instant_of(datetime(2027, 3, 14, 2, 30), LOS_ANGELES, "startTime")

    assert str(refused.value) == (
        "startTime: 2027-03-14 02:30 does not exist in America/Los_Angeles; "
        "clocks go from 2027-03-14 01:59:59-08:00 to 2027-03-14 03:00:00-07:00."
    )


def test_a_time_that_exists_twice_is_refused_with_both_offsets():
    with pytest.raises(BadRequest) as refused:
        instant_of(datetime(2027, 11, 7, 1, 30), LOS_ANGELES, "endTime")

    assert str(refused.value) == (
        "endTime: 2027-11-07 01:30 exists twice in America/Los_Angeles, "
        "as 2027-11-07 01:30:00-07:00 and as 2027-11-07 01:30:00-08:00. Add the offset."
    )


@given(st.integers(1_500_000_000, 2_000_000_000), st.sampled_from((LOS_ANGELES, SHANGHAI, ZoneInfo("Asia/Gaza"))))
def test_what_a_clock_shows_is_read_back(at, zone):
    wall = datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0)

    assert at in instants_of(wall, zone)


@pytest.mark.parametrize(
    ("starts", "ends", "told"),
    [
        (NOW + 9, NOW + 9, "endTime must be after startTime."),
        (NOW + 9, NOW + 8, "endTime must be after startTime."),
        (NOW, NOW, "endTime is in the past."),
        (NOW - 99, NOW, "endTime is in the past."),
        (NOW, NOW + 59, "there must be at least 60 seconds"),
        (NOW + 366 * SECONDS_A_DAY + 1, None, "at most 366 days ahead"),
        (NOW, NOW + 366 * SECONDS_A_DAY + 1, "at most 366 days ahead"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused(starts, ends, told):
    with pytest.raises(BadRequest, match=told):
        check_window(starts, ends, NOW)


@pytest.mark.parametrize("window", [(NOW, NOW + MINUTE), (NOW, None), (NOW - 99, NOW + MINUTE)])
def test_others_are_accepted(window):
    check_window(*window, NOW)


def test_days_have_23_to_25_hours_and_weeks_begin_on_monday():
    def hours(day):
        return (day_start(day.replace(day=day.day + 1), LOS_ANGELES) - day_start(day, LOS_ANGELES)) // 3600

    assert [hours(date(2027, 3, 14)), hours(date(2027, 11, 7)), hours(date(2027, 11, 8))] == [23, 25, 24]
    assert week_days(date(2027, 3, 14)) == [date(2027, 3, day) for day in range(8, 15)]
    assert day_of(day_start(date(2027, 3, 14), LOS_ANGELES), LOS_ANGELES) == date(2027, 3, 14)


def test_a_copied_time_keeps_its_wall_time_over_a_change_of_the_clocks():
    def wall(month, day, hour, minute=0):
        return int(datetime(2027, month, day, hour, minute, tzinfo=LOS_ANGELES).timestamp())

    assert shift_days(wall(3, 8, 20), 7, LOS_ANGELES) == (wall(3, 15, 20), True)
    assert shift_days(wall(3, 7, 2, 30), 7, LOS_ANGELES) == (wall(3, 14, 3), False)
    assert shift_days(wall(10, 31, 1, 30), 7, LOS_ANGELES) == (wall(11, 7, 1, 30), True)
