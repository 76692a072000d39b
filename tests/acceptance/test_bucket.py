"""A console whose media are in a bucket: the whole way of a clip, and what happens while the bucket is away."""

from __future__ import annotations

import json
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner

import backend
from backend.__main__ import main
from backend.app import check_files
from backend.errors import StorageError
from backend.maintenance.data_lock import MaintenanceError
from backend.maintenance.doctor import examine
from backend.maintenance.media_copy import copy_media
from backend.media import LocalFile
from backend.media.bucket import AWAY, BucketFiles
from backend.media.folder import FolderFiles
from backend.media.sprite import Cue, write_vtt
from backend.model import FileKind, JobState, MediaFile, VideoFilter
from backend.server.security_headers import PAGE_POLICY
from backend.settings import SettingsError
from tests.acceptance.server_process import ServerProcess
from tests.waiting import until

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
            eventually(lambda: console.store.catalogue.get_video(video_id).file_of(FileKind.COMMON) is not None, 60)
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


class TestLookingAfter:
    @pytest.fixture
    def run(self, settings, console, monkeypatch, tmp_path):
        """Runs a command on this console."""
        names = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY"}
        for name in ("data", "database", "media", "s3_endpoint", "s3_region", *names):
            monkeypatch.setenv(names.get(name, f"QU_{name.upper()}"), str(getattr(settings, name)))
        monkeypatch.chdir(tmp_path)

        def run(*arguments):
            return CliRunner().invoke(main, arguments)

        return run

    def test_the_doctor_proves_the_rights_and_names_what_is_missing_and_what_is_too_much(
        self, console, account, clip, make_video, place, object_store, tmp_path
    ):
        made, _ = clip()
        (tmp_path / "stray.mp4").write_bytes(b"x")
        console.media.files.put("stray", {"source.mp4": LocalFile(tmp_path / "stray.mp4")}, new=True)
        console.media.files.delete(made.video_id, "common.mp4")

        told = {finding.text: finding.good for finding in examine(console)}

        assert any(f"files in {place.url}, where objects can be put" in text for text, good in told.items() if good)
        bad = "\n".join(text for text, good in told.items() if not good)
        assert f"{made.video_id}/common.mp4 (1) missing" in bad
        assert f"files of no video in {place.url}: stray (1)" in bad

    def test_the_doctor_tells_that_the_bucket_is_away(self, console, account, object_store):
        object_store.stop()

        bad = [finding.text for finding in examine(console) if not finding.good]

        # A PostgreSQL server for tests does not wait for the disk, which the doctor tells too.
        (told,) = [text for text in bad if not text.startswith("durability")]
        assert "QU_S3_ENDPOINT" in told

    def test_a_backup_says_that_it_has_no_media(self, run, clip, console):
        clip()

        assert "are not part of it" in run("backup", "backup.tar").output
        console.close()
        assert "are as they were" in run("restore", "backup.tar").output

    def test_media_are_moved_out_and_back(self, run, clip, console, settings, place, object_store, monkeypatch):
        made, _ = clip()

        out = run("migrate", "--media", "folder")

        assert out.exit_code == 0, out.output
        assert "3 files copied" in out.output
        assert (settings.media_folder / made.video_id / "common.mp4").read_bytes() == bytes(range(250)) * 4
        console.media.files.delete(made.video_id)
        monkeypatch.setenv("QU_MEDIA", "")
        back = run("migrate", "--media", place.url)
        assert "3 files copied" in back.output, back.output
        assert f"set QU_MEDIA={place.url}" in back.output
        assert object_store.keys(place) == [
            f"{made.video_id}/{name}" for name in ("common.mp4", "cover.jpg", "source.mp4")
        ]
        assert "3 were there" in run("migrate", "--media", place.url).output
        assert "there already" in run("migrate", "--media", "folder").output


