"""Videos that are reviewed first: chosen on a video's page."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus
from tests.pages.conftest import PAGES


@pytest.fixture
def waiting(make_video):
    return make_video(censor_status=CensorStatus.CHECK).video_id


def test_a_waiting_video_is_reviewed_first_until_that_is_taken_back(drawings, console, token, waiting):
    def is_first():
        (place,) = console.call("getReviewPlaces", {"videoIds": waiting}, token)["data"]["placeList"]
        return place["first"]

    page = drawings.draw(PAGES / "video.py", videoId=waiting)
    page.button(key=f"do_first--{waiting}").click().run()

    assert is_first()
    assert "优先审核" in page.markdown[0].value
    page.button(key="undo").click().run()
    assert not is_first()
    page.button(key=f"do_first--{waiting}").click().run()
    page.button(key=f"do_unfirst--{waiting}").click().run()
    assert not is_first()
