"""What the account at Alibaba used, on the overview, and a quota that has no room."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from backend.model.usage import day_of
from tests.browser.server import cloud_environ
from tests.cloud.alibaba.server import Server as AlibabaServer
from tests.waiting import until

pytestmark = pytest.mark.slow

KEY = "Abcdefgh12345678"
DAYS = 12
TITLE = "海边的一天"
FORM = "%Y-%m-%dT%H:%M:%SZ"


@pytest.fixture(scope="module")
def alibaba():
    """An account whose videos were watched."""
    with AlibabaServer() as server:
        there, usage = server.alibaba, server.alibaba.usage
        video_id = there.vod.add(Title=TITLE, Status="Normal")["VideoId"]
        for back in range(DAYS):
            day = day_of(time.time() - back * 86400)
            stamp = (datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=8)).strftime(FORM)
            usage.hours |= {("CN", "traf", stamp): 2.5e9 + back * 1e8, ("CN", "bps", stamp): 4e7 + back * 1e6}
            usage.storage[stamp] = 750_000_000_000 - back * 10**9
            usage.transcoded[day] = {"H264.HD": 3600}
            usage.plays[day] = {"VV": {"Android": 800, "iOS": 400}, "UV": {"Android": 300}, "PlayDuration": 36_000_000}
            said = {"UV": "7", "PlayDuration": "120000"}
            usage.top[day] = [
                {**said, "VideoId": video_id, "Title": "", "VV": "40"},
                {**said, "VideoId": "f" * 32, "Title": "elsewhere", "VV": "4"},
            ]
        there.prefetching.remain = 1
        yield there


@pytest.fixture(scope="module")
def cloud_server(alibaba, new_server):
    server = new_server()
    server.settings = cloud_environ(server.url, urlsplit(alibaba.url).netloc, KEY)
    with server:
        until(lambda: server.ask("getUsage")["topVideoList"])
        until(lambda: server.ask("getUsage")["topVideoList"][0]["isHere"])
        yield server


@pytest.fixture
def operator(cloud_server, alibaba, member):
    return member(cloud_server, hosts=[urlsplit(alibaba.url).netloc])  # covers come from there


def test_the_overview_shows_what_was_used_and_leads_to_what_was_played_most(operator):
    person = operator
    person.goes_to("/")
    panel = person.page.locator(".st-key-usage")

    plays = re.compile("13,200|14,400")  # today's are among them from midnight UTC on, when it is eight in Beijing
    expect(panel.get_by_test_id("stMetricValue")).to_have_text(["36.6 GB", "750 GB", "720", plays])
    expect(panel).to_contain_text(person.t("overview.usage_peak", value="51.0 Mbit/s"))
    expect(panel).to_contain_text(person.t("overview.usage_quota", left="1", total="1,000"))
    expect(panel.get_by_text("elsewhere")).to_be_visible()

    person.clicks_on(panel.get_by_role("link", name=TITLE))

    person.is_at(r"/video\?videoId=")


def test_a_list_that_the_quota_has_no_room_for_is_not_sent(operator, alibaba):
    person, place = operator, urlsplit(alibaba.url).netloc
    person.goes_to("/prewarm")

    person.page.locator("textarea").first.fill(f"{place}/a.mp4\n{place}/b.mp4")

    expect(person.page.get_by_text(person.t("prewarm.no_room", left=1, count=2))).to_be_visible()
    expect(person.page.get_by_role("button", name=person.t("prewarm.do", count=2))).to_be_disabled()
