"""What holds for every media provider and every cache provider: the same tests, whoever does the work."""

from __future__ import annotations

import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from alibabacloud_credentials.client import Client as Credentials
from alibabacloud_credentials.models import Config
from msgspec.structs import replace

from backend.aliyun.client import Client
from backend.aliyun.cloud import Cloud
from backend.errors import ConsoleError, MediaError
from backend.jobs.runner import Done, Failed, Lost, RemoteRunner, Running, Task
from backend.media import Judgement, LocalFile
from backend.media.bucket import BucketFiles
from backend.media.ffmpeg import Ffmpeg
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.model import (
    Actor,
    FileKind,
    Job,
    JobKind,
    JobState,
    MediaFile,
    User,
    Verdict,
    Video,
    VideoStatus,
    WarmState,
)
from backend.prewarm.http_cache import HttpCache
from backend.settings import Settings
from backend.store import open_store
from tests.cloud.alibaba.server import Server

ANNE = Actor("anne", "tests")


@pytest.fixture
def alibaba():
    with Server() as server:
        yield server.alibaba


@pytest.fixture
def cloud(alibaba, tmp_path, begin_data):
    place = urlsplit(alibaba.url).netloc
    settings = Settings(
        data=tmp_path / "data", mode="cloud", vod_endpoint=place, cdn_endpoint=place, aliyun_protocol="http",
        template_group="plain-group", narrow_template_group="narrow-group", prewarm_hosts=(place,),
    )  # fmt: skip
    store = open_store(begin_data(settings.data))
    key = Config(type="access_key", access_key_id="test-key", access_key_secret="test-secret")
    client = Client(settings, lambda: Credentials(key))
    cloud = Cloud(
        settings, store, LocalMedia(FolderFiles(settings.media_folder), Ffmpeg()), time.time, client, poll_seconds=0.0
    )
    cloud.store = store
    yield cloud
    cloud.close()
    store.close()


@pytest.fixture(params=["local", "bucket", "cloud"])
def media(request, tmp_path):
    """Every media provider; the local one with files in a folder, and in an object store."""
    if request.param == "cloud":
        return request.getfixturevalue("cloud").media
    if request.param == "bucket":
        place = request.getfixturevalue("object_store").new_place()
        return LocalMedia(BucketFiles(place, tmp_path / "scratch"), Ffmpeg())
    return LocalMedia(FolderFiles(tmp_path / "media"), Ffmpeg())


@pytest.fixture
def finish(request, media):
    """Does a job, as a worker does, and gives the outcome."""

    def run(kind, video, job_id="job1"):
        runner = request.getfixturevalue("cloud").sender if kind == "upload" else media
        return do_job(runner, Job(job_id, JobKind(kind), JobState.RUNNING, 0, video.video_id), video)

    return run


def do_job(runner, job, video=None, seconds=90):
    if not isinstance(runner, RemoteRunner):
        return runner.run(job, video, Task())
    reference = runner.start(job, video)
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        outcome = runner.poll(reference)
        if not isinstance(outcome, Running):
            return outcome
        assert 0 <= outcome.progress < 1
        pause.wait(0.02)
    raise AssertionError("it did not end")


@pytest.fixture
def video(media, finish, small_clip, tmp_path):
    """A clip that was taken in, and went wherever the provider keeps it."""
    copy = shutil.copy(small_clip, tmp_path / "clip.mp4")
    probe = media.admit(LocalFile(copy))
    video_id = media.allocate_id("海边", "clip.mp4")
    name = media.store_file(video_id, LocalFile(tmp_path / "clip.mp4"), ".mp4")
    source = Video(video_id, "海边", User("u1"), 0, size=probe.size, status=VideoStatus.UPLOADING)
    source = with_files(source, [file_of_source(name)])
    if JobKind.UPLOAD in media.initial_jobs:
        source = with_files(source, finish("upload", source, "upload1").files)
    return source


def file_of_source(name):
    return MediaFile(FileKind.SOURCE, name)


def with_files(video, files):
    return replace(video, files=tuple(files), status=VideoStatus.UPLOAD_SUCC)


def test_a_provider_says_what_it_works_with(media):
    assert media.describe()


def test_two_new_videos_have_two_names(media):
    assert media.allocate_id("a", "a.mp4") != media.allocate_id("a", "a.mp4")


def test_what_is_no_video_is_not_admitted(media, tmp_path):
    (tmp_path / "bad.mp4").write_bytes(b"no video at all")

    with pytest.raises(MediaError):
        media.admit(LocalFile(tmp_path / "bad.mp4"))


def test_a_finished_transcode_names_its_files(finish, video):
    outcome = finish("transcode", video)

    assert isinstance(outcome, Done)
    assert {file.kind for file in outcome.files} == {FileKind.COMMON}
    assert all(file.size and file.width and file.bitrate for file in outcome.files)


def test_a_finished_narrow_band_job_names_a_narrow_band_file(finish, video):
    finish("transcode", video)

    outcome = finish("narrow", video, "job2")

    assert isinstance(outcome, Done)
    assert FileKind.NARROW in {file.kind for file in outcome.files}


