"""A cover that is chosen here reaches VOD, and is no difference then; what VOD cannot hold of a text is told."""

from __future__ import annotations

import shutil

import pytest

from backend.api.parameters import Upload
from backend.console import Caller


@pytest.fixture
def pictured(do, work, hear, new_video):
    """A video with eight snapshots, of which VOD made the first its cover."""
    video = new_video(Duration=16.0)
    do("submitSnapshot", mediaId=video.video_id)
    work()
    hear()
    return video.video_id


@pytest.fixture
def cover(do):
    """The cover of a video as it is shown, without what signs its address."""
    return lambda video_id: do("getVideoById", videoId=video_id)["coverUrl"].partition("?")[0]


def test_a_chosen_snapshot_becomes_the_cover_at_vod_and_stays(console, alibaba, do, work, pictured, cover):
    snapshots = [url.partition("?")[0] for url in do("getVideoById", videoId=pictured)["snapshotList"]]

    do("chooseCover", mediaId=pictured, seconds=6.5)
    work()

    assert alibaba.vod.videos[pictured]["CoverURL"] == snapshots[3]
    assert cover(pictured) == snapshots[3]
    console.cloud.sync.run(lambda _progress: None)
    console.cloud.background.sync_changes()
    assert cover(pictured) == snapshots[3]
    assert console.store.cloud_catalogue.iterate_drift() == []


def test_new_snapshots_leave_a_chosen_cover(alibaba, do, work, hear, pictured, cover):
    do("chooseCover", mediaId=pictured, seconds=15.9)
    work()
    chosen = alibaba.vod.videos[pictured]["CoverURL"]

    do("submitSnapshot", mediaId=pictured)
    work()
    hear()

    assert chosen.endswith("00008.jpg")
    assert cover(pictured) == chosen


def test_a_search_that_lags_behind_brings_no_old_cover_back(console, alibaba, do, work, pictured, cover, monkeypatch):
    search, old = alibaba.vod.SearchMedia, alibaba.vod.videos[pictured]["CoverURL"]

    def late(parameters):
        answer = search(parameters)
        for item in answer["MediaList"]:
            item["Video"]["CoverURL"] = old
        return answer

    monkeypatch.setattr(alibaba.vod, "SearchMedia", late)
    do("chooseCover", mediaId=pictured, seconds=9)
    work()

    console.cloud.background.sync_changes()

    assert cover(pictured) != old


def test_a_cover_that_vod_refuses_is_a_failed_job_that_says_why(alibaba, do, work, pictured):
    alibaba.denied.add("UpdateVideoInfo")

    do("chooseCover", mediaId=pictured, seconds=6.5)
    work()

    (job,) = do("getJobs", videoId=pictured, kind="cover")["jobList"]
    assert (job["state"], "RAM policy" in job["error"]) == ("failed", True)


def test_a_lost_answer_is_asked_for_again(alibaba, do, work, pictured):
    alibaba.fail("UpdateVideoInfo", "done_dropped")

    do("chooseCover", mediaId=pictured, seconds=6.5)
    work()

    (job,) = do("getJobs", videoId=pictured, kind="cover")["jobList"]
    assert job["state"] == "done"


def test_a_video_without_snapshots_is_told_of(ask, new_video):
    answer = ask("chooseCover", mediaId=new_video().video_id, seconds=1)

    assert (answer["code"], "Ask for new snapshots first" in answer["message"]) == ("409", True)


@pytest.mark.parametrize(
    ("what", "text", "there"),
    [
        ("title", "海边 🌊 的早晨 ⭐", "海边 的早晨"),
        ("title", "字" * 50, "字" * 42),
        ("title", "🌊", "video"),
        ("tags", ",".join(f"标签{number}" for number in range(20)), "标签0"),
        ("tags", "海🌊,风", "海,风"),
    ],
)
def test_what_vod_cannot_hold_is_told_and_no_difference(console, alibaba, do, new_video, what, text, there):
    video_id = new_video().video_id

    data = do("editVideo", videoId=video_id, **{what: text})

    (warning,) = data["warningList"]
    assert there in warning
    assert data[what] == text
    assert alibaba.vod.videos[video_id][what.title()].startswith(there)
    console.cloud.sync.run(lambda _progress: None)
    assert console.store.cloud_catalogue.iterate_drift() == []


def test_a_description_that_is_cut_is_told_in_the_readers_language(console, token, new_video):
    asked = {"videoId": new_video().video_id, "description": "字" * 400}

    answer = console.call("editVideo", asked, token, Caller(language="zh"))

    assert "1024" in answer["data"]["warningList"][0]
    assert "描述" in answer["data"]["warningList"][0]


def test_what_fits_is_not_warned_of(do, new_video):
    data = do("editVideo", videoId=new_video().video_id, title=" 海边 ", tags="a, b ,", description="好")

    assert data["warningList"] == []


def test_an_upload_tells_of_its_title(ask, small_clip, tmp_path):
    path = tmp_path / "clip.mp4"
    shutil.copy(small_clip, path)

    answer = ask("uploadVideo", file=Upload(path, "海边 🌊.mp4", 1))

    assert "“海边”" in answer["data"]["warningList"][0]