@pytest.mark.slow
class TestKills:
    """Real processes, killed while they put something into the bucket."""

    @pytest.fixture
    def held(self, object_store):
        """Holds requests of one kind in the store, and tells when one is there."""
        begun, go_on = threading.Event(), threading.Event()

        def hold(method, part):
            def gate(asked, target):
                if asked == method and part in target and not go_on.is_set():
                    begun.set()
                    go_on.wait(60)

            object_store.gate = gate
            return begun

        yield hold
        go_on.set()

    @pytest.fixture
    def stand(self, tmp_path, place):
        servers = []

        def make():
            environ = {
                "QU_MEDIA": place.url, "QU_S3_ENDPOINT": place.endpoint, "QU_S3_REGION": place.region,
                "AWS_ACCESS_KEY_ID": place.key_id, "AWS_SECRET_ACCESS_KEY": place.secret,
                "QU_TECHNICAL_FLAGS": "false",
            }  # fmt: skip
            servers.append(ServerProcess(tmp_path / "installation", **environ))
            return servers[-1]

        yield make
        for server in servers:
            if server.process and server.process.poll() is None:
                server.kill()

    @staticmethod
    def send(server, path):
        address = f"http://127.0.0.1:{server.port}/console/vod/uploadVideo"
        headers = {"Authorization": f"Bearer {server.sign_in()}"}
        with path.open("rb") as file:
            sent = {"headers": headers, "data": {"userId": "u1"}, "files": {"file": file}}
            return requests.post(address, timeout=120, **sent).json()

    def test_a_server_killed_in_the_middle_of_an_upload_leaves_nothing_and_its_scratch_is_swept(
        self, held, stand, object_store, place, encoded
    ):
        noise = "nullsrc=size=640x360:rate=25:duration=8,geq=random(1)*255:128:128"
        large = encoded(
            "noise.mp4", ["-f", "lavfi", "-i", noise, "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"]
        )
        assert large.stat().st_size > 17 << 20
        server = stand()
        server.start()
        begun = held("PUT", "partNumber=2")

        def send():
            with suppress(requests.RequestException):
                self.send(server, large)

        sender = threading.Thread(target=send)
        sender.start()
        assert begun.wait(60)

        server.kill()
        sender.join()
        assert object_store.keys(place) == []
        assert [path for path in (server.data / "scratch").rglob("*") if path.is_file() and path.stat().st_size > 1000]
        object_store.gate = None
        server.start()
        assert self.send(server, large)["code"] == "200"
        assert len(list((server.data / "scratch").glob("*.lock"))) == 1
        assert server.end() == 0
        assert list((server.data / "scratch").iterdir()) == []

    def test_another_server_takes_over_what_a_killed_one_was_publishing(
        self, held, stand, object_store, place, small_clip
    ):
        one, two = stand(), stand()
        one.start()
        begun = held("PUT", "common-120.mp4")
        video_id = self.send(one, small_clip)["data"]["videoId"]
        assert begun.wait(60)
        two.start()
        token = two.sign_in()

        one.kill()
        object_store.gate = None

        def is_done():
            path = f"/console/vod/getVideoById?videoId={video_id}"
            video = json.loads(two.get(path, {"Authorization": f"Bearer {token}"})[1])["data"]
            return video["transcodeStatus"] == video["snapshotStatus"] == "success"

        until(is_done, "the other one has done it", 60)
        names = {key.partition("/")[2] for key in object_store.keys(place)}
        assert {"source.mp4", "source-mp4.facts", "common-120.mp4", "cover.jpg", "first.jpg"} <= names
        assert {key.partition("/")[0] for key in object_store.keys(place)} == {video_id}
        assert two.end() == 0


class TestCopying:
    @pytest.fixture
    def folder(self, tmp_path):
        files = FolderFiles(tmp_path / "media")
        for number in range(6):
            path = tmp_path / "made"
            path.write_bytes(bytes([number]) * 1000)
            files.put(f"v{number}", {"source.mp4": LocalFile(path)}, new=True)
        return files

    @pytest.fixture
    def bucket(self, place, tmp_path):
        return BucketFiles(place, tmp_path / "scratch")

    @pytest.fixture
    def copy(self, folder, bucket, tmp_path):
        return lambda: copy_media(folder, bucket, tmp_path / "journal", lambda progress: None)

    def test_an_interrupted_copy_goes_on(self, copy, folder, bucket, object_store, place):
        object_store.gate = lambda method, target: "SlowDown" if method == "PUT" and "v4" in target else ""
        with pytest.raises(StorageError):
            copy()
        object_store.gate = None

        done = copy()

        assert (done.copied + done.known, done.copied >= 1) == (6, True)
        assert list(bucket.list()) == list(folder.list())
        object_store.requests.clear()
        assert (copy().copied, {method for method, _ in object_store.requests}) == (0, {"HEAD"})

    def test_what_changed_since_is_copied_again_and_nothing_else(self, copy, folder, bucket, tmp_path):
        copy()
        (tmp_path / "other").write_bytes(b"other" * 200)
        folder.put("v3", {"source.mp4": LocalFile(tmp_path / "other")})

        assert copy().copied == 1
        assert b"".join(bucket.open("v3", "source.mp4").read()) == b"other" * 200

    def test_a_copy_that_differs_is_no_copy(self, copy, bucket, monkeypatch):
        put = bucket.put

        def spoil(video_id, files, *, new):
            for file in files.values():
                file.path.write_bytes(b"\0" * file.path.stat().st_size)
            put(video_id, files, new=new)

        monkeypatch.setattr(bucket, "put", spoil)

        with pytest.raises(MaintenanceError, match=r"v\d/source.mp4 is not the same in s3://"):
            copy()
