"""Whoever acts on what somebody else has changed meanwhile is told so, and changes nothing."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus, FileKind, JobKind, MediaFile

ACTS = {
    "createAudit": lambda video: {"mediaId": video.video_id, "status": "Normal"},
    "recommendVideo": lambda video: {"videoId": video.video_id},
    "deleteRecommendById": lambda video: {"videoId": video.video_id},
    "deleteVideoById": lambda video: {"videoId": video.video_id, "userId": video.user.user_id},
    "editVideo": lambda video: {"videoId": video.video_id, "title": "mine"},
    "chooseCover": lambda video: {"mediaId": video.video_id, "seconds": 1},
}
each_act = pytest.mark.parametrize("act", ACTS)


@pytest.fixture
def made(make_video, door):
    """A recommended video."""
    video = make_video(censor_status=CensorStatus.SUCCESS, files=(MediaFile(FileKind.SOURCE, "source.mp4"),))
    door.data("recommendVideo", videoId=video.video_id)
    return video


@each_act
class TestActing:
    @pytest.mark.every_door
    def test_what_changed_since_it_was_seen_is_409_and_says_who_did_what(self, act, door, made, console):
        seen = door.data("getChanges")["line"]
        door.data("createAudit", mediaId=made.video_id, status="Blocked", reason="版权")
        before = console.store.catalogue.get_video(made.video_id)

        answer = door(act, **ACTS[act](made), seenLine=seen)

        assert answer["code"] == "409"
        assert answer["message"] == (
            f"Since line {seen} of the history, anne has changed video {made.video_id} "
            f"(createAudit, line {seen + 1}); look at it again."
        )
        assert console.store.catalogue.get_video(made.video_id) == before

    def test_what_was_looked_at_again_is_acted_on(self, act, door, made):
        door.data("editVideo", videoId=made.video_id, title="theirs")

        seen = door.data("getChanges")["line"]

        assert door(act, **ACTS[act](made), seenLine=seen)["code"] == "200"

    def test_without_a_line_the_last_one_wins_as_ever(self, act, door, made):
        door.data("editVideo", videoId=made.video_id, title="theirs")

        assert door(act, **ACTS[act](made))["code"] == "200"

    def test_what_machines_and_others_do_elsewhere_is_no_change_to_it(self, act, door, made, make_video, console):
        seen = door.data("getChanges")["line"]
        door.data("editVideo", videoId=make_video().video_id, title="another")
        door.data("submitTranscode", mediaId=made.video_id)

        assert door(act, **ACTS[act](made), seenLine=seen)["code"] == "200"
        assert console.store.jobs.find_jobs(kind=JobKind.TRANSCODE).total == 1


class TestGetChanges:
    @pytest.mark.every_door
    def test_it_tells_what_was_decided_about_some_videos_since_a_line(self, door, make_video):
        one, other, third = (make_video() for _ in range(3))
        seen = door.data("getChanges")["line"]
        door.data("createAudit", mediaId=one.video_id, status="Blocked", reason="版权")
        door.data("editVideo", videoId=other.video_id, title="new")
        door.data("editVideo", videoId=third.video_id, title="new")

        data = door.data("getChanges", seenLine=seen, videoIds=f"{one.video_id}, {other.video_id}")

        assert data["line"] == seen + 3
        assert [(line["target"], line["action"]) for line in data["changeList"]] == [
            (other.video_id, "editVideo"),
            (one.video_id, "createAudit"),
        ]
        assert data["changeList"][1]["after"]["reason"] == "版权"

    def test_of_a_video_that_was_deleted_too(self, door, make_video):
        made = make_video()
        seen = door.data("getChanges")["line"]
        door.data("deleteVideoById", videoId=made.video_id, userId=made.user.user_id)

        (line,) = door.data("getChanges", seenLine=seen, videoIds=made.video_id)["changeList"]

        assert (line["action"], line["userName"]) == ("deleteVideoById", "anne")

    def test_it_takes_a_hundred_videos(self, door):
        answer = door("getChanges", seenLine=0, videoIds=",".join(map(str, range(101))))

        assert (answer["code"], answer["message"]) == ("400", "videoIds has 101 ids; at most 100 are allowed.")
