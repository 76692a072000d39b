"""Signing in with a company account: what a provider may answer, and what is refused."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from backend.auth.permissions import Role
from backend.lifecycle.company_sign_in import PENDING_SECONDS, REFETCH_SECONDS, CompanySignIn
from tests.conftest import TESTS
from tests.provider import CLIENT, SECRET, Forger, Provider, providing

BEGIN, BACK = "/console/user/company", "/console/user/company/callback"
ROLES = (("video-admins", "admin"), ("video-ops", "manager"), ("video-review", "reviewer"))


@pytest.fixture
def kind():
    """What kind of provider a test has."""
    return Provider


@pytest.fixture
def provider(console, clock, kind):
    """A provider that the console knows."""
    clock.now = time.time()
    with providing(kind) as one:
        console.settings = replace(
            console.settings, oidc_issuer=one.issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET,
            oidc_roles=ROLES,
        )  # fmt: skip
        console.company = CompanySignIn(console)
        yield one


class Browser(requests.Session):
    """A browser that stays where it is sent."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self.trust_env, self.server = False, server

    def goes(self, path: str, **query: str) -> str:
        """Return where it is sent next."""
        answer = self.get(self.server + path, params=query, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.headers["Location"]

    def signs_in(self, provider, to="/", **changed):
        """Go through a whole sign-in; return where it ends."""
        return self.goes(BACK, **{**provider.sign_in(self.goes(BEGIN, to=to)), **changed})

    def account(self):
        """Who is signed in, by the token in the cookie."""
        token = self.cookies.get("qu_session", "")
        given = {"Authorization": f"Bearer {token}"}
        return self.get(f"{self.server}/console/user/getAccount", headers=given).json()["data"]


@pytest.fixture
def browser(server):
    with Browser(server) as one:
        yield one


@pytest.fixture
def other_browser(server):
    with Browser(server) as one:
        yield one


def test_a_person_gets_an_ordinary_session_with_the_role_of_the_table(browser, provider, console):
    assert browser.signs_in(provider, to="/videos?v_status=check") == "/videos?v_status=check"

    account = browser.account()
    assert (account["userName"], account["role"]) == ("mei", "manager")
    (session,) = console.store.sessions.find_sessions("mei")
    assert session.expires - session.created == 12 * 3600
    assert (session.channel, session.agent.partition("/")[0]) == ("page", "python-requests")
    pair = base64.b64decode(provider.authorization.removeprefix("Basic ")).decode()
    assert pair == f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}"
    assert [(line.action, line.target, line.actor.name) for line in console.store.history.find_history()] == [
        ("login", "mei", "mei"), ("addAccount", "mei", "mei"),
    ]  # fmt: skip
    assert console.store.history.find_history()[0].after == {"issuer": provider.issuer}


def test_what_is_asked_of_the_provider_follows_the_flow_with_pkce(browser, provider, server):
    address = browser.goes(BEGIN)
    query = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}

    assert address.startswith(f"{provider.issuer}/auth?")
    assert query.pop("redirect_uri") == server + BACK
    assert query.pop("code_challenge_method") == "S256"
    assert all(len(query.pop(name)) >= 32 for name in ("state", "nonce", "code_challenge"))
    assert query == {"response_type": "code", "client_id": CLIENT, "scope": "openid profile email"}


def test_a_later_sign_in_is_of_the_same_person_whatever_the_name_and_takes_the_role_of_now(browser, provider, console):
    browser.signs_in(provider)
    provider.person |= {"preferred_username": "mei.lin", "groups": ["video-admins"]}
    browser.signs_in(provider)

    assert (browser.account()["userName"], browser.account()["role"]) == ("mei", "admin")
    assert [one.user_name for one in console.store.accounts.find_accounts()] == ["mei"]
    assert console.store.history.find_history()[1].action == "editAccount"


def refused(browser):
    """Whether nobody is signed in."""
    return browser.account() is None and not browser.cookies.get("qu_session")


