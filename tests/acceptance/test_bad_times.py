"""Full disks, folders that may only be read, damaged files, clocks that jump, two servers at once, and kills.

Nothing is answered with yes that was not kept, nothing that was kept is thrown away, the message says what is wrong,
and when that is over all goes on by itself.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest
import requests

from backend.api.registry import OPERATIONS
from backend.model import JobKind, VideoFilter
from tests.acceptance.crashes import crash
from tests.acceptance.crowd import gather
from tests.acceptance.server_process import ServerProcess, ask
from tests.acceptance.videos import add_videos
from tests.conftest import TESTS
from tests.postgres_server import url_of

pytestmark = pytest.mark.slow
marks = itertools.count()


class Editor:
    """Somebody signed in at a server, who changes one video and remembers what was acknowledged."""

    def __init__(self, stand: ServerProcess, video: str) -> None:
        self.stand, self.video, self.acknowledged = stand, video, []
        self.token = stand.sign_in()

    def change(self, size: int = 100):
        """Record a verdict that repeats no other, and return the envelope."""
        given = {"mediaId": self.video, "status": "Normal", "comment": f"{next(marks)}".ljust(size, "x")}
        with closing(self.stand.connect()) as connection:
            answer = ask(connection, "createAudit", given, self.token)
        if answer["code"] == "200":
            self.acknowledged.append(answer["requestId"])
        return answer

    def lost(self):
        with closing(sqlite3.connect(self.stand.data / "console.sqlite3")) as db:
            known = {row[0] for row in db.execute("select request_id from history")}
            assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
        return set(self.acknowledged) - known


@pytest.fixture
def stand(tmp_path):
    """A server, started, and ended whatever happens."""
    made = []

    def start(folder=tmp_path, **settings):
        made.append(ServerProcess(folder, **settings))
        return made[-1]

    yield start
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.end(signal.SIGKILL)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_nothing_is_acknowledged_that_was_not_kept(small_disk, stand):
    server = stand(small_disk)
    (video,) = add_videos(server.data, 1)
    server.start()
    editor = Editor(server, video)
    editor.change()
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)

    answers = [editor.change(500) for _ in range(80)]

    assert answers[-1]["code"] == "500"
    assert answers[-1]["message"] == "The disk is full, so nothing was changed. Free some space and try again."
    assert server.get("/healthz")[0] == 503
    assert server.get("/livez")[0] == 200
    filler.unlink()
    assert editor.change()["code"] == "200"
    assert server.end() == 0
    assert editor.lost() == set()


def test_an_upload_that_would_fill_the_disk_is_refused_and_leaves_nothing_on_it(small_disk, stand):
    server = stand(small_disk)
    server.start()
    token = server.sign_in()
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small_disk).free - 3_500_000)

    answers = [
        requests.post(
            f"http://127.0.0.1:{server.port}/console/vod/uploadVideo",
            headers={"Authorization": f"Bearer {token}"}, files={"file": ("a.mp4", b"x" * size)}, timeout=60,
        ).json()
        for size in (4_200_000, 4_500_001, 6_000_000)
    ]  # fmt: skip

    (said,) = {answer["message"] for answer in answers}
    assert "100 MB must stay free on the server" in said
    assert list((server.data / "media" / ".incoming").iterdir()) == []
    assert "Traceback" not in server.said()


def test_a_folder_that_may_only_be_read_is_named_at_the_start(small_disk, stand):
    server = stand(small_disk)
    add_videos(server.data, 1)
    remount = ["mount", "-o", "remount,{}", str(small_disk)]
    (small_disk / "server.log").symlink_to("/dev/null")
    server.log = small_disk.parent / "server.log"
    subprocess.run([part.format("ro") for part in remount], check=True)

    server.launch()
    status = server.process.wait(60)

    assert status == 1
    assert f"{server.data} cannot be written" in server.said()
    assert "Traceback" not in server.said()
    subprocess.run([part.format("rw") for part in remount], check=True)
    server.start()
    assert server.end() == 0


@pytest.mark.parametrize("dashboard", [False, True], ids=["rest alone", "dashboard"])
@pytest.mark.parametrize("first", [0, 4096], ids=["from its beginning", "but for its first page"])
def test_a_damaged_database_is_named_at_the_start_and_left_as_it_is(first, dashboard, tmp_path, stand):
    server = stand(dashboard=dashboard)
    add_videos(server.data, 3)
    database = server.data / "console.sqlite3"
    whole = database.read_bytes()
    damaged = whole[:first] + os.urandom(len(whole) - first)
    database.write_bytes(damaged)

    server.launch()
    status = server.process.wait(60)

    assert status == (3 if dashboard else 1)  # uvicorn's own, where it is the one that starts us
    assert "restore FILE" in server.said()
    assert "Traceback" not in server.said()
    assert database.read_bytes() == damaged
    for log in server.data.glob("*-wal"):
        log.unlink()
    database.write_bytes(whole)
    server.start()
    assert server.end() == 0


def test_damage_under_a_running_server_is_told_and_gone_when_the_file_is_whole_again(stand):
    server = stand()
    (video,) = add_videos(server.data, 1)
    server.start()
    editor = Editor(server, video)
    database = server.data / "console.sqlite3"
    with closing(sqlite3.connect(database)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    whole = database.read_bytes()
    database.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))

    said = [editor.change() for _ in range(3)]

    assert {answer["code"] for answer in said} <= {"500", "403"}  # even the session cannot be read
    assert server.get("/livez")[0] == 200
    server.kill()
    for log in server.data.glob("console.sqlite3-*"):
        log.unlink()
    database.write_bytes(whole)
    server.start()
    assert editor.change()["code"] == "200"
    assert server.end() == 0
    assert editor.lost() == set()


def test_two_servers_on_one_folder_lose_nothing_and_see_each_other(tmp_path, stand, small_clip, read_answer):
    servers = [stand(tmp_path), stand(tmp_path)]
    servers[1].log = tmp_path / "second.log"
    videos = add_videos(servers[0].data, 2)
    servers[0].start()
    editor = Editor(servers[0], videos[0])
    waiting = start_upload(servers[0], editor.token, small_clip.read_bytes(), read_answer)
    servers[1].start()
    editors = [editor, Editor(servers[1], videos[1])]

    with ThreadPoolExecutor(8) as pool:
        codes = {future.result()["code"] for future in [pool.submit(editors[n % 2].change) for n in range(200)]}

    assert codes == {"200"}
    assert waiting() == "200"  # the second one did not sweep away what the first was taking in
    with closing(servers[1].connect()) as connection:
        assert ask(connection, "signOut", {}, editor.token)["code"] == "200"
    assert editor.change()["code"] == "403"
    refused = subprocess.run(
        [*servers[0]._command[:3], "restore", __file__],
        env=servers[0]._environ,
        check=False,
        capture_output=True,
        text=True,
    )
    assert "is in use. Stop the server" in refused.stderr
    assert [server.end() for server in servers] == [0, 0]
    assert editors[0].lost() | editors[1].lost() == set()


def start_upload(server, token, content, read_answer):
    """Send the first half of a clip, and return a function that sends the other one and returns the code."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    body = head + content + b"\r\n--b--\r\n"
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=90)
    connection.sendall(
        f"POST {OPERATIONS['uploadVideo'].path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    )
    half = len(body) // 2
    connection.sendall(body[:half])

    def go_on():
        with connection:
            connection.sendall(body[half:])
            return read_answer(connection)[1]["code"]

    return go_on


def test_twenty_identical_requests_at_once_have_one_effect(stand):
    server = stand()
    (video,) = add_videos(server.data, 1)
    with closing(sqlite3.connect(server.data / "console.sqlite3")) as db:
        # No job is begun: one that is over may be asked for again.
        db.execute(
            "create trigger hold after insert on jobs begin "
            "update jobs set lease_until = 1e12 where job_id = new.job_id; end"
        )
    server.start()
    editor = Editor(server, video)
    asked = [
        ("createAudit", {"mediaId": video, "status": "Normal", "comment": "once"}),
        ("recommendVideo", {"videoId": video, "isNarrow": "true"}),
        ("pushObjectCache", {"objectPath": f"127.0.0.1:{server.port}/media/a/b/c.mp4"}),
        ("deleteVideoById", {"videoId": video, "userId": "1"}),
    ]
    for name, parameters in asked:
        start = threading.Barrier(20)

        def send(_, name=name, parameters=parameters, start=start):
            with closing(server.connect()) as connection:
                connection.connect()
                start.wait()
                return ask(connection, name, parameters, editor.token)["code"]

        with ThreadPoolExecutor(20) as pool:
            codes = list(pool.map(send, range(20)))
        expected = {"200": 1, "404": 19} if name == "deleteVideoById" else {"200": 20}
        assert {code: codes.count(code) for code in set(codes)} == expected, name

    assert server.end() == 0
    with closing(sqlite3.connect(server.data / "console.sqlite3")) as db:
        for name, _ in asked:
            sql = "select count(*) from history where action = ?"
            assert db.execute(sql, [name]).fetchone() == (1,), name


def test_a_killed_server_has_kept_every_change_it_acknowledged(tmp_path):
    """`python -m tests.acceptance.crashes` does this thirty times."""
    outcome = crash(tmp_path, rounds=3, writers=8, changes=120)

    assert outcome.good, outcome
    assert outcome.acknowledged >= 120


def test_of_two_servers_on_one_database_a_killed_one_has_kept_every_change_and_stops_nobody(tmp_path, postgres):
    outcome = crash(tmp_path, 4, writers=8, changes=160, database=url_of(postgres))

    assert outcome.good, outcome
    assert outcome.acknowledged >= 160


def test_a_crowd_is_served_and_leaves_nothing_behind(tmp_path):
    """`python -m tests.acceptance.crowd` does this with 500 clients, for longer."""
    crowd = gather(tmp_path, clients=100, seconds=2)

    assert crowd.failed == crowd.errors_of_ours == 0, crowd.answers
    assert crowd.memory[1] - crowd.memory[0] < 300e6
    assert crowd.descriptors_left == 0, crowd.descriptors


class TestClocksThatJump:
    """In this process: nothing else can turn its clock."""

    YEAR = 365 * 86_400

    @pytest.mark.parametrize("jump", [YEAR, -YEAR])
    def test_changes_go_on_and_keep_their_order(self, jump, console, token, clock, make_video):
        first = make_video(title="before")
        console.call("createAudit", {"mediaId": first.video_id, "status": "Normal"}, token)
        console.call("recommendVideo", {"videoId": first.video_id}, token)
        clock.move(jump)

        for status in ("Blocked", "Normal", "Blocked"):
            video_id = make_video(title=status).video_id
            assert console.store.catalogue.get_video(video_id).title == status
        lines = console.store.history.find_history()

        assert [line.target for line in lines][:1] == [video_id]
        assert console.store.catalogue.find_videos(VideoFilter()).total == 4
        assert console.store.catalogue.get_recommendation(first.video_id)
        assert console.call("getVideos", {}, token)["code"] == ("200" if jump < 0 else "403")

    def test_a_session_ends_early_rather_than_late(self, console, token, clock):
        clock.move(self.YEAR)
        assert console.call("getVideos", {}, token)["code"] == "403"
        clock.move(-self.YEAR)
        assert console.call("getVideos", {}, token)["code"] == "200"

    def test_a_job_is_not_forgotten(self, console, clock, make_video):
        video = make_video()
        jobs = console.store.jobs
        jobs.enqueue_for_video(JobKind.NARROW, video.video_id, "x", TESTS)
        clock.move(-self.YEAR)
        job = jobs.claim_job([JobKind.NARROW], "worker")
        clock.move(2 * self.YEAR)
        assert jobs.claim_job([JobKind.NARROW], "another").job_id == job.job_id
        assert not jobs.renew_lease(job, "worker", "", 0.5, {})
