"""People at the review desk in real browsers, one of them killed, one cut off, and the server killed: a small shift."""

from __future__ import annotations

import pytest

from tests.acceptance.review_log import DECIDE, UNDO, Press, compare
from tests.acceptance.review_shift import make_clips, work
from tests.browser.chromium import find_chromium


@pytest.mark.slow
def test_what_two_people_press_is_in_the_history_once_whatever_is_killed(tmp_path):
    if find_chromium() is None:
        pytest.skip("There is no chromium on the PATH.")
    files = make_clips(tmp_path, count=3)

    result = work(
        tmp_path, files, 14, people=2, language="zh", kills=1, seed=2, cut_seconds=2.0, QU_TECHNICAL_FLAGS="false"
    )

    assert result.faults == []
    assert sum(press.is_claimed for press in result.shift.presses) >= 12


def pressed(video, keys="a", person="anne", **others):
    kind = UNDO if keys == "u" else DECIDE
    return Press(person, kind, video, keys, "" if kind == UNDO else "Normal", **others)


STORED = ("v", ("createAudit", "anne", "Normal", "", ""))
TAKEN_BACK = ("v", ("undoAudit", "anne", "", "", ""))


@pytest.mark.parametrize(
    ("presses", "history", "faults"),
    [
        ([pressed("v", is_claimed=True)], [STORED], set()),
        ([pressed("v", is_claimed=True)], [], {"lost", "out_of_order"}),
        ([pressed("v")], [], {"out_of_order"}),
        ([pressed("v", is_unsure=True)], [], set()),
        ([pressed("v", is_unsure=True)], [STORED], set()),
        ([pressed("v", is_claimed=True)], [STORED, STORED], {"never_pressed", "doubled", "out_of_order"}),
        ([], [STORED], {"never_pressed", "out_of_order"}),
        ([pressed("v", is_claimed=True), pressed("v", "u")], [STORED, TAKEN_BACK], set()),
        ([pressed("v"), pressed("v", "u"), pressed("v", is_claimed=True)], [STORED], set()),
        (
            [pressed("v", shown=1, left=3, is_claimed=True), pressed("v", person="bob", shown=2, left=4)],
            [STORED, ("v", ("createAudit", "bob", "Normal", "", ""))],
            {"doubled", "by_two", "seen_by_two"},
        ),
    ],
)
def test_the_log_of_keys_finds_what_is_wrong_with_a_history(presses, history, faults):
    assert {name for name, found in compare(presses, history).faults.items() if found} == faults
