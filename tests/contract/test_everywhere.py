"""What holds for every operation there is, and for the thirteenth-and-first as soon as it is declared."""

from __future__ import annotations

import pytest

from backend.api.parameters import Choice
from backend.api.registry import OPERATIONS, in_order
from backend.auth.permissions import Right

SEED = {
    "getVideos": ("GET", "/console/vod/getVideos", ""),
    "submitTranscode": ("GET", "/console/vod/submitTranscode", "发起非窄带高清转码作业完成!"),
    "createAudit": ("GET", "/console/vod/createAudit", "审核完成"),
    "submitTabTranscode": ("GET", "/console/vod/submitTabTranscode", "发起窄带高清转码作业完成!"),
    "getVideoById": ("GET", "/console/vod/getVideoById", ""),
    "getRecommendVideos": ("GET", "/console/vod/getRecommendVideos", ""),
    "recommendVideo": ("POST", "/console/vod/recommendVideo", "插入推荐视频成功!"),
    "pushObjectCache": ("POST", "/console/vod/pushObjectCache", "预热完成"),
    "getRecommendVideoById": ("GET", "/console/vod/getRecommendVideoById", "根据videoId获取视频详情完成!"),
    "deleteVideoById": ("POST", "/console/vod/deleteVideoById", "删除完成!"),
    "deleteRecommendById": ("POST", "/console/vod/deleteRecommendById", "取消推荐完成"),
    "login": ("POST", "/console/user/login", "登录成功!"),
    "signOut": ("POST", "/console/user/signOut", "退出完成!"),
}
LISTING = ["pageIndex", "pageSize", "videoId", "userId", "title", "startTime", "endTime", "userName", "censorStatus"]
SEED_PARAMETERS = {
    "getVideos": LISTING,
    "submitTranscode": ["mediaId*"],
    "createAudit": ["mediaId*", "status*", "reason", "comment"],
    "submitTabTranscode": ["mediaId*"],
    "getVideoById": ["videoId*"],
    "getRecommendVideos": LISTING,
    "recommendVideo": [
        "videoId*", "title", "userId", "description", "duration", "coverUrl", "size", "tags", "cateId", "cateName",
        "firstFrameUrl", "transcodeStatus", "snapshotStatus", "censorStatus", "isNarrow", "isCache",
    ],
    "pushObjectCache": ["objectPath*"],
    "getRecommendVideoById": ["videoId*"],
    "deleteVideoById": ["videoId*", "userId*"],
    "deleteRecommendById": ["videoId*"],
    "login": ["userName*", "password*"],
    "signOut": ["userName", "password"],
}  # fmt: skip
NARROWING = [
    "cateId", "transcodeStatus", "narrowTranscodeStatus", "isRecommend", "tags", "minDuration", "maxDuration",
    "minSize", "maxSize", "technicalFlag", "minReports", "sort",
]  # fmt: skip
EXTENSIONS = dict.fromkeys(("getVideos", "getRecommendVideos"), NARROWING)  # they stand last
EXTENSIONS |= {
    name: ["seenLine"] for name in ("createAudit", "recommendVideo", "deleteVideoById", "deleteRecommendById")
}
EXTENSIONS["createAudit"] += ["reasonCode"]
EXTENSIONS["getRecommendVideos"] = [*NARROWING, "state"]
EXTENSIONS["recommendVideo"] += ["startTime", "endTime", "pin", "slot", "note", "revision"]
EXTENSIONS["deleteRecommendById"] += ["slot", "revision"]
TEMPLATES = ["templateGroupId", "watermarkId", "watermarkText"]
EXTENSIONS |= dict.fromkeys(("submitTranscode", "submitTabTranscode"), TEMPLATES)

EVERY = list(OPERATIONS.values())
OF_EVERYBODY = ("login", "signOut", "reportEvents")  # a phone that reports has a key of the feed, and changes no video


@pytest.fixture
def example():
    """Gives an operation's required parameters some value that reads well."""

    def values(operation):
        return {
            one.wire_name: next(iter(one.kind.words)).value if isinstance(one.kind, Choice) else "1"
            for one in operation.parameters
            if one.required
        }

    return values


def envelope(answer, status=200):
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-Request-Id"] == answer.json()["requestId"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert list(answer.json()) == ["result", "requestId", "message", "code", "data"]
    return answer.json()


def test_the_seeds_operations_are_where_it_says_with_its_messages():
    declared = {one.name: (one.method, one.path, one.message) for one in in_order() if not one.extension}

    assert list(declared.items()) == list(SEED.items())


def test_the_seeds_parameters_are_known_by_its_names():
    declared = {name: [one.wire_name + "*" * one.required for one in OPERATIONS[name].parameters] for name in SEED}

    assert declared == {name: SEED_PARAMETERS[name] + EXTENSIONS.get(name, []) for name in SEED}


def test_without_a_token_it_is_403(server, http, example):
    for operation in EVERY:
        for token in ("", "null", "nobody's") if operation.right else ():
            answer = envelope(http.post(server + operation.path, data={**example(operation), "consoleToken": token}))
            assert (answer["code"], answer["result"], answer["data"]) == ("403", "false", None), operation.name


