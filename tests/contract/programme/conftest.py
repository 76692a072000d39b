"""What the tests of the recommendation programme share: videos that may be shown, and what is shown."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from backend.model import CensorStatus, FileKind, MediaFile, User, VideoStatus

ZONE = ZoneInfo("Asia/Shanghai")
COMMON = MediaFile(FileKind.COMMON, "common.mp4")
HOUR, DAY = 3_600, 86_400


def written(second):
    return datetime.fromtimestamp(second, ZONE).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def passed(make_video):
    """Makes a video that passed review and plays, each of a user of its own."""

    def make(name, **values):
        known = {
            "censor_status": CensorStatus.SUCCESS, "status": VideoStatus.NORMAL, "files": (COMMON,), "video_id": name,
            "title": f"clip {name}", "user": User(f"of {name}", name),
        }  # fmt: skip
        return make_video(**{**known, **values}).video_id

    return make


@pytest.fixture
def planned(door, passed):
    """Makes a video and recommends it."""

    def make(name, **values):
        door.data("recommendVideo", videoId=passed(name), **values)
        return name

    return make


@pytest.fixture
def live(door):
    """Names what getRecommendVideos shows, after checking that the total agrees."""

    def find(**asked):
        data = door.data("getRecommendVideos", **asked)
        assert data["total"] == data["nowTotal"] == len(data["videoList"])
        return [video["videoId"] for video in data["videoList"]]

    return find


@pytest.fixture
def places(door):
    def find(**asked):
        return [one["entry"]["videoId"] for one in door.data("previewFeed", **asked)["placeList"]]

    return find
