"""Accounts, sessions, API tokens and the history, as people see and click them."""

import itertools

import pytest
import requests
from playwright.sync_api import expect

from backend.auth.passwords import hash_password
from backend.auth.permissions import Role
from backend.model import Actor, User, Video
from tests.conftest import PASSWORD, TESTS

pytestmark = pytest.mark.slow

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def make_account(site):
    """Makes accounts with the password of all tests."""
    hashed = hash_password(PASSWORD)

    def make(role):
        name = f"{role}-{next(NUMBERS)}"
        site.catalogue.console.store.accounts.add_account(name, hashed, role, TESTS)
        return name

    return make


@pytest.fixture
def new_visitor(site, fresh_browser, new_person):
    """Opens browsers in which somebody signs in."""

    def open_for(name):
        visitor = new_person(fresh_browser("zh"), site.url, "zh")
        visitor.goes_to("/")
        visitor.enters(name)
        return visitor

    return open_for


def clicks_last_cell(person, key, row):
    person.clicks_on(person.part(key).locator("tbody tr").nth(row).get_by_role("button").last)


def names(person, key, column=1):
    return person.part(key).locator(f'tbody td[data-column="{column}"]')


def test_an_account_is_added_and_its_person_sees_what_the_role_allows(person, visitor):
    name = f"新同事-{next(NUMBERS)}"
    person.goes_to("/accounts")
    person.clicks("account_add")
    person.clicks_on(person.dialog.get_by_text(person.t("role.reviewer"), exact=True))
    person.field("account_name").fill(name)
    person.field("account_name").blur()  # Enter may confirm already
    person.clicks("account_do")
    person.is_told(person.t("done.account_added", name=name))
    password = person.dialog.locator("code").inner_text()
    person.clicks("account_seen")
    expect(names(person, "accounts").filter(has_text=name)).to_have_count(1)

    visitor.goes_to("/")
    visitor.enters(name, password)

    links = visitor.page.get_by_test_id("stTopNavLink")
    expect(links.filter(has_text=visitor.t("history.title"))).to_be_visible()
    expect(links.filter(has_text=visitor.t("accounts.title"))).to_have_count(0)
    visitor.goes_to("/accounts")
    expect(visitor.alert).to_contain_text(visitor.t("common.no_right"))
    expect(visitor.page.get_by_role("table")).to_have_count(0)
    visitor.goes_to("/videos")
    expect(visitor.button("do_approve")).to_be_visible()
    expect(visitor.part("do_delete")).to_have_count(0)
    expect(visitor.part("export")).to_have_count(0)


def test_an_app_cannot_sign_in_here(visitor, make_account):
    visitor.goes_to("/")

    visitor.signs_in(name=make_account(Role.APP))

    expect(visitor.alert).to_contain_text("供程序使用")
    visitor.is_out()


def test_a_token_is_made_used_and_revoked(site, person):
    name = f"每晚-{next(NUMBERS)}"
    person.goes_to("/videos")
    person.clicks("person_menu")
    person.picks(person.t("profile.title"))
    person.is_at("^/profile$")

    person.clicks("token_new")
    person.field("token_name").fill(name)
    person.field("token_name").blur()  # Enter may confirm already
    person.clicks("token_do")
    expect(person.dialog).to_contain_text(person.t("people.token_once"))
    token = person.dialog.locator("code").inner_text()
    person.clicks("token_seen")
    expect(names(person, "tokens").first).to_have_text(name)

    def code():
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{site.url}/console/vod/getVideos", params={"consoletoken": token}).json()["code"]

    assert code() == "200"
    person.goes_to("/profile")
    expect(names(person, "tokens", 4).first).not_to_have_text(person.t("people.never"))
    clicks_last_cell(person, "tokens", 0)
    person.is_told(person.t("done.token_revoked", name=name))
    assert code() == "403"


