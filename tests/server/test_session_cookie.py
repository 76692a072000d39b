"""The cookie that a browser shows at its next visit: how a page gets it, and who may not."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

pytestmark = pytest.mark.in_front


class TestCookie:
    def adopt(self, server, http, body, **headers):
        return http.post(f"{server}/console/user/adopt", json=body, headers=headers)

    def test_a_ticket_becomes_a_cookie_that_scripts_cannot_read(self, server, http, console, token):
        answer = self.adopt(server, http, {"ticket": console.store.tickets.issue("session", token)})
        http.cookies.clear()

        assert answer.json()["code"] == "200"
        assert token not in answer.text
        assert answer.headers["Set-Cookie"] == (
            f"qu_session={token}; HttpOnly; Max-Age={30 * 86400}; Path=/; SameSite=lax"
        )

    @pytest.mark.settings(proxies=(ip_network("127.0.0.0/8"),))
    def test_the_cookie_is_secure_behind_https(self, server, http, console, token):
        body = {"ticket": console.store.tickets.issue("session", token)}
        answer = self.adopt(server, http, body, **{"X-Forwarded-Proto": "https"})
        http.cookies.clear()

        assert "; Secure" in answer.headers["Set-Cookie"]

    def test_a_ticket_is_good_once_for_its_purpose(self, server, http, console, token):
        used = console.store.tickets.issue("session", token)
        self.adopt(server, http, {"ticket": used})
        http.cookies.clear()
        other = console.store.tickets.issue("exportVideos", ({}, token))

        for ticket in (used, other, "", None, "x", ["a"]):
            answer = self.adopt(server, http, {"ticket": ticket})
            assert answer.json()["code"] in ("400", "403")
            assert "Set-Cookie" not in answer.headers

    def test_a_session_that_ended_meanwhile_is_not_adopted(self, server, http, console, token):
        ticket = console.store.tickets.issue("session", token)
        console.call("signOut", {}, token)

        assert self.adopt(server, http, {"ticket": ticket}).json()["code"] == "403"

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example.com"},
            {"Origin": "null"},
            {"Origin": "http://[broken"},
        ],
    )
    @pytest.mark.parametrize("path", ["adopt", "forget"])
    def test_pages_of_other_sites_may_not(self, path, headers, server, http, console, token):
        body = {"ticket": console.store.tickets.issue("session", token)}
        answer = http.post(f"{server}/console/user/{path}", json=body, headers=headers)

        assert answer.json()["code"] == "403"
        assert "Set-Cookie" not in answer.headers

    def test_our_own_pages_may(self, server, http, console, token):
        for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxied.example.com"}, {"Origin": server}):
            body = {"ticket": console.store.tickets.issue("session", token)}
            assert self.adopt(server, http, body, **headers).json()["code"] == "200"
            http.cookies.clear()

    def test_only_json_is_taken(self, server, http, console, token):
        ticket = console.store.tickets.issue("session", token)

        assert http.post(f"{server}/console/user/adopt", data={"ticket": ticket}).json()["code"] == "400"
        assert http.get(f"{server}/console/user/adopt").status_code == 405

    def test_forgetting_clears_it(self, server, http):
        answer = http.post(f"{server}/console/user/forget")

        assert answer.json()["code"] == "200"
        assert answer.headers["Set-Cookie"].startswith('qu_session=""; ')
        assert "Max-Age=0" in answer.headers["Set-Cookie"]
