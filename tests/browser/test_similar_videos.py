"""Similar videos: the hint at the review desk, and the list on a video's page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

FRAMES = tuple(0x9E3779B97F4A7C15 * number % (1 << 64) for number in range(1, 17))


@pytest.mark.slow
def test_the_hint_beside_a_copy_is_repeated_by_one_key_and_goes_when_the_verdict_is_undone(
    server, reviews, waiting, desk_of
):
    ids = waiting("原片", "重传 {share}", "又传")
    reviews[1].console.store.similar_videos.keep([(one, [FRAMES]) for one in ids])
    desk = desk_of()
    hint, reason = desk.clip.locator(".hint"), server.ask("getReviewReasons")["reasonList"][4]["nameZh"]
    desk.shows("原片")
    expect(hint).to_be_hidden()
    desk.presses("h")  # there is nothing to repeat

    desk.presses("b", "5")
    desk.shows("重传 {share}")
    expect(hint).to_contain_text("与“原片”相似 100%")
    expect(hint).to_contain_text(reason)
    desk.presses("h")
    desk.shows("又传")
    expect(hint).to_contain_text(reason)
    desk.has_done(2)

    said = server.ask("getHistory", videoId=ids[1])[0]
    assert (said["action"], said["userName"], said["after"]["reasonCode"]) == ("createAudit", "anne", "spam")
    desk.presses("u")
    desk.shows("重传 {share}")
    expect(hint).to_contain_text("原片")
    desk.presses("u")
    desk.shows("原片")
    expect(hint).to_be_hidden()
    desk.presses("a")
    desk.shows("重传 {share}")
    expect(hint).to_contain_text(desk.person.t("desk.hint_pass_too"))

    desk.person.goes_to("/video", videoId=ids[2])
    similar = desk.page.locator(".st-key-similar_videos")
    expect(similar.get_by_role("link", name="原片")).to_be_visible()
    expect(similar).to_contain_text(desk.person.t("censor.success"))
