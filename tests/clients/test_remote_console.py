"""RemoteConsole: what the contract tests do not see, such as files, and consoles that are not there."""

from __future__ import annotations

import http.server
import socket
import threading

import pytest
import requests

from backend import Caller
from backend.api.parameters import Upload
from backend.client import MultipartBody, RemoteConsole
from backend.exports.download import Download

pytestmark = pytest.mark.in_front


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def remote(server, session):
    return RemoteConsole(server + "/", session)


@pytest.fixture
def answering(session):
    """Makes consoles of servers that answer everything alike, and are none."""
    servers = []

    def serve(status, content_type, body):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return RemoteConsole(f"http://127.0.0.1:{server.server_port}", session)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_console_that_is_not_there_is_503():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    answer = RemoteConsole(f"http://127.0.0.1:{port}").call("getVideos", {})

    assert (answer["code"], answer["result"], answer["data"]) == ("503", "false", None)
    assert f"http://127.0.0.1:{port}" in answer["message"]


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "text/html", b"<html>"),
        (502, "text/html", b"Bad Gateway"),
        (200, "application/json", b"[]"),
        (200, "application/json", b'{"code": "200"}'),
        (302, "text/html", b""),
        (200, "application/json", b"\xff"),
    ],
)
def test_what_is_no_console_is_502(status, content_type, body, answering):
    answer = answering(status, content_type, body).call("getVideos", {})

    assert answer["code"] == "502"
    assert str(status) in answer["message"]


def test_an_operation_that_is_none_is_404(remote):
    assert remote.call("noSuch", {})["code"] == "404"


@pytest.mark.parametrize("wrong", [["a"], {"a": 1}, "\ud800"])
def test_what_cannot_be_sent_is_400(wrong, remote):
    assert remote.call("getVideos", {"title": wrong})["code"] == "400"


def test_the_language_goes_along(remote):
    answer = remote.call("getVideos", {}, caller=Caller(language="zh"))

    assert answer["message"] == "请先登录：令牌缺失、错误或已过期。"


def test_a_download_streams(remote, token, make_video):
    make_video(title="海边")

    answer = remote.call("exportVideos", {}, token)

    assert isinstance(answer["data"], Download)
    assert answer["data"].name == "videos-20190109-221129_Asia-Shanghai_1-rows.csv"
    assert "海边" in b"".join(answer["data"].chunks).decode("utf-8-sig")


def test_a_download_that_is_refused_is_an_envelope(remote, token):
    assert remote.call("exportVideos", {"startTime": "x"}, token)["code"] == "400"


def test_an_upload_is_gone_afterwards_and_a_path_stays(remote, token, tmp_path):
    upload, path = tmp_path / "upload.mp4", tmp_path / "path.mp4"
    for file in (upload, path):
        file.write_bytes(b"no video")

    assert remote.call("uploadVideo", {"file": Upload(upload, "a.mp4", 8)}, token)["code"] == "400"
    assert remote.call("uploadVideo", {"file": path}, token)["code"] == "400"
    assert remote.call("uploadVideo", {"file": tmp_path / "nothing.mp4"}, token)["code"] == "400"

    assert not upload.exists()
    assert path.exists()


def test_a_file_is_never_in_memory_as_a_whole(tmp_path):
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(64 << 20)

    body = MultipartBody({"title": "海"}, "file", Upload(path, 'a"b\r\n.mp4', 0))

    sizes = [len(piece) for piece in body]
    assert max(sizes) <= 1 << 20
    assert sum(sizes) == len(body)


def test_a_form_with_a_file_keeps_its_fields(remote, token, tmp_path):
    """The title is read, and found too long, before the file is looked at."""
    path = tmp_path / '海 "1".mp4'
    path.write_bytes(b"no video")

    answer = remote.call("uploadVideo", {"file": path, "title": "长" * 201, "cateId": 3}, token)

    assert answer["message"].startswith("title has 201 characters")
