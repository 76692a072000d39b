"""The app's feed in cloud mode: files on VOD's domain, with signatures that outlast every cache."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backend.aliyun.mapping import video_of
from backend.api.signing import PERIOD_SECONDS
from backend.model import CensorStatus, FileKind, MediaFile, User, VideoStatus
from backend.server.app import RestApp
from tests.cloud.test_signed_addresses import COVER, KEY, NOW, is_good

FILE = "https://media.example.com/sv/common-hd.mp4"
LONGEST = (
    15 + 60 + 1500
)  # seconds that a cache shows a page: kept, stale while revalidated, or stale as we do not answer


@pytest.fixture
def feed(console, alibaba, do):
    """Asks for the feed, in which there is one clip of VOD."""
    console.clock = lambda: NOW
    made = video_of(alibaba.vod.add(Status="Normal", CoverURL=COVER), NOW)
    files = (*made.files, MediaFile(FileKind.COMMON, FILE, 1000, 720, 1280))
    console.store.cloud_catalogue.upsert(
        [replace(made, files=files, user=User("u1"), status=VideoStatus.NORMAL)], unreviewed=CensorStatus.SUCCESS
    )
    do("recommendVideo", videoId=made.video_id)
    key = do("addFeedKey")["key"]
    return lambda: do("getFeed", key=key)


def urls(page):
    (clip,) = page["videoList"]
    return [clip["coverUrl"], *(one["playURL"] for one in clip["playInfoList"])]


@pytest.mark.settings(url_auth_key=KEY)
def test_addresses_are_signed_and_outlast_what_caches_keep(feed, console):
    first, now = feed(), NOW
    console.clock = lambda: now
    for _ in range(8):
        now += PERIOD_SECONDS // 4
        page = feed()
        assert all(is_good(url, now + LONGEST) for url in urls(page))

    assert urls(page) != urls(first)
    assert page["version"] == first["version"]


def test_without_a_key_they_are_handed_out_as_they_are_and_vod_is_not_asked(feed, alibaba):
    before = list(alibaba.calls)

    assert urls(feed()) == [COVER, FILE]
    assert alibaba.calls == before


@pytest.mark.settings(url_auth_key=KEY)
def test_caches_show_a_signed_page_for_less_than_its_signatures_are_good(feed, console, serve, http):
    feed()
    key = console.store.feed_keys.find()[0].key
    answer = http.get(f"{serve(RestApp(console))}/vodVideo/getFeed?key={key}")

    assert answer.headers["Cache-Control"] == (
        "public, max-age=15, s-maxage=15, stale-while-revalidate=60, stale-if-error=1500"
    )
