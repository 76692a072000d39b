"""The programme on the page of recommendations: arranging by place beside a phone preview, and a week of bars."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

ZONE = ZoneInfo("Asia/Shanghai")
TITLES = ["第一个 编排", "第二个 编排", "第三个 编排"]


@pytest.fixture(scope="module")
def slot(site):
    """A slot of its own with three clips, the first recommended being the last."""
    site.ask("saveSlot", slot="evening", name="晚间", creatorGap=0)
    for title in reversed(TITLES):
        video = site.catalogue.add(title, recommended=True)
        site.ask("recommendVideo", videoId=video.video_id, slot="evening")
    return "evening"


def test_a_clip_is_moved_and_the_phone_shows_it_there(person, slot, site):
    person.goes_to("/recommendations", r_slot=slot)
    titles, phone = person.part("o_table").locator("td.link"), person.page.locator(".qu-phone .title")
    expect(titles).to_have_text(TITLES)

    person.opens_menu_of(2)
    person.clicks_on(person.page.get_by_role("menuitem", name=person.t("action.up"), exact=True))

    moved = [TITLES[0], TITLES[2], TITLES[1]]
    expect(titles).to_have_text(moved)
    expect(phone).to_have_text(moved)
    assert [one["entry"]["title"] for one in site.ask("previewFeed", slot=slot)["placeList"]] == moved
    screen = person.page.get_by_role("region", name=person.t("preview.title"))
    screen.focus()  # to scroll by keys
    expect(screen).to_be_focused()

    person.opens_menu_of(0)
    person.clicks_on(person.page.get_by_role("menuitem", name=person.t("action.schedule"), exact=True))
    expect(person.page.get_by_label(person.t("schedule.pin"), exact=True)).to_be_focused()  # and no calendar is open


def test_what_passes_midnight_is_one_bar_of_the_week(person, slot, site):
    today = datetime.now(ZONE).date()
    monday = today + timedelta(days=7 - today.weekday())
    starts, ends = f"{monday} 22:00", f"{monday + timedelta(days=1)} 02:00"
    video = site.catalogue.add("跨夜", recommended=True)
    site.ask("recommendVideo", videoId=video.video_id, slot=slot, startTime=starts, endTime=ends)

    person.goes_to("/recommendations", r_slot=slot, r_view="week", r_week=str(monday))

    week = person.page.get_by_role("region", name=person.t("programme.view_week"))
    week.focus()
    expect(week).to_be_focused()
    bars = week.locator("b")
    expect(bars).to_have_count(1)
    year = f"{today.year}-"
    expect(bars.first).to_have_attribute("title", f"跨夜: {starts.removeprefix(year)} – {ends.removeprefix(year)}")
