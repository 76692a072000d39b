"""Uploads over REST: what comes in, what is refused, and that nothing is left behind."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
import requests

from backend.auth.permissions import Role
from backend.errors import ConsoleError
from backend.model import User
from backend.server.app import MAX_THREADS
from backend.server.multipart import MultipartForm
from tests.waiting import until

pytestmark = pytest.mark.in_front

UPLOAD = "/console/vod/uploadVideo"


@pytest.fixture(scope="session")
def clip(small_clip, tmp_path_factory):
    """A clip with a name of its own."""
    return Path(shutil.copy(small_clip, tmp_path_factory.mktemp("clips") / "海边 one.mp4"))


@pytest.fixture
def left_behind(settings):
    """Lists what lies in the folder for files on their way in."""

    def look():
        folder = settings.media_folder / ".incoming"
        return list(folder.iterdir()) if folder.is_dir() else []

    return look


def form(disposition, content):
    head = f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()
    return head + content + b"\r\n--x--\r\n"


class TestUpload:
    @pytest.mark.parametrize(("role", "name"), [(Role.APP, "小林"), (Role.MANAGER, "Renamed")])
    def test_a_known_owner_keeps_the_name_unless_the_caller_may_manage_videos(
        self, console, server, http, clip, make_account, sign_in, make_video, role, name
    ):
        make_video(user=User("900", "小林"))
        fields = {"consoleToken": sign_in(make_account("someone", role)), "userId": "900", "userName": "Renamed"}

        with clip.open("rb") as file:
            answer = http.post(server + UPLOAD, data=fields, files={"file": file}).json()

        assert (answer["code"], answer["data"]["user"]["userName"]) == ("200", name)
        assert console.store.catalogue.find_user("900").user_name == name

    def test_a_video_comes_in(self, server, http, token, clip, left_behind, settings):
        fields = {"consoleToken": token, "tags": "海,测试", "cateName": "旅行"}
        with clip.open("rb") as file:
            answer = http.post(server + UPLOAD, data=fields, files={"file": file}).json()

        assert (answer["code"], answer["message"]) == ("200", "上传完成")
        video = answer["data"]
        assert (video["title"], video["tags"], video["cateId"]) == ("海边 one", "海,测试", 1)
        assert video["user"]["userId"] == "anne"
        assert video["size"] == clip.stat().st_size
        assert left_behind() == []
        assert (settings.media_folder / video["videoId"] / "source.mp4").read_bytes() == clip.read_bytes()

    @pytest.mark.parametrize(
        ("sent", "title"),
        [
            ('filename="plain.mp4"', "plain"),
            ('filename="C:\\\\films\\\\a.mp4"', "a"),
            ('filename="../../etc/passwd.mp4"', "passwd"),
            ("filename*=utf-8''%E6%B5%B7.mp4", "海"),
            ('filename="say %22hi%22.mp4"', 'say "hi"'),
            ('filename="a\tb.mp4"', "a b"),
            (f'filename="{"x" * 300}.mp4"', "x" * 196),
        ],
    )
    def test_the_title_is_the_files_own_name(self, sent, title, post, clip):
        answer = post(form(f'name="file"; {sent}', clip.read_bytes()), "multipart/form-data; boundary=x", UPLOAD)

        assert answer.json()["data"]["title"] == title

    def test_what_is_no_video_is_400_and_leaves_nothing(self, server, http, token, left_behind):
        answer = http.post(server + UPLOAD, data={"consoleToken": token}, files={"file": ("x.mp4", b"no video")})

        assert answer.json()["code"] == "400"
        assert left_behind() == []

    def test_the_file_is_required(self, server, http, token):
        answer = http.post(server + UPLOAD, data={"consoleToken": token}).json()
        assert answer["message"] == "file is required."
        answer = http.post(server + UPLOAD, data={"consoleToken": token, "file": "text"}).json()
        assert answer["message"] == "file must be a file, sent as multipart/form-data."
        for value in (5, True, "/etc/passwd"):
            answer = http.post(server + UPLOAD, json={"consoleToken": token, "file": value}).json()
            assert answer["message"] == "file must be a file, sent as multipart/form-data."

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "is incomplete"),
            (b"no boundary at all", "malformed"),
            (b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n", "no name"),
            (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n', "a is not UTF-8"),
            (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 70_000, "larger than 65536 bytes"),
            (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 51, "more than 50 fields"),
            (b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n1\r\n--x--', "a may not be a file"),
            (b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xff"\r\n\r\n', "filename is not UTF-8"),
            (
                b'--x\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\n1\r\n' * 2,
                "one file at a time",
            ),
            (b'--x\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\nhalf', "is incomplete"),
            (b"--x\r\n" + b"A" * 10_000 + b": b\r\n\r\n", "malformed"),
            (b"--x\r\n" + b"A: b\r\n" * 20, "malformed"),
        ],
    )
    def test_a_broken_form_is_400_and_leaves_nothing(self, body, said, post, left_behind):
        answer = post(body, "multipart/form-data; boundary=x", UPLOAD).json()

        assert answer["code"] == "400"
        assert said in answer["message"]
        assert left_behind() == []

    @pytest.mark.parametrize("type_", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 300}"])
    def test_a_boundary_must_be_named(self, type_, post):
        assert "boundary" in post(b"--x--", type_, UPLOAD).json()["message"]

    @pytest.mark.parametrize(
        ("language", "said"), [("en", "100 MB must stay free on the server"), ("zh", "服务器须保留 100 MB 可用空间")]
    )
    @pytest.mark.parametrize("when", ["by its announced size", "while it comes"])
    def test_a_file_that_would_leave_too_little_disk_space_is_refused_and_leaves_nothing(
        self, server, http, token, clip, left_behind, monkeypatch, language, said, when
    ):
        content = clip.read_bytes()
        usage, free = shutil.disk_usage("/"), 100_000_000 + len(content) // 2
        earlier = iter([200_000_000] if when == "while it comes" else [])
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=next(earlier, free)))

        answer = http.post(
            server + UPLOAD, data={"consoleToken": token}, files={"file": ("a.mp4", content)},
            headers={"Accept-Language": language},
        )  # fmt: skip

        assert (answer.status_code, answer.json()["code"]) == (200, "500")
        assert said in answer.json()["message"]
        assert left_behind() == []

    def test_a_disk_that_turns_out_to_be_full_is_told_so(self, tmp_path):
        full = tmp_path / "full"
        full.symlink_to("/dev/full")
        incoming = MultipartForm(b"x", "file", 100, lambda fields: full)

        with pytest.raises(ConsoleError, match="The disk is full"):
            incoming.feed(form('name="file"; filename="a.mp4"', b"x" * (2 << 20)))
        incoming.discard()
        assert not full.is_symlink()

    @pytest.mark.parametrize("role", [None, Role.ANALYST])
    def test_who_may_not_upload_is_refused_before_anything_is_written(
        self, role, raw, read_answer, settings, make_account, sign_in
    ):
        token = sign_in(make_account("ana", role)) if role else "nobody's"
        connection = raw(
            f"POST {UPLOAD} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: 10000000\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; "
            'name="file"; filename="a.mp4"\r\n\r\n'.encode()
            + b"x" * (2 << 20)
        )

        assert read_answer(connection)[1]["code"] == "403"
        assert not (settings.media_folder / ".incoming").exists()

    def test_the_same_file_sent_twice_is_told_and_comes_in(self, server, http, token, clip):
        def send(content):
            fields = {"consoleToken": token, "title": "海边"}
            return http.post(server + UPLOAD, data=fields, files={"file": ("a.mp4", content)}).json()["data"]

        first, second = send(clip.read_bytes()), send(clip.read_bytes())
        other = send(clip.read_bytes()[:-1] + b"x")  # as long, and another one

        assert first["sameFileList"] == other["sameFileList"] == []
        assert second["sameFileList"] == [{"videoId": first["videoId"], "title": "海边"}]
        assert second["videoId"] != first["videoId"]

    def test_files_that_are_looked_into_keep_nobody_else_waiting(self, server, http, token, clip, console, monkeypatch):
        """More of them than there are threads that answer requests; none ends before the other question is answered."""
        goes_on, admit = threading.Event(), console.media.admit
        monkeypatch.setattr(console.media, "admit", lambda path: goes_on.wait(60) and admit(path))
        codes = []

        def send():
            with clip.open("rb") as file:
                answer = requests.post(server + UPLOAD, data={"consoleToken": token}, files={"file": file}, timeout=90)
                codes.append(answer.json()["code"])

        senders = [threading.Thread(target=send) for _ in range(MAX_THREADS + 2)]
        for sender in senders:
            sender.start()
        until(lambda: len(list((console.settings.media_folder / ".incoming").glob("*"))) == len(senders))

        answer = http.get(server + "/console/vod/getJobs", params={"consoleToken": token}, timeout=60).json()

        goes_on.set()
        for sender in senders:
            sender.join()
        assert answer["code"] == "200"
        assert codes == ["200"] * len(senders)

    @pytest.mark.settings(max_upload_mb=1)
    def test_a_file_over_the_limit_is_413_and_leaves_nothing(self, post, left_behind):
        for size in (1_000_001, 6_000_000):
            body = form('name="file"; filename="a.mp4"', b"x" * size)
            answer = post(body, "multipart/form-data; boundary=x", UPLOAD)
            assert answer.status_code == 413
            assert answer.json()["code"] == "413"
            assert left_behind() == []

    def test_who_hangs_up_leaves_nothing(self, raw, read_answer, token, left_behind, eventually):
        connection = raw(
            f"POST {UPLOAD} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: 10000000\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; "
            'name="file"; filename="a.mp4"\r\n\r\n'.encode()
            + b"x" * (2 << 20)
        )
        eventually(lambda: left_behind() != [])

        connection.close()

        eventually(lambda: left_behind() == [])

    def test_a_link_takes_one_upload_without_a_token(self, server, http, console, token, clip):
        (link,) = http.post(f"{server}/console/vod/createUploadLinks", data={"consoletoken": token}).json()["data"]
        answers = [
            http.post(link["url"], data={"title": "t"}, files={"file": ("a.mp4", clip.read_bytes())}).json()
            for _ in range(2)
        ]

        assert [answer["code"] for answer in answers] == ["200", "403"]
        assert answers[0]["data"]["title"] == "t"


@pytest.mark.parametrize(("name", "title"), [(b"a\0b.mp4", "a b"), ("海\x1b[1m.mp4".encode(), "海 [1m")])
def test_the_name_of_a_file_becomes_a_title_that_can_be_kept_and_shown(server, http, token, small_clip, name, title):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name
    body = head + small_clip.read_bytes() + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Authorization": f"Bearer {token}"}

    answer = http.post(f"{server}/console/vod/uploadVideo", data=body, headers=headers).json()

    assert (answer["code"], answer["data"]["title"]) == ("200", title)
