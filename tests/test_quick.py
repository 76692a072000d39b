"""The same question gets the kept answer until anything changes: nobody sees what is no longer so, or not theirs."""

from __future__ import annotations

import json

import pytest

from backend.api.registry import OPERATIONS
from backend.model import Role, User, Verdict
from backend.server.app import rest_app
from backend.server.response_cache import SECONDS, QuickAnswers
from tests.conftest import TESTS

VIDEOS = "/console/vod/getVideos"


@pytest.fixture
def seconds():
    """The clock of what is kept, which stands still until a test moves it."""
    return [0.0]


@pytest.fixture
def asked(console, serve, http, token, seconds):
    """Asks over HTTP; `asked.times` counts how often the console itself was asked."""
    app = rest_app(console)
    app.quick = QuickAnswers(console, lambda: seconds[0])
    server, answer_anew = serve(app), console.answer

    class Asked:
        times = 0

        def __call__(self, path=VIDEOS, token=token, method="GET", headers=None, data=None, **parameters):
            given = {**parameters, "consoletoken": token}
            headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})} if data else headers
            answer = http.request(method, server + path, params=given, headers=headers, data=data)
            assert answer.headers["X-Request-Id"] == answer.json()["requestId"]
            return answer

    asked = Asked()
    asked.quick = app.quick

    def count(*arguments):
        asked.times += 1
        return answer_anew(*arguments)

    console.answer = count
    return asked


def titles(answer):
    return [video["title"] for video in answer.json()["data"]["videoList"]]


def test_the_same_question_is_answered_once(asked, make_video):
    make_video()
    first, second = asked(), asked()

    assert asked.times == 1
    assert first.json()["data"] == second.json()["data"]
    assert first.json()["requestId"] != second.json()["requestId"]
    assert {**first.headers, "x-request-id": "", "date": ""} == {**second.headers, "x-request-id": "", "date": ""}


def test_a_change_is_seen_at_once(asked, make_video, console):
    video = make_video()
    assert asked().json()["data"]["videoList"][0]["status"] != "Blocked"

    console.store.catalogue.record_audit(video.video_id, Verdict.BLOCKED, "why", "", TESTS)

    assert asked().json()["data"]["videoList"][0]["status"] == "Blocked"


@pytest.mark.parametrize(
    "other",
    [
        {"pageSize": "3"},
        {"token": "nobody's"},
        {"headers": {"Host": "console.example.com"}},
        {"headers": {"Authorization": "Bearer nobody's"}},
        {"path": "/console/vod/getRecommendVideos"},
        {"method": "POST"},
    ],
)
def test_another_question_has_an_answer_of_its_own(other, asked, make_video):
    make_video()
    asked()
    asked(**other)
    assert asked.times == 2


def test_who_signed_out_gets_nothing_more(asked, make_account, sign_in, console):
    token = sign_in(make_account("ben"))
    assert asked(token=token).json()["code"] == "200"

    console.call("signOut", {}, token)

    assert asked(token=token).json()["code"] == "403"


def test_a_session_ends_by_the_clock(asked, clock, seconds, console, token):
    assert asked().json()["code"] == "200"
    clock.move(console.settings.token_days * 86_400)
    seconds[0] += SECONDS + 0.1
    assert asked().json()["code"] == "403"


def test_refusals_are_not_kept(asked):
    for _ in range(2):
        assert asked(pageSize="no number").json()["code"] == "400"
    assert asked.times == 2


def test_a_request_with_a_body_is_read(asked, make_video):
    make_video(title="sea")
    make_video(title="mountain")
    asked()
    assert titles(asked(data="title=sea")) == ["sea"]


def test_pure_operations_change_nothing(console, token, make_video):
    video = make_video()
    for name, operation in OPERATIONS.items():
        if operation.pure:
            version = console.store.version()
            console.call(name, {"videoId": video.video_id, "mediaId": video.video_id}, token)
            assert console.store.version() == version, name


def test_who_may_not_ask_gets_no_kept_answer(asked, make_account, sign_in, console, make_video):
    make_video()
    asked()
    stranger = sign_in(make_account("carl", Role.ANALYST))
    assert asked(token=stranger).json()["code"] == "200"
    assert asked.times == 2


def test_a_page_is_found_without_a_thread(asked, make_video, seconds):
    for number in range(3):
        make_video(title=f"video {number}")
    scope = {
        "type": "http", "method": "GET", "path": VIDEOS, "scheme": "http", "query_string": b"pageSize=2",
        "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    body, request_id = asked.quick.answer(scope)
    assert json.loads(body)["requestId"] == request_id
    assert json.loads(body)["code"] == "403"


@pytest.mark.parametrize(
    "query", ["title=a", "userName=%E6%B5%B7", "sort=title", "pageSize=100", "%74itle=a", "password=secret"]
)
def test_what_may_take_longer_is_left_to_a_thread(query, asked):
    scope = {
        "type": "http",
        "method": "GET",
        "path": VIDEOS,
        "scheme": "http",
        "query_string": query.encode(),
        "headers": [],
    }
    assert asked.quick.answer(scope) is None


def test_a_row_is_written_anew_after_each_change(door, console, make_video, clock):
    """Whatever is changed about a video, its lists show it."""
    video = make_video()
    for change in (
        lambda: console.store.catalogue.record_audit(video.video_id, Verdict.NORMAL, "", "", TESTS),
        lambda: console.store.catalogue.recommend(video.video_id, {"title": "as recommended"}, TESTS),
        lambda: console.store.catalogue.edit_video(video.video_id, {"title": "edited"}, TESTS),
        lambda: console.store.catalogue.cancel_recommendation(video.video_id, TESTS),
        lambda: make_video(user=User(video.user.user_id, "Renamed")),
        lambda: console.store.catalogue.record_audit(video.video_id, Verdict.BLOCKED, "why", "", TESTS),
    ):
        change()
        listed = {row["videoId"]: row for row in door.data("getVideos")["videoList"]}[video.video_id]
        detail = door.data("getVideoById", videoId=video.video_id)
        assert listed == {name: detail[name] for name in listed}
        assert len(door.data("getRecommendVideos")["videoList"]) == (listed["isRecommend"] == "true")


def test_another_video_in_the_place_of_a_deleted_one_is_shown_as_it_is(door, console, make_video):
    first = make_video(title="first")
    assert door.data("getVideos")["videoList"][0]["title"] == "first"
    console.store.catalogue.delete_video(first.video_id, first.user.user_id, TESTS)
    make_video(video_id=first.video_id, title="second", created=first.created)
    assert door.data("getVideos")["videoList"][0]["title"] == "second"
