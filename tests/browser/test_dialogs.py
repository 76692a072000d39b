"""What every dialog does with the keyboard: its first field has the cursor, and no letter gets past it to the page."""

from __future__ import annotations

from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError, expect

from backend.model import FileKind, MediaFile
from tests.browser.looks import BRIGHTNESS, FAINT

TRIES_MS = 600  # within which a page that runs nothing tries to confirm


@pytest.fixture
def waiting(site, person):
    """Two videos that wait for review; the person is at the first."""
    files = (MediaFile(FileKind.COMMON, "a.mp4", 1, 320, 180),)
    videos = [site.catalogue.add(f"键盘 {age}", age=-2000 - age, files=files) for age in (2, 1)]
    person.page.route("**/media/**", lambda route: route.fulfill(status=200, body=""))
    person.goes_to("/video", videoId=videos[0].video_id)
    expect(person.button("next")).to_be_visible()
    yield videos
    for video in videos:
        site.ask("deleteVideoById", videoId=video.video_id, userId=video.user.user_id)


def test_a_reason_is_typed_at_once_after_the_letter_that_asks_for_it_and_none_is_not_confirmed(person, waiting):
    person.presses("b", person.dialog)
    reason = person.dialog.get_by_label(person.t("block.reason"), exact=True)
    expect(reason).to_be_focused()
    person.page.keyboard.press("Enter")
    person.is_idle()
    expect(person.dialog).to_be_visible()
    expect(person.button("confirm_yes")).to_be_disabled()

    person.page.keyboard.type("ban")

    expect(reason).to_have_value("ban")
    expect(person.dialog).to_contain_text(person.t("confirm_one.block"))
    expect(person.dialog).to_contain_text(waiting[0].title)
    expect(person.button("confirm_yes")).to_be_enabled()


@pytest.mark.parametrize(
    "opened", ["b", *(pytest.param(one, marks=pytest.mark.slow) for one in ("do_recommend", "edit_open"))]
)
def test_while_a_dialog_is_open_no_letter_reaches_the_page(person, waiting, site, opened):
    if opened == "do_recommend":
        site.ask("createAudit", mediaId=waiting[0].video_id, status="Normal")
        person.goes_to("/video", videoId=waiting[0].video_id)
    if len(opened) == 1:
        person.presses(opened, person.dialog)
    else:
        person.clicks(opened)
    expect(person.dialog).to_be_visible()
    title = person.dialog.get_by_role("heading").first.text_content()
    person.dialog.get_by_role("heading").first.click()  # no field has the cursor

    for key in "nab":
        person.page.keyboard.press(key)
    person.is_idle()

    expect(person.dialog).to_have_count(1)
    expect(person.dialog.get_by_role("heading").first).to_have_text(title)
    person.is_at(f"videoId={waiting[0].video_id}$")
    person.page.keyboard.press("Escape")
    expect(person.dialog).to_be_hidden()
    if opened == "b":  # and then it does again
        person.presses("n", person.part("page_head").filter(has_text=waiting[1].title))


@pytest.mark.parametrize(("path", "opened"), [("/accounts", "account_add"), ("/profile", "token_new")])
def test_every_dialog_puts_the_cursor_into_its_first_field(person, path, opened):
    person.goes_to(path)

    person.clicks(opened)

    expect(person.dialog.locator("input").first).to_be_focused()


@pytest.mark.slow
def test_a_letter_typed_before_the_dialog_is_there_does_nothing_to_another_video(person, waiting):
    person.presses("b", person.dialog)
    person.page.keyboard.press("Escape")
    expect(person.dialog).to_be_hidden()
    person.is_idle()

    person.page.keyboard.type("bna")

    expect(person.dialog).to_contain_text(person.t("confirm_one.block"))
    expect(person.dialog).to_contain_text(waiting[0].title)
    person.is_idle()
    expect(person.part("page_head")).to_contain_text(waiting[0].title)


# Keys that reach the page while a run is under way, after it, in the run of the first key, and when all is over.
KEYS = """async () => {
    const app = document.querySelector('[data-test-script-state]'), reached = [];
    const listen = event => reached.push(event.key);
    const press = key => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    const becomes = state => {
        app.dataset.testScriptState = state;
        return new Promise(done => setTimeout(done, 200));
    };
    document.addEventListener('keydown', listen);
    await becomes('running');
    press('1');
    await new Promise(done => setTimeout(done));
    becomes('notRunning');
    await Promise.resolve();
    press('2');
    await becomes('running');
    press('3');
    await becomes('notRunning');
    press('4');
    document.removeEventListener('keydown', listen);
    return reached.join('');
}"""


