"""Finding videos: every combination of filters, held against a plain filter over the same rows."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.model import Actor, CensorStatus, User, Video, VideoFilter
from backend.store import Store

ACTOR = Actor("tests", "tests")
START = 1_700_000_000
TITLES = [
    "海浪一层一层", "城市天际线", "CITY lights", "ｃｉｔｙ ＬＩＧＨＴＳ", "100% 棉花糖",
    "under_score", 'He said "hi"', "it's",
    "🎆 fireworks", "NEAR AND OR NOT *", "a:b^c-(d)", "\\back\\slash", "", "Straße", "ｶﾞ",
]  # fmt: skip
USERS = [User("1", "Anne"), User("2", "小林不吃辣"), User("3", "ＡＮＮＥ２")]
WORDS = ["海", "一层", "city", "CITY", "%", "_", '"', "'", "🎆", "AND", "*", "\\", "(", "strasse", "ガ", "x"]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store") / "console.sqlite3", clock=lambda: START)
    videos = [
        store.catalogue.add_video(
            Video(
                f"v{number}",
                title,
                USERS[number % 3],
                START + number // 2,
                censor_status=list(CensorStatus)[number % 4],
            ),
            ACTOR,
        )
        for number, title in enumerate(TITLES * 2)
    ]
    yield store.catalogue, videos
    store.close()


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def matches(video: Video, wanted: VideoFilter) -> bool:
    return (
        (not wanted.video_id or video.video_id == wanted.video_id)
        and (not wanted.user_id or video.user.user_id == wanted.user_id)
        and folded(wanted.title) in folded(video.title)
        and folded(wanted.user_name) in folded(video.user.user_name)
        and (wanted.censor_status is None or video.censor_status is wanted.censor_status)
        and (wanted.start is None or video.created >= wanted.start)
        and (wanted.end is None or video.created <= wanted.end)
    )


seconds = st.none() | st.integers(START - 2, START + 17)
filters = st.builds(
    VideoFilter,
    video_id=st.sampled_from(["", "", "", "v3", "nothing"]),
    user_id=st.sampled_from(["", "", "1", "9"]),
    title=st.just("") | st.sampled_from(WORDS) | st.text(max_size=3),
    user_name=st.sampled_from(["", "", "anne", "林", "２", "%"]),
    censor_status=st.none() | st.sampled_from(CensorStatus),
    start=seconds,
    end=seconds,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters, index=st.integers(1, 4), size=st.integers(1, 12))
def test_every_combination_of_filters_finds_what_a_plain_filter_finds(catalogue, wanted, index, size):
    store, videos = catalogue
    expected = [video.video_id for video in reversed(videos) if matches(video, wanted)]

    page = store.find_videos(wanted, index, size)

    assert page.total == len(expected)
    assert [video.video_id for video in page.items] == expected[(index - 1) * size : index * size]


def test_going_through_everything_gives_each_video_once_newest_first(catalogue, monkeypatch):
    store, videos = catalogue
    monkeypatch.setattr("backend.store.catalogue.EXPORT_CHUNK", 7)

    assert list(store.iterate_videos(VideoFilter())) == list(reversed(videos))


def test_videos_of_one_second_keep_the_order_they_came_in(catalogue):
    store, videos = catalogue
    same = [video.video_id for video in videos if video.created == START]

    found = store.find_videos(VideoFilter(start=START, end=START))

    assert [video.video_id for video in found.items] == list(reversed(same))


def test_a_recommendation_is_found_by_what_it_shows_not_by_what_the_catalogue_says(tmp_path):
    store = Store(tmp_path / "console.sqlite3", clock=lambda: START)
    video = Video("v", "catalogue title", USERS[0], START - 100, censor_status=CensorStatus.SUCCESS)
    store.catalogue.add_video(video, ACTOR)
    store.catalogue.recommend("v", {"title": "海报标题"}, ACTOR)

    def found(**wanted):
        return store.catalogue.find_recommendations(replace(VideoFilter(), **wanted)).total

    assert (found(title="海报"), found(title="catalogue")) == (1, 0)
    assert (found(start=START), found(end=START - 1)) == (1, 0)
    store.close()
