"""What goes round every page: the tab's title, and nothing of Streamlit's own in another language than the reader's."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError, expect

from tests.browser.looks import EDGELESS, ENGLISH, FAINT, SMALL

pytestmark = pytest.mark.slow

NAMES = ["CSV", "PNG", "REST", "API", "Excel", "English", "admin", "Esc", "Ctrl"]
PHONE = {"width": 390, "height": 844}


@pytest.mark.slow
def test_streamlit_itself_speaks_the_readers_language_on_every_page(person, paths, clip):
    for path in paths:
        person.goes_to(path, **({"videoId": clip["videoId"]} if path == "/video" else {}))
        person.is_idle()

        expect(person.page.locator("html")).to_have_attribute("lang", "zh-CN")
        with suppress(TimeoutError):
            person.page.wait_for_function(f"names => !({ENGLISH})(names).length", arg=NAMES)
        assert person.page.evaluate(ENGLISH, NAMES) == [], path


def test_menus_and_the_lists_own_buttons_speak_it_too(person, clip):
    person.goes_to("/video", videoId=clip["videoId"])
    person.page.get_by_test_id("stMainMenuButton").click()
    menu = person.page.get_by_test_id("stMainMenuPopover")
    expect(menu).to_contain_text("跟随系统")
    expect(menu).to_contain_text("打印")
    expect(menu.get_by_text("Record screen")).to_be_hidden()
    expect(menu.get_by_text(re.compile("Made with Streamlit"))).to_be_hidden()
    person.page.keyboard.press("Escape")

    grid = person.page.get_by_test_id("stDataFrame").first  # of the renditions
    grid.hover()
    person.page.get_by_label(re.compile("^显示或隐藏列")).click()
    expect(person.page.get_by_test_id("stDataFrameColumnVisibilityMenu")).to_contain_text("全选")


def test_a_page_that_is_not_there_is_said_so_in_the_readers_language(person):
    person.page.goto(f"{person.url}/nothing")

    expect(person.dialog).to_contain_text("页面不存在")
    expect(person.dialog).not_to_contain_text("Running the app")
    person.complaints.clear()  # Streamlit looks for its own base path there


def test_the_texts_change_with_the_language(visitor):
    visitor.goes_to("/")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(visitor.page.get_by_test_id("stMainMenuButton")).to_have_attribute("aria-label", "主菜单")

    visitor.clicks("sign_in_language")

    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    expect(visitor.page.get_by_test_id("stMainMenuButton")).to_have_attribute("aria-label", "Main menu")


@pytest.mark.slow
def test_a_server_that_is_gone_is_told_in_the_readers_language(new_server, fresh_browser, new_person):
    with new_server() as server:
        person = new_person(fresh_browser("zh"), server.url, "zh")
        person.goes_to("/")
        person.enters()

        server.stop()

        expect(person.dialog).to_contain_text("连接已断开", timeout=60_000)
        expect(person.dialog).to_contain_text("页面会自动重新连接")
        person.complaints.clear()
        person.page.close()
        server.start()


def test_every_page_gives_the_tab_a_title_of_its_own(person, site):
    video = site.catalogue.add("雪_山*下")
    for path, title in (("/", "概览"), ("/history", "操作记录")):
        person.goes_to(path)
        expect(person.page).to_have_title(f"{title} · 趣视频控制台")

    person.goes_to("/video", videoId=video.video_id)

    expect(person.page).to_have_title("雪_山*下 · 趣视频控制台")


def test_on_a_phone_the_menu_closes_over_the_page_that_was_chosen(person):
    person.page.set_viewport_size(PHONE)
    person.goes_to("/")
    person.page.get_by_test_id("stExpandSidebarButton").click()
    link = person.page.get_by_test_id("stSidebarNavLink").filter(has_text=person.t("jobs.title"))
    expect(link).to_be_in_viewport()

    link.click()

    expect(person.part("page_head")).to_contain_text(person.t("jobs.title"))
    expect(link).not_to_be_in_viewport()


@pytest.mark.slow
def test_on_a_phone_everything_is_large_enough_for_a_finger(person, paths, clip, site):
    deleted = site.catalogue.add("小屏上的回收站")
    site.ask("deleteVideoById", videoId=deleted.video_id, userId=deleted.user.user_id)
    person.page.set_viewport_size(PHONE)
    for path in paths:
        person.goes_to(path, **({"videoId": clip["videoId"]} if path == "/video" else {}))
        person.is_idle()
        with suppress(TimeoutError):
            person.page.wait_for_function(f"() => !({SMALL})().length")
        assert person.page.evaluate(SMALL) == [], path


DIALOGS = [
    ("/videos", lambda person: person.clicks("upload")),
    ("/video", lambda person: person.clicks("do_block")),
    ("/video", lambda person: person.clicks("edit_open")),
    ("/accounts", lambda person: person.clicks("account_add")),
    ("/profile", lambda person: person.clicks("token_new")),
    ("/history", lambda person: person.clicks_on(person.row(0).get_by_role("button").first)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_dialogs_can_be_read_and_pressed_on_a_phone(site, member, clip, language, scheme):
    person = member(site.server, color_scheme=scheme, viewport=PHONE)
    for path, opens in DIALOGS:
        person.goes_to(path, **({"videoId": clip["videoId"]} if path == "/video" else {}))
        opens(person)
        expect(person.dialog).to_be_visible()
        person.is_idle()
        for looked_for in (FAINT, EDGELESS, SMALL):
            with suppress(TimeoutError):
                person.page.wait_for_function(f"() => !({looked_for})().length")
            assert person.page.evaluate(looked_for) == [], path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_phone_ones_own_menu_is_on_the_line_of_the_title(person):
    person.page.set_viewport_size(PHONE)
    person.goes_to("/recommendations")
    person.is_idle()
    title = person.part("page_head").get_by_role("heading").bounding_box()
    menu = person.button("person_menu").bounding_box()
    assert menu["y"] < title["y"] + title["height"] / 2 < menu["y"] + menu["height"]
