"""The same question gets the kept answer until anything changes: nobody sees what is no longer so, or not theirs."""

from __future__ import annotations

import pytest

from backend.model import Role, Verdict
from backend.quick import SECONDS, QuickAnswers
from backend.registry import OPERATIONS
from backend.rest import rest_app
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
