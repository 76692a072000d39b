"""Technical flags of a video: measured after an upload, shown, filtered by, kept with it and deleted with it."""

from __future__ import annotations

import pytest

import backend
from backend.errors import ConsoleError
from backend.lifecycle.ingest import VideoMetadata, import_file
from backend.model import (
    Actor,
    CensorStatus,
    FileKind,
    JobKind,
    JobState,
    MediaFile,
    TranscodeStatus,
    User,
    VideoStatus,
)
from backend.model.technical_flags import Check, Finding, Measurement, Span, TechnicalFlag

TESTS = Actor("tests", "tests")
FOUND = Measurement(
    12.0,
    (
        Finding(TechnicalFlag.MAY_FLASH, 1.5, (Span(2.0, 3.5),)),
        Finding(TechnicalFlag.BLACK, 3.0, (Span(0.0, 1.0), Span(5.0, 7.0))),
        Finding(TechnicalFlag.QUIET),
    ),
    badness=5.5,
    loudness=-36.8,
    peak=-11.6,
    unchecked=(Check.FROZEN,),
)
pytestmark = pytest.mark.settings(technical_flags=True)


@pytest.fixture
def keep(console):
    """Store what was measured of a video."""
    return lambda video, measured=FOUND: console.store.technical_flags.keep(video.video_id, measured)


@pytest.fixture
def jobs(console):
    """The checks that wait or are done."""
    return lambda: console.store.jobs.find_jobs(kind=JobKind.FLAGS).items


def ids(found):
    return [video["videoId"] for video in found["videoList"]]


@pytest.mark.every_door
def test_it_tells_what_was_measured_and_the_review_desk_does(door, make_video, keep):
    made = make_video(video_id="v0")
    keep(made)

    found = door.data("getTechnicalFlags", videoId="v0")

    assert {name: value for name, value in found.items() if name != "checkTime"} == {
        "available": True,
        "state": "done",
        "flagList": [
            {"flag": "mayFlash", "seconds": 1.5, "share": 0.125, "spanList": [{"start": 2.0, "end": 3.5}]},
            {"flag": "black", "seconds": 3.0, "share": 0.25,
             "spanList": [{"start": 0.0, "end": 1.0}, {"start": 5.0, "end": 7.0}]},
            {"flag": "quiet", "seconds": 0.0, "share": 0.0, "spanList": []},
        ],
        "badness": 5.5, "loudness": -36.8, "peak": -11.6, "uncheckedList": ["frozen"], "error": "",
    }  # fmt: skip
    assert door.data("takeReview")["leaseList"][0]["flags"] == found


def test_both_lists_are_filtered_by_them_with_other_filters(door, make_video, keep, console):
    for number, measured in enumerate((FOUND, None, Measurement(12.0), FOUND)):
        made = {"censor_status": CensorStatus.SUCCESS, "files": (MediaFile(FileKind.COMMON, "common.mp4"),)}
        video = make_video(video_id=f"v{number}", title=f"clip {number}", **made)
        if measured:
            keep(video, measured)
    console.store.catalogue.recommend("v0", {}, TESTS)
    console.store.catalogue.recommend("v2", {}, TESTS)

    assert sorted(ids(door.data("getVideos", technicalFlag="black"))) == ["v0", "v3"]
    assert sorted(ids(door.data("getVideos", technicalFlag="any"))) == ["v0", "v3"]
    assert ids(door.data("getVideos", technicalFlag="none")) == ["v2"]
    assert ids(door.data("getVideos", technicalFlag="flashing")) == []
    assert ids(door.data("getVideos", technicalFlag="mayFlash", title="3", sort="-size")) == ["v3"]
    assert ids(door.data("getRecommendVideos", technicalFlag="quiet")) == ["v0"]
    assert door("getVideos", technicalFlag="blurred")["code"] == "400"


def test_a_new_result_replaces_the_last_one(door, make_video, keep):
    made = make_video(video_id="v0")
    keep(made)
    keep(made, Measurement(12.0, (Finding(TechnicalFlag.NO_SOUND),)))

    assert [one["flag"] for one in door.data("getTechnicalFlags", videoId="v0")["flagList"]] == ["noSound"]
    assert ids(door.data("getVideos", technicalFlag="black")) == []
    assert ids(door.data("getVideos", technicalFlag="noSound")) == ["v0"]


