"""A console whose bucket is away for a while."""

from __future__ import annotations

import socket
import threading

import pytest
import requests

import backend
from backend.media import LocalFile
from backend.media.bucket import AWAY
from backend.media.sprite import write_vtt
from backend.model import FileKind, JobState, MediaFile, VideoFilter
from tests.acceptance.bucket.conftest import CUES


class TestAway:
    def test_media_are_503_everything_else_answers_and_nothing_is_lost(
        self, clip, upload, console, server, http, token, object_store, place
    ):
        _, url = clip()
        before = object_store.keys(place)
        object_store.stop()

        away = http.get(url)
        assert (away.status_code, away.json()["code"], away.headers["Retry-After"]) == (503, "503", "5")
        assert away.headers["Cache-Control"] == "no-store"
        assert http.get(f"{server}/livez").status_code == http.get(f"{server}/healthz").status_code == 200
        refused = upload()
        assert (refused["code"], refused["message"]) == ("502", AWAY)
        assert console.store.catalogue.find_videos(VideoFilter()).total == 1
        assert [path for path in console.media.files.scratch.rglob("*") if path.is_file()] == []

        object_store.start()
        assert http.get(url).status_code == 200
        assert object_store.keys(place) == before
        assert upload()["code"] == "200"

    def test_pages_show_what_else_is_known_of_a_video(self, console, make_video, token, object_store, tmp_path):
        names = {
            "source.mp4": b"source",
            "sprite-1.jpg": b"jpeg",
            "sprite-1.vtt": write_vtt(CUES, "sprite-1.jpg").encode(),
        }
        kinds = (FileKind.SOURCE, FileKind.SPRITE, FileKind.SPRITE_CUES)
        made = make_video(files=[MediaFile(kind, name) for kind, name in zip(kinds, names, strict=True)])
        for name, content in names.items():
            (tmp_path / name).write_bytes(content)
        console.media.files.put(made.video_id, {name: LocalFile(tmp_path / name) for name in names}, new=True)
        object_store.stop()
        unknown = console.call("getSprite", {"videoId": made.video_id}, token)
        object_store.start()
        sprite = console.call("getSprite", {"videoId": made.video_id}, token)["data"]
        object_store.stop()

        assert (unknown["code"], unknown["data"]["tileList"], unknown["data"]["vttUrl"]) == ("200", [], "")
        assert [tile["start"] for tile in sprite["tileList"]] == [0.0, 1.0]
        again = console.call("getSprite", {"videoId": made.video_id}, token)
        assert (again["code"], again["data"]) == ("200", sprite)  # read once for all

    def test_a_video_is_not_purged_while_its_files_cannot_be(self, clip, console, token, object_store, place):
        made, _ = clip()
        console.call("deleteVideoById", {"videoId": made.video_id, "userId": made.user.user_id}, token)
        object_store.stop()

        assert console.call("purgeVideo", {"videoId": made.video_id}, token)["code"] == "502"
        assert console.store.trash.holds(made.video_id)

        object_store.start()
        assert console.call("purgeVideo", {"videoId": made.video_id}, token)["code"] == "200"
        assert object_store.keys(place) == []

    def test_a_job_goes_on_when_the_bucket_is_back(self, upload, console, object_store, eventually):
        video_id = upload()["data"]["videoId"]
        object_store.gate = lambda method, target: "SlowDown" if method == "GET" and "prefix" in target else ""
        worker = backend.make_worker(console)
        worker.start()
        try:
            eventually(lambda: any(job.state is JobState.RUNNING for job in console.store.jobs.find_jobs().items))
            object_store.gate = None
            eventually(lambda: console.store.catalogue.get_video(video_id).file_of(FileKind.COMMON) is not None)
        finally:
            worker.stop()

        failed = [job for job in console.store.jobs.find_jobs().items if job.state is JobState.FAILED]
        assert failed == []

    def test_a_bucket_that_goes_away_while_a_file_is_sent_cuts_it_short(self, clip, http, object_store):
        _, url = clip(b"x" * (5 << 20))

        def gate(method, target):
            return "SlowDown" if method == "GET" and len(object_store.requests) - before > 2 else ""

        before = len(object_store.requests)
        object_store.gate = gate
        with pytest.raises(requests.RequestException):
            http.get(url)

    @pytest.mark.slow
    def test_a_bucket_that_says_nothing_takes_no_room_from_others(self, clip, server, http, token, object_store):
        _, url = clip()
        go_on, answers = threading.Event(), []
        object_store.gate = lambda method, target: go_on.wait(60) and ""
        viewers = [
            threading.Thread(target=lambda: answers.append(requests.get(url, timeout=60).status_code))
            for _ in range(40)
        ]
        for viewer in viewers:
            viewer.start()

        for _ in range(20):
            assert http.get(f"{server}/livez").status_code == http.get(f"{server}/healthz").status_code == 200
            found = http.get(f"{server}/console/vod/getVideos", params={"consoleToken": token}).json()
            assert found["code"] == "200"
        for viewer in viewers:
            viewer.join()
        go_on.set()
        assert set(answers) == {503}


def test_a_store_that_is_away_refuses_connections_and_nobody_takes_its_port(object_store):
    """Of the fixture: another's server at its port would end the run's `start` and spoil every later test."""
    object_store.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", object_store.port))
    with pytest.raises(OSError, match="Address already in use"):
        socket.create_server(("127.0.0.1", object_store.port))

    object_store.start()
    assert requests.get(object_store.endpoint, timeout=60).status_code == 403