def test_it_answers_its_methods_and_no_other(server, http, console, account, sign_in):
    for operation in EVERY:
        allowed = ("GET", "POST") if operation.method == "GET" else ("POST",)
        headers = {"Authorization": f"Bearer {sign_in(account)}"}  # some end the session that asks
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = http.request(method, server + operation.path, headers=headers)
            if method in allowed:
                assert answer.status_code == 200, operation.name
                continue
            assert envelope(answer, 405)["code"] == "405", operation.name
            assert answer.headers["Allow"] == ", ".join(allowed)


def test_what_is_missing_is_named(console, account, sign_in, example):
    for operation in EVERY:
        token = sign_in(account)
        for name in [one.wire_name for one in operation.parameters if one.required]:
            given = {key: value for key, value in example(operation).items() if key != name}
            answer = console.call(operation.name, given, token)
            assert (answer["code"], answer["message"].split(" ")[0]) == ("400", name), operation.name


def test_what_it_refuses_is_not_repeated_at_any_length(console, account, sign_in, example):
    for operation in EVERY:
        given = {name: "x" * 4000 if value == "1" else value for name, value in example(operation).items()}

        answer = console.call(operation.name, given, sign_in(account))

        assert len(answer["message"]) < 400, operation.name
        assert answer["code"] != "404" or "x" * 100 in answer["message"], operation.name


def test_changing_anything_asks_for_more_than_reading():
    looking = ("get", "check", "preview", "compare")
    reading = [one for one in EVERY if one.name.startswith(looking) or one.name in OF_EVERYBODY]

    assert [one.name for one in EVERY if one not in reading and one.right in (None, Right.READ)] == []


def test_every_operation_says_what_it_does_and_its_answer_has_a_type():
    assert [one.name for one in EVERY if not one.summary.split("\n")[0].endswith(".")] == []
    assert [one.name for one in EVERY if one.answer is None] == []


NO_PATHS = (
    "/", "/console", "/console/", "/console/vod", "/console/vod/getvideos", "/console/vod/getVideos/",
    "/console/vod/%67etVideo", "/console/vod/../secret", "/console/no/such", "/vodVideo/", "/vodVideo/other",
    "/media/a/b", "/console/%00", "/console/‮", "/console/<script>",
)  # fmt: skip


def test_a_path_that_is_none_is_404(server, http):
    for path in NO_PATHS:
        for method in ("GET", "POST", "DELETE"):
            answer = envelope(http.request(method, server + path), 404)
            assert (answer["code"], answer["result"], answer["data"]) == ("404", "false", None), path


def test_each_request_has_an_id_of_its_own_that_the_log_names(server, http, token, caplog):
    with caplog.at_level("INFO", "backend.observability.request_metrics"):
        first, second = (http.get(f"{server}/console/vod/getVideos", params={"consoletoken": token}) for _ in range(2))

    assert first.json()["requestId"] != second.json()["requestId"]
    line = next(line for line in caplog.messages if first.json()["requestId"] in line)
    assert "getVideos code=200 who=anne way=rest" in line
    assert token not in caplog.text


def test_our_own_failure_is_500_and_leaks_nothing(server, http, token, console, monkeypatch, caplog):
    def break_down(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(console.store.catalogue, "list_videos", break_down)

    answer = envelope(http.get(f"{server}/console/vod/getVideos", params={"consoletoken": token}))

    assert answer["code"] == "500"
    assert answer["requestId"] in answer["message"]
    assert "secret" not in str(answer)
    assert "secret detail" in caplog.text


def test_a_failure_around_the_operations_is_500_too(server, http, token, console, monkeypatch, caplog):
    monkeypatch.setattr(console, "answer", None)

    answer = envelope(http.get(f"{server}/console/vod/getVideos", params={"consoletoken": token}))

    assert answer["code"] == "500"
    assert "NoneType" not in str(answer)
    assert answer["requestId"] in caplog.text


@pytest.mark.settings(legacy_clients=True)
@pytest.mark.every_door
class TestLegacyClients:
    """They know the failures 401, 403 and 500 only, and take any other code for a success."""

    def test_every_other_failure_is_500(self, door, make_video):
        assert door("getVideoById", videoId="nothing")["code"] == "500"
        assert door("getVideos", pageSize=0)["code"] == "500"
        assert door("recommendVideo", videoId=make_video().video_id)["code"] == "500"

    def test_401_and_403_stay(self, door):
        assert door("login", userName="anne", password="a guess")["code"] == "401"
        assert door("getVideos", token="nobody's")["code"] == "403"

    def test_messages_stay_and_successes_are_200(self, door):
        assert door("getVideoById")["message"] == "videoId is required."
        assert door("getVideos")["code"] == "200"

    def test_transport_refusals_keep_their_status(self, server, http):
        assert envelope(http.get(f"{server}/console/no/such"), 404)["code"] == "500"
        assert envelope(http.get(f"{server}/console/user/login"), 405)["code"] == "500"
        assert (
            envelope(http.post(f"{server}/console/user/login", data="{", headers={"Content-Type": "application/json"}))[
                "code"
            ]
            == "500"
        )
