"""Signing in and out: who gets in, how long it lasts, and where it ends."""

from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError, expect

from backend.errors import WrongCredentials
from backend.i18n.messages import say

SESSION = "qu_session"


def cookies(person):
    return {cookie["name"]: cookie for cookie in person.page.context.cookies()}


@pytest.mark.parametrize("language", ["en"])
def test_a_wrong_password_is_said_to_be_wrong_and_opens_nothing(visitor, language):
    visitor.goes_to("/")

    visitor.signs_in("wrong horse battery")

    expect(visitor.alert).to_contain_text(say(WrongCredentials("The user name or the password is wrong."), language))
    visitor.is_out()
    assert SESSION not in cookies(visitor)


def test_the_right_password_opens_and_lasts_over_a_reload_and_in_a_new_tab(visitor, site, new_person):
    visitor.goes_to("/")
    expect(visitor.button("sign_in_do")).to_have_text(visitor.t("sign_in.do"))

    visitor.enters()

    expect(visitor.part("page_head")).to_contain_text(visitor.t("overview.title"))
    visitor.page.reload()
    visitor.is_in()

    other_tab = new_person(visitor.page.context, site.url, "zh")
    other_tab.goes_to("/recommendations")

    other_tab.is_in()
    cookie = cookies(visitor)[SESSION]  # which no script can read
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert SESSION not in other_tab.page.evaluate("document.cookie")


@pytest.mark.slow
def test_a_sign_in_outlives_the_server(new_server, fresh_browser, new_person):
    with new_server() as server:
        context = fresh_browser("zh")
        before = new_person(context, server.url, "zh")
        before.goes_to("/")
        before.enters()
        before.page.close()

        server.stop()
        server.start()

        after = new_person(context, server.url, "zh")
        after.goes_to("/prewarm")

        after.is_in()


def test_a_deep_link_survives_the_sign_in(visitor, site):
    video = site.catalogue.add("深山里的信")
    visitor.goes_to("/video", videoId=video.video_id)
    visitor.is_out()

    visitor.enters()

    expect(visitor.part("page_head")).to_contain_text("深山里的信")
    visitor.is_at(f"^/video\\?videoId={video.video_id}$")


def test_signing_out_ends_every_tab_and_takes_the_cookie_away(visitor, site, new_person):
    visitor.goes_to("/")
    visitor.enters()
    other_tab = new_person(visitor.page.context, site.url, "zh")
    other_tab.goes_to("/videos")
    other_tab.is_in()

    visitor.page.bring_to_front()
    visitor.leaves()

    visitor.is_at("^/$")
    assert SESSION not in cookies(visitor)
    with suppress(TimeoutError):  # its list may look again before anybody types, and does so in the end
        other_tab.field("v_title").fill("猫", timeout=2_000)
    other_tab.is_out()
    expect(other_tab.alert).to_contain_text(other_tab.t("sign_in.ended"))
    expect(visitor.alert).to_have_count(0)  # they know that they left
    other_tab.goes_to("/videos")
    other_tab.is_out()


def test_the_chosen_language_stays(visitor):
    visitor.goes_to("/")

    visitor.clicks("sign_in_language")

    expect(visitor.button("sign_in_do")).to_have_text("Sign in")
    visitor.page.wait_for_function("() => document.cookie.includes('qu_language=en')")
    visitor.page.reload()
    expect(visitor.button("sign_in_do")).to_have_text("Sign in")
