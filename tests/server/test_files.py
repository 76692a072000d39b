"""Files over REST: uploads, media and downloads."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
from urllib.parse import unquote, urlsplit

import imageio_ffmpeg
import pytest
import requests

from backend.auth.permissions import Role
from backend.model import FileKind, MediaFile, User, Verdict
from backend.server.app import MAX_THREADS
from tests.conftest import TESTS
from tests.waiting import until

UPLOAD = "/console/vod/uploadVideo"


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A second of video."""
    path = tmp_path_factory.mktemp("clips") / "海边 one.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=128x72:rate=10:duration=1"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, "-pix_fmt", "yuv420p", "-y", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def left_behind(settings):
    """Lists what lies in the folder for files on their way in."""

    def look():
        folder = settings.media / ".incoming"
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
        assert (settings.media / video["videoId"] / "source.mp4").read_bytes() == clip.read_bytes()

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
        assert not (settings.media / ".incoming").exists()

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
        until(lambda: len(list((console.settings.media / ".incoming").glob("*"))) == len(senders))

        answer = http.get(server + "/console/vod/getJobs", params={"consoleToken": token}, timeout=20).json()

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


class TestMedia:
    @pytest.fixture
    def media(self, settings, make_video, server):
        """A video with a rendition of 1000 bytes; gives its address."""
        made = make_video(files=(MediaFile(FileKind.COMMON, "common.mp4"),))
        folder = settings.media / made.video_id
        folder.mkdir(parents=True)
        (folder / "common.mp4").write_bytes(bytes(range(250)) * 4)
        (folder / "cover.jpg").write_bytes(b"jpeg")
        (folder / "half.mp4.part").write_bytes(b"half")
        (settings.media / "secret.txt").write_text("secret")
        return f"{server}/media/{made.video_id}/{made.media_key}/common.mp4"

    def test_whoever_knows_the_address_gets_the_file(self, media, http):
        answer = http.get(media)

        assert answer.status_code == 200
        assert answer.content == bytes(range(250)) * 4
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert http.get(media.replace("common.mp4", "cover.jpg")).headers["Content-Type"] == "image/jpeg"

    def test_a_cdn_may_keep_what_passed_review_and_nothing_else(self, media, http, console):
        video_id = urlsplit(media).path.split("/")[2]

        def kept():
            return http.get(media).headers["Cache-Control"]

        assert kept() == "private, max-age=31536000, immutable"
        console.store.catalogue.record_audit(video_id, Verdict.NORMAL, "", "", TESTS)
        assert kept() == "public, max-age=31536000, s-maxage=86400, immutable"
        console.store.catalogue.undo_audit(video_id, TESTS)
        assert kept() == "private, max-age=31536000, immutable"

    def test_players_ask_for_parts(self, media, http):
        answer = http.get(media, headers={"Range": "bytes=10-19"})

        assert answer.status_code == 206
        assert answer.content == bytes(range(10, 20))
        assert answer.headers["Content-Range"] == "bytes 10-19/1000"
        assert http.get(media, headers={"Range": "bytes=-5"}).content == bytes(range(245, 250))
        assert http.get(media, headers={"Range": "bytes=2000-"}).status_code == 416

    @pytest.mark.parametrize(
        "asked",
        [
            "items=0-1",
            "bytes=a-b",
            "bytes=5-2",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=0-1,3-2",
            "0-5",
            "bytes=٣-٥",
            f"bytes={'9' * 5000}-",
        ],
    )
    def test_a_range_that_is_none_is_ignored(self, media, http, asked):
        answer = http.get(media, headers={"Range": asked.encode()})

        assert (answer.status_code, len(answer.content)) == (200, 1000)

    def test_whoever_has_a_file_already_is_not_sent_it_again(self, media, http):
        first = http.get(media).headers
        tag, changed = first["ETag"], first["Last-Modified"]

        def status(method="GET", **asked):
            headers = {name.replace("_", "-"): value for name, value in asked.items()}
            return http.request(method, media, headers=headers).status_code

        again = http.get(media, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert {name: again.headers[name] for name in ("ETag", "Last-Modified", "Cache-Control")} == {
            "ETag": tag, "Last-Modified": changed, "Cache-Control": first["Cache-Control"],
        }  # fmt: skip
        assert status(If_None_Match="*", method="HEAD") == 304
        assert status(If_None_Match=tag, Range="bytes=0-9") == 304
        assert status(If_Modified_Since=changed) == 304
        assert status(If_None_Match='"other"', If_Modified_Since=changed) == 200
        assert status(If_Modified_Since="Wed, 01 Jan 2020 00:00:00 GMT") == 200
        for no_date in ("yesterday", f"Wed, 01 Jan 2020 00:00:00 +{'9' * 20}", "Wed, 01 Jan 99999 00:00:00 GMT"):
            for name in ("If-Modified-Since", "If-Unmodified-Since"):
                assert len(http.get(media, headers={name: no_date}).content) == 1000
        assert status(If_Match=tag) == status(If_Match="*") == status(If_Unmodified_Since=changed) == 200
        assert status(If_Match='"other"') == status(If_Match=f"W/{tag}") == 412
        assert status(If_Unmodified_Since="Wed, 01 Jan 2020 00:00:00 GMT") == 412
        assert status(If_Range=tag, Range="bytes=0-9") == 206
        assert status(If_Range='"other"', Range="bytes=0-9") == 200

    def test_head_tells_the_size(self, media, http):
        answer = http.head(media)

        assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "1000", b"")

    def test_other_methods_are_405(self, media, http):
        answer = http.post(media)

        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")

    @pytest.mark.parametrize(
        "change",
        [
            lambda url: url[:-1],
            lambda url: url.replace("common.mp4", "half.mp4.part"),
            lambda url: url.replace("common.mp4", "nothing.mp4"),
            lambda url: url.replace("common.mp4", ".."),
            lambda url: url.replace("common.mp4", "%2e%2e"),
            lambda url: url.replace("common.mp4", "..%2fsecret.txt"),
            lambda url: url.replace("common.mp4", "..%5csecret.txt"),
            lambda url: url.replace("common.mp4", "%00"),
            lambda url: url.replace("common.mp4", "common.mp4%00.jpg"),
            lambda url: "/".join([*url.split("/")[:-2], "wrong-key", "common.mp4"]),
            lambda url: "/".join([*url.split("/")[:-2], "%E9%92%A5", "common.mp4"]),
            lambda url: "/".join([*url.split("/")[:-3], "other", *url.split("/")[-2:]]),
            lambda url: "/".join([*url.split("/")[:-3], "..", *url.split("/")[-2:]]),
        ],
    )
    def test_everything_else_is_404(self, change, media):
        address = urlsplit(change(media))
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        connection.request("GET", address.path)  # requests would tidy the path up
        answer = connection.getresponse()
        body = answer.read()
        connection.close()

        assert answer.status == 404
        assert json.loads(body)["code"] == "404"

    def test_blocking_a_video_ends_its_addresses(self, media, http, console, token):
        video_id = media.split("/")[-3]
        console.call("createAudit", {"mediaId": video_id, "status": "Blocked", "reason": "x"}, token)

        assert http.get(media).status_code == 404


