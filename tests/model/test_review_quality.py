"""Which decisions are drawn for a second review, and the figures of agreement."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.model import Verdict
from backend.model.review_quality import Drawable, Sampling, Tally, is_drawn, probability

RULES = Sampling(second_reviews=True, reason_codes=["minors"])
LATE = Drawable(
    Verdict.NORMAL, "", seconds=3, duration=9, ever=900, today=200, drawn_today=20, all_today=1000, all_drawn_today=50
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 0.03),
        ({"verdict": Verdict.BLOCKED}, 0.1),
        ({"verdict": Verdict.BLOCKED, "reason_code": "minors"}, 1),
        ({"seconds": 0.9}, 0.2),
        ({"seconds": 0.9, "duration": 5}, 0.03),
        ({"ever": 49}, 1),
        ({"ever": 50}, 0.03),
        ({"today": 0, "drawn_today": 0}, 0.1),
        ({"today": 40, "drawn_today": 4}, 0.1),
        ({"today": 49, "drawn_today": 4}, 1),
        ({"today": 200, "drawn_today": 4}, 1),
        ({"all_drawn_today": 151}, 0),
        ({"all_drawn_today": 150}, 0.03),
        ({"ever": 0, "all_today": 0, "all_drawn_today": 0}, 0.15),
    ],
)
def test_how_probable_a_second_review_is(changed, expected):
    assert probability(RULES, replace(LATE, **changed)) == pytest.approx(expected)


def test_nothing_is_drawn_unless_it_is_wanted():
    assert probability(Sampling(), replace(LATE, ever=0)) == 0


@pytest.mark.parametrize("people", [1, 8])
@pytest.mark.parametrize("newcomers", [0, 50])
def test_of_a_day_at_least_five_each_are_drawn_and_at_most_the_share(people, newcomers):
    rules = msgspec.structs.replace(RULES, newcomer_decisions=newcomers)
    made, drawn = [0] * people, [0] * people
    for number in range(people * 120):
        who = number % people
        one = replace(
            LATE, ever=made[who], today=made[who], drawn_today=drawn[who], all_today=sum(made),
            all_drawn_today=sum(drawn),
        )  # fmt: skip
        made[who] += 1
        drawn[who] += is_drawn("secret", f"{number}.7", probability(rules, one))
    assert min(drawn) >= 5
    assert sum(drawn) <= 0.15 * sum(made) + 1


@given(st.text(max_size=20), st.text(max_size=80), st.floats(0, 1), st.floats(0, 1))
def test_a_drawing_is_always_the_same_and_a_higher_share_keeps_it(secret, key, one, other):
    low, high = sorted((one, other))
    assert is_drawn(secret, key, low) <= is_drawn(secret, key, high)
    assert not is_drawn(secret, key, 0)
    assert is_drawn(secret, key, 1)


def test_the_share_that_is_drawn_is_the_one_that_was_wanted():
    drawn = sum(is_drawn("secret", f"{number:x}.{number}", 0.2) for number in range(10_000))
    assert 1_900 < drawn < 2_100


def tally(neither, both, one, other, drawn_with=1.0):
    made = Tally()
    for count, verdicts in (
        (neither, (False, False)), (both, (True, True)), (one, (True, False)), (other, (False, True))
    ):  # fmt: skip
        for _ in range(count):
            made.add(*verdicts, drawn_with)
    return made


@pytest.mark.parametrize("drawn_with", [1.0, 0.03])
def test_rare_blocks_show_why_kappa_alone_misleads(drawn_with):
    found = tally(185, 5, 5, 5, drawn_with).agreement()

    assert (found.pairs, found.both_approved, found.both_blocked, found.differing) == (200, 185, 5, 10)
    shown = (found.observed, found.kappa, found.kappa_low, found.kappa_high, found.pabak, found.blocks)
    assert [round(one, 3) for one in shown] == [0.95, 0.474, 0.156, 0.792, 0.9, 0.5]
    assert found.kappa_error == pytest.approx((0.95 * 0.05 / 200) ** 0.5 / (1 - 0.905))


def test_kappa_is_not_defined_where_all_say_the_same():
    found = tally(60, 0, 0, 0).agreement()

    assert (found.observed, found.kappa, found.blocks, found.pabak) == (1, None, None, 1)
    assert found.observed_low == pytest.approx(1 - 3 / 60)


def test_too_few_pairs_are_counted_only():
    few, enough = tally(45, 2, 1, 1).agreement(), tally(45, 3, 1, 1).agreement()

    assert (few.pairs, few.differing, few.observed, few.kappa) == (49, None, None, None)
    assert enough.observed == pytest.approx(0.96)
    assert Tally().agreement(fewest=0).observed is None


def test_what_was_drawn_more_often_weighs_less():
    made = tally(90, 0, 0, 0, drawn_with=0.03)
    for _ in range(10):
        made.add(True, False, 0.1)

    found = made.agreement()

    assert found.observed == pytest.approx((90 / 0.03) / (90 / 0.03 + 10 / 0.1))
    assert found.observed_low < found.observed < found.observed_high
