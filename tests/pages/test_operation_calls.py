"""What a page asks of the console while it is drawn once."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.pages.conftest import PAGES

pytestmark = pytest.mark.in_front

FRAME = "app.py"
EVERY = sorted(path for path in PAGES.glob("*.py") if path.name != FRAME)


@pytest.mark.parametrize("script", EVERY, ids=lambda path: path.stem)
def test_no_operation_is_called_twice_for_one_drawing_of_a_page(script, drawings, full):
    drawings.draw(script, **({"videoId": full} if script.stem == "video" else {}))

    assert drawings.calls
    assert [call for call, count in Counter(drawings.calls).items() if count > 1] == []
