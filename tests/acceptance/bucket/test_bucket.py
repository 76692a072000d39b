"""A console whose media are in a bucket: the whole way of a clip, how it is served, and how the console starts."""

from __future__ import annotations

import socket
import sys
import threading
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

import backend
from backend.app import check_files
from backend.media.bucket import BucketFiles
from backend.model import FileKind, MediaFile
from backend.server.security_headers import PAGE_POLICY
from backend.settings import SettingsError
from tests.acceptance.bucket.conftest import fields_of


class TestWholeWay:
    def test_an_uploaded_clip_plays_until_it_is_blocked_and_leaves_nothing_when_purged(
        self, upload, work, console, server, http, token, object_store, place
    ):
        video_id = upload()["data"]["videoId"]
        work()

        keys = object_store.keys(place)
        assert {f"{video_id}/{name}" for name in ("source.mp4", "common-120.mp4", "cover.jpg", "first.jpg")} <= {*keys}
        assert all(key.startswith(f"{video_id}/") for key in keys)
        assert [path for path in console.settings.data.rglob("*.*") if path.suffix in (".mp4", ".jpg")] == []
        video = http.get(f"{server}/console/vod/getVideoById", params=fields_of(video_id, token)).json()["data"]
        (url,) = video["fileUrlList"]
        assert http.get(url, headers={"Range": "bytes=4-7"}).content == b"ftyp"

        console.call("createAudit", {"mediaId": video_id, "status": "Blocked", "reason": "x"}, token)
        assert http.get(url).status_code == 404
        assert console.call("deleteVideoById", {"videoId": video_id, "userId": "u1"}, token)["code"] == "200"
        assert object_store.keys(place) == keys
        assert console.call("purgeVideo", {"videoId": video_id}, token)["code"] == "200"
        assert object_store.keys(place) == []

    @pytest.mark.slow
    def test_what_one_console_takes_in_another_works_on(self, upload, console, object_store, place, tmp_path):
        video_id = upload()["data"]["videoId"]
        other = backend.open_console(replace(console.settings, data=tmp_path / "data"), console.clock)
        try:
            backend.make_worker(other).run_until_idle()
        finally:
            other.close()

        assert console.store.catalogue.get_video(video_id).file_of(FileKind.COMMON)
        assert f"{video_id}/common-120.mp4" in object_store.keys(place)


class TestServing:
    def test_many_listen_at_once(self, clip, server, http):
        content = b"".join(number.to_bytes(4, "big") for number in range(1 << 19))
        _, url = clip(content)
        wrong = []

        def listen(number):
            start = number * 100_000
            answer = http.get(url, headers={"Range": f"bytes={start}-{start + 1_200_000}"})
            if answer.content != content[start : start + 1_200_001]:
                wrong.append(number)

        listeners = [threading.Thread(target=listen, args=(number,)) for number in range(8)]
        for listener in listeners:
            listener.start()
        for listener in listeners:
            listener.join()
        assert wrong == []

    def test_whoever_leaves_is_not_read_for_any_longer(self, clip, console, object_store, eventually, monkeypatch):
        _, url = clip(b"x" * (16 << 20))
        opened, closed, opening = [], [], console.media.files.open

        def watched(video_id, name):
            file = opening(video_id, name)
            opened.append(file)
            monkeypatch.setattr(file, "close", lambda: closed.append(file))
            return file

        monkeypatch.setattr(console.media.files, "open", watched)
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(f"GET {address.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")

        eventually(lambda: closed == opened)
        pieces = [target for method, target in object_store.requests if method == "GET" and "common.mp4" in target]
        assert 0 < len(pieces) < 16


class TestRedirect:
    @pytest.fixture
    def settings(self, settings):
        return replace(settings, media_links="redirect")

    def test_players_are_sent_to_the_bucket_and_pictures_are_not(self, clip, http):
        _, url = clip()

        answer = http.get(url, allow_redirects=False, headers={"Range": "bytes=0-1"})

        assert (answer.status_code, answer.headers["Cache-Control"], answer.content) == (302, "no-store", b"")
        assert "X-Amz-Expires=300" in answer.headers["Location"]
        followed = http.get(url, headers={"Range": "bytes=3-5"})
        assert (followed.status_code, followed.content) == (206, bytes((3, 4, 5)))
        assert http.get(url.replace("common.mp4", "cover.jpg"), allow_redirects=False).status_code == 200
        assert http.head(url, allow_redirects=False).headers["Content-Length"] == "1000"
        assert http.get(url.replace("common.mp4", "common.exe"), allow_redirects=False).status_code == 404

    def test_blocking_ends_the_addresses_and_a_redirect_ends_by_itself(
        self, clip, http, console, token, object_store, clock
    ):
        made, url = clip()
        link = http.get(url, allow_redirects=False).headers["Location"]
        console.call("createAudit", {"mediaId": made.video_id, "status": "Blocked", "reason": "x"}, token)

        assert http.get(url, allow_redirects=False).status_code == 404
        assert http.get(link).status_code == 200
        now = object_store.clock()
        object_store.clock = lambda: now + 301
        assert http.get(link).status_code == 403

    def test_pages_may_play_from_the_bucket(self):
        assert "media-src *" in PAGE_POLICY


class TestStarting:
    def test_a_console_without_obstore_says_how_to_install_it(self, settings, monkeypatch):
        monkeypatch.setitem(sys.modules, "obstore", None)
        monkeypatch.delitem(sys.modules, "backend.media.bucket")

        with pytest.raises(SettingsError, match=r"pip install -r requirements-s3\.txt"):
            backend.open_files(settings)

    def test_what_cannot_work_is_refused(self, console, place):
        console.media.files = BucketFiles(place._replace(url="s3://no-such-bucket"), console.settings.scratch)

        with pytest.raises(SettingsError, match="no bucket no-such-bucket"):
            check_files(console)

    def test_a_bucket_that_is_away_keeps_nobody_from_starting(self, console, object_store, caplog):
        object_store.stop()

        check_files(console)

        assert "cannot be read or written now" in caplog.text


class TestFolderOfAnotherMachine:
    @pytest.fixture
    def settings(self, settings):
        return replace(settings, media="", media_links="stream")

    def test_a_second_machine_without_the_folder_of_the_first_is_refused_in_a_sentence(
        self, console, make_video, settings, tmp_path
    ):
        make_video(files=(MediaFile(FileKind.COMMON, "https://cdn.test/a.mp4"),))
        console.settings = replace(settings, database="postgresql://db.test/qu")
        check_files(console)  # nothing is stored in a folder yet
        make_video(files=(MediaFile(FileKind.SOURCE, "source.mp4"),))

        with pytest.raises(SettingsError, match="Several machines need the same folder"):
            check_files(console)
        settings.media_folder.mkdir()
        check_files(console)

    def test_one_machine_with_sqlite_starts_without_media(self, console, make_video):
        make_video(files=(MediaFile(FileKind.SOURCE, "source.mp4"),))

        check_files(replace(console, settings=replace(console.settings, database="")))
