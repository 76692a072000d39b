"""The review desk when something happens that nobody at it wanted: nothing is decided unseen, and nothing is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.model import CensorStatus, User
from backend.model.technical_flags import Finding, Measurement, Span, TechnicalFlag
from tests.browser.desk import PASSWORD, Held

pytestmark = pytest.mark.slow
UNREAD_MS = 750  # a key that comes sooner after a question is no answer
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"  # the desk renews its leases
KEEPS_NOTHING = "() => sessionStorage['qu-review-acts anne'] === '[]'"
TAPS = """async (button) => {
  for (let tap = 0; tap < 5; tap += 1) { // not counted as a series, as browsers do not count each tap of a finger
    button.dispatchEvent(new MouseEvent("click", { detail: 1, bubbles: true, composed: true }));
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
}"""
# Presses u, and again as soon as that is told: whoever tests may take longer to see it than a key is too soon for.
UNDO_UNREAD = """(root, words) => new Promise((done) => {
  const press = () => document.body.dispatchEvent(
    new KeyboardEvent("keydown", { key: "u", code: "KeyU", bubbles: true }));
  const watcher = new MutationObserver(() => {
    if (!root.querySelector(".told").textContent.includes(words)) return;
    watcher.disconnect();
    press();
    done();
  });
  watcher.observe(root, { subtree: true, childList: true, characterData: true });
  press();
})"""
NOTE_PLAYS = """() => {
  const { play } = HTMLMediaElement.prototype;
  window.plays = [];
  HTMLMediaElement.prototype.play = function () {
    plays.push(this.closest("article").querySelector("h3").textContent);
    return play.call(this);
  };
}"""


def test_a_server_that_crashed_leaves_the_clip_on_the_screen(server, waiting, desk_of):
    ids = waiting("崩溃前", "屏幕上", "之后")
    desk = desk_of()
    desk.shows("崩溃前")
    desk.presses("a")
    desk.shows("屏幕上")
    desk.has_done(1)
    shown = desk.clip.element_handle()
    connected = desk.page.locator("[data-test-connection-state=CONNECTED]")
    server.crash()
    expect(connected).to_have_count(0)
    server.start()
    expect(connected).to_have_count(1)
    desk.person.is_idle()
    desk.looks()
    assert shown.is_visible()
    desk.presses("a")

    desk.shows("之后")
    desk.has_done(2)
    assert [one["videoId"] for one in server.ask("getReviewLeases")["leaseList"]] == ids[2:]
    desk.presses("u")
    desk.shows("屏幕上")
    desk.presses("u")
    desk.shows("崩溃前")
    desk.person.complaints.clear()  # that the server was away


def test_somebody_else_who_signs_in_in_the_tab_reviews_under_their_own_name(server, waiting, desk_of):
    ids = waiting("安妮的", "鲍勃的")
    desk = desk_of("anne")
    desk.shows("安妮的")
    for session in server.ask("getSessions", userName="anne"):
        server.ask("endSession", sessionId=session["sessionId"])
    desk.presses("a")
    desk.is_told(desk.person.t("desk.ended", number=1))
    desk.person.clicks("review_figures")
    desk.person.enters("bob", PASSWORD)
    expect(desk.person.dialog).to_be_visible()  # what was clicked
    desk.presses("Escape")
    expect(desk.person.dialog).to_have_count(0)

    desk.shows("安妮的")
    desk.presses("b", "1")
    desk.shows("鲍勃的")
    desk.has_done(1)
    history = server.ask("getHistory", videoId=ids[0])
    assert {line["userName"] for line in history if line["action"] == "createAudit"} == {"bob"}


def test_what_is_being_typed_does_not_decide_about_the_next_clip(server, waiting, desk_of):
    ids = waiting("写到一半", "没看过")
    desk = desk_of()
    desk.shows("写到一半")
    desk.presses("b", "e")
    desk.page.keyboard.type("bad ")
    server.ask("createAudit", mediaId=ids[0], status="Normal")
    desk.page.evaluate(LOOK_AGAIN)
    expect(desk.clip.get_by_role("heading")).to_have_text("没看过")
    desk.looks()
    desk.page.keyboard.type("samba", delay=60)

    desk.shows("没看过")
    assert server.ask("getVideoById", videoId=ids[1])["censorStatus"] == "check"
    desk.has_done(0)


def test_two_undos_in_a_row_bring_both_clips_back(waiting, desk_of):
    waiting("先", "后", "现在")
    desk = desk_of()
    desk.shows("先")
    desk.presses("a")
    desk.shows("后")
    desk.presses("a")
    desk.shows("现在")
    desk.has_done(2)
    held = Held(desk.page, "undoReview")
    desk.presses("u", "u")
    held.comes()
    held.let_go()

    desk.shows("先")
    desk.has_done(0)


def test_a_late_answer_brings_no_decided_clip_back(reviews, waiting, desk_of):
    waiting("早一", "早二")
    desk = desk_of()
    desk.shows("早一")
    reviews[1].add("迟到", censor_status=CensorStatus.CHECK)
    late = Held(desk.page, "takeReview", answered=True)
    desk.page.evaluate(LOOK_AGAIN)
    late.comes()
    desk.presses("a")
    desk.shows("早二")
    desk.presses("a")
    desk.shows("迟到")
    desk.presses("a")
    desk.has_done(3)
    with desk.page.expect_response("**/takeReview"):
        late.let_go()

    desk.looks()
    desk.is_empty(desk.person.t("desk.all_done"))


def test_a_clip_that_did_not_load_plays_once_its_file_can_be_had(server, desk_of, waiting, small_clip):
    waiting()
    desk = desk_of("anne")
    is_cut = True

    def cut(route):
        route.abort() if is_cut and route.request.resource_type == "media" else route.fallback()

    desk.page.route("**/*", cut)
    server.ask("uploadVideo", file=small_clip, title="慢慢来")
    desk.shows("慢慢来")
    expect(desk.clip.locator(".nothing")).to_be_visible()
    is_cut = False

    expect(desk.clip.locator(".nothing")).to_be_hidden()
    expect(desk.clip.locator("video")).to_have_js_property("paused", False)
    desk.presses("b", "1")
    desk.has_done(1)
    desk.person.complaints.clear()  # that the file was away


def test_closing_the_tab_asks_first_while_a_decision_is_not_stored(waiting, desk_of):
    waiting("没存")
    desk = desk_of()
    desk.shows("没存")
    desk.page.context.set_offline(True)
    desk.presses("a")
    desk.is_told(desk.person.t("desk.offline", number=1))

    with desk.page.expect_event("dialog") as asked:
        desk.page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()

    desk.page.context.set_offline(False)
    desk.has_done(1)
    desk.person.complaints.clear()  # that the network was away


def test_by_tab_and_enter_alone_one_clip_after_the_other_is_judged(waiting, desk_of):
    waiting("键一", "键二", "键三", "键四")
    desk = desk_of()
    desk.shows("键一")
    desk.root.locator(".acts .approve").focus()
    desk.presses("Enter")
    desk.shows("键二")
    desk.presses("Enter")
    desk.shows("键三")
    desk.presses("Tab", "Enter")
    desk.root.locator(".reason").first.focus()
    desk.presses("Enter")
    desk.shows("键四")
    desk.presses("Shift+Tab", "Enter")
    desk.has_done(4)


def test_titles_are_shown_as_they_are_written(server, waiting, desk_of):
    ids = waiting("$& {reason} $'", "מילה 12 שלום", "第三")
    server.ask("createAudit", mediaId=ids[0], status="Blocked", reason="$1 侵权")
    desk = desk_of()
    desk.shows("מילה 12 שלום")
    expect(desk.clip.get_by_role("heading")).to_have_css("direction", "rtl")
    desk.presses("a")
    desk.shows("第三")
    said = desk.person.t("desk.blocked_for", title="$& {reason} $'", reason="$1 侵权")
    expect(desk.clip.locator(".uploader")).to_contain_text(said)


def test_nothing_plays_by_itself_that_flashes_or_is_from_an_uploader_blocked_for_the_worst(reviews, waiting, desk_of):
    server, catalogue = reviews
    worst = next(one for one in server.ask("getReviewReasons")["reasonList"] if one["sensitive"])
    waiting()
    bad, good = User("2001", "坏人"), User("2002", "好人")
    titles = {"最坏": bad, "别人的": good, "同一人的": bad, "闪烁的": good, "又是别人的": good}
    for age, (title, user) in enumerate(titles.items()):
        video = catalogue.add(title, age=9 - age, user=user, censor_status=CensorStatus.CHECK)
        if title == "最坏":
            server.ask("createAudit", mediaId=video.video_id, status="Blocked", reasonCode=worst["code"])
        if title == "闪烁的":
            flashing = Finding(TechnicalFlag.FLASHING, 2.0, (Span(3.0, 5.0),))
            catalogue.console.store.technical_flags.keep(video.video_id, Measurement(12.5, (flashing,), badness=13.0))
    desk = desk_of("bob")
    desk.shows("别人的")
    desk.page.evaluate(NOTE_PLAYS)
    desk.presses("a")
    desk.shows("同一人的")
    desk.presses("a")
    desk.shows("闪烁的")
    expect(desk.clip.locator(".flags")).to_contain_text(desk.person.t("desk.flashes"))
    expect(desk.clip.locator(".part")).to_have_text("0:03–0:05")
    expect(desk.clip.locator(".why")).to_have_text(desk.person.t("desk.flashes"))
    desk.page.set_viewport_size({"width": 390, "height": 844})  # where the facts lie below the buttons
    badge = desk.root.locator(".alert", has_text=desk.person.t("flag.flashing"))
    expect(badge).to_be_in_viewport(ratio=1)
    badge.click()
    expect(desk.clip.locator(".flags")).to_be_in_viewport(ratio=1)
    desk.presses("a")
    desk.shows("又是别人的")
    desk.has_done(3)
    assert set(desk.page.evaluate("plays")) == {"又是别人的"}


def test_what_was_decided_before_a_reload_is_undone_too_but_not_by_a_duplicated_tab(server, waiting, desk_of):
    ids = waiting("载一", "载二", "载三")
    desk = desk_of()
    desk.shows("载一")
    desk.presses("a")
    desk.shows("载二")
    desk.presses("b", "1")
    desk.has_done(2)
    desk.opens()
    with desk.page.expect_popup() as opened:  # with a copy of what this tab keeps
        desk.page.evaluate("open('/review')")
    expect(opened.value.locator(".desk .empty")).to_be_visible()
    opened.value.wait_for_function(KEEPS_NOTHING)
    opened.value.close()

    desk.shows("载三")
    desk.presses("u")
    desk.shows("载二")
    desk.presses("u")
    desk.shows("载一")
    desk.has_done(0)
    desk.presses("a")
    desk.has_done(1)
    assert [server.ask("getVideoById", videoId=one)["censorStatus"] for one in ids] == ["success", "check", "check"]


def test_a_new_tab_undoes_what_was_decided_elsewhere_only_after_it_was_named(server, waiting, desk_of):
    ids = waiting("同事判的", "二", "三", "四", "自己的")
    colleague = desk_of("anne")
    colleague.shows("同事判的")
    colleague.presses("b", "1")
    colleague.has_done(1)
    desk = desk_of("anne")
    desk.shows("自己的")

    desk.root.evaluate(UNDO_UNREAD, "同事判的")
    desk.presses("a")
    desk.has_done(1)
    expect(desk.root.locator(".told")).to_be_hidden()
    desk.presses("u")
    desk.shows("自己的")
    desk.presses("u")
    desk.is_told("同事判的")
    assert server.ask("getVideoById", videoId=ids[0])["censorStatus"] == "fail"

    desk.page.wait_for_timeout(UNREAD_MS)
    desk.presses("u")
    desk.shows("同事判的")
    assert server.ask("getVideoById", videoId=ids[0])["censorStatus"] == "check"


def test_a_held_enter_and_a_double_click_decide_about_one_clip_alone(waiting, desk_of):
    waiting("按住一", "按住二", "按住三", "按住四")
    desk = desk_of()
    desk.shows("按住一")
    desk.root.locator(".acts .approve").focus()
    desk.page.keyboard.down("Enter")
    desk.shows("按住二")
    for _ in range(5):
        desk.page.keyboard.down("Enter")  # as a key that repeats
        desk.looks()
    desk.page.keyboard.up("Enter")
    desk.has_done(1)

    desk.root.locator(".acts .approve").dblclick(delay=120)
    desk.shows("按住三")
    desk.looks()
    desk.has_done(2)
    expect(desk.clip.get_by_role("heading")).to_have_text("按住三")

    desk.root.locator(".acts .approve").evaluate(TAPS)
    desk.shows("按住四")
    desk.has_done(3)


def test_reasons_beyond_the_keys_are_reached_by_tab_and_retired_ones_are_offered_no_more(server, waiting, desk_of):
    ids = waiting("很多理由", "下一条", "理由少了")
    known = len(server.ask("getReviewReasons")["reasonList"])
    more = [f"more{number}" for number in range(known + 1, 12)]
    for number, code in enumerate(more, known + 1):
        texts = {"nameZh": f"理由 {number}", "nameEn": f"Reason {number}"}
        server.ask("editReviewReason", code=code, uploaderZh=code, uploaderEn=code, position=number, **texts)
    desk = desk_of()
    desk.shows("很多理由")

    desk.presses("b", "Tab", "Tab", "Enter")

    desk.shows("下一条")
    desk.has_done(1)
    assert "more11" in str(server.ask("getHistory", videoId=ids[0]))
    for code in more:
        server.ask("editReviewReason", code=code, retired=True)
    with desk.page.expect_response("**/getReviewReasons"):
        desk.presses("a")
    desk.has_done(2)
    desk.shows("理由少了")
    desk.presses("b")
    expect(desk.root.locator(".reason")).to_have_count(known + 2)  # and other words, and Cancel


def test_a_decision_under_way_when_the_page_is_loaded_anew_is_stored_once(server, waiting, desk_of):
    ids = waiting("在途", "刷新之后")
    desk = desk_of()
    held = Held(desk.page, "decideReview", answered=True)
    desk.shows("在途")
    desk.presses("a")
    held.comes()
    held.is_over = True

    desk.opens()

    desk.shows("刷新之后")
    desk.has_done(1)
    assert [line["action"] for line in server.ask("getHistory", videoId=ids[0])].count("createAudit") == 1


def test_clips_taken_while_the_page_is_loaded_anew_are_not_held_by_the_page_that_is_gone(waiting, desk_of):
    waiting("先审")
    desk = desk_of()
    desk.shows("先审")
    waiting("取到一半")
    held = Held(desk.page, "takeReview", answered=True)
    desk.presses("a")
    held.comes()
    held.is_over = True

    desk.opens()

    desk.shows("取到一半")


def test_nothing_plays_by_itself_for_whoever_wants_less_motion(waiting, desk_of):
    waiting("少动一", "少动二")
    desk = desk_of(reduced_motion="reduce")
    desk.shows("少动一")
    desk.page.evaluate(NOTE_PLAYS)
    desk.presses("a")
    desk.shows("少动二")
    assert desk.page.evaluate("plays") == []

    desk.presses(" ")

    assert desk.page.evaluate("plays") == ["少动二"]
