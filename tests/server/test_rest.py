"""The REST server under honest and hostile requests: bodies, uploads, media, downloads, cookies."""

from __future__ import annotations

import concurrent.futures
import json
from urllib.parse import parse_qsl

import pytest
import requests
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from backend.api.registry import OPERATIONS
from backend.errors import BadRequest
from backend.model import CensorStatus, FileKind, MediaFile
from backend.server.request import read_query

pytestmark = pytest.mark.in_front

VIDEOS = "/console/vod/getVideos"
UPLOAD = "/console/vod/uploadVideo"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class TestBodies:
    @pytest.mark.parametrize("type_", [FORM, f"{FORM}; charset=UTF-8", f'{FORM.upper()};charset="utf-8"'])
    def test_a_form_is_utf8(self, type_, post):
        assert post("title=%E6%B5%B7&pageSize=5", type_).json()["code"] == "200"
        assert post("title=海".encode(), type_).json()["code"] == "200"

    @pytest.mark.parametrize(
        ("body", "type_", "said"),
        [
            (b"title=%FF%FE", FORM, "The form is not UTF-8."),
            (b"title=\xff", FORM, "The form is not UTF-8."),
            (b"title=a", f"{FORM}; charset=gbk", "charset must be UTF-8, got 'gbk'"),
            (b"&".join([b"a=1"] * 1001), FORM, "More than 1000 parameters"),
            (b"{", JSON, "not valid JSON"),
            (b"\xff", JSON, "not valid JSON"),
            (b'{"a": NaN}', JSON, "not valid JSON"),
            (b'{"title": "\\ud800"}', JSON, "not valid JSON"),
            (b"[" * 100_000, JSON, "not valid JSON"),
            (b"\xef\xbb\xbf{}", JSON, "not valid JSON"),
            (b'{"pageSize": 1' + b"0" * 5000 + b"}", JSON, "not valid JSON"),
            (b"[1]", JSON, "must be an object"),
            (b'"text"', JSON, "must be an object"),
            (b"null", JSON, "must be an object"),
            (b"{}", f"{JSON}; charset=utf-16", "charset"),
            (b"title=a", "text/plain", "text/plain"),
            (b"<a/>", "application/xml", "application/xml"),
            (b"title=a", "", "Content-Type"),
            (b"title=a", "%%%", "Content-Type"),
        ],
    )
    def test_what_cannot_be_read_is_400_and_says_why(self, body, type_, said, post):
        answer = post(body, type_)

        assert answer.status_code == 200
        assert answer.json()["code"] == "400"
        assert said in answer.json()["message"]

    def test_an_empty_body_is_no_body_whatever_its_type(self, post):
        for type_ in (FORM, JSON, "text/plain", ""):
            assert post(b"", type_).json()["code"] == "200"

    def test_a_query_that_is_not_utf8_is_400(self, raw, read_answer):
        for query in (b"title=%FF", b"&".join([b"a=1"] * 1001)):
            connection = raw(b"GET /console/vod/getVideos?" + query + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            assert read_answer(connection)[1]["code"] == "400"

    def test_numbers_booleans_and_nulls_of_json_are_read(self, post, make_video):
        made = make_video(censor_status=CensorStatus.SUCCESS)
        body = {"videoId": made.video_id, "duration": 1.5, "size": 2**40, "isNarrow": False, "title": None}

        assert post(json.dumps(body), JSON, "/console/vod/recommendVideo").json()["code"] == "200"
        assert post(json.dumps({"pageSize": 5.0}), JSON).json()["code"] == "200"

    @pytest.mark.parametrize("value", [[], ["a"], {}, {"a": 1}])
    def test_a_list_or_an_object_is_no_value(self, value, post):
        answer = post(json.dumps({"title": value}), JSON).json()

        assert answer["code"] == "400"
        assert answer["message"] == "title must be a single value."

    @pytest.mark.parametrize("title", ["a\0b", "\ud800"])
    def test_what_is_no_text_is_400(self, title, console, token):
        answer = console.call("getVideos", {"title": title}, token)

        assert answer["code"] == "400"
        assert "title" in answer["message"]

    def test_the_last_of_repeated_names_wins(self, post, server, http, token):
        assert post("pageSize=0&pageSize=5", FORM).json()["code"] == "200"
        assert http.get(f"{server}{VIDEOS}?pageSize=5&pageSize=0&consoletoken={token}").json()["code"] == "400"

    def test_the_body_wins_over_the_query_unless_it_is_empty(self, post):
        assert post("pageSize=5", FORM, f"{VIDEOS}?pageSize=0").json()["code"] == "200"
        assert post("pageSize=0", FORM, f"{VIDEOS}?pageSize=5").json()["code"] == "400"
        assert post("pageSize=", FORM, f"{VIDEOS}?pageSize=0").json()["code"] == "400"

    def test_multipart_carries_plain_fields_too(self, server, http, token):
        fields = {"consoleToken": (None, token), "pageSize": (None, "0")}

        assert http.post(server + VIDEOS, files=fields).json()["message"].startswith("pageSize must be")

    def test_four_mebibytes_are_enough(self, post):
        answer = post(b"a=" + b"x" * (4 << 20), FORM)

        assert answer.status_code == 413
        assert answer.json()["code"] == "413"
        assert post(b"a=" + b"x" * ((4 << 20) - 2), FORM).json()["code"] == "200"

    def test_a_body_that_says_it_is_too_large_is_not_waited_for(self, raw, read_answer):
        connection = raw(
            b"POST /console/user/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )

        assert read_answer(connection)[0] == 413

    def test_an_endless_body_is_cut(self, raw, read_answer):
        connection = raw(
            f"POST {VIDEOS} HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        sent = 0
        try:
            while sent < 1 << 32:
                connection.sendall(chunk)
                sent += 65536
        except OSError:  # reset, or broken pipe
            pass

        assert 4 << 20 < sent < 1 << 32

    def test_a_refusal_is_read_by_a_client_that_is_still_sending(self, server, http):
        answer = http.post(f"{server}/console/no/such", data=(b"x" * 65536 for _ in range(64)))

        assert answer.status_code == 404


class TestFuzz:
    """Nothing that a client sends is our own failure."""

    values = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=40), st.sampled_from(["1", "true", "Normal", "check", "2019-01-09", "example.com/a.png"]),
        st.lists(st.integers(), max_size=2),
    )  # fmt: skip

    @limits(max_examples=60)
    @given(data=st.data())
    def test_no_parameters_break_an_operation(self, data, console, token, server, http):
        operation = data.draw(st.sampled_from([one for one in OPERATIONS.values() if one.name != "signOut"]))
        names = st.sampled_from([one.wire_name for one in operation.parameters] or ["nothing"])
        body = data.draw(st.dictionaries(names, self.values, max_size=6))

        answer = http.post(server + operation.path, json=body, headers={"Authorization": f"Bearer {token}"})

        assert answer.status_code == 200
        if answer.headers["Content-Type"].startswith(JSON):
            assert answer.json()["code"] in ("200", "400", "401", "404", "409"), answer.text

    @limits(max_examples=60)
    @given(body=st.binary(max_size=300), type_=st.sampled_from([FORM, JSON, "multipart/form-data; boundary=x"]))
    def test_no_bytes_break_the_server(self, body, type_, post):
        for content in (body, b"--x\r\n" + body, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + body):
            assert post(content, type_).json()["code"] in ("200", "400")


class TestHealth:
    def test_it_is_ready_when_the_database_answers(self, server, http):
        answer = http.get(f"{server}/healthz")

        assert (answer.status_code, answer.json()["code"]) == (200, "200")

    def test_it_is_not_when_it_does_not(self, server, http, console, monkeypatch):
        monkeypatch.setattr(console.store.catalogue, "is_empty", None)
        answer = http.get(f"{server}/healthz")

        assert (answer.status_code, answer.json()["code"]) == (503, "503")
        assert answer.headers["Retry-After"] == "5"


class TestAddresses:
    def test_media_addresses_begin_with_what_the_client_sees(self, server, http, token, make_video):
        make_video(files=(MediaFile(FileKind.COVER, "cover.jpg"),))
        for host, begins in {
            "console.example.com:8443": "http://console.example.com:8443/media/",
            'a"><b': server,
        }.items():
            answer = http.get(server + VIDEOS, params={"consoletoken": token}, headers={"Host": host})
            assert answer.json()["data"]["videoList"][0]["coverUrl"].startswith(begins)

    @pytest.mark.settings(public_url="https://media.example.com")
    def test_unless_the_operator_says_another(self, server, http, token, make_video):
        make_video(files=(MediaFile(FileKind.COVER, "cover.jpg"),))

        answer = http.get(server + VIDEOS, params={"consoletoken": token})

        assert answer.json()["data"]["videoList"][0]["coverUrl"].startswith("https://media.example.com/media/")

    def test_the_first_request_tells_the_console_where_it_listens(self, server, http, console):
        http.get(f"{server}/healthz")

        assert console.own_url == server


def test_what_is_done_in_parallel_has_one_effect(server, token, make_video, console):
    made = make_video(censor_status=CensorStatus.SUCCESS)

    def ask(name):
        answer = requests.Session()
        answer.trust_env = False
        with answer:
            data = {"consoletoken": token, "videoId": made.video_id, "mediaId": made.video_id}
            return answer.post(server + OPERATIONS[name].path, data=data).json()["code"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = set(pool.map(ask, ["recommendVideo", "submitTranscode"] * 8))

    assert codes == {"200"}
    actions = [line.action for line in console.store.history.find_history(made.video_id)]
    assert actions.count("recommendVideo") == actions.count("submitTranscode") == 1
    assert console.store.jobs.find_jobs(video_id=made.video_id).total == 1


def test_slow_work_does_not_keep_others_waiting(server, http, token, console, monkeypatch):
    """Operations run beside the event loop, so a health check is answered while one hangs."""
    answered = []

    def slow(*_):
        answered.append(http.get(f"{server}/healthz", timeout=60).status_code)
        raise BadRequest("nothing found")

    monkeypatch.setattr(console.store.catalogue, "list_videos", slow)
    with requests.Session() as other:
        other.trust_env = False
        other.get(server + VIDEOS, params={"consoletoken": token, "title": "a"})

    assert answered == [200]


@given(st.text("aA&=+;% \u6d77%2641\0", max_size=30).map(str.encode) | st.binary(max_size=20))
def test_pairs_are_read_as_the_standard_library_reads_them(raw):
    try:
        expected = dict(parse_qsl(raw.decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        with pytest.raises(BadRequest):
            read_query(raw)
    else:
        assert read_query(raw).parameters == expected
