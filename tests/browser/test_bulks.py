"""An action on everything that matches, in the browser: asked with its number, followed, listed and undone."""

from __future__ import annotations

from playwright.sync_api import expect

from backend.model import CensorStatus
from tests.browser.looks import ONLY_SHORT_INTERVALS


def test_all_that_match_are_blocked_and_undone(person, site):
    made = [site.catalogue.add(f"全选 {number}", censor_status=CensorStatus.CHECK) for number in range(23)]
    person.page.add_init_script(ONLY_SHORT_INTERVALS)  # or a refresh brings what the action itself forgot to draw
    person.goes_to("/videos", v_title="全选")
    expect(person.part("bulk_menu")).to_contain_text(person.t("bulk.all", count=23))
    site.ask("editVideo", videoId=made[4].video_id, title="全选 不动")

    person.clicks("bulk_menu")
    person.picks(person.t("action.block"))
    expect(person.dialog).to_contain_text("23")
    person.field("block_reason").fill("广告引流")
    person.clicks("confirm_yes")

    ended = person.part("toolbar")
    expect(person.page.get_by_text(person.t("bulk.ended", what=person.t("action.block"), count=22))).to_be_visible()
    assert site.ask("getVideos", title="全选", censorStatus="fail")["total"] == 22
    person.clicks_on(person.page.get_by_role("button").filter(has_text=person.t("bulk.refused", count=1)))
    expect(person.page.get_by_test_id("stPopoverBody")).to_contain_text("admin")
    person.page.keyboard.press("Escape")
    person.clicks_on(person.page.locator('[class*="st-key-bulk_undo_"] button'))
    what = person.t("bulk.undoing", what=person.t("action.block"))
    expect(person.page.get_by_text(person.t("bulk.ended", what=what, count=22))).to_be_visible()
    assert site.ask("getVideos", title="全选", censorStatus="check")["total"] == 23
    expect(ended).to_be_visible()
    person.page.close()  # its script cannot be taken back