def exporting_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("export")]


class TestExport:
    def test_a_csv_comes_as_a_file(self, server, http, token, make_video):
        for title in ("海边", "=1+1"):
            make_video(title=title)

        answer = http.get(f"{server}/console/vod/exportVideos", headers={"Authorization": f"Bearer {token}"})

        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == (
            'attachment; filename="videos-20190109-221129_Asia-Shanghai_2-rows.csv"; '
            "filename*=UTF-8''videos-20190109-221129_Asia-Shanghai_2-rows.csv"
        )
        assert answer.headers["Cache-Control"] == "no-store"
        lines = answer.content.decode("utf-8-sig").split("\r\n")
        assert lines[0].startswith("id,videoId,title")
        assert "'=1+1" in lines[1]
        assert "海边" in lines[2]

    @pytest.mark.parametrize(
        ("path", "ask", "name", "media_type"),
        [
            ("exportVideos", {"format": "jsonl", "title": "海"}, "videos-…_1-rows_title=海.jsonl", "application/jsonl"),
            ("exportRecommendVideos", {}, "recommended-…_0-rows.csv", "text/csv; charset=utf-8"),
            (
                "exportVideos",
                {"format": "xlsx"},
                "videos-…_2-rows.xlsx",
                "application/vnd.openxmlformats-officedocument",
            ),
        ],
    )
    def test_format_and_list_are_chosen(self, server, http, token, make_video, path, ask, name, media_type):
        for title in ("海边", "other"):
            make_video(title=title)

        answer = http.post(f"{server}/console/vod/{path}", data={"consoletoken": token, **ask})

        named = unquote(answer.headers["Content-Disposition"].partition("UTF-8''")[2])
        assert named.replace("20190109-221129_Asia-Shanghai", "…") == name
        assert answer.headers["Content-Type"].startswith(media_type)
        assert answer.content

    def test_columns_are_chosen_and_a_wrong_one_is_named(self, server, http, token, make_video):
        make_video(title="海边")
        ask = {"consoletoken": token, "columns": "userName, title"}

        assert (
            http.post(f"{server}/console/vod/exportVideos", data=ask).text
            == '\ufeffuserName,title\r\n"Anne","海边"\r\n'
        )
        for path in ("exportVideos", "exportRecommendVideos", "createExportLink"):
            refused = http.post(f"{server}/console/vod/{path}", data={**ask, "columns": "titel"}).json()
            assert (refused["code"], refused["message"][:62]) == (
                "400",
                "columns contains 'titel', which does not exist. Available: id,",
            )

    def test_every_export_stands_in_the_history(self, server, http, token, make_video, console):
        make_video(title="海边")
        ask = {"consoletoken": token, "title": "海", "startTime": "2019-01-01", "columns": "title"}
        http.post(f"{server}/console/vod/exportVideos", data=ask)

        line = console.store.history.find_history()[0]

        assert (line.action, line.actor.name) == ("exportVideos", "anne")
        assert line.after == {
            "format": "csv",
            "columns": "title",
            "filter": {"title": "海", "startTime": "2019-01-01 00:00:00"},
            "count": 1,
        }

    def test_a_client_that_goes_away_ends_what_was_read_for_it(self, server, raw, token, make_video, eventually):
        for _ in range(300):
            make_video(description="x" * 60_000)
        asked = f"GET /console/vod/exportVideos HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"

        connection = raw(asked.encode())
        eventually(exporting_threads)
        connection.close()

        eventually(lambda: not exporting_threads())

    def test_a_wrong_filter_is_told_in_an_envelope(self, server, http, token):
        answer = http.get(f"{server}/console/vod/exportVideos", params={"consoletoken": token, "startTime": "x"})

        assert answer.json()["code"] == "400"

    def test_a_link_works_once_without_a_token_and_for_what_it_was_made(self, server, http, token, make_video, clock):
        make_video(title="wanted")
        make_video(title="other")
        ask = {"consoletoken": token, "title": "wanted"}
        link = http.post(f"{server}/console/vod/createExportLink", data=ask).json()["data"]["url"]
        assert token not in link

        first = http.get(link, params={"title": "other"})
        second = http.get(link)

        assert "wanted" in first.text
        assert "other" not in first.text
        assert second.json()["code"] == "403"

    def test_a_link_grows_old(self, server, http, token, clock):
        link = http.post(f"{server}/console/vod/createExportLink", data={"consoletoken": token}).json()["data"]["url"]
        clock.move(61)

        assert http.get(link).json()["code"] == "403"


@pytest.mark.parametrize(("name", "title"), [(b"a\0b.mp4", "a b"), ("海\x1b[1m.mp4".encode(), "海 [1m")])
def test_the_name_of_a_file_becomes_a_title_that_can_be_kept_and_shown(server, http, token, small_clip, name, title):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name
    body = head + small_clip.read_bytes() + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Authorization": f"Bearer {token}"}

    answer = http.post(f"{server}/console/vod/uploadVideo", data=body, headers=headers).json()

    assert (answer["code"], answer["data"]["title"]) == ("200", title)
