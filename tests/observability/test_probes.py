"""How the console is watched: its log, its numbers, and whether it lives and is ready."""

from __future__ import annotations

import io
import json
import logging
import shutil
import socket
import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests

from backend.model import JobKind, JobState
from backend.observability.logging_setup import MAX_ALIKE, JsonLines, LibraryLogLimit, TextLines, hide_secrets
from backend.observability.request_metrics import LINE, RequestMetrics
from backend.server.app import RestApp
from tests.acceptance.server_process import ServerProcess, ask
from tests.conftest import TESTS

METRICS = "/metrics"
TOKEN = "a token of Prometheus".replace(" ", "-")


def numbers(text):
    """Read Prometheus' text format into values by name and labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


@pytest.fixture
def scrape(server, http):
    def read():
        answer = http.get(server + METRICS)
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return numbers(answer.text)

    return read


class TestMetrics:
    def test_every_call_is_counted_by_operation_way_and_code(self, scrape, server, http, token, console):
        path = f"{server}/console/vod/getVideos"
        http.get(path, params={"consoletoken": token, "pageSize": "0"})
        http.get(path)
        console.call("getVideos", {}, token)
        for _ in range(5):  # but for the first, these are kept answers
            http.get(path, params={"consoletoken": token})
        http.get(f"{server}/console/no/such")

        found = scrape()

        counted = 'qu_requests_total{{code="{}",operation="{}",way="{}"}}'
        assert found[counted.format("400", "getVideos", "rest")] == 1
        assert found[counted.format("403", "getVideos", "rest")] == 1
        assert found[counted.format("200", "getVideos", "page")] == 1
        assert found[counted.format("200", "getVideos", "rest")] == 5
        assert found[counted.format("404", "none", "rest")] == 1
        assert found['qu_request_seconds_count{operation="getVideos"}'] == 8
        assert found['qu_request_seconds_bucket{le="+Inf",operation="getVideos"}'] == 8

    def test_jobs_are_counted_by_kind_and_state_and_the_oldest_tells_its_age(self, scrape, console, clock, make_video):
        console.store.prewarming.enqueue(["http://example.com/a"], TESTS)
        clock.move(90)
        console.store.prewarming.enqueue(["http://example.com/b"], TESTS)

        found = scrape()

        assert found['qu_jobs{kind="prewarm",state="queued"}'] == 2
        assert found['qu_jobs{kind="narrow",state="failed"}'] == 0
        assert found['qu_job_oldest_queued_seconds{kind="prewarm"}'] == 90
        assert found['qu_job_oldest_queued_seconds{kind="transcode"}'] == 0

    def test_reviews_that_wait_are_counted_by_queue_and_the_oldest_tells_its_age(self, scrape, clock, make_video):
        assert scrape()['qu_review_oldest_seconds{queue="default"}'] == 0
        make_video()
        clock.move(7200)
        make_video()

        found = scrape()

        assert found['qu_reviews_waiting{queue="default"}'] == 2
        assert found['qu_review_oldest_seconds{queue="default"}'] == 7200

    def test_the_number_of_the_newest_entry_of_the_history_is_told(self, scrape, console, make_video):
        before = scrape()["qu_history_entries"]
        make_video()

        assert scrape()["qu_history_entries"] == before + 1 == console.store.history.newest_line()

    def test_deliveries_to_webhooks_are_counted_and_the_oldest_tells_its_age(self, scrape, console, clock, make_video):
        hook = console.store.webhooks.add("https://hooks.example.com/in", "", (), TESTS)
        make_video()
        clock.move(90)
        console.calls.count_webhook("refused")

        found = scrape()

        assert found['qu_webhook_deliveries{state="waiting"}'] == 1
        assert found['qu_webhook_deliveries{state="delivered"}'] == 0
        assert found["qu_webhook_oldest_waiting_seconds"] == 90
        assert found['qu_webhook_attempts_total{outcome="refused"}'] == 1
        console.store.webhooks.change(hook.webhook_id, TESTS, on=False)
        assert scrape()["qu_webhook_oldest_waiting_seconds"] == 0

    def test_room_sessions_size_and_version_are_told(self, scrape, token):
        found = scrape()

        assert found["qu_sessions"] == 1
        assert found["qu_database_bytes"] > 4096
        assert 0 < found["qu_disk_free_bytes"] <= found["qu_disk_size_bytes"]
        assert found["qu_database_up"] == 1
        assert found["process_open_fds"] > 0
        assert any(name.startswith("qu_info{") for name in found)

    def test_open_pages_are_told_and_those_there_was_no_room_for(self, serve, http, console):
        rest = RestApp(console)
        rest.sockets.refused = 7
        told = numbers(http.get(serve(rest) + METRICS).text)

        assert told['qu_pages{who="person"}'] == told['qu_pages{who="visitor"}'] == told["qu_pages_ended_total"] == 0
        assert told["qu_pages_refused_total"] == 7

    def test_what_can_be_told_is_told_when_the_database_is_broken(self, scrape, console, monkeypatch):
        monkeypatch.setattr(console.store.jobs, "count_jobs", None)

        found = scrape()

        assert found["qu_database_up"] == 0
        assert found["qu_sessions"] == 0
        assert not any(name.startswith("qu_jobs") for name in found)

    @pytest.mark.sqlite
    def test_a_scrape_reads_no_table_as_a_whole(self, console):
        """With a million finished jobs a scrape takes as long as with none."""
        jobs, plans = console.store.jobs, []
        with console.store.engine.reading() as db:
            db.conn.set_trace_callback(lambda sql: plans.append(sql))
        jobs.count_jobs()
        jobs.find_longest_waits()
        console.store.review_queues.find_waiting()
        console.store.history.newest_line()
        with console.store.engine.reading() as db:
            db.conn.set_trace_callback(None)
            asked = [sql for sql in plans if sql.strip().startswith("select")]
            steps = [row[3] for sql in asked for row in db.execute(f"explain query plan {sql}").fetchall()]

        assert len(asked) == 4 + len(JobKind)
        few = ("SCAN job_counts", "SCAN review_per_queue", "SCAN q", "SCAN history_head")  # by kind and queue, and one
        assert [step for step in steps if "SCAN" in step and not step.startswith(few)] == []

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Forwarded-For": "192.0.2.1"},
            {"Forwarded": "for=192.0.2.1"},
            {"Host": "console.example.com"},
            {"Via": "1.1 a"},
        ],
    )
    def test_without_a_token_they_are_for_this_machine_alone(self, headers, server, http):
        answer = http.get(server + METRICS, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (403, "403")

    @pytest.mark.settings(metrics_token=TOKEN)
    def test_with_a_token_they_are_for_who_holds_it(self, server, http):
        headers = {"X-Forwarded-For": "192.0.2.1"}
        assert http.get(server + METRICS).status_code == 403
        assert http.get(server + METRICS, headers={"Authorization": "Bearer another-token-here"}).status_code == 403
        assert http.get(server + METRICS, headers={"Authorization": f"Bearer {TOKEN}", **headers}).status_code == 200


class TestCountsOfJobs:
    def test_they_follow_every_change_of_a_state(self, console, make_video):
        jobs, owner = console.store.jobs, "worker"
        video = make_video()
        jobs.enqueue_for_video(JobKind.NARROW, video.video_id, "x", TESTS)
        jobs.enqueue_for_video(JobKind.NARROW, video.video_id, "x", TESTS)  # one is there already
        assert jobs.count_jobs() == {(JobKind.NARROW, JobState.QUEUED): 1}
        job = jobs.claim_job([JobKind.NARROW], owner)
        assert jobs.count_jobs() == {(JobKind.NARROW, JobState.RUNNING): 1}
        jobs.settle_done(job, owner, (), {})
        jobs.enqueue_for_video(JobKind.NARROW, video.video_id, "x", TESTS)
        console.store.catalogue.delete_video(video.video_id, video.user.user_id, TESTS)
        assert jobs.count_jobs() == {(JobKind.NARROW, JobState.DONE): 1, (JobKind.NARROW, JobState.CANCELLED): 1}


def test_calls_are_counted_whichever_thread_they_come_on():
    calls = RequestMetrics()

    def count(_):
        for _ in range(1000):
            calls.count("getVideos", "200", "rest", 0.0001)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))

    value, labels = calls.registry.get_sample_value, {"operation": "getVideos"}
    assert value("qu_requests_total", {**labels, "way": "rest", "code": "200"}) == 4000
    assert value("qu_request_seconds_bucket", {**labels, "le": "0.001"}) == 4000


class TestLines:
    @pytest.fixture
    def written(self):
        """What a line looks like in a format."""

        def write(formatter, message, *arguments, error=None):
            stream = io.StringIO()
            handler = logging.StreamHandler(stream)
            handler.setFormatter(formatter)
            info = (type(error), error, None) if error else None
            handler.emit(logging.LogRecord("backend.x", logging.INFO, "", 0, message, arguments, info))
            return stream.getvalue()

        return write

    @pytest.mark.parametrize(
        ("said", "kept"),
        [
            ("GET /a?consoleToken=abc123&x=1", "GET /a?consoleToken=…&x=1"),
            ("{'consoletoken': 'abc123'}", "{'consoletoken': '…'}"),
            ('{"password": "abc123"}', '{"password": "…"}'),
            ("Authorization: Bearer abc123 next", "Authorization: Bearer … next"),
            ("sent bearer abc123", "sent bearer …"),
            ("/media/23rfewc23/abc123/cover.jpg", "/media/23rfewc23/…/cover.jpg"),
            ("?ticket=abc123", "?ticket=…"),
            ("the secret whsec_abc123+/= signs", "the secret whsec_… signs"),
            ("nothing secret", "nothing secret"),
        ],
    )
    def test_hold_no_secret(self, said, kept, written):
        assert hide_secrets(said) == kept
        assert "abc123" not in written(TextLines(), said) + written(JsonLines(), said)
        assert "abc123" not in written(TextLines(), "x", error=ValueError(said)) + written(
            JsonLines(), "x", error=ValueError(said)
        )

    def test_are_one_line_each_whatever_is_in_them(self, written):
        for formatter in (TextLines(), JsonLines()):
            assert written(formatter, "a\nforged line\r\n\u2028b").count("\n") == 1
        assert written(JsonLines(), "x", error=ValueError("a\nb")).count("\n") == 1

    def test_of_json_have_named_values_as_keys(self, written):
        values = {"operation": "getVideos", "code": "200", "who": "安妮", "way": "rest", "ms": 1.5, "requestId": "r"}

        line = json.loads(written(JsonLines(), LINE, values))

        assert {**values, "level": "INFO", "logger": "backend.x"}.items() <= line.items()
        assert line["message"].startswith("getVideos code=200 who=安妮")


class TestLinesOfLibraries:
    """Much of what they say is about what somebody sent, and can be had as often as somebody likes."""

    @pytest.fixture
    def said(self):
        """What is written of a record of a logger, or nothing."""
        self.now = 0.0
        sparing = LibraryLogLimit(lambda: self.now)

        def say(message, *arguments, error=None, name="streamlit.error_util"):
            try:
                raise error or KeyError()
            except Exception:
                info = sys.exc_info() if error else None
            record = logging.LogRecord(name, logging.ERROR, "", 0, message, arguments, info)
            return TextLines("%(message)s").format(record) if sparing.filter(record) else None

        return say

    def test_an_exception_is_one_line_that_says_where(self, said):
        line = said("Uncaught app execution", error=KeyError("a\nb"))

        assert line.count("\n") == 0
        assert line.startswith("Uncaught app execution: KeyError: 'a")
        assert "(test_probes.py:" in line
        assert len(said("x", error=ValueError("y" * 10_000))) < 700

    def test_our_own_keep_their_traces(self, said):
        assert "Traceback" in said("broke", error=KeyError(), name="backend.server.app")

    def test_what_is_said_over_and_over_is_said_a_few_times_a_minute(self, said):
        lines = [said("Uncaught app execution %d", number) for number in range(100)]

        assert len([line for line in lines if line]) == MAX_ALIKE
        assert lines[MAX_ALIKE - 1].endswith("(and no more of this kind for a minute)")
        assert said("something else")
        self.now += 61
        assert said("Uncaught app execution %d", 1)

    def test_however_many_kinds_there_are_they_are_bounded(self, said):
        assert len([True for number in range(5000) if said(f"{number}")]) < 500


def test_health_tells_ready_from_alive(server, http, console, monkeypatch):
    monkeypatch.setattr(console.store.catalogue, "is_empty", None)

    assert (http.get(f"{server}/healthz").status_code, http.get(f"{server}/livez").status_code) == (503, 200)


@pytest.mark.parametrize(("free", "status"), [(0, 503), (100_000, 503), (1 << 30, 200)])
def test_a_console_on_a_full_disk_is_not_ready_and_says_why(server, http, free, status, monkeypatch):
    """Nobody can sign in or change anything then."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free))

    answer = http.get(f"{server}/healthz")

    assert (answer.status_code, http.get(f"{server}/livez").status_code) == (status, 200)
    assert ("The disk is full" in answer.json()["message"]) == (status == 503)