@pytest.mark.parametrize(
    ("claims", "key"),
    [
        ({"aud": "another"}, "failed"),
        ({"aud": [CLIENT, "another"]}, "failed"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "failed"),
        ({"azp": "another"}, "failed"),
        ({"aud": None}, "failed"),
        ({"iss": "https://evil.example"}, "failed"),
        ({"iss": None}, "failed"),
        ({"nonce": "another"}, "failed"),
        ({"nonce": None}, "failed"),
        ({"sub": None}, "failed"),
        ({"sub": ""}, "failed"),
        ({"sub": 7}, "failed"),
        ({"exp": None}, "failed"),
        ({"iat": None}, "failed"),
        ({"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}, "failed"),
        ({"groups": ["staff"]}, "role"),
        ({"groups": None}, "role"),
        ({"groups": {"video-ops": True}}, "role"),
        ({"preferred_username": None}, "name"),
        ({"preferred_username": " "}, "name"),
    ],
)  # fmt: skip
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(claims, key, browser, provider, console):
    provider.claims = claims

    assert browser.signs_in(provider) == f"/?refused={key}"
    assert refused(browser)
    assert console.store.accounts.find_accounts() == ()


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"sub": "u-1", "groups": ["video-ops"]}, "/"), ({"sub": "u-2", "groups": ["video-ops"]}, "/?refused=failed"),
        ({"groups": ["video-ops"]}, "/?refused=failed"), ({"sub": "u-1"}, "/?refused=role"),
    ],
)  # fmt: skip
def test_what_the_token_does_not_say_is_asked_for_of_the_same_person(told, where, browser, provider):
    provider.claims, provider.userinfo = {"groups": None}, told

    assert browser.signs_in(provider) == where


@pytest.mark.parametrize("kind", [Forger])
def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(browser, provider):
    assert browser.signs_in(provider) == "/?refused=failed"


def test_several_audiences_are_fine_if_the_token_was_made_for_us(browser, provider):
    provider.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}

    assert browser.signs_in(provider) == "/"


@pytest.mark.parametrize(
    ("skew", "where"), [(-50, "/"), (50, "/"), (-400, "/?refused=failed"), (150, "/?refused=failed")]
)
def test_clocks_may_differ_by_a_minute(skew, where, browser, provider):
    now = int(time.time()) + skew
    provider.claims = {"iat": now, "exp": now + 300}

    assert browser.signs_in(provider) == where


def test_a_new_key_of_the_provider_is_asked_for_once(browser, provider, clock):
    browser.signs_in(provider)
    provider.rotate()
    clock.move(REFETCH_SECONDS)
    assert browser.signs_in(provider) == "/"
    assert sum(path.endswith("/jwks") for path in provider.asked) == 2


def test_a_key_that_is_not_published_is_refused_and_asked_for_seldom(browser, provider, clock):
    browser.signs_in(provider)
    provider.asked.clear()
    provider.signs_with_another = True
    clock.move(REFETCH_SECONDS)

    assert [browser.signs_in(provider) for _ in range(5)] == ["/?refused=failed"] * 5
    assert len(provider.asked) == 1


def test_a_state_is_good_once_and_for_ten_minutes(browser, provider, clock):
    answer = provider.sign_in(browser.goes(BEGIN))
    assert browser.goes(BACK, **answer) == "/"
    again = {**answer, "code": provider.sign_in(browser.goes(BEGIN))["code"]}
    assert browser.goes(BACK, **again) == "/?refused=expired"
    late = provider.sign_in(browser.goes(BEGIN))
    clock.move(PENDING_SECONDS)
    assert browser.goes(BACK, **late) == "/?refused=expired"


def test_nobody_can_be_made_to_finish_the_sign_in_of_somebody_else(browser, other_browser, provider):
    answer = provider.sign_in(browser.goes(BEGIN))
    other_browser.goes(BEGIN)

    assert other_browser.goes(BACK, **answer) == "/?refused=expired"
    assert refused(other_browser)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"state": ""}, "expired"), ({"state": "x" * 5000}, "expired"), ({"code": "another"}, "failed"),
        ({"code": ""}, "failed"), ({"error": "access_denied"}, "denied"), ({"error": "server_error"}, "failed"),
        ({"iss": "https://evil.example"}, "failed"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(changed, key, browser, provider):
    assert browser.signs_in(provider, **changed) == f"/?refused={key}"
    assert refused(browser)


def test_a_code_is_of_no_use_in_another_sign_in(browser, provider):
    """Which has another verifier (PKCE)."""
    stolen = provider.sign_in(browser.goes(BEGIN))["code"]

    assert browser.signs_in(provider, code=stolen) == "/?refused=failed"


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "videos", "/a\nb", "/" + "x" * 900]
)
def test_it_ends_on_a_page_of_ours(to, browser, provider):
    assert browser.signs_in(provider, to=to) == "/"


def test_an_account_with_a_password_is_never_taken_over(browser, provider, make_account):
    make_account("mei", Role.REVIEWER)

    assert browser.signs_in(provider) == "/?refused=name"
    assert refused(browser)