def test_they_come_back_with_a_restored_video_and_are_gone_with_a_deleted_one(door, make_video, keep, console):
    made = make_video(video_id="v0")
    keep(made)
    before = door.data("getTechnicalFlags", videoId="v0")

    door.data("deleteVideoById", videoId="v0", userId=made.user.user_id)
    assert door.data("getVideos", technicalFlag="black")["total"] == 0
    console.store.trash.restore("v0", TESTS)
    assert door.data("getTechnicalFlags", videoId="v0") == before
    assert ids(door.data("getVideos", technicalFlag="black")) == ["v0"]

    door.data("deleteVideoById", videoId="v0", userId=made.user.user_id)
    console.store.trash.forget("v0", TESTS)
    assert console.store.technical_flags.find("v0").measured is None
    assert console.store.recount() == []


class TestChecking:
    def test_a_clip_that_came_in_is_checked_after_its_pictures(self, console, door, small_clip, jobs):
        metadata = VideoMetadata("small.mp4", User("1"))
        video_id = import_file(console, small_clip, metadata, TESTS)[0].video_id
        assert (jobs(), door.data("getTechnicalFlags", videoId=video_id)["state"]) == ((), "none")

        backend.app.make_worker(console).run_until_idle()

        (job,) = jobs()
        found = door.data("getTechnicalFlags", videoId=video_id)
        assert (job.state, found["state"], found["flagList"]) == (JobState.DONE, "done", [])
        assert 0 < found["badness"] < 4
        assert found["loudness"] == job.result["technicalFlags"]["loudness"]
        assert ids(door.data("getVideos", technicalFlag="none")) == [video_id]

    def test_a_large_clip_waits_for_its_rendition(self, console, make_video):
        queue = console.store.technical_flags.queue_first
        made = make_video(width=1080, height=1920, transcode_status=TranscodeStatus.RUNNING)

        assert not queue(made.video_id, has_rendition=False)
        assert queue(made.video_id, has_rendition=True)
        assert queue(make_video(width=960, height=540, transcode_status=TranscodeStatus.RUNNING).video_id,
                     has_rendition=False)  # fmt: skip

    def test_a_clip_is_checked_once_by_itself_and_again_when_somebody_asks(self, door, console, make_video, keep, jobs):
        made = make_video(video_id="v0")
        keep(made)
        assert not console.store.technical_flags.queue_first("v0", has_rendition=True)

        for _ in range(2):
            door.data("submitTechnicalFlags", mediaId="v0")

        assert len(jobs()) == 1
        assert door.data("getTechnicalFlags", videoId="v0")["state"] == "waiting"
        lines = console.store.history.find_history("v0")
        assert [line.action for line in lines].count("submitTechnicalFlags") == 1

    def test_a_failed_check_says_why(self, door, console, make_video):
        made = make_video(video_id="v0")
        door.data("submitTechnicalFlags", mediaId=made.video_id)
        job = console.store.jobs.claim_job([JobKind.FLAGS], "worker")
        console.store.jobs.settle_failed(job, "worker", ConsoleError("It cannot be done."))

        found = door.data("getTechnicalFlags", videoId="v0")

        assert (found["state"], found["error"], found["flagList"]) == ("failed", "It cannot be done.", [])

    def test_an_unfinished_upload_and_an_unknown_video_are_refused(self, door, make_video):
        unfinished = make_video(status=VideoStatus.UPLOADING)

        assert door("submitTechnicalFlags", mediaId=unfinished.video_id)["code"] == "409"
        assert door("submitTechnicalFlags", mediaId="nothing")["code"] == "404"
        assert door("getTechnicalFlags", videoId="nothing")["code"] == "404"


@pytest.mark.settings(technical_flags=False)
class TestSwitchedOff:
    def test_nothing_is_known_and_nothing_is_checked(self, door, make_video, console, jobs):
        made = make_video(video_id="v0")

        found = door.data("getTechnicalFlags", videoId="v0")
        answer = door("submitTechnicalFlags", mediaId=made.video_id, language="en")

        assert (found["available"], found["state"]) == (False, "none")
        assert door.data("getFeatures")["technicalFlags"] is False
        assert (answer["code"], jobs()) == ("409", ())
        assert "QU_TECHNICAL_FLAGS" in answer["message"]
