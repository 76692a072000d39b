"""What tests of deletion and of verdicts share."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus
from tests.lifecycle.shown import FILES


@pytest.fixture
def ask(console, token):
    """Runs an operation and returns its code."""
    return lambda name, **parameters: console.call(name, parameters, token)["code"]


@pytest.fixture
def do(console, token):
    """Runs an operation that goes well, and returns its data."""

    def run(name, **parameters):
        answer = console.call(name, parameters, token)
        assert answer["code"] == "200", answer
        return answer["data"]

    return run


@pytest.fixture
def made(console, make_video):
    """A video with files on the disk that passed review."""
    video = make_video(title="海边 the ＳＥＡ", censor_status=CensorStatus.SUCCESS, files=FILES)
    folder = console.settings.media_folder / video.video_id
    folder.mkdir(parents=True)
    for file in FILES:
        (folder / file.name).write_bytes(b"12345")
    return video


@pytest.fixture
def delete(do):
    return lambda video: do("deleteVideoById", videoId=video.video_id, userId=video.user.user_id)
