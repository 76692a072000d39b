"""What the tests of a console with its media in a bucket share."""

from __future__ import annotations

from dataclasses import replace

import pytest

import backend
from backend.media import LocalFile
from backend.media.sprite import Cue
from backend.model import FileKind, MediaFile

CUES = (Cue(0.0, 1.0, 0, 0, 160, 90), Cue(1.0, 2.0, 160, 0, 160, 90))


def variables(place):
    """A place as settings."""
    return {
        "media": place.url, "s3_endpoint": place.endpoint, "s3_region": place.region,
        "aws_access_key_id": place.key_id, "aws_secret_access_key": place.secret,
    }  # fmt: skip


@pytest.fixture
def place(object_store):
    return object_store.new_place()


@pytest.fixture
def settings(settings, place):
    return replace(settings, **variables(place))


@pytest.fixture
def work(console):
    return backend.make_worker(console).run_until_idle


@pytest.fixture
def upload(server, http, token, small_clip):
    def send(path=small_clip):
        with path.open("rb") as file:
            fields = {"consoleToken": token, "userId": "u1"}
            return http.post(f"{server}/console/vod/uploadVideo", data=fields, files={"file": file}).json()

    return send


@pytest.fixture
def clip(console, make_video, tmp_path, server):
    """A video with files of this content; gives it and the address of its rendition."""

    def make(content=bytes(range(250)) * 4):
        made = make_video(files=(MediaFile(FileKind.COMMON, "common.mp4", size=len(content)),))
        for name in ("source.mp4", "common.mp4", "cover.jpg"):
            (tmp_path / name).write_bytes(content)
        files = {name: LocalFile(tmp_path / name) for name in ("source.mp4", "common.mp4", "cover.jpg")}
        console.media.files.put(made.video_id, files, new=True)
        return made, f"{server}/media/{made.video_id}/{made.media_key}/common.mp4"

    return make


def fields_of(video_id, token, **others):
    return {"videoId": video_id, "consoleToken": token, **others}