def test_a_session_ends_elsewhere(new_visitor, make_account):
    name = make_account(Role.MANAGER)
    here, there = new_visitor(name), new_visitor(name)
    there.goes_to("/profile")
    here.goes_to("/profile")
    expect(names(here, "sessions")).to_have_count(2)

    here.clicks("end_others")

    here.is_told(here.t("done.sessions_ended"))
    expect(names(here, "sessions")).to_have_count(1)
    there.clicks("password_do")
    there.is_out()


def test_a_password_is_changed(visitor, make_account):
    name = make_account(Role.ANALYST)
    visitor.goes_to("/")
    visitor.enters(name)
    visitor.goes_to("/profile")

    for key, text in (("old", PASSWORD), ("new", "another password"), ("again", "another password")):
        visitor.field(f"password_{key}").fill(text)
    visitor.clicks("password_do")

    visitor.is_told(visitor.t("done.password"))
    visitor.leaves()
    visitor.signs_in("another password", name)
    visitor.is_in()


def test_an_analyst_is_offered_nothing_that_would_be_refused(new_visitor, make_account, site):
    site.ask("pushObjectCache", objectPath="/media/nothing/0123456789/none.mp4")
    analyst = new_visitor(make_account(Role.ANALYST))

    analyst.goes_to("/prewarm")
    expect(analyst.page.get_by_test_id("stExpander").first).to_be_visible()
    expect(analyst.part("prewarm_do")).to_have_count(0)
    expect(analyst.page.get_by_role("textbox", name=analyst.t("prewarm.lines"))).to_have_count(0)
    analyst.goes_to("/jobs")
    expect(analyst.page.get_by_text(analyst.t("common.retry"))).to_have_count(0)


def test_the_history_reads_as_sentences_even_of_what_this_version_does_not_know(site, person):
    who = f"未来-{next(NUMBERS)}"
    actor = Actor(who, "rest", "192.0.2.44", "request-2")
    after = {"filter": {"title": "猫"}, "censorStatus": "success", "size": 5_600_000, "columns": ["title", "size"]}
    site.catalogue.console.store.history.record(at=1, actor=actor, action="foldVideo", target="v1", after=after)

    person.goes_to("/history", h_user=who)

    expect(names(person, "h_table", 2)).to_have_text(["其他操作（foldVideo）"])
    expect(names(person, "h_table", 5)).to_have_text(["筛选条件：标题 猫，审核：已通过，大小：5.6 MB，列：title, size"])


def test_the_history_is_narrowed_and_a_line_tells_everything(site, person):
    who = f"编辑-{next(NUMBERS)}"
    actor = Actor(who, "rest", "192.0.2.44", "request-1", "nightly")
    store = site.catalogue.console.store
    made = store.catalogue.add_video(Video(who, "从前的标题", User("1", "Anne"), created=1), TESTS)
    store.catalogue.edit_video(made.video_id, {"title": "现在的标题"}, actor)
    store.catalogue.delete_video(made.video_id, "1", actor)
    person.goes_to("/history")

    person.field("h_user").fill(who)

    expect(names(person, "h_table", 2)).to_have_text([person.t("did.deleteVideoById"), person.t("did.editVideo")])
    person.is_at(f"h_user={who}")
    person.clicks_on(person.part("h_action"))
    person.picks(person.t("did.editVideo"))
    expect(names(person, "h_table", 2)).to_have_text([person.t("did.editVideo")])
    expect(names(person, "h_table", 5)).to_have_text(["标题由“从前的标题”改为“现在的标题”"])
    clicks_last_cell(person, "h_table", 0)
    for told in (f"{who} (nightly)", "192.0.2.44", "request-1", "从前的标题", "现在的标题"):
        expect(person.dialog).to_contain_text(told)


def test_whoever_writes_a_program_finds_the_documentation_beside_the_tokens(person):
    for path in ("/profile", "/accounts"):
        person.goes_to(path)
        with person.page.context.expect_page() as opened:
            person.page.get_by_role("link", name=person.t("people.docs")).click()
        expect(opened.value.locator("#uploadVideo")).to_be_visible()
        opened.value.close()
