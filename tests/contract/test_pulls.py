"""Videos fetched from addresses, over every door, by a console that keeps videos itself."""

from __future__ import annotations

import json
import shutil
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import backend
from backend import Caller
from backend.auth.permissions import Role
from backend.jobs.runner import Failed
from backend.lifecycle.pull import Puller
from backend.model import FileKind, Job, JobKind, JobState, VideoFilter
from backend.prewarm.fetcher import Limits
from backend.store.job_rows import job_of
from tests.jobs.begun import Begun
from tests.jobs.test_worker import refusals, refusing

URL = "https://example.com/a.mp4"


@pytest.fixture
def pulls(console):
    return lambda: console.store.jobs.find_jobs(kind=JobKind.PULL).items


class TestPullVideos:
    @pytest.mark.every_door
    def test_each_address_is_a_job(self, door, pulls):
        data = door.data("pullVideos", sourceUrl=f"{URL} 海边 的早晨\n\nexample.com/b.mp4", userId="u9")

        assert [(one["sourceUrl"], one["title"]) for one in data] == [
            (URL, "海边 的早晨"),
            ("http://example.com/b.mp4", "b"),
        ]
        assert sorted(one["jobId"] for one in data) == sorted(job.job_id for job in pulls())
        assert {job["title"] for job in door.data("getQueue")["jobList"]} == {"海边 的早晨", "b"}

    def test_the_same_again_is_the_same_job(self, door, pulls):
        assert door.data("pullVideos", sourceUrl=URL) == door.data("pullVideos", sourceUrl=f"{URL}\n{URL}")
        assert len(pulls()) == 1

    def test_every_address_can_have_its_own_particulars(self, door, pulls):
        items = [{"sourceUrl": URL, "title": "一", "userId": "u1", "userName": "安妮", "cateName": "旅行"}]

        door.data("pullVideos", sourceList=json.dumps(items), tags="海", userId="u9")

        (job,) = pulls()
        said = {name: job.payload[name] for name in ("title", "userId", "userName", "cateName", "tags")}
        assert said == {"title": "一", "userId": "u1", "userName": "安妮", "cateName": "旅行", "tags": "海"}

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({}, "have 0 addresses"),
            ({"sourceUrl": "\n".join(f"{URL}?{n}" for n in range(101))}, "have 101 addresses"),
            ({"sourceUrl": f"{URL}\nfile:///etc/passwd"}, "2: file:///etc/passwd"),
            ({"sourceUrl": "https://example.com/"}, "it is a folder"),
            ({"sourceUrl": "https://me:secret@example.com/a.mp4"}, "it is not an address"),
            ({"sourceUrl": f"{URL} {'x' * 201}"}, "title has 201 characters"),
            ({"sourceList": "[1]"}, "must be a JSON list of objects"),
            ({"sourceList": "{"}, "must be a JSON list of objects"),
            ({"sourceList": '[{"title": "一"}]'}, "sourceList[1].sourceUrl is required"),
            ({"sourceList": json.dumps([{"sourceUrl": URL, "cateId": "x"}])}, "sourceList[1].cateId must be a whole"),
            ({"sourceUrl": URL, "cateId": "77"}, "77"),
        ],
    )
    def test_a_bad_request_queues_nothing(self, door, pulls, given, words):
        answer = door("pullVideos", **given)

        assert (answer["code"], words in answer["message"]) == ("400", True), answer
        assert pulls() == ()

    def test_it_needs_the_right_to_upload(self, door, pulls, make_account, sign_in):
        token = sign_in(make_account("reviewer", role="reviewer"))

        assert door("pullVideos", sourceUrl=URL, token=token)["code"] == "403"
        assert pulls() == ()


def test_no_account_fills_the_queue_before_the_others(console, pulls, token, make_account, sign_in, monkeypatch):
    """One account had thousands wait, and a content manager's one fetch behind them."""
    monkeypatch.setattr("backend.store.job_rows.MAX_PULLS_OF_ONE", 3)
    monkeypatch.setattr("backend.store.job_rows.MAX_PULLS", 5)
    greedy, other = (sign_in(make_account(name, Role.MANAGER)) for name in ("greedy", "other"))

    def pull(count, token):
        lines = "\n".join(f"https://example.com/{token[:6]}/{count}-{number}.mp4" for number in range(count))
        return console.call("pullVideos", {"sourceUrl": lines}, token)

    assert [pull(3, greedy)["code"], pull(3, greedy)["code"]] == ["200", "200"]  # the same ones
    refused = pull(2, greedy)
    assert pull(2, other)["code"] == "200"
    full = pull(1, token)

    assert (refused["code"], "At most 3 addresses of yours" in refused["message"]) == ("429", True), refused
    assert "with these it would be 5" in refused["message"]
    assert (full["code"], "At most 5 addresses may wait" in full["message"]) == ("429", True), full
    assert len(pulls()) == 5


