"""What somebody else did while one looked: it is told, nothing is overridden without a word, and one is asked again."""

import pytest
from playwright.sync_api import expect

from backend.model import CensorStatus, VideoStatus


@pytest.fixture
def others_block(site):
    """Blocks a video as a colleague would, over REST."""

    def block(video, reason="侵权"):
        site.ask("createAudit", mediaId=video.video_id, status="Blocked", reason=reason)

    return block


def status_of(site, video):
    return site.ask("getVideoById", videoId=video.video_id)["censorStatus"]


def test_a_verdict_that_was_given_while_the_dialog_was_open_is_told_and_asked_about(person, site, others_block):
    video = site.catalogue.add("两个人在看")
    person.goes_to("/video", videoId=video.video_id)
    person.clicks("do_approve")
    expect(person.dialog).to_contain_text(video.title)
    others_block(video)

    person.clicks("confirm_yes")

    told = person.dialog.locator(".st-key-told")
    expect(told).to_contain_text(person.t("told.title"))
    expect(told).to_contain_text("admin")
    expect(told).to_contain_text("侵权")
    assert status_of(site, video) == "fail"
    expect(person.button("confirm_yes")).to_have_text(person.t("confirm.anyway", action=person.t("action.approve")))
    person.clicks("confirm_yes")
    person.is_told(person.t("done.approve", count=1))
    expect(person.dialog).to_be_hidden()
    assert status_of(site, video) == "success"


@pytest.mark.slow
def test_a_page_that_was_drawn_before_the_verdict_asks_too(person, site, others_block):
    video = site.catalogue.add("早就打开的页面")
    person.goes_to("/video", videoId=video.video_id)
    expect(person.button("do_delete")).to_be_visible()
    others_block(video)

    person.clicks("do_delete")
    person.clicks("confirm_yes")

    expect(person.dialog.locator(".st-key-told")).to_contain_text("侵权")
    person.clicks("confirm_no")
    expect(person.dialog).to_be_hidden()
    assert status_of(site, video) == "fail"


def test_what_somebody_did_already_is_told_and_not_done_again(person, site):
    video = site.catalogue.add("别人先通过")
    person.goes_to("/video", videoId=video.video_id)
    person.clicks("do_approve")
    expect(person.dialog).to_contain_text(video.title)
    site.ask("createAudit", mediaId=video.video_id, status="Normal")

    person.clicks("confirm_yes")

    expect(person.dialog.locator(".st-key-told")).to_contain_text(person.t("censor.success"))
    expect(person.dialog).to_contain_text(person.t("not.approved"))
    expect(person.part("confirm_yes")).to_have_count(0)
    person.clicks("confirm_no")
    expect(person.part("undo")).to_have_count(0)


def test_of_a_selection_only_what_changed_is_asked_about_again(person, site, others_block):
    calm, moved = site.catalogue.add("一批 安静", age=1), site.catalogue.add("一批 变了")
    person.goes_to("/videos", v_title="一批 ")
    person.sees(moved.title, calm.title)
    person.ticks(0, 1)
    person.clicks("do_approve")
    expect(person.dialog).to_contain_text(calm.title)
    others_block(moved)

    person.clicks("confirm_yes")

    expect(person.dialog.locator(".st-key-told")).to_contain_text(moved.title)
    expect(person.dialog).not_to_contain_text(calm.title)
    assert (status_of(site, calm), status_of(site, moved)) == ("success", "fail")
    person.page.keyboard.press("Escape")
    person.is_told(person.t("done.approve", count=1))
    assert status_of(site, moved) == "fail"


def test_an_edit_that_crossed_another_is_told_and_keeps_what_it_did_not_touch(person, site):
    video = site.catalogue.add("原来的标题", description="原来的说明")
    person.goes_to("/video", videoId=video.video_id)
    person.clicks("edit_open")
    person.dialog.get_by_label(person.t("video.description")).fill("我的说明")
    site.ask("editVideo", videoId=video.video_id, title="别人的标题")

    person.clicks("edit_save")

    expect(person.dialog.locator(".st-key-told")).to_contain_text("别人的标题")
    assert site.ask("getVideoById", videoId=video.video_id)["description"] == "原来的说明"
    expect(person.dialog.get_by_label(person.t("video.description"))).to_have_value("我的说明")
    person.clicks("edit_save")
    person.is_told(person.t("done.edit"))
    now = site.ask("getVideoById", videoId=video.video_id)
    assert (now["title"], now["description"]) == ("别人的标题", "我的说明")


@pytest.mark.slow
def test_a_reason_that_was_typed_for_one_video_is_not_found_at_the_next(person, site):
    first, second = site.catalogue.add("理由 一", age=1), site.catalogue.add("理由 二")
    person.goes_to("/videos", v_title="理由 ")
    person.sees(second.title, first.title)
    person.ticks(0)
    person.clicks("do_block")
    person.field("block_reason").fill("只对第一个")
    expect(person.button("confirm_yes")).to_be_enabled()
    person.page.keyboard.press("Escape")
    expect(person.dialog).to_be_hidden()

    person.clicks("do_block")

    expect(person.field("block_reason")).to_have_value("")
    expect(person.button("confirm_yes")).to_be_disabled()
    person.field("block_reason").fill("\u3000  ")
    expect(person.dialog).to_contain_text(person.t("block.bytes", used=5, most=128))
    expect(person.button("confirm_yes")).to_be_disabled()


def test_what_cannot_be_done_rests_and_says_why(person, site):
    video = site.catalogue.add("还不能推荐", censor_status=CensorStatus.CHECK)
    person.goes_to("/video", videoId=video.video_id)

    expect(person.button("do_recommend")).to_be_disabled()
    person.part("do_recommend").hover()
    expect(person.page.get_by_role("tooltip")).to_have_text(person.t("not.unapproved"))
    expect(person.button("do_prewarm")).to_be_disabled()
    expect(person.button("do_approve")).to_be_enabled()


@pytest.mark.slow
def test_a_video_whose_upload_has_not_finished_can_be_deleted_and_nothing_else(person, site):
    video = site.catalogue.add("还没传完", status=VideoStatus.UPLOADING)
    site.catalogue.add("没传成", status=VideoStatus.UPLOAD_FAIL)
    person.goes_to("/video", videoId=video.video_id)
    for act in ("approve", "block", "recommend", "transcode", "prewarm"):
        expect(person.button(f"do_{act}")).to_be_disabled()
    expect(person.button("do_delete")).to_be_enabled()
    person.part("do_block").hover()
    expect(person.page.get_by_role("tooltip")).to_have_text(person.t("not.unfinished"))

    person.goes_to("/videos", v_title="没传成")
    person.opens_menu_of(0)

    offered = person.page.get_by_role("menuitem").all_inner_texts()
    assert not [one for one in offered for act in ("approve", "block", "recommend") if person.t(f"action.{act}") in one]
