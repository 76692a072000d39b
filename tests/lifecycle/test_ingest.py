"""What a file costs on its way in: it is read through once, by one ffmpeg, and synced once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import backend
from backend.errors import MediaError, StorageError
from backend.lifecycle.ingest import VideoMetadata, ingest_file, kept_until_stored
from backend.media import LocalFile
from backend.media.ffmpeg import Ffmpeg
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.model import FileKind, User, VideoFilter
from backend.store import Reason, StoreError
from tests.conftest import TESTS

UPLOAD = "/console/vod/uploadVideo"


class Counting(Ffmpeg):
    """Counts the runs that read a file from its beginning to its end without decoding it."""

    demuxed = 0

    def run(self, arguments, **options):
        words = " ".join(arguments)
        self.demuxed += "-c copy -f framecrc" in words
        return super().run(arguments, **options)


@pytest.fixture
def ffmpeg(console, settings):
    """The ffmpeg of the console, which counts."""
    counting = Counting()
    console.media = LocalMedia(FolderFiles(settings.media_folder), counting)
    return counting


@pytest.fixture
def synced(monkeypatch):
    """The inodes that were synced, in order."""
    found, sync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (found.append(os.fstat(number).st_ino), sync(number))[1])
    return found


@pytest.fixture
def send(server, http, token, small_clip):
    def run():
        headers = {"Authorization": f"Bearer {token}"}
        return http.post(
            f"{server}{UPLOAD}", files={"file": ("small.mp4", small_clip.read_bytes())}, headers=headers
        ).json()["data"]

    return run


def test_a_file_is_read_once_and_synced_once_and_its_jobs_know_what_was_found(console, send, ffmpeg, synced):
    sent = send()
    video = console.store.catalogue.get_video(sent["videoId"])
    source = console.media.files.path_of(video.video_id, video.file_of(FileKind.SOURCE).name)

    assert ffmpeg.demuxed == 1
    assert synced.count(source.stat().st_ino) == 1

    worker = backend.make_worker(console)
    worker.run_until_idle()
    worker.stop()

    made = console.store.catalogue.get_video(video.video_id)
    assert {FileKind.COVER, FileKind.SPRITE, FileKind.COMMON} <= {file.kind for file in made.files}
    assert ffmpeg.demuxed == 2  # the other one is the finished rendition, which is held against the source


def test_the_same_file_again_is_known_by_its_hash_alone(console, send, ffmpeg, small_clip, settings):
    first = send()
    source = settings.media_folder / first["videoId"] / "source.mp4"
    source.write_bytes(bytes(source.stat().st_size))  # nobody looks

    assert [one["videoId"] for one in send()["sameFileList"]] == [first["videoId"]]


def test_a_file_that_came_in_before_files_were_hashed_is_still_known(console, send, settings):
    first = send()
    (settings.media_folder / first["videoId"] / "source-mp4.facts").unlink()

    assert [one["videoId"] for one in send()["sameFileList"]] == [first["videoId"]]


def test_what_is_kept_of_a_source_is_not_sent_to_anybody(console, server, http, send):
    video = console.store.catalogue.get_video(send()["videoId"])
    base = f"{server}/media/{video.video_id}/{video.media_key}"

    assert http.get(f"{base}/source.mp4").status_code == 200
    assert http.get(f"{base}/source-mp4.facts").status_code == 404


@pytest.mark.parametrize("left", [b"no findings", b"\x84\xa4size\x01"])
def test_findings_that_cannot_be_read_are_found_again(console, send, ffmpeg, settings, left):
    first = send()
    (settings.media_folder / first["videoId"] / "source-mp4.facts").write_bytes(left)

    worker = backend.make_worker(console)
    worker.run_until_idle()
    worker.stop()

    assert console.store.catalogue.get_video(first["videoId"]).file_of(FileKind.COMMON)


def test_a_fetched_file_is_kept_while_the_media_storage_is_away_and_not_when_it_is_rejected(tmp_path):
    path = tmp_path / "fetched.mp4"
    for error, kept in ((StorageError("away"), True), (MediaError("no video"), False)):
        path.write_bytes(b"fetched")
        with pytest.raises(type(error)), kept_until_stored(path):
            raise error
        assert path.exists() is kept


def test_an_upload_of_which_nobody_knows_whether_it_was_saved_keeps_its_file(
    console, small_clip, tmp_path, monkeypatch
):
    """Otherwise there would be a video without one."""
    add = console.store.catalogue.add_video

    def lose(*given, **named):
        add(*given, **named)
        raise StoreError("the connection broke", Reason.UNCERTAIN)

    monkeypatch.setattr(console.store.catalogue, "add_video", lose)
    file = LocalFile(Path(shutil.copy(small_clip, tmp_path / "a.mp4")))

    with pytest.raises(StoreError):
        ingest_file(console, file, VideoMetadata("a.mp4", User("u1")), TESTS)

    (video,) = console.store.catalogue.iterate_videos(VideoFilter())
    assert (console.settings.media_folder / video.video_id / video.files[0].name).exists()