def test_keys_wait_for_the_run_of_the_last_one_also_where_another_run_ends_first(person, waiting):
    person.is_idle()

    assert person.page.evaluate(KEYS) == "14"


def test_who_types_on_after_enter_confirms_nothing(person, waiting):
    person.presses("b", person.dialog)
    reason = person.dialog.get_by_label(person.t("block.reason"), exact=True)
    expect(reason).to_be_focused()

    person.page.keyboard.press("Enter")
    person.page.keyboard.type("ban")

    expect(person.button("confirm_yes")).to_be_enabled()
    person.page.wait_for_timeout(TRIES_MS)
    person.is_idle()
    expect(person.dialog).to_be_visible()
    expect(reason).to_have_value("ban")


@pytest.mark.slow
def test_a_button_that_rests_says_what_it_would_do(person, waiting):
    person.clicks("do_block")

    expect(person.button("confirm_yes")).to_be_disabled()

    for colours, is_bright in (("light", "> 200"), ("dark", "< 60")):
        person.page.emulate_media(color_scheme=colours)
        person.page.wait_for_function(f"() => ({BRIGHTNESS})() {is_bright}")
        with suppress(TimeoutError):
            person.page.wait_for_function(f"() => !({FAINT})(2).length", timeout=20_000)
        assert person.page.evaluate(FAINT, 2) == [], colours


def test_enter_confirms_what_was_typed_into_one_line_once_no_word_is_being_composed(person, waiting, site):
    person.presses("b", person.dialog)
    reason = person.dialog.get_by_label(person.t("block.reason"), exact=True)
    expect(reason).to_be_focused()
    person.page.keyboard.type("ban")
    expect(person.button("confirm_yes")).to_be_enabled()
    reason.evaluate(
        "field => field.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, keyCode: 229, bubbles: true}))"
    )
    person.page.keyboard.type("ned")
    expect(reason).to_have_value("banned")

    person.page.keyboard.press("Enter")

    expect(person.dialog).to_be_hidden()
    person.is_told(person.t("done.block", count=1))
    video = site.ask("getVideoById", videoId=waiting[0].video_id)
    assert video["censorStatus"] == "fail"
    assert site.ask("getHistory", videoId=waiting[0].video_id)[0]["after"]["reason"] == "banned"


# The next click does not arrive, and the page reruns by itself just then.
DROP_CLICK = """() => addEventListener('click', event => {
    event.stopImmediatePropagation();
    const app = document.querySelector('[data-test-script-state]'), state = app.dataset.testScriptState;
    app.dataset.testScriptState = 'running';
    setTimeout(() => { app.dataset.testScriptState = state; }, 50);
}, { capture: true, once: true })"""


def test_a_confirmation_that_the_page_drops_is_made_again_once(person, waiting, site):
    person.presses("b", person.dialog)
    expect(person.dialog.get_by_label(person.t("block.reason"), exact=True)).to_be_focused()
    person.page.keyboard.type("x")
    expect(person.button("confirm_yes")).to_be_enabled()  # all of the text was taken in, so no other run will follow
    person.page.evaluate(DROP_CLICK)

    person.page.keyboard.press("Enter")

    expect(person.dialog).to_be_hidden()
    person.is_told(person.t("done.block", count=1))
    history = site.ask("getHistory", videoId=waiting[0].video_id)
    assert [line["action"] for line in history].count("createAudit") == 1


def test_a_click_that_meets_a_report_of_the_player_is_not_lost(person, waiting, site):
    person.presses("b", person.dialog)
    expect(person.dialog.get_by_label(person.t("block.reason"), exact=True)).to_be_focused()
    person.page.keyboard.type("x")
    expect(person.button("confirm_yes")).to_be_enabled()
    note = person.part("watch").locator(".note button")
    note.evaluate("button => { window.again = button; }")

    person.button("confirm_yes").evaluate("confirm => { window.again.click(); confirm.click(); }")

    expect(person.dialog).to_be_hidden()
    person.is_told(person.t("done.block", count=1))
    history = site.ask("getHistory", videoId=waiting[0].video_id)
    assert [line["action"] for line in history].count("createAudit") == 1


def test_enter_confirms_a_dialog_without_fields(person, waiting, site):
    person.presses("a", person.dialog)
    expect(person.button("confirm_yes")).to_be_focused()

    person.page.keyboard.press("Enter")

    expect(person.dialog).to_be_hidden()
    assert site.ask("getVideoById", videoId=waiting[0].video_id)["censorStatus"] == "success"
