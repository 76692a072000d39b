"""What a caller is told when the database fails in the middle of an operation."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus
from backend.store.errors import Reason, StoreError

SAVED_BEFORE = "The database failed after something was saved, so this may be done in part. Look before you try again."


def fail():
    raise StoreError("the server does not respond", Reason.UNREACHABLE)


@pytest.mark.every_door
def test_an_error_after_something_was_committed_does_not_say_that_nothing_was_changed(console, door, make_video):
    video = make_video().video_id
    console.store.listeners.append(fail)  # called right after the commit
    answer = door("createAudit", mediaId=video, status="Normal")
    console.store.listeners.remove(fail)

    assert (answer["code"], answer["message"]) == ("500", SAVED_BEFORE)
    assert console.store.catalogue.get_video(video).censor_status is CensorStatus.SUCCESS


@pytest.mark.every_door
def test_an_error_before_that_says_so(console, door, make_video, monkeypatch):
    video = make_video().video_id
    assert door("createAudit", mediaId=video, status="Normal")["code"] == "200"
    monkeypatch.setattr(console.store.catalogue, "get_whole_video", lambda _: fail())

    answer = door("createAudit", mediaId=video, status="Blocked", reason="违规")

    assert "so nothing was changed" in answer["message"]
