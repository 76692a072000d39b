"""Looking after media in a bucket: what the commands find, killed processes leave, and copies hold."""

from __future__ import annotations

import json
import threading
from contextlib import suppress

import pytest
import requests
from click.testing import CliRunner

from backend.__main__ import main
from backend.errors import StorageError
from backend.maintenance.data_lock import MaintenanceError
from backend.maintenance.doctor import examine
from backend.maintenance.media_copy import copy_media
from backend.media import LocalFile
from backend.media.bucket import BucketFiles
from backend.media.folder import FolderFiles
from tests.acceptance.server_process import ServerProcess
from tests.waiting import until


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

    @pytest.mark.sqlite  # moves from one folder to another
    def test_data_and_media_are_moved_to_a_new_folder_together(self, run, clip, console, settings, tmp_path):
        made, _ = clip()
        console.close()

        out = run("migrate", "--to", "moved", "--media", "folder")

        assert out.exit_code == 0, out.output
        assert (tmp_path / "moved" / "media" / made.video_id / "common.mp4").read_bytes() == bytes(range(250)) * 4
        assert not settings.media_folder.exists()
        assert "Move the media" not in out.output


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
