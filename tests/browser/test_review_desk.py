"""The review desk: single keys decide, nothing is lost or stored twice, and nobody decides about a clip unseen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.model import Actor, Verdict
from backend.model.review import Desk, Ruling
from tests.browser.desk import PASSWORD
from tests.conftest import TESTS
from tests.waiting import until

KEY = "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true }))"
DOWN = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', code: 'KeyA', bubbles: true, %s }))"


@pytest.mark.parametrize("language", ["en"])
def test_a_shift_by_keys_is_in_the_history_as_it_was_pressed(server, waiting, desk_of, language):
    ids = waiting("一号", "二号", "三号", "四号", "五号")
    desk = desk_of()

    desk.shows("一号")
    expect(desk.clip).to_have_attribute("data-video-id", ids[0])
    desk.presses("a")
    desk.shows("二号")
    desk.presses("b", "2")
    desk.shows("三号")
    desk.presses("b", "e")
    desk.page.keyboard.type("画面模糊")
    desk.presses("Enter")
    desk.shows("四号")
    desk.presses("s")
    desk.shows("五号")
    desk.presses("a")

    desk.has_done(4)
    desk.is_empty(desk.person.t("desk.skipped", number=1))
    statuses = [server.ask("getVideoById", videoId=one)["censorStatus"] for one in ids]
    assert statuses == ["success", "fail", "fail", "check", "success"]
    assert {line["userName"] for one in ids for line in server.ask("getHistory", videoId=one)} <= {"anne", "tests"}
    reasons = server.ask("getReviewReasons")["reasonList"]
    assert reasons[1][f"uploader{language.capitalize()}"] in str(server.ask("getHistory", videoId=ids[1]))
    assert "画面模糊" in str(server.ask("getHistory", videoId=ids[2]))


@pytest.mark.slow
def test_undo_brings_one_clip_after_the_other_back(server, waiting, desk_of):
    ids = waiting("甲", "乙", "丙")
    desk = desk_of()
    desk.shows("甲")
    desk.presses("a")
    desk.shows("乙")
    desk.presses("b", "1")
    desk.shows("丙")
    desk.has_done(2)

    desk.presses("u")
    desk.shows("乙")
    desk.has_done(1)
    desk.presses("u")
    desk.shows("甲")
    desk.has_done(0)
    desk.presses("b", "1")
    desk.shows("乙")
    desk.has_done(1)

    assert server.ask("getVideoById", videoId=ids[0])["censorStatus"] == "fail"
    assert server.ask("getVideoById", videoId=ids[1])["censorStatus"] == "check"


def test_no_key_decides_that_was_not_meant_for_the_clip(server, waiting, desk_of):
    waiting("只看", "不动")
    desk = desk_of()
    desk.shows("只看")

    for about in ("isComposing: true", "keyCode: 229", "repeat: true", "ctrlKey: true"):
        desk.page.evaluate(DOWN % about)
    desk.presses("n", "a", "b", "1", "Escape")  # typed into the note, and left
    desk.presses("b", "Escape", "b", "b")
    desk.presses("?", "a", "Escape")

    desk.looks()
    expect(desk.clip.get_by_role("heading")).to_have_text("只看")
    desk.page.evaluate(f"{DOWN % ''}; {DOWN % ''}")  # the second one comes before anybody can have seen the next clip
    desk.shows("不动")
    desk.has_done(1)
    desk.looks()
    expect(desk.clip.get_by_role("heading")).to_have_text("不动")


@pytest.mark.slow
def test_two_people_and_two_tabs_never_have_the_same_clip(waiting, desk_of):
    titles = [f"第 {number} 个" for number in range(1, 10)]
    waiting(*titles)
    desks = [desk_of("anne"), desk_of("anne"), desk_of("bob")]

    seen = []
    for _ in range(3):
        for desk in desks:
            seen.append(desk.clip.get_by_role("heading").inner_text())
            desk.looks()
            desk.presses("a")
            expect(desk.clip.get_by_role("heading").filter(has_text=seen[-1])).to_have_count(0)

    assert sorted(seen) == titles
    for desk in desks:
        desk.has_done(3)
        desk.is_empty(desk.person.t("desk.all_done"))


@pytest.mark.slow
def test_a_verdict_from_elsewhere_is_told_and_stays(server, waiting, desk_of):
    ids = waiting("抢先", "后面")
    desk = desk_of()
    desk.shows("抢先")
    server.ask("createAudit", mediaId=ids[0], status="Blocked", reason="侵权")

    desk.presses("a")

    desk.shows("后面")
    desk.is_told("抢先")
    desk.is_told("admin")
    desk.has_done(0)
    assert server.ask("getVideoById", videoId=ids[0])["censorStatus"] == "fail"


@pytest.mark.slow
def test_what_is_decided_while_the_network_is_cut_is_stored_once_it_is_back(server, waiting, desk_of):
    ids = waiting(*(f"断网 {number}" for number in range(1, 7)))
    desk = desk_of()
    desk.shows("断网 1")
    desk.page.context.set_offline(True)

    desk.presses("a")
    desk.shows("断网 2")
    desk.presses("b", "1")
    desk.shows("断网 3")
    desk.is_told(desk.person.t("desk.offline", number=2))
    desk.has_done(0)
    assert server.ask("getVideoById", videoId=ids[0])["censorStatus"] == "check"

    desk.page.context.set_offline(False)
    desk.has_done(2)
    desk.shows("断网 3")
    assert [server.ask("getVideoById", videoId=one)["censorStatus"] for one in ids[:3]] == ["success", "fail", "check"]
    desk.person.complaints.clear()  # that the network was away


@pytest.mark.slow
def test_a_session_that_ended_is_told_and_what_was_decided_is_stored_after_the_next_sign_in(server, waiting, desk_of):
    ids = waiting("会话", "之后")
    desk = desk_of()
    desk.shows("会话")
    for session in server.ask("getSessions", userName="anne"):
        server.ask("endSession", sessionId=session["sessionId"])

    desk.presses("a")

    desk.is_told(desk.person.t("desk.ended", number=1))
    assert server.ask("getVideoById", videoId=ids[0])["censorStatus"] == "check"
    desk.person.goes_to("/review")
    desk.person.enters("anne", PASSWORD)
    until(lambda: server.ask("getVideoById", videoId=ids[0])["censorStatus"] == "success", "the decision is stored")
    desk.shows("之后")


@pytest.mark.slow
def test_keys_mean_the_same_on_other_keyboards_and_in_full_width(server, waiting, desk_of):
    ids = waiting("全角", "俄语键盘", "法语数字", "全角数字", "法语字母", "不动")
    desk = desk_of()
    for title, keys in (
        ("全角", [("Ａ", "KeyA")]),
        ("俄语键盘", [("ф", "KeyA")]),
        ("法语数字", [("b", "KeyB"), ("&", "Digit1")]),
        ("全角数字", [("Ｂ", "KeyB"), ("２", "Digit2")]),
        ("法语字母", [("a", "KeyQ")]),
        ("不动", [("q", "KeyA")]),
    ):
        desk.shows(title)
        for key in keys:
            desk.page.evaluate(KEY, key)
    desk.has_done(5)

    statuses = [server.ask("getVideoById", videoId=one)["censorStatus"] for one in ids]
    assert statuses == ["success", "success", "fail", "fail", "success", "check"]


@pytest.mark.slow
def test_single_keys_can_be_switched_off_and_comforts_are_kept(waiting, desk_of):
    waiting("开关", "下一个")
    desk = desk_of("bob")
    desk.shows("开关")
    desk.presses("g", "x")
    expect(desk.root).to_have_class("desk grey blur")
    desk.presses("?")
    with desk.page.expect_response(lambda answer: '"keys":false' in (answer.request.post_data or "")):
        desk.root.locator("[data-choice=keys]").uncheck()
    desk.presses("Escape")

    desk.opens()
    expect(desk.root).to_have_class("desk grey blur quiet")
    desk.shows("开关")
    desk.presses("a")
    desk.looks()
    desk.has_done(0)
    desk.root.get_by_role("button", name=desk.person.t("desk.approve")).click()
    desk.shows("下一个")
    desk.has_done(1)


@pytest.mark.slow
def test_a_phone_judges_by_touch(server, waiting, desk_of):
    ids = waiting("手机一", "手机二", "手机三")
    desk = desk_of(viewport={"width": 390, "height": 844}, has_touch=True)
    desk.shows("手机一")
    for name in ("approve", "block"):
        box = desk.root.locator(f".acts .{name}").bounding_box()
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 844
    desk.root.locator(".acts .approve").tap()
    desk.shows("手机二")
    desk.root.locator(".acts .block").tap()
    desk.root.locator(".reason").first.tap()
    desk.shows("手机三")

    desk.has_done(2)
    assert [server.ask("getVideoById", videoId=one)["censorStatus"] for one in ids] == ["success", "fail", "check"]
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_leaving_the_page_gives_the_clips_to_others(waiting, desk_of):
    waiting("让出")
    first = desk_of("anne")
    first.shows("让出")
    second = desk_of("bob")
    second.is_empty(second.person.t("desk.with_others", number=1))

    first.person.goes_to("/videos")

    second.shows("让出")


@pytest.mark.slow
def test_an_administrator_sees_and_frees_what_somebody_holds(waiting, desk_of, server, fresh_browser, new_person):
    (video_id,) = waiting("被占用")
    desk = desk_of("anne")
    desk.shows("被占用")
    admin = new_person(fresh_browser("zh"), server.url, "zh")
    admin.goes_to("/jobs")
    admin.enters()
    admin.goes_to("/review")
    admin.clicks("review_menu")
    admin.picks(admin.t("desk.leases_title"))
    expect(admin.dialog).to_contain_text("被占用")
    expect(admin.dialog).to_contain_text("anne")

    admin.dialog.get_by_role("button", name=admin.t("desk.free")).click()

    until(
        lambda: "freeReview" in {line["action"] for line in server.ask("getHistory", videoId=video_id)},
        "the clip is freed",
    )


@pytest.mark.slow
def test_reasons_are_kept_by_the_administrator_and_used_at_the_desk(
    waiting, desk_of, server, fresh_browser, new_person
):
    waiting("新理由")
    admin = new_person(fresh_browser("zh"), server.url, "zh")
    admin.goes_to("/jobs")
    admin.enters()
    admin.goes_to("/review")
    admin.clicks("review_menu")
    admin.picks(admin.t("desk.reasons_title"))
    first = server.ask("getReviewReasons")["reasonList"][0]
    name = admin.dialog.get_by_label(admin.t("desk.nameZh"))
    expect(name).to_have_value(first["nameZh"])
    name.fill("低俗内容")
    admin.dialog.get_by_role("button", name=admin.t("common.save")).click()
    admin.is_told(admin.t("done.edit"))
    admin.goes_to("/jobs")

    desk = desk_of("anne")
    desk.shows("新理由")
    desk.presses("b")
    expect(desk.root.locator(".reason").first).to_contain_text("低俗内容")
    server.ask("editReviewReason", code=first["code"], nameZh=first["nameZh"])


@pytest.mark.slow
def test_a_reviewer_sees_their_own_figures_and_a_manager_those_of_all(
    waiting, desk_of, server, fresh_browser, new_person
):
    waiting("数一", "数二")
    desk = desk_of("anne")
    desk.shows("数一")
    desk.presses("b", "1")
    desk.shows("数二")
    desk.has_done(1)
    desk.person.clicks("review_figures")
    people = desk.person.dialog.get_by_test_id("stDataFrame").first
    expect(people).to_contain_text("anne")
    expect(people).not_to_contain_text("bob")

    admin = new_person(fresh_browser("zh"), server.url, "zh")
    admin.goes_to("/jobs")
    admin.enters()
    admin.goes_to("/review")
    admin.clicks("review_figures")
    expect(admin.dialog.get_by_test_id("stDataFrame").first).to_contain_text("anne")
    expect(admin.dialog.get_by_test_id("stDataFrame").last).to_contain_text(
        server.ask("getReviewReasons")["reasonList"][0]["nameZh"]
    )


def test_whoever_may_work_several_queues_chooses_one_and_keeps_it(server, waiting, desk_of):
    waiting("一号", "海滩一", "海滩二")
    server.ask("editReviewQueue", code="beach", nameZh="旅游", nameEn="Travel", words="海滩")
    try:
        desk = desk_of()
        choice = desk.root.get_by_label(desk.person.t("desk.queue"), exact=True)
        expect(choice.get_by_role("option")).to_have_count(3)
        desk.shows("海滩一")

        choice.select_option("default")
        desk.shows("一号")
        desk.presses("a")
        desk.is_empty(desk.person.t("desk.all_done"))
        desk.opens()
        desk.is_empty(desk.person.t("desk.all_done"))

        choice.select_option("beach")
        desk.shows("海滩一")
        server.ask("deleteReviewQueue", code="beach")
        desk.presses("a")
        desk.is_told(desk.person.t("desk.queue_gone", name="旅游"))
        desk.shows("海滩二")
        expect(choice).to_be_hidden()  # only one queue is left
    finally:
        if any(one["code"] == "beach" for one in server.ask("getReviewQueues")["queueList"]):
            server.ask("deleteReviewQueue", code="beach")


def test_a_reported_video_is_kept_or_not_by_one_key_and_says_what_it_was_reported_for(server, waiting, desk_of):
    (video_id,) = waiting("举一")
    server.ask("createAudit", mediaId=video_id, status="Normal")
    for reporter, reason in {"7": "violence", "8": "spam"}.items():
        server.ask("reportVideo", videoId=video_id, reporterId=reporter, reasonCode=reason, words="最后 <b>五秒</b>")
    desk = desk_of()
    t = desk.person.t

    desk.shows("举一")
    said = desk.clip.locator(".reports")
    reasons = f"{t('report.spam')} 1 · {t('report.violence')} 1"
    expect(said).to_contain_text(t("desk.reported", number=2, reasons=reasons))
    expect(said).to_contain_text("最后 <b>五秒</b>")
    expect(said).to_contain_text(t("desk.reported_approved"))
    desk.presses("a")
    desk.has_done(1)
    assert server.ask("getVideoReports", videoId=video_id)["open"]["count"] == 0
    desk.presses("u")
    desk.shows("举一")
    desk.presses("b", "1")
    desk.has_done(1)
    assert server.ask("getVideoById", videoId=video_id)["censorStatus"] == "fail"


@pytest.mark.slow
def test_a_lead_settles_a_difference_beside_the_clip(reviews, waiting, fresh_browser, new_person):
    server, catalogue = reviews
    (video_id,) = waiting("分歧")
    store = catalogue.console.store
    store.review_sampling.change({"second_reviews": True, "maximum": 100.0}, TESTS)
    for name, verdict in {"anne": Verdict.NORMAL, "bob": Verdict.BLOCKED}.items():
        (lease,) = store.review_leases.take(Desk(name), 1, 300)
        store.review_decisions.decide(lease.key, Ruling(verdict, "广告"), Actor(name, "tests", request_id=name))
    store.review_sampling.change({"second_reviews": False}, TESTS)
    admin = new_person(fresh_browser("zh"), server.url, "zh")
    admin.goes_to("/jobs")
    admin.enters()
    admin.goes_to("/review")

    admin.clicks("review_differences")
    expect(admin.dialog).to_contain_text("分歧")
    expect(admin.dialog).to_contain_text(admin.t("desk.difference_stands"))
    admin.dialog.get_by_text(admin.t("desk.difference_block"), exact=True).click()
    admin.dialog.get_by_text("广告引流").click()
    admin.dialog.get_by_role("button", name=admin.t("desk.settle")).click()

    expect(admin.dialog).to_contain_text(admin.t("desk.differences_none"))
    assert server.ask("getVideoById", videoId=video_id)["censorStatus"] == "fail"