def test_a_database_that_hangs_makes_it_not_ready_soon(server, http, console, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(console.store.catalogue, "is_empty", lambda: over.wait(600))

    assert http.get(f"{server}/healthz", timeout=60).status_code == 503
    over.set()


@pytest.mark.slow
@pytest.mark.parametrize("dashboard", [False, True], ids=["rest alone", "dashboard"])
def test_a_real_server_logs_json_without_secrets_and_drains_on_sigterm(dashboard, tmp_path, eventually):
    stand = ServerProcess(tmp_path, dashboard=dashboard, QU_LOG="DEBUG", QU_LOG_FORMAT="json")
    stand.start()
    token = stand.sign_in()
    secret = "KEYKEYKEY"
    for path in (f"/media/v/{secret}/a.jpg", f"/console/vod/getVideos?consoletoken={token}", f"/console/{token}?x=%FF"):
        stand.get(path)
    waiting = stand.connect()
    waiting.putrequest("POST", "/console/vod/getVideos")
    waiting.putheader("Content-Type", "application/x-www-form-urlencoded")
    waiting.putheader("Content-Length", "10")
    waiting.endheaders(b"pageS")
    eventually(
        lambda: (
            numbers(stand.get("/metrics")[1].decode())['qu_requests_total{code="200",operation="login",way="rest"}']
            == 1
        )
    )

    stand.process.terminate()
    eventually(lambda: not _listens(stand))
    waiting.send(b"ize=5")
    answer = json.loads(waiting.getresponse().read())
    status = stand.process.wait(60)

    assert answer["code"] == "403"  # the request that ran was answered
    assert status == 0
    said = stand.said()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {"getVideos", "login", "none"} <= {line.get("operation") for line in lines}
    assert answer["requestId"] in {line.get("requestId") for line in lines}
    assert token not in said
    assert secret not in said
    assert "correct horse" not in said
    assert not list(stand.data.glob("*-wal"))


def _listens(stand):
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.get(f"http://127.0.0.1:{stand.port}/livez", timeout=60)
        return True
    except requests.ConnectionError:
        return False


@pytest.mark.slow
def test_a_running_job_goes_back_into_the_queue_on_sigterm(tmp_path, eventually):
    """Nobody answers at the address: the job runs until the server is told to stop."""
    with socket.create_server(("127.0.0.1", 0)) as endless:
        place = f"127.0.0.1:{endless.getsockname()[1]}"
        stand = ServerProcess(tmp_path, QU_PREWARM_HOSTS=place)
        stand.start()
        token, connection = stand.sign_in(), stand.connect()
        assert ask(connection, "pushObjectCache", {"objectPath": f"{place}/a.mp4"}, token)["code"] == "200"

        def state():
            return ask(connection, "getJobs", {}, token)["data"]["jobList"][0]["state"]

        eventually(lambda: state() == "running")
        connection.close()
        assert stand.end() == 0
    with closing(sqlite3.connect(stand.data / "console.sqlite3")) as db:
        assert db.execute("select state, attempts, owner from jobs").fetchall() == [("queued", 0, "")]
