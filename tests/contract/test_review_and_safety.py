"""Machine reviews and CDN refreshes where there is no cloud, through all doors."""

from __future__ import annotations

import pytest


@pytest.mark.every_door
def test_a_console_without_a_machine_says_so_where_results_are_read(door, make_video):
    found = door.data("getReviewResults", videoId=make_video().video_id)

    assert (found["available"], found["state"], found["frameList"], found["labels"]) == (False, "none", [], [])


@pytest.mark.parametrize(
    ("language", "said"), [("en", "This console has no machine review"), ("zh", "控制台没有机器审核")]
)
def test_a_machine_review_cannot_be_asked_for_there(door, make_video, language, said):
    answer = door("resubmitReview", mediaId=make_video().video_id, language=language)

    assert (answer["code"], said in answer["message"]) == ("409", True)


@pytest.mark.parametrize(("name", "given"), [("getReviewResults", "videoId"), ("resubmitReview", "mediaId")])
def test_a_video_that_nobody_has_is_404(door, name, given):
    assert door(name, **{given: "nobody's"})["code"] == "404"


def test_no_refresh_waits_there_and_none_can_be_asked_for(door, make_video):
    made = make_video()

    assert door.data("getCacheRefreshes") == {"total": 0, "refreshList": []}
    assert door("refreshCache", videoId=made.video_id)["code"] == "409"
    assert door("refreshObjectCache", objectPath="example.com/a.png")["code"] == "409"
    assert door("getRefreshQuota")["code"] == "409"