def test_a_disabled_account_stays_so(browser, other_browser, provider, console, account):
    browser.signs_in(provider)
    console.store.accounts.edit_account("mei", TESTS, disabled=True)

    assert browser.account() is None
    assert other_browser.signs_in(provider) == "/?refused=disabled"


def test_who_has_no_role_any_more_is_signed_out_everywhere(browser, other_browser, provider):
    browser.signs_in(provider)
    provider.person["groups"] = ["staff"]

    assert other_browser.signs_in(provider) == "/?refused=role"
    assert browser.account() is None


def test_the_last_administrator_is_not_demoted_by_a_claim(browser, provider, console):
    provider.person["groups"] = ["video-admins"]
    browser.signs_in(provider)
    provider.person["groups"] = ["video-ops"]

    assert browser.signs_in(provider) == "/?refused=role"
    assert console.store.accounts.get_account("mei").role is Role.ADMIN


def test_a_company_account_has_no_password_here(browser, provider, console, make_account, sign_in, http, server):
    browser.signs_in(provider)
    token = sign_in(make_account("anne"))

    for password in ("", "x" * 12):
        given = {"userName": "mei", "password": password}
        assert http.post(f"{server}/console/user/login", data=given).json()["code"] in ("400", "401")
    answer = console.call("resetPassword", {"userName": "mei"}, token)
    assert (answer["code"], answer["message"]) == (
        "409", "mei signs in with a company account, which has no password here.",
    )  # fmt: skip


def test_a_provider_that_is_not_the_one_that_was_named_is_refused(browser, provider, console):
    console.settings = replace(console.settings, oidc_issuer=f"{provider.issuer}/")
    console.company = CompanySignIn(console)

    assert browser.goes(BEGIN) == "/?refused=failed"


def test_a_provider_that_is_away_is_tried_again_after_a_while(browser, provider, console, clock):
    answers, provider.answer = provider.answer, lambda path: (503, {"error": "away"})
    assert browser.goes(BEGIN) == "/?refused=failed"
    provider.answer = answers
    assert browser.goes(BEGIN) == "/?refused=failed"
    clock.move(REFETCH_SECONDS)
    assert browser.signs_in(provider) == "/"


@pytest.mark.parametrize(
    "told",
    [
        {"token_endpoint": "http://[x/token"}, {"token_endpoint": "https://host:99999/token"},
        {"token_endpoint": "https://no-such-host.invalid/token"}, {"jwks_uri": "https://no-such-host.invalid/jwks"},
        {"jwks_uri": "{issuer}/.well-known/openid-configuration"}, {"authorization_endpoint": "https://[x/auth"},
    ],
)  # fmt: skip
def test_what_a_provider_says_of_itself_may_be_wrong(told, browser, provider):
    answers = provider.answer

    def answer(path):
        status, found = answers(path)
        wrong = {name: address.format(issuer=provider.issuer) for name, address in told.items()}
        return status, {**found, **wrong} if path.endswith("/openid-configuration") else found

    provider.answer = answer
    address = browser.goes(BEGIN)
    if address != "/?refused=failed":
        assert browser.goes(BACK, **provider.sign_in(address)) == "/?refused=failed"
    assert refused(browser)


def test_a_provider_whose_host_is_not_found_refuses_the_sign_in(browser, console, clock):
    clock.now = time.time()
    issuer = "https://no-such-host.invalid"
    console.settings = replace(console.settings, oidc_issuer=issuer, oidc_client_id=CLIENT, oidc_roles=ROLES)
    console.company = CompanySignIn(console)

    assert browser.goes(BEGIN) == "/?refused=failed"


def test_neither_codes_nor_secrets_are_in_the_log(browser, provider, caplog):
    caplog.set_level("DEBUG", "backend")
    provider.claims = {"aud": "another"}
    answer = provider.sign_in(browser.goes(BEGIN))
    browser.goes(BACK, **answer)

    assert "company sign-in refused: the id token is not accepted" in caplog.text
    assert f"issuer {provider.issuer}, requestId" in caplog.text
    for secret in (SECRET, answer["code"], answer["state"], provider.form["code_verifier"]):
        assert secret not in caplog.text


def test_without_a_provider_there_is_no_such_path(http, server, console):
    for path in (BEGIN, BACK):
        assert http.get(server + path, allow_redirects=False).status_code == 404
    assert console.call("getSignIn", {})["data"] == {"companyPath": ""}


def test_the_way_there_is_told(provider, console):
    assert console.call("getSignIn", {})["data"] == {"companyPath": BEGIN}
