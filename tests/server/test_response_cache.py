"""The same question gets the kept answer until anything changes: nobody sees what is no longer so, or not theirs."""

from __future__ import annotations

import threading

import pytest

from backend.api.registry import OPERATIONS
from backend.auth.permissions import Role
from backend.model import FileKind, MediaFile, User, Verdict
from backend.server.app import RestApp
from backend.server.response_cache import MAX_ANSWER_BYTES, MAX_BYTES, MAX_SECONDS, ResponseCache
from backend.store import UNKNOWN
from tests.conftest import TESTS

VIDEOS = "/console/vod/getVideos"


@pytest.fixture
def asked(console, serve, http, token, monkeypatch):
    """Asks over HTTP; `asked.times` counts how often an operation was run."""
    server, answer_anew = serve(RestApp(console)), console.answer

    class Asked:
        times = 0
        threads = ()

        def __call__(self, path=VIDEOS, token=token, method="GET", headers=None, data=None, **parameters):
            given = {**parameters, "consoletoken": token}
            headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})} if data else headers
            answer = http.request(method, server + path, params=given, headers=headers, data=data)
            assert answer.headers["X-Request-Id"] == answer.json()["requestId"]
            return answer

    asked = Asked()

    def count(*arguments):
        asked.times += 1
        asked.threads += (threading.current_thread().name,)
        return answer_anew(*arguments)

    monkeypatch.setattr(console, "answer", count)
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
        {"headers": {"Host": "console.example.com"}},
        {"headers": {"Accept-Language": "zh"}},
        {"path": "/console/vod/getRecommendVideos"},
    ],
)
def test_another_question_has_an_answer_of_its_own(other, asked, make_video):
    make_video()
    asked()
    asked(**other)
    assert asked.times == 2


@pytest.mark.parametrize(
    "same",
    [
        {"method": "POST"},
        {"data": "pageSize=20"},
        {"headers": {"User-Agent": "another"}},
        {"headers": {"Authorization": "Bearer nobody's"}},  # what stands in the address counts more
    ],
)
def test_the_same_question_may_come_another_way(same, asked, make_video):
    make_video()
    first, second = asked(pageSize="20"), asked(**{"pageSize": "20", **same})
    assert asked.times == 1
    assert first.json()["data"] == second.json()["data"]


def test_many_phones_with_a_token_each_cost_one_encoding(asked, make_account, sign_in, make_video):
    make_video()
    tokens = [sign_in(make_account(f"phone-{number}", Role.APP)) for number in range(5)]
    found = [asked(token=token).json() for token in tokens]
    assert [one["code"] for one in found] == ["200"] * 5
    assert asked.times == 1


def test_numbers_in_json_are_not_taken_for_truths(asked, make_video):
    make_video()
    json = {"Content-Type": "application/json"}
    assert asked(method="POST", headers=json, data='{"pageIndex": 1}').json()["code"] == "200"
    assert asked(method="POST", headers=json, data='{"pageIndex": true}').json()["code"] == "400"


def test_who_signed_out_gets_nothing_more(asked, make_account, sign_in, console):
    token = sign_in(make_account("ben"))
    assert asked(token=token).json()["code"] == "200"

    console.call("signOut", {}, token)

    assert asked(token=token).json()["code"] == "403"


def test_a_session_ends_by_the_clock(asked, clock, console, token):
    assert asked().json()["code"] == "200"
    clock.move(console.settings.token_days * 86_400)
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


@pytest.mark.parametrize("token", ["", "nobody's"])
def test_who_may_not_ask_gets_no_kept_answer(token, asked, make_video):
    make_video()
    asked()
    assert asked(token=token).json()["code"] == "403"


def test_another_role_has_an_answer_of_its_own(asked, make_account, sign_in, make_video):
    make_video()
    asked()
    assert asked(token=sign_in(make_account("carl", Role.ANALYST))).json()["code"] == "200"
    assert asked.times == 2


def test_the_same_role_in_other_hands_keeps_no_answer_after_a_change(asked, make_account, sign_in, make_video):
    account = make_account("carl", Role.ANALYST)
    token = sign_in(account)
    make_video()
    first = asked(token=token)
    make_video()
    assert len(titles(first)) + 1 == len(titles(asked(token=token)))


@pytest.mark.sqlite
def test_a_page_is_found_without_a_thread(asked, make_video):
    make_video()
    asked(pageSize="2")
    assert "AnyIO" not in asked.threads[0]


@pytest.mark.parametrize(
    "query",
    [{"title": "a"}, {"userName": "海"}, {"sort": "title"}, {"pageSize": "100"}],
    ids=lambda one: next(iter(one)),
)
def test_what_may_take_longer_is_left_to_a_thread(query, asked):
    asked(**query)
    assert "AnyIO" in asked.threads[0]


def test_a_remote_database_is_not_read_on_the_event_loop(
    asked, console, make_video, make_account, sign_in, monkeypatch
):  # fmt: skip
    """Only what was answered to this caller before, and still holds, is answered there."""
    names, find = [], console.access_of
    monkeypatch.setattr(console.store, "is_local", False)
    monkeypatch.setattr(
        console, "access_of", lambda *given: names.append(threading.current_thread().name) or find(*given)
    )
    other = sign_in(make_account("carl", Role.ANALYST))

    def thread(**given):
        names.clear()
        assert asked(**given).json()["code"] == "200"
        return "a thread" if all("AnyIO" in name for name in names) else "the event loop"

    assert [thread() for _ in range(3)] == ["a thread", "the event loop", "the event loop"]
    assert [thread(token=other) for _ in range(2)] == ["a thread", "the event loop"]
    make_video()
    assert [thread() for _ in range(2)] == ["a thread", "the event loop"]


def test_what_is_kept_stays_within_its_bounds():
    now = [0.0]
    cache = ResponseCache(lambda: now[0])
    body = b"x" * (MAX_ANSWER_BYTES - 2) + b"id"
    most = MAX_BYTES // MAX_ANSWER_BYTES
    for number in range(2 * most):
        cache.put(number, 1, body, "id", "token")
    assert [number for number in range(2 * most) if cache.get(number, 1)] == list(range(most))
    assert cache.get(0, 1).envelope("no") == body[:-2] + b"no"
    now[0] = MAX_SECONDS + 1
    assert cache.get(0, 1) is None
    cache.put("large", 1, body + b"x", "id", "token")
    cache.put("unknown", UNKNOWN, b"id", "id", "token")
    cache.put("small", 1, b"id", "id", "token")
    assert cache.get("large", 1) is cache.get("unknown", UNKNOWN) is cache.get("small", 2) is None
    assert cache.get("small", 1)


@pytest.mark.every_door
def test_a_row_is_written_anew_after_each_change(door, console, make_video, clock):
    """Whatever is changed about a video, its lists show it."""
    video = make_video(files=(MediaFile(FileKind.COMMON, "common.mp4"),))
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


@pytest.mark.every_door
def test_another_video_in_the_place_of_a_deleted_one_is_shown_as_it_is(door, console, make_video):
    first = make_video(title="first")
    assert door.data("getVideos")["videoList"][0]["title"] == "first"
    console.store.catalogue.delete_video(first.video_id, first.user.user_id, TESTS)
    make_video(video_id=first.video_id, title="second", created=first.created)
    assert door.data("getVideos")["videoList"][0]["title"] == "second"
