"""Signing in and out, and every way to show a token."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role

WHOAMI = "/console/user/getAccount"


@pytest.fixture
def whoami(server, http):
    def ask(**request):
        return http.post(server + WHOAMI, **request).json()

    return ask


class TestLogin:
    @pytest.mark.every_door
    def test_it_returns_a_token(self, door, password):
        answer = door("login", token="", userName="anne", password=password)

        assert (answer["code"], answer["message"]) == ("200", "登录成功!")
        assert list(answer["data"]) == ["consoleToken"]
        assert len(answer["data"]["consoleToken"]) >= 32
        assert door("getAccount", token=answer["data"]["consoleToken"])["data"]["userName"] == "anne"

    @pytest.mark.every_door
    def test_existing_clients_send_a_token_of_null_along(self, door, password):
        assert door("login", token="null", userName="anne", password=password)["code"] == "200"

    @pytest.mark.parametrize("who", ["anne", "nobody", "ANNE", "anne' or '1'='1"])
    def test_a_wrong_password_and_an_unknown_name_are_told_alike(self, who, door):
        answer = door("login", token="", userName=who, password="a guess")

        assert answer["code"] == "401"
        assert answer["message"] == "The user name or the password is wrong."
        assert answer["data"] is None

    @pytest.mark.every_door
    def test_name_and_password_are_required(self, door, password):
        assert door("login", token="", password=password)["message"] == "userName is required."
        assert door("login", token="", userName="anne")["message"] == "password is required."

    @pytest.mark.every_door
    def test_failures_are_told_in_the_language_of_the_caller(self, door):
        answer = door("login", token="", userName="anne", password="a guess", language="zh")

        assert answer["message"] == "用户名或密码错误。"

    def test_several_sessions_live_side_by_side(self, door, password):
        tokens = [door.data("login", token="", userName="anne", password=password)["consoleToken"] for _ in range(2)]

        assert tokens[0] != tokens[1]
        assert [door("getAccount", token=token)["code"] for token in tokens] == ["200", "200"]

    def test_a_session_ends_by_itself(self, door, clock, console):
        clock.move(console.settings.token_days * 86_400 - 1)
        assert door("getAccount")["code"] == "200"

        clock.move(1)
        assert door("getAccount")["code"] == "403"


class TestSignOut:
    @pytest.mark.every_door
    def test_a_token_ends_its_own_session_only(self, door, account, sign_in):
        other = sign_in(account)

        answer = door("signOut")

        assert (answer["code"], answer["message"], answer["data"]) == ("200", "退出完成!", None)
        assert door("getAccount")["code"] == "403"
        assert door("getAccount", token=other)["code"] == "200"

    @pytest.mark.every_door
    def test_name_and_password_end_all_of_that_users_sessions(self, door, account, make_account, sign_in, password):
        others = sign_in(make_account("bob"))
        second = sign_in(account)

        assert door("signOut", token="", userName="anne", password=password)["message"] == "退出完成!"

        assert door("getAccount")["code"] == "403"
        assert door("getAccount", token=second)["code"] == "403"
        assert door("getAccount", token=others)["code"] == "200"

    def test_a_wrong_password_ends_nothing(self, door):
        assert door("signOut", token="", userName="anne", password="a guess")["code"] == "401"
        assert door("getAccount")["code"] == "200"

    def test_signing_out_twice_is_clean(self, door):
        assert door("signOut")["code"] == "200"
        assert door("signOut")["code"] == "200"

    def test_nothing_at_all_is_400(self, door):
        assert door("signOut", token="")["code"] == "400"


class TestTokens:
    @pytest.mark.parametrize("name", ["consoletoken", "consoleToken", "ConsoleToken", "CONSOLETOKEN"])
    def test_the_name_may_be_written_in_any_letter_case(self, name, whoami, token):
        assert whoami(params={name: token})["code"] == "200"
        assert whoami(data={name: token})["code"] == "200"
        assert whoami(json={name: token})["code"] == "200"

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_it_may_come_as_a_bearer(self, scheme, whoami, token):
        assert whoami(headers={"Authorization": f"{scheme} {token}"})["code"] == "200"
        assert whoami(headers={"Authorization": f"Basic {token}"})["code"] == "403"

    def test_the_body_wins_over_the_query(self, whoami, token):
        assert whoami(params={"consoletoken": "old"}, data={"consoleToken": token})["code"] == "200"
        assert whoami(params={"consoletoken": token}, data={"consoleToken": "old"})["code"] == "403"

    @pytest.mark.parametrize("nothing", ["", "null", "undefined"])
    def test_literal_nothings_count_as_absent(self, nothing, whoami, token):
        assert whoami(data={"consoleToken": nothing})["code"] == "403"
        assert whoami(data={"consoleToken": nothing}, headers={"Authorization": f"Bearer {token}"})["code"] == "200"
        assert whoami(params={"consoleToken": token}, data={"consoleToken": nothing})["code"] == "200"

    def test_a_cookie_is_never_a_token(self, whoami, token):
        for name in ("consoletoken", "consoleToken", "qu_session"):
            assert whoami(headers={"Cookie": f"{name}={token}"})["code"] == "403"

    @pytest.mark.parametrize("wrong", ["x" * 10_000, "' or 1=1 --", "令牌", "\ud800"])
    def test_a_token_of_nobody_is_403(self, wrong, console):
        assert console.call("getAccount", {}, wrong)["code"] == "403"

    def test_a_json_token_must_be_a_single_value(self, whoami):
        assert whoami(json={"consoleToken": ["a"]})["code"] == "400"
        assert whoami(json={"consoleToken": 5})["code"] == "403"

    def test_a_password_in_a_url_is_refused(self, server, http, password):
        url = f"{server}/console/user/login"
        for method in ("GET", "POST"):
            answer = http.request(method, url, params={"userName": "anne", "password": password})
            assert answer.status_code == 200
            assert answer.json()["code"] == "400"
            assert "password" in answer.json()["message"]


def test_an_analyst_may_look_but_not_touch(door, make_account, sign_in, make_video):
    analyst = sign_in(make_account("ana", Role.ANALYST))
    made = make_video()

    assert door("getVideos", token=analyst)["code"] == "200"
    for name, given in {
        "createAudit": {"mediaId": made.video_id, "status": "Normal"},
        "submitTranscode": {"mediaId": made.video_id},
        "recommendVideo": {"videoId": made.video_id},
        "deleteVideoById": {"videoId": made.video_id, "userId": made.user.user_id},
    }.items():
        answer = door(name, token=analyst, **given)
        assert answer["code"] == "403"
        assert "analyst" in answer["message"]


@pytest.mark.parametrize("target", ["\u200b", "\u202e", " \ufeff"])
def test_a_history_of_what_is_not_seen_is_that_of_everything(console, token, target):
    """Such characters come along when an id is pasted from a chat."""
    everything = console.call("findHistory", {}, token)["data"]

    answer = console.call("findHistory", {"target": target}, token)

    assert (answer["code"], answer["message"], answer["data"]["total"]) == ("200", "", everything["total"])
