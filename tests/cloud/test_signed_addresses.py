"""Pictures on a domain that wants signed addresses: shown with valid ones, and kept without."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from backend.aliyun.mapping import video_of
from backend.api.signing import PERIOD_SECONDS
from backend.model import CensorStatus, FileKind, MediaFile, User
from backend.server.app import RestApp

KEY = "Abcdefgh1234"
COVER = "https://media.example.com/sv/a%20b/cover.jpg"
NOW = 1_700_000_123

pytestmark = pytest.mark.settings(url_auth_key=KEY)


@pytest.fixture
def video(console, alibaba):
    """An approved video with pictures on the domain."""
    console.clock = lambda: NOW
    made = video_of(alibaba.vod.add(Status="Normal", CoverURL=COVER), NOW)
    picture = MediaFile(FileKind.SNAPSHOT, "https://media.example.com/s/00001.jpg")
    console.store.cloud_catalogue.upsert(
        [replace(made, files=(*made.files, picture), user=User("u1"))], unreviewed=CensorStatus.SUCCESS
    )
    return console.store.catalogue.get_video(made.video_id)


def is_good(url, now):
    """Say what the domain says of an address, as Alibaba documents type A."""
    parts = urlsplit(url)
    (given,) = parse_qs(parts.query)["auth_key"]
    until, rand, uid, digest = given.split("-")
    wanted = hashlib.md5(f"{parts.path}-{until}-{rand}-{uid}-{KEY}".encode()).hexdigest()
    return digest == wanted and now < int(until)


def test_covers_and_snapshots_are_shown_with_signatures_that_last(do, video):
    (listed,) = do("getVideos")["videoList"]
    shown = do("getVideoById", videoId=video.video_id)

    for url in (listed["coverUrl"], shown["coverUrl"], *shown["snapshotList"]):
        assert is_good(url, NOW + PERIOD_SECONDS)


def test_they_are_the_same_for_a_while_and_renewed_before_they_end(console, do, video):
    (first,), now = do("getVideos")["videoList"], NOW
    console.clock = lambda: now
    for _ in range(8):
        now += PERIOD_SECONDS // 4
        (again,) = do("getVideos")["videoList"]
        assert is_good(again["coverUrl"], now + PERIOD_SECONDS)

    assert again["coverUrl"] != first["coverUrl"]


def test_nothing_that_is_kept_is_signed(console, do, video):
    (row,) = do("getVideos")["videoList"]

    do("recommendVideo", videoId=video.video_id, coverUrl=row["coverUrl"], firstFrameUrl=row["coverUrl"])
    do("pushObjectCache", objectPath=row["coverUrl"])

    history = [[line.before, line.after] for line in console.store.history.find_history(video.video_id)]
    entry = console.store.catalogue.get_recommendation(video.video_id)
    jobs = [job.payload for job in console.store.jobs.find_jobs().items]
    assert "auth_key" not in json.dumps([history, jobs, entry.cover_url, entry.first_frame_url])
    assert entry.cover_url == ""  # it follows the video's own
    (shown,) = do("getRecommendVideos", state="all")["videoList"]
    assert is_good(shown["coverUrl"], NOW)


def test_exports_hold_plain_addresses(console, video, token, serve, http):
    server = serve(RestApp(console))
    answer = http.get(f"{server}/console/vod/exportVideos", params={"consoleToken": token})

    assert COVER in answer.text
    assert "auth_key" not in answer.text


def test_addresses_elsewhere_stay_as_they_are(console, do, video):
    cover = MediaFile(FileKind.COVER, "https://other.example.com/cover.jpg")
    console.store.cloud_catalogue.upsert([replace(video, files=(cover,))])

    assert do("getVideos")["videoList"][0]["coverUrl"] == cover.name


@pytest.mark.settings(url_auth_key="")
def test_doctor_says_where_the_key_is_missing(console, alibaba):
    alibaba.vod.add(CoverURL=f"{COVER}?auth_key=1-0-0-x")

    said = " ".join(one.text for one in console.cloud.examine() if not one.good)

    assert "set QU_URL_AUTH_KEY" in said