@pytest.mark.parametrize(("title", "kept"), [("   ", "a"), ("\u3000\u200b", "a"), ("海\t边\n", "海 边")])
def test_a_title_is_one_line_and_one_of_blanks_is_none(console, token, title, kept):
    alone = console.call("pullVideos", {"sourceUrl": URL, "title": title}, token)["data"]
    listed = [{"sourceUrl": f"{URL}?2", "title": title}]
    in_list = console.call("pullVideos", {"sourceList": json.dumps(listed)}, token)["data"]

    assert [one["title"] for one in alone + in_list] == [kept, kept]


INSIDE = (
    "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "100.100.100.200", "10.0.0.8:9000", "localhost",
    "video.localhost", "127.1", "2130706433", "0x7f000001", "127.0.0.1.", "１２７.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_of_this_machines_network_is_refused_at_once(console, pulls, token, host):
    answer = console.call("pullVideos", {"sourceUrl": f"{URL}\nhttp://{host}/a.mp4"}, token)

    assert (answer["code"], "points to this machine or its network" in answer["message"]) == ("400", True), answer
    assert pulls() == ()


def test_addresses_are_fetched_in_the_order_in_which_they_were_given(console, token):
    lines = [f"https://example.com/{number}.mp4" for number in range(30)]
    made = console.call("pullVideos", {"sourceUrl": "\n".join(lines)}, token)["data"]

    taken = [console.store.jobs.claim_job([JobKind.PULL], f"worker {number}") for number in range(30)]

    assert [job.payload["sourceUrl"] for job in taken] == lines
    assert [job.job_id for job in taken] == [one["jobId"] for one in made]


@pytest.mark.parametrize(
    ("url", "en", "zh"),
    [
        ("http://example.com\\@127.0.0.1/a.mp4", "contains a backslash", "含有反斜杠"),
        ("http://console.example/console/openapi.json", "only files of videos are allowed", "只能是视频的文件"),
    ],
)
@pytest.mark.settings(public_url="http://console.example")
def test_a_refusal_of_a_fetch_speaks_of_that(console, token, url, en, zh):
    for language, words in (("en", en), ("zh", zh)):
        answer = console.call("pullVideos", {"sourceUrl": url}, token, Caller(language=language))

        assert (answer["code"], words in answer["message"]) == ("400", True), answer
        assert "prewarm" not in answer["message"]
        assert "预热" not in answer["message"]


def test_a_page_of_a_long_queue_reads_the_jobs_of_that_page_alone(console, token, monkeypatch):
    """With 3,000 fetches waiting, each page read all of them twice over."""
    console.call("pullVideos", {"sourceUrl": "\n".join(f"https://example.com/{n}.mp4" for n in range(60))}, token)
    read = []
    monkeypatch.setattr("backend.store.jobs.job_of", lambda row: read.append(row) or job_of(row))

    page = console.call("getQueue", {"pageIndex": 2, "pageSize": 10}, token)["data"]

    assert (page["total"], [job["position"] for job in page["jobList"]]) == (60, list(range(11, 21)))
    assert len(read) == 10


@contextmanager
def serving(body=b"", status=200, **headers):
    """A web server with one answer for every address; `/again` leads to itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302 if self.path == "/again.mp4" else status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            if self.path == "/again.mp4":
                self.send_header("Location", "/again.mp4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with answering(Handler) as place:
        yield place


@contextmanager
def answering(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def pull(console, token, settings):
    """Fetches an address of a place that the operator named, and returns the job when it has ended."""

    def run(place, path="/a.mp4"):
        console.settings = backend.Settings(
            **{
                **{n: getattr(settings, n) for n in settings.__dataclass_fields__},
                "prewarm_hosts": (place,),
            }
        )
        answer = console.call("pullVideos", {"sourceUrl": f"http://{place}{path}", "userId": "u9", "tags": "海"}, token)
        assert answer["code"] == "200", answer
        worker = backend.make_worker(console)
        worker.run_until_idle()
        worker.stop()
        job = console.store.jobs.get_job(answer["data"][0]["jobId"])
        return job, console.call("getJob", {"jobId": job.job_id}, token)["data"]

    return run


@pytest.fixture
def left(settings):
    """The files that lie in the media folder."""
    return lambda: [path for path in settings.media_folder.rglob("*") if path.is_file() and ".incoming" in str(path)]


def test_a_video_is_fetched_and_taken_in(console, pull, small_clip, left):
    with serving(small_clip.read_bytes()) as place:
        job, shown = pull(place)

    video = console.store.catalogue.get_video(shown["videoId"])
    assert (job.state, shown["title"]) == (JobState.DONE, "a")
    assert (video.title, video.user.user_id, video.tags, video.censor_status) == ("a", "u9", "海", "check")
    assert (
        console.media.files.path_of(video.video_id, video.file_of(FileKind.SOURCE).name).read_bytes()
        == small_clip.read_bytes()
    )
    assert "path" not in shown["result"]
    assert left() == []


@pytest.mark.parametrize(
    ("answer", "path", "words"),
    [
        ({"status": 404}, "/a.mp4", "answered with HTTP 404"),
        ({}, "/again.mp4", "redirects more than 5 times"),
        ({"body": b"<html>sign in first</html>"}, "/a.mp4", "video"),
        ({"Content-Length": "900000000"}, "/a.mp4", "larger than 20 MB"),
        ({"body": b"half", "Content-Length": "1000"}, "/a.mp4", "could not be fetched from 127.0.0.1"),
    ],
)
def test_what_cannot_be_fetched_is_said_in_words_and_leaves_nothing(console, pull, left, answer, path, words):
    with serving(**answer) as place:
        job, shown = pull(place, path)

    assert (job.state, words in shown["error"]) == (JobState.FAILED, True), shown["error"]
    assert console.store.catalogue.find_videos(VideoFilter()).total == 0
    assert left() == []


def test_this_machines_network_is_not_fetched_from_unless_the_operator_named_it(pull, small_clip):
    with serving(small_clip.read_bytes()) as inner:
        inside = f"http://{inner.replace('127.0.0.1', '127.0.0.2')}/a.mp4"
        with serving(status=302, Location=inside) as place:
            job, shown = pull(place)

    assert (job.state, "points to this machine or its network" in shown["error"]) == (JobState.FAILED, True), shown


@pytest.mark.parametrize("length", [{}, {"Content-Length": "15000000"}])
def test_a_fetch_leaves_room_on_the_disk_for_others(console, pull, left, monkeypatch, length):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=110_000_000 if length else 99_999_999))
    with serving(b"some bytes", **length) as place:
        job, shown = pull(place)

    assert (job.state, "100 MB must stay free" in shown["error"]) == (JobState.FAILED, True), shown["error"]
    assert left() == []


def test_a_job_that_is_done_again_makes_no_second_video(console, pull, small_clip):
    with serving(small_clip.read_bytes()) as place:
        job, _ = pull(place)
        job, _ = pull(place)  # another job

    assert console.store.catalogue.find_videos(VideoFilter()).total == 2
    from backend.jobs.runner import Done
    from backend.lifecycle import pull as pulling

    copy = console.settings.media_folder / "copy.mp4"
    copy.write_bytes(small_clip.read_bytes())
    pulling.settle(console, job, Done(facts={"path": str(copy)}))

    assert console.store.catalogue.find_videos(VideoFilter()).total == 2
    assert not copy.exists()


def test_a_file_whose_video_the_database_refused_is_taken_in_later_and_not_fetched_again(
    console, pull, small_clip, left, monkeypatch
):
    catalogue = console.store.catalogue
    monkeypatch.setattr(catalogue, "add_video", refusing(catalogue.add_video, refusals(2)))
    fetched, run = [], Puller.run
    monkeypatch.setattr(Puller, "run", lambda *given: fetched.append(given) or run(*given))

    with serving(small_clip.read_bytes()) as place:
        job, shown = pull(place)

    assert (job.state, job.attempts, len(fetched)) == (JobState.DONE, 1, 1), shown
    assert catalogue.get_video(shown["videoId"]).file_of(FileKind.SOURCE)
    assert left() == []


def test_a_server_that_sends_next_to_nothing_is_given_up(settings, left, tmp_path):
    """It would keep all other fetches waiting for hours."""
    over = threading.Event()

    class Dripping(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            with suppress(OSError):
                while not over.wait(0.02):
                    self.wfile.write(b"x")

        def log_message(self, *_):
            pass

    with answering(Dripping) as place:
        named = replace(settings, prewarm_hosts=(place,))
        puller = Puller(lambda: named, tuple, tmp_path, Limits(pause=1.0, seconds=3600.0))
        job = Job("j1", JobKind.PULL, JobState.RUNNING, created=0, payload={"sourceUrl": f"http://{place}/a.mp4"})
        try:
            outcome = Begun(puller, job).end()
        finally:
            over.set()

    assert isinstance(outcome, Failed)
    assert "could not be fetched from 127.0.0.1: timeout" in str(outcome.reason)
    assert left() == []