def test_pictures_are_a_cover_a_first_frame_and_eight_snapshots(finish, video):
    kinds = [file.kind for file in finish("snapshot", video).files]

    assert (kinds.count(FileKind.COVER), kinds.count(FileKind.FIRST_FRAME), kinds.count(FileKind.SNAPSHOT)) == (1, 1, 8)


def test_a_video_that_nobody_has_cannot_be_worked_on(finish):
    with pytest.raises(ConsoleError):
        finish("transcode", Video("0" * 32, "gone", User("u1"), 0, status=VideoStatus.NORMAL))


def test_an_unknown_reference_is_lost_and_can_be_cancelled(cloud):
    assert isinstance(cloud.media.poll("nonsense"), Lost)
    cloud.media.cancel("nonsense")


def test_a_verdict_may_be_given_twice(media, video):
    for _ in range(2):
        with media.judging([Judgement(video, Verdict.BLOCKED, "违规")], ANNE) as problems:
            assert problems == [None]


def test_a_video_stops_being_played_and_is_played_again(media, finish, video):
    noted = []
    made = with_files(video, [*video.files, *finish("transcode", video).files])

    for playable, action in [(False, "TrashVideo"), (True, "RestoreVideo"), (False, "UndoAudit")]:
        with media.set_playable(made, playable, action, ANNE):
            noted.append(action)

    assert noted == ["TrashVideo", "RestoreVideo", "UndoAudit"]
    assert media.with_current_urls(made).files


def test_what_the_console_could_not_note_may_be_asked_again(media, video):
    with pytest.raises(ZeroDivisionError), media.set_playable(video, False, "TrashVideo", ANNE):
        raise ZeroDivisionError
    with media.set_playable(video, False, "TrashVideo", ANNE):
        pass


def test_a_deleted_video_is_forgotten_inside_and_gone_afterwards(media, finish, video):
    forgotten = []

    with media.deleting(video, ANNE, lambda: None):
        forgotten.append(video.video_id)

    assert forgotten == [video.video_id]
    assert media.files.open(video.video_id, "source.mp4") is None
    assert list(media.files.list(video.video_id)) == []
    with pytest.raises(ConsoleError):
        finish("transcode", video, "job9")


def test_a_video_that_the_console_could_not_forget_may_be_deleted_again(media, video):
    with pytest.raises(ZeroDivisionError), media.deleting(video, ANNE, lambda: None):
        raise ZeroDivisionError
    with media.deleting(video, ANNE, lambda: None):
        pass


@pytest.mark.parametrize("name", ["../secret", "", ".part", "source.mp4.part", "a/b", "%2e%2e"])
def test_odd_names_are_no_files(media, video, name):
    assert media.files.open(video.video_id, name) is None


def test_fresh_addresses_are_of_the_same_kinds(media, finish, video):
    made = with_files(video, [*video.files, *finish("transcode", video).files])

    fresh = media.with_current_urls(made)

    assert {file.kind for file in fresh.renditions} == {FileKind.COMMON}
    assert len(fresh.renditions) == len(made.renditions)


# Caches


class Origin(BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.path == "/good.mp4"
        self.send_response(200 if good else 404)
        self.send_header("Content-Length", "5" if good else "0")
        self.end_headers()
        self.wfile.write(b"12345" if good else b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def origin():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["http", "vod", "cdn"])
def warm(request):
    """Every cache provider: prewarms paths below its host and gives the outcome. `/bad.mp4` cannot be fetched."""
    if request.param == "http":
        base = request.getfixturevalue("origin")
        place = urlsplit(base).netloc
        cache = HttpCache(lambda: (place,))
        return lambda *paths: do_job(cache, job([base + path for path in paths]))
    cloud, alibaba = request.getfixturevalue("cloud"), request.getfixturevalue("alibaba")
    place = urlsplit(alibaba.url).netloc
    alibaba.prefetching.failing.add(f"{place}/bad.mp4")

    def run(*paths):
        urls = [f"https://{place}{path}" for path in paths]
        cloud.store.prewarming.enqueue(urls, ANNE)
        (made,) = cloud.store.jobs.find_jobs(kind=JobKind.PREWARM).items
        return do_job(cloud.cache, made)

    return run


def job(urls):
    return Job("job", JobKind.PREWARM, JobState.RUNNING, 0, payload={"urls": urls})


def test_a_batch_that_can_be_fetched_is_warm(warm):
    outcome = warm("/good.mp4")

    assert isinstance(outcome, Done)
    assert [state for state, _ in outcome.facts["warmed"].values()] == [WarmState.WARM]


def test_each_address_of_a_batch_has_its_own_state(warm):
    outcome = warm("/good.mp4", "/bad.mp4")

    assert isinstance(outcome, Failed)
    assert {place: state for place, (state, _) in outcome.facts["warmed"].items()} == {
        0: WarmState.WARM, 1: WarmState.FAILED,
    }  # fmt: skip
    assert outcome.facts["warmed"][1][1]
