"""The table of a list: its order, its keyboard, what is ticked over many pages, and what changes under one's eyes."""

import csv
import io
import signal

import pytest
from playwright.sync_api import expect

from backend.auth.passwords import hash_password
from backend.auth.permissions import Role
from tests.browser.looks import ONLY_SHORT_INTERVALS, SHOWN_WHOLE
from tests.conftest import PASSWORD, TESTS

MAX_SHIFT = 0.1
SHIFTS = """
    window.shifted = 0;
    let [first, last, sum] = [-Infinity, -Infinity, 0];
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) {
            if (entry.hadRecentInput) continue;
            if (entry.startTime - last > 1000 || entry.startTime - first > 5000) [first, sum] = [entry.startTime, 0];
            [last, sum] = [entry.startTime, sum + entry.value];
            window.shifted = Math.max(window.shifted, sum);
        }
    }).observe({ type: "layout-shift", buffered: true });
"""
# On a slow machine the connection may count as lost before what was typed is sent: that is told as well.
FADED_OR_CUT_OFF = """rows => getComputedStyle(rows).opacity === "0.35"
    || document.querySelector('[role="dialog"]') !== null"""
FOCUSED = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at?.dataset?.focus ?? "";
}"""


@pytest.fixture
def some(site, request):
    """Adds videos with a word of this test in their titles, and returns the word and the titles, newest first."""

    def make(count, **values):
        word = f"表{abs(hash(request.node.nodeid)) % 10**8:08}"
        titles = [f"{word} {number:02}" for number in range(count)]
        for number, title in enumerate(titles):
            each = {name: value(number) for name, value in values.items()}
            site.catalogue.add(title, age=number, **each)
        return word, titles

    return make


def header(person, key):
    return person.page.get_by_role("columnheader").get_by_role("button", name=person.t(key), exact=True)


def test_a_column_header_sorts_the_whole_list_not_the_page(person, some):
    word, titles = some(12, duration=lambda number: 60.0 if number == 11 else 9.0 + number)
    person.goes_to("/videos", v_title=word, v_page_size="10")
    person.sees(*titles[:10])

    person.clicks_on(header(person, "column.duration"))

    person.is_at("v_sort=-duration")
    expect(person.column(2).first).to_have_text(titles[11])
    expect(person.column(2)).to_have_count(10)
    person.clicks_on(header(person, "column.duration"))
    person.is_at("v_sort=duration")
    expect(person.column(2).first).to_have_text(titles[0])
    expect(person.page.get_by_role("columnheader", name=person.t("column.duration"))).to_have_attribute(
        "aria-sort", "ascending"
    )
    with person.page.expect_download() as download:
        person.clicks("export")
    _, *rows = csv.reader(io.StringIO(download.value.path().read_bytes().decode("utf-8-sig")))
    assert [row[2] for row in rows] == titles


def tabs_to(person, focus):
    """Press Tab until that has the focus."""
    for _ in range(60):
        person.page.keyboard.press("Tab")
        if person.page.evaluate(FOCUSED) == focus:
            return
    raise AssertionError(f"Tab never leads to {focus}")


def test_a_video_and_its_menu_are_reached_by_the_keyboard_alone(person, some, site):
    word, titles = some(2)
    video_id = site.ask("getVideos", title=titles[1])["videoList"][0]["videoId"]
    person.goes_to("/videos", v_title=word)
    person.sees(*titles)

    tabs_to(person, f"tick {video_id}")
    person.page.keyboard.press("Space")
    person.has_ticked(1)
    tabs_to(person, f"menu {video_id}")
    person.page.keyboard.press("Enter")
    person.page.keyboard.press("ArrowDown")
    person.page.keyboard.press("Enter")

    expect(person.dialog).to_contain_text(titles[1])
    expect(person.dialog).to_contain_text(person.t("block.reason"))
    person.page.keyboard.press("Escape")
    expect(person.dialog).to_be_hidden()
    tabs_to(person, f"link {video_id}")
    person.page.keyboard.press("Enter")
    expect(person.part("page_head")).to_contain_text(titles[1])


def test_what_is_ticked_stays_ticked_on_other_pages_until_it_is_cleared(person, some):
    word, titles = some(14)
    person.page.add_init_script(ONLY_SHORT_INTERVALS)  # a refresh that meets the new order brings the old page with it
    person.goes_to("/videos", v_title=word, v_page_size="10")
    person.ticks(0, 3)

    person.turns_to("v_page", 2)
    person.sees(*titles[10:])
    person.row(1).get_by_role("checkbox").check()
    person.has_ticked(3)
    expect(person.part("toolbar")).to_contain_text(person.t("videos.elsewhere", count=2))
    person.clicks_on(header(person, "column.title"))
    person.sees(*titles[:10])
    person.has_ticked(3)
    expect(person.row(3).get_by_role("checkbox")).to_be_checked()

    person.clicks("do_block")
    for number in (0, 3, 11):
        expect(person.dialog).to_contain_text(titles[number])
    person.clicks("confirm_no")
    person.clicks("v_untick")
    person.has_ticked(0)
    expect(person.button("do_block")).to_be_disabled()
    person.page.close()


def test_a_transcode_that_ends_is_seen_without_losing_what_one_does(person, some, site):
    word, titles = some(2, transcode_status=lambda number: "onTranscode" if number else "")
    person.goes_to("/videos", v_title=word)
    person.sees(*titles)
    person.ticks(0)
    person.clicks("do_block")
    person.field("block_reason").fill("还没写完")

    with site.catalogue.console.store.engine.writing() as db:
        db.execute("update videos set transcode_status = 'fail' where title = ?", [titles[1]])

    expect(person.column(6)).to_have_text(["", person.t("status.fail")])
    expect(person.field("block_reason")).to_have_value("还没写完")
    person.clicks("confirm_no")
    person.has_ticked(1)


def test_rows_that_may_be_old_say_so_when_the_server_does_not_answer(person, site):
    person.goes_to("/videos")
    rows = person.part("rows").locator("> *").first
    expect(rows).to_have_css("opacity", "1")
    person.field("v_title").click()
    expect(person.field("v_title")).to_be_focused()
    site.server.process.send_signal(signal.SIGSTOP)
    try:
        person.field("v_title").press_sequentially("没有", delay=100)  # as a person does

        person.waits_until(rows, FADED_OR_CUT_OFF)
    finally:
        site.server.process.send_signal(signal.SIGCONT)
    expect(person.alert).to_contain_text(person.t("filter.none"))


def test_who_may_only_look_has_nothing_to_tick(site, member):
    site.catalogue.console.store.accounts.add_account("looks", hash_password(PASSWORD), Role.ANALYST, TESTS)
    person = member(site.server, "/videos", "looks", reads="en")
    for path in ("/videos", "/recommendations?r_view=list"):
        if path != "/videos":
            person.goes_to(path)
        if path == "/videos":
            expect(person.column(2).first).to_be_visible()
        expect(person.page.get_by_role("checkbox")).to_have_count(0)
        expect(person.part("toolbar").get_by_role("button")).to_have_count(0)
        expect(person.page.locator(".do button")).to_have_count(0)


@pytest.mark.slow
def test_a_page_that_no_list_has_shows_one_that_it_has(person, some):
    word, titles = some(12)

    for number in ("99999999999999999999", "-3", "二"):
        person.goes_to("/videos", v_title=word, v_page_size="10", v_page=number)
        person.sees(*(titles[10:] if len(number) > 9 else titles[:10]))

    person.turns_to("v_page", 2)
    person.sees(*titles[10:])


def test_an_id_is_found_with_the_blanks_it_was_pasted_with(person, some, site):
    word, (title,) = some(1)
    video_id = site.ask("getVideos", title=word)["videoList"][0]["videoId"]

    person.goes_to("/videos", v_vid=f"\t {video_id}\t\n")

    person.sees(title)


@pytest.mark.parametrize("path", ["/videos", "/recommendations?r_view=list"])
def test_a_list_does_not_jump_while_it_comes(person, some, path):
    some(25, recommended=lambda number: True)
    person.page.add_init_script(f"{SHIFTS}; {SHOWN_WHOLE}")

    person.goes_to(path)
    expect(person.column(2)).to_have_count(20)
    person.is_idle()
    person.page.wait_for_load_state("networkidle")

    assert person.page.evaluate("window.shifted") < MAX_SHIFT
    person.page.close()


def test_all_of_a_row_is_in_sight_on_a_small_screen_and_a_title_says_where_it_is_cut(person, site):
    site.catalogue.add("省略号 " + "很长的标题" * 20)
    person.page.set_viewport_size({"width": 1024, "height": 768})
    person.goes_to("/videos", v_title="省略号")
    expect(person.column(2)).to_have_count(1)

    menu = person.row(0).locator(".do button").bounding_box()
    assert menu["x"] + menu["width"] <= 1024
    link = person.row(0).get_by_role("link")
    expect(link).to_have_css("text-overflow", "ellipsis")
    expect(link).to_have_attribute("title", "省略号 " + "很长的标题" * 20)
    assert link.evaluate("link => link.scrollWidth > link.clientWidth")
    person.opens_menu_of(0)


def test_all_that_match_are_acted_on_in_one_go_and_what_was_not_done_is_named(person, some, site):
    word, titles = some(60)
    other = site.catalogue.add("与此无关的一个")
    person.goes_to("/videos", v_title=word, v_page_size="10")
    person.sees(*titles[:10])
    person.page.get_by_label(person.t("table.all")).check()
    person.has_ticked(10)

    person.clicks("v_tick_all")
    person.has_ticked(60)
    late = site.catalogue.add(f"{word} 后来的")
    gone = site.ask("getVideos", title=titles[42])["videoList"][0]
    site.ask("deleteVideoById", videoId=gone["videoId"], userId=gone["user"]["userId"])
    person.clicks("do_block")
    expect(person.dialog).to_contain_text(person.t("confirm.block", count=60))
    person.field("block_reason").fill("整批")
    person.clicks("confirm_yes")

    expect(person.dialog).to_contain_text(titles[42])
    expect(person.dialog).to_contain_text(person.t("did.deleteVideoById"))
    person.clicks("confirm_no")
    person.is_told(person.t("done.block", count=59))
    assert site.ask("getVideos", title=word, censorStatus="fail")["total"] == 59
    assert site.ask("getVideoById", videoId=late.video_id)["censorStatus"] == "check"
    assert site.ask("getVideoById", videoId=other.video_id)["censorStatus"] == "check"
    person.has_ticked(1)
