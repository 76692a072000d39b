"""Similar videos in cloud mode: by VOD's snapshots, of which the videos themselves are not downloaded."""

from __future__ import annotations

import pytest

from backend.lifecycle.fingerprints import fingerprint_missing


@pytest.fixture
def pictured(do, work, hear, new_video):
    """Adds a video of which VOD has taken snapshots."""

    def make(**values):
        video = new_video(Duration=16.0, **values)
        do("submitSnapshot", mediaId=video.video_id)
        work()
        hear()
        return video.video_id

    return make


def test_a_copy_is_found_by_its_snapshots_and_a_snapshot_that_is_none_is_tried_again(
    console, alibaba, do, pictured, encoded, monkeypatch, clock
):
    blocked, copy = pictured(), pictured()
    monkeypatch.setattr("tests.cloud.alibaba.oss.JPEG", b"no image")
    assert fingerprint_missing(console) == 0
    clock.move(61)
    image = encoded("snapshot.jpg", ["-f", "lavfi", "-i", "mandelbrot=s=160x90", "-frames:v", "1"]).read_bytes()
    monkeypatch.setattr("tests.cloud.alibaba.oss.JPEG", image)

    assert fingerprint_missing(console) == 2
    do("createAudit", mediaId=blocked, status="Blocked", reason="x")

    (found,) = do("getSimilarVideos", videoId=copy)["videoList"]
    assert (found["videoId"], found["share"], found["status"], found["reason"]) == (blocked, 100, "Blocked", "x")
    assert do("takeReview")["leaseList"][0]["hint"]["videoId"] == blocked
