"""Accounts, sessions and API tokens, as administrators and everybody else use them, on every way in."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from backend.auth.permissions import Role

DAY = 86_400


@pytest.fixture
def ben(make_account):
    return make_account("ben", Role.REVIEWER)


def codes(door, tokens):
    return [door("getAccount", token=token)["code"] for token in tokens]


class TestAccounts:
    @pytest.mark.every_door
    def test_an_administrator_adds_one_whose_password_is_told_once(self, door):
        made = door.data("addAccount", userName="ben", role="reviewer")

        assert made["userName"] == "ben"
        assert door("login", token="", userName="ben", password=made["password"])["code"] == "200"
        listed = {one["userName"]: one for one in door.data("getAccounts")}
        assert (listed["ben"]["role"], listed["ben"]["disabled"]) == ("reviewer", False)
        assert made["password"] not in str(listed)

    def test_a_chosen_password_is_not_told(self, door):
        assert door.data("addAccount", userName="ben", role="app", password="long enough!")["password"] == ""

    @pytest.mark.parametrize("password", ["too short", "x" * 1025])
    def test_a_password_has_10_to_1024_characters(self, door, password):
        answer = door("addAccount", userName="ben", role="app", password=password)

        assert (answer["code"], answer["message"]) == ("400", "A password needs 10 to 1024 characters.")

    @pytest.mark.every_door
    def test_a_password_holds_no_nul(self, door):
        answer = door("addAccount", userName="ben", role="app", password="long enough\0")

        assert answer["code"] == "400"

    def test_a_name_is_taken_once(self, door):
        assert door("addAccount", userName="anne", role="app")["code"] == "400"

    @pytest.mark.parametrize("typed", ["Ａｎｎｅ ", "аnne"])  # the second begins with a Cyrillic letter
    def test_a_name_that_people_would_take_for_another_is_refused(self, typed, door):
        answer = door("addAccount", userName=typed, role="app")

        assert answer["code"] == "400"
        assert " anne" in answer["message"]

    @pytest.mark.every_door
    def test_a_new_role_holds_at_once(self, door, ben, sign_in):
        session = sign_in(ben)
        assert door("submitTranscode", token=session, mediaId="1")["code"] == "403"

        door.data("editAccount", userName="ben", role="manager")

        assert door("submitTranscode", token=session, mediaId="1")["code"] == "404"

    def test_disabling_ends_sessions_and_tokens_at_once_and_keeps_the_person_out(self, door, ben, sign_in, password):
        session = sign_in(ben)
        program = door.data("createToken", token=session, name="a", right="read", endTime="2019-02-01")["consoleToken"]

        door.data("editAccount", userName="ben", disabled="true")

        assert codes(door, [session, program]) == ["403", "403"]
        assert door("login", token="", userName="ben", password=password)["code"] == "401"
        door.data("editAccount", userName="ben", disabled="false")
        assert door("getAccount", token=session)["code"] == "403"
        assert [one["name"] for one in door.data("getTokens", userName="ben")] == ["a"]

    @pytest.mark.every_door
    def test_a_reset_leaves_nothing_to_whoever_held_the_account(self, door, ben, sign_in, password):
        session = sign_in(ben)
        program = door.data("createToken", token=session, name="a", right="read", endTime="2019-02-01")["consoleToken"]

        new = door.data("resetPassword", userName="ben")["password"]

        assert codes(door, [session, program]) == ["403", "403"]
        assert door("login", token="", userName="ben", password=password)["code"] == "401"
        assert door("login", token="", userName="ben", password=new)["code"] == "200"

    @pytest.mark.parametrize("change", [{"role": "manager"}, {"disabled": "true"}])
    def test_the_last_administrator_stays_one(self, door, make_account, change):
        make_account("ben", Role.ADMIN)
        door.data("editAccount", userName="ben", disabled="true")

        answer = door("editAccount", userName="anne", **change)

        assert (answer["code"], answer["data"]) == ("409", None)
        assert answer["message"] == "anne is the last administrator. Make another account an administrator first."
        assert door("getAccounts")["code"] == "200"

    def test_an_account_that_is_none_is_404(self, door):
        assert door("editAccount", userName="nobody", role="app")["code"] == "404"
        assert door("resetPassword", userName="nobody")["code"] == "404"


class TestOwnPassword:
    @pytest.mark.every_door
    def test_it_needs_the_old_one_and_ends_the_other_sessions(self, door, account, sign_in, password):
        other = sign_in(account)

        wrong = door("changePassword", oldPassword="a guess at it", newPassword="another password")
        done = door("changePassword", oldPassword=password, newPassword="another password")

        assert (wrong["code"], done["code"]) == ("401", "200")
        assert codes(door, [door.token, other]) == ["200", "403"]
        assert door("login", token="", userName="anne", password="another password")["code"] == "200"

    def test_no_password_may_stand_in_a_url(self, server, http, token):
        given = {"oldPassword": "1", "newPassword": "2", "consoletoken": token}

        answer = http.post(f"{server}/console/user/changePassword", params=given).json()

        assert answer["code"] == "400"
        assert "URL" in answer["message"]


class TestSessions:
    @pytest.mark.every_door
    def test_one_sees_where_one_is_signed_in_and_nobody_else(self, door, ben, sign_in):
        sign_in(ben)
        sign_in(ben)

        (own,) = door.data("getOwnSessions")

        assert (own["userName"], own["isOwn"]) == ("anne", True)
        assert len(door.data("getSessions")) == 3
        assert len(door.data("getSessions", userName="ben")) == 2

    def test_it_says_since_when_from_where_and_with_what(self, server, http, make_account, password, door):
        http.post(
            f"{server}/console/user/login", data={"userName": "anne", "password": password},
            headers={"User-Agent": "curl/8.9.1"},
        )  # fmt: skip

        found = next(one for one in door.data("getOwnSessions") if one["agent"] == "curl/8.9.1")

        assert (found["way"], found["address"]) == ("rest", "127.0.0.1")
        assert found["creationTime"] == found["lastSeenTime"] == "2019-01-09 22:11:29.0"

    @pytest.mark.every_door
    def test_one_ends_ones_own_but_nobody_elses(self, door, account, ben, sign_in):
        mine, theirs = sign_in(account), sign_in(ben)
        by_token = {token: token_id(door, token) for token in (mine, theirs)}
        assert by_token[mine] != by_token[theirs]

        assert door("endOwnSession", sessionId=by_token[mine])["code"] == "200"
        assert door("endOwnSession", sessionId=by_token[theirs])["code"] == "404"

        assert codes(door, [mine, theirs]) == ["403", "200"]

    @pytest.mark.every_door
    def test_an_administrator_ends_anybodys(self, door, ben, sign_in):
        theirs = sign_in(ben)

        assert door("endSession", sessionId=token_id(door, theirs))["code"] == "200"

        assert codes(door, [theirs]) == ["403"]

    @pytest.mark.every_door
    def test_all_others_end_together(self, door, account, ben, sign_in):
        others, bens = [sign_in(account), sign_in(account)], sign_in(ben)

        assert door.data("endOtherSessions") == {"count": 2}

        assert codes(door, [door.token, *others, bens]) == ["200", "403", "403", "200"]

    def test_when_it_was_last_seen_is_written_once_a_minute_and_not_by_the_request(
        self, door, console, clock, eventually
    ):
        hashed = "select max(seen) from sessions"
        door.data("getAccount")
        version = console.store.version()
        clock.move(59)
        door.data("getAccount")
        assert console.store.version() == version
        assert door.data("getOwnSessions")[0]["lastSeenTime"] == "2019-01-09 22:12:28.0"

        clock.move(1)
        door.data("getAccount")

        def written():
            with console.store.engine.reading() as db:
                return db.execute(hashed).fetchone()[0]

        eventually(lambda: written() >= clock() - 1)

    def test_when_it_was_last_seen_is_shown_also_while_it_is_written(self, door, console, clock, monkeypatch):
        writing, shown = console.store.engine.writing, []

        @contextmanager
        def look_and_write():
            shown.append(console.store.sessions.find_sessions()[0].last_seen)
            with writing() as db:
                yield db

        clock.move(59)
        door.data("getAccount")
        monkeypatch.setattr(console.store.engine, "writing", look_and_write)

        console.store.sessions.write_seen()

        assert shown == [int(clock())]

    def test_when_it_was_last_seen_is_shown_also_if_it_is_written_while_a_list_is_read(
        self, door, console, clock, monkeypatch
    ):
        reading = console.store.engine.reading

        @contextmanager
        def read_and_write():
            with reading() as db:
                yield db
            monkeypatch.undo()
            console.store.sessions.write_seen()

        clock.move(59)
        door.data("getAccount")
        monkeypatch.setattr(console.store.engine, "reading", read_and_write)

        assert console.store.sessions.find_sessions()[0].last_seen == clock()


def token_id(door, token):
    return next(one["sessionId"] for one in door.data("getOwnSessions", token=token) if one["isOwn"])


class TestApiTokens:
    @pytest.fixture
    def create(self, door):
        def make(name="nightly", right="read", end="2019-02-01", **others):
            return door("createToken", name=name, right=right, endTime=end, **others)

        return make

    @pytest.mark.every_door
    def test_it_is_told_once_and_opens_every_rest_door(self, door, create):
        made = create()["data"]
        token = made["consoleToken"]

        assert token.startswith("qu_")
        assert token not in str(door.data("getOwnTokens"))
        if door.way == "in_process":  # by the pages, where only people come
            assert door("getVideos", token=token)["code"] == "403"
        else:
            assert door("getVideos", token=token)["code"] == "200"

    def test_it_ends_at_its_end_date(self, server, http, create, clock, door):
        token = create(end="2019-01-10")["data"]["consoleToken"]

        def code():
            return http.get(f"{server}/console/vod/getVideos", params={"consoletoken": token}).json()["code"]

        clock.now = 1547135998  # 2019-01-10 23:59:58 in Shanghai
        assert code() == "200"
        clock.move(1)
        assert door("getJobs", token=token)["code"] == "403"
        assert [one["expired"] for one in door.data("getOwnTokens")] == [True]

    @pytest.mark.every_door
    def test_it_is_revoked_at_once(self, door, create):
        made = create()["data"]

        door.data("revokeOwnToken", tokenId=made["token"]["tokenId"])

        assert door("getAccount", token=made["consoleToken"])["code"] == "403"
        assert door.data("getOwnTokens") == []
        assert door("revokeOwnToken", tokenId=made["token"]["tokenId"])["code"] == "404"

    @pytest.mark.every_door
    def test_an_administrator_revokes_anybodys(self, door, ben, sign_in, create):
        made = create(token=sign_in(ben))["data"]
        assert door("revokeOwnToken", tokenId=made["token"]["tokenId"])["code"] == "404"

        (listed,) = door.data("getTokens", userName="ben")
        door.data("revokeToken", tokenId=listed["tokenId"])

        assert door("getAccount", token=made["consoleToken"])["code"] == "403"

    def test_it_says_when_it_was_last_used(self, server, http, door, create, clock):
        token = create()["data"]["consoleToken"]
        assert door.data("getOwnTokens")[0]["lastSeenTime"] == ""
        clock.move(30)

        http.get(f"{server}/console/vod/getVideos", params={"consoletoken": token})

        assert door.data("getOwnTokens")[0]["lastSeenTime"] == "2019-01-09 22:11:59.0"

    @pytest.mark.parametrize("right", ["admin", "own", "dashboard"])
    def test_what_only_people_do_cannot_be_given_to_one(self, create, right):
        assert create(right=right)["code"] == "400"

    def test_a_right_that_one_has_not_cannot_be_given_to_one(self, door, ben, sign_in, create):
        session = sign_in(ben)

        assert create(token=session, right="manage")["code"] == "403"
        assert create(token=session, right="review")["code"] == "200"

    @pytest.mark.parametrize("end", ["2019-01-08", "2039-01-01", "soon"])
    def test_its_end_is_a_date_in_the_future(self, create, end):
        answer = create(end=end)

        assert answer["code"] == "400"
        assert answer["message"].startswith("endTime ")

    def test_a_name_is_taken_once_by_each_account(self, create, ben, sign_in):
        assert create()["code"] == "200"
        assert create()["code"] == "400"
        assert create(token=sign_in(ben))["code"] == "200"

    def test_the_history_tells_which_token_it_was(self, server, http, door, create, make_video):
        token, made = create(right="review")["data"]["consoleToken"], make_video()

        http.post(
            f"{server}/console/vod/createAudit",
            data={"consoletoken": token, "mediaId": made.video_id, "status": "Normal"},
        )

        line = door.data("getHistory", videoId=made.video_id)[0]
        assert (line["userName"], line["token"], line["way"]) == ("anne", "nightly", "rest")
