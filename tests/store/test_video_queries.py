"""Finding videos: every combination of filters, orders and pages, held against a plain filter over the same rows."""

from __future__ import annotations

import json
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from backend.exports.columns import VIDEOS as LISTING
from backend.exports.columns import FileFormat
from backend.model import Actor, CensorStatus, JobKind, Sort, TranscodeStatus, User, Verdict, Video, VideoFilter
from backend.model.reports import ReportReason
from backend.model.technical_flags import Finding, Measurement, TechnicalFlag
from backend.store import open_store
from tests.postgres_server import TestDatabase
from tests.store.plain_filter import FLAGS, flags_of, matches, ordered, reports_of

ACTOR = Actor("tests", "tests")
START = 1_700_000_000
DAY = 86_400
LONG = "很长的标题" * 9
TITLES = [
    "海浪一层一层", "城市天际线", "CITY lights", "ｃｉｔｙ ＬＩＧＨＴＳ", "100% 棉花糖",
    "under_score", 'He said "hi"', "it's",
    "🎆 fireworks", "NEAR AND OR NOT *", "a:b^c-(d)", "\\back\\slash", "", "Straße", "ｶﾞ",
    "👨‍👩‍👧 family", "\ue041\ue0ff private", "\uf8ff\U000f0041\U0010fffd", "tab\tnew\nline\x01\x7f",
    "爱你 ❤️ 一生", "❤ heart", "cafe\u0301", "a\u200bb",
    "aaaa", "海", "é e\u0301 İ ﬁ", LONG, f"{LONG}x",
]  # fmt: skip
TAGS = ["", "海,清晨", "city", "City，海", "❤, a b ,", "海洋"]
USERS = [
    User("1", "Anne"),
    User("2", "小林不吃辣"),
    User("3", "ＡＮＮＥ２"),
    User("aB c*", "\ue041%"),
    User("Ab C*", ""),
]
WORDS = [
    "海", "一层", "一层一层", "city", "CITY", "ity l", "%", "_", '"', "'", "🎆", "AND", "*", "\\", "(", "strasse", "ガ",
    "x", "\u200d", "\ue041", "\ue0ff", "\ue041\ue0ff", "\U000f0041", "\t", "\x01", "a", "aa", "aaaa", "aaaaa", "A",
    "i\u0307", "❤", "❤️", "👩👧", "你 ❤ 一", "café", "\u200b", "ab", LONG, LONG[1:], f"{LONG}x", f"{LONG}y",
]  # fmt: skip


def seconds_of(number):
    """Videos of the same second, of the same day and of other years."""
    return START + number // 2 if number % 3 else START - number * DAY * 20


class Kept:
    """A catalogue and what is in it, newest first; a failing example is not printed with all of it."""

    def __init__(self, store) -> None:
        self.catalogue, self.exporting = store.catalogue, store.exporting
        self.videos = list(self.catalogue.iterate_videos(VideoFilter()))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(request):
    return request.param


@pytest.fixture(scope="module")
def kept(database, request, tmp_path_factory):
    lasting = None
    if database == "postgres":  # beside the database of each test
        lasting = TestDatabase(request.getfixturevalue("postgres_address"), "_lists")
    store = open_store(
        tmp_path_factory.mktemp("store"), clock=lambda: START, database=lasting.address if lasting else ""
    )
    videos = [
        Video(
            f"v{number}",
            title,
            USERS[number % len(USERS)],
            seconds_of(number),
            censor_status=list(CensorStatus)[number % 4],
            cate_id=number % 3,
            duration=number * 7 % 5 + 0.25,
            size=number * 5 % 7,
            tags=TAGS[number % len(TAGS)],
            transcode_status=list(TranscodeStatus)[number // 2 % 4],
            narrow_transcode_status=list(TranscodeStatus)[number // 3 % 4],
        )
        for number, title in enumerate(TITLES * 3)
    ]
    store.catalogue.load_videos(videos, ACTOR)
    for number, video in enumerate(videos):  # before and after it is recommended
        if number % 2:
            keep_flags(store, video, flags_of(video))
    for video in videos[::3]:
        if video.censor_status is CensorStatus.SUCCESS:
            store.catalogue.recommend(video.video_id, {}, ACTOR)
    for video in videos[::2]:
        keep_flags(store, video, flags_of(video))
    for video in videos:
        for number in range(reports_of(video)):
            store.video_reports.add(video.video_id, str(number), "app", ReportReason.SPAM, "")
    store.optimize_search()
    yield Kept(store)
    assert store.recount() == []
    store.close()
    if lasting:
        lasting.drop()


@pytest.fixture
def open_new(database, request, tmp_path_factory, begin_data):
    """Opens a store in which nothing is yet."""

    def open_one():
        folder, address = tmp_path_factory.mktemp("store"), ""
        if database == "postgres":
            made = request.getfixturevalue("postgres_database")
            made.clean()
            address = made.address
        else:
            begin_data(folder)
        return open_store(folder, clock=lambda: START, database=address)

    return open_one


def keep_flags(store, video: Video, words: str) -> None:
    if words:
        findings = tuple(Finding(TechnicalFlag(word)) for word in words.split(",") if word != "none")
        store.technical_flags.keep(video.video_id, Measurement(video.duration, findings))


def mostly(values):
    """Mostly nothing, else one of these."""
    return st.sampled_from([None] * 5 * len(list(values)) + list(values) * 2)


seconds = st.none() | st.sampled_from(range(START - 2, START + 40)) | st.integers(START - 1500 * DAY, START + DAY)
filters = st.builds(
    VideoFilter,
    video_id=st.sampled_from(["", "", "", "", "v3", "nothing"]),
    user_id=st.sampled_from(["", "", "1", "9", "aB c*"]),
    title=st.just("")
    | st.sampled_from(WORDS)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3),
    user_name=st.sampled_from(["", "", "", "anne", "n", "林", "２", "%", "\ue041", "\u200b", "\ufe0f", LONG]),
    censor_status=st.none() | st.sampled_from(CensorStatus),
    start=seconds,
    end=seconds,
    cate_id=st.none() | st.sampled_from([0, 1, 2, 9]),
    transcode_status=mostly(TranscodeStatus),
    narrow_transcode_status=mostly(TranscodeStatus),
    recommended=mostly([True, False]),
    tags=st.sampled_from(["", "", "", "海", "ｃｉｔｙ", "CITY, 海", "❤️", "海，,", "nothing", "a b"]),
    min_duration=mostly([0.0, 1.25, 3.0, 9.5]),
    max_duration=mostly([0.25, 2.25, 4.25]),
    min_size=mostly([1, 3]),
    max_size=mostly([0, 2, 6]),
    flag=st.sampled_from(["", "", "", "any", "none", "black", "silent", "mayFlash", "quiet"]),
    min_reports=mostly([1, 2]),
)


@pytest.fixture(params=["few", "many"])
def size_of_catalogue(request, database, monkeypatch):
    """As it goes with few rows and, with the limits moved, with many."""
    if request.param == "many":
        monkeypatch.setattr(f"backend.store.{database}.video_queries.FEW", 3)
        monkeypatch.setattr(f"backend.store.{database}.video_queries.NEAR", 1)


@settings(max_examples=300)
@given(
    wanted=filters, sort=st.just(Sort.NEWEST) | st.sampled_from(Sort), index=st.integers(1, 7), size=st.integers(1, 12)
)
def test_every_combination_of_filters_finds_what_a_plain_filter_finds(
    kept, size_of_catalogue, wanted, sort, index, size
):
    expected = [video for video in kept.videos if matches(video, wanted, video.created)]

    page = kept.catalogue.find_videos(wanted, index, size, sort)

    assert page.total == len(expected)
    assert list(page.items) == ordered(expected, sort)[(index - 1) * size : index * size]


@settings(max_examples=50)
@given(wanted=filters)
def test_going_through_what_matches_gives_each_video_once_newest_first(kept, monkeypatch, wanted):
    monkeypatch.setattr("backend.store.videos.EXPORT_CHUNK", 7)

    expected = [video for video in kept.videos if matches(video, wanted, video.created)]
    assert list(kept.catalogue.iterate_videos(wanted)) == expected


@settings(max_examples=100)
@given(wanted=filters)
def test_each_facet_counts_what_its_other_choices_would_find(kept, wanted):
    def count(value_of, **aside):
        matching = [video for video in kept.videos if matches(video, replace(wanted, **aside), video.created)]
        counts = Counter(value_of(video) for video in matching)
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    facets = kept.catalogue.count_facets(wanted, most_users=3)

    statuses = dict(count(lambda video: video.censor_status, censor_status=None))
    assert facets.by_censor_status == {status: statuses.get(status, 0) for status in CensorStatus}
    categories = count(lambda video: video.cate_id, cate_id=None)
    assert [(cate_id, number) for cate_id, _, number in facets.by_category] == categories
    users = count(lambda video: video.user.user_id, user_id="")[:3]
    assert [(user.user_id, number) for user, number in facets.by_user] == users


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        ("爱你❤一生", "❤️"),
        ("爱你❤️一生", "你❤一"),
        ("👨‍👩‍👧 family", "👨👩👧"),
        ("cafe\u0301", "café"),
        ("café", "CAFE\u0301"),
        ("ＡＢＣ１２３", "abc123"),
        ("a\u200bb\ufeffc", "abc"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("soft\u00adware", "software"),
        ("한국", "한국"),
    ],
)
def test_a_title_is_found_however_a_keyboard_writes_it(open_new, title, typed):
    store = open_new()
    store.catalogue.add_video(Video("v", title, USERS[0], START), ACTOR)

    assert store.catalogue.find_videos(VideoFilter(title=typed)).total == 1
    store.close()


def test_videos_of_one_second_keep_the_order_they_came_in(kept):
    same = [number for number in range(len(kept.videos)) if seconds_of(number) == START + 2]

    found = kept.catalogue.find_videos(VideoFilter(start=START + 2, end=START + 2))

    assert [video.video_id for video in found.items] == [f"v{number}" for number in reversed(same)]


@settings(max_examples=60)
@given(wanted=filters, sort=st.sampled_from(Sort))
def test_a_file_has_the_order_of_the_list(kept, database, monkeypatch, wanted, sort):
    monkeypatch.setattr("backend.store.export_batches.FIRST_ROWS", 3)
    monkeypatch.setattr("backend.store.export_batches.ROWS", 5)
    expected = ordered([video for video in kept.videos if matches(video, wanted, video.created)], sort)

    column = (next(column for column in LISTING.columns if column.name == "videoId"),)
    pieces = kept.exporting.export_batches(LISTING, column, FileFormat.JSONL, wanted, ZoneInfo("UTC"), sort=sort)

    lines = b"".join(text for _, text in pieces).splitlines()
    assert [json.loads(line)["videoId"] for line in lines] == [video.video_id for video in expected]


def test_a_recommendation_is_found_by_what_it_shows_not_by_what_the_catalogue_says(open_new):
    store = open_new()
    video = Video("v", "catalogue title", USERS[0], START - 100, censor_status=CensorStatus.SUCCESS)
    store.catalogue.add_video(video, ACTOR)
    store.catalogue.recommend("v", {"title": "海报标题"}, ACTOR)

    def found(**wanted):
        return store.catalogue.find_recommendations(replace(VideoFilter(), **wanted)).total

    assert (found(title="海报"), found(title="catalogue")) == (1, 0)
    assert (found(start=START), found(end=START - 1)) == (1, 0)
    store.close()


CHANGES = (
    "pass", "block", "edit", "delete", "recommend", "cancel", "rename", "add", "transcode", "narrow", "flags", "report",
)  # fmt: skip
changes = st.lists(
    st.tuples(
        st.sampled_from(CHANGES),
        st.integers(0, 8),
        st.sampled_from(TITLES),
        st.sampled_from(USERS),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(changes=changes, wanted=filters, sort=st.sampled_from(Sort))
def test_after_any_changes_both_lists_find_what_they_show(open_new, changes, wanted, sort):
    store = open_new()
    catalogue = store.catalogue
    catalogue.load_videos([video_of(number, TITLES[number], USERS[number % 3]) for number in range(6)], ACTOR)

    for change in changes:
        apply(store, *change)

    videos = list(catalogue.iterate_videos(VideoFilter()))
    known = {one.video_id: store.technical_flags.find(one.video_id).measured for one in videos}
    flags = {video_id: measured.words if measured else "" for video_id, measured in known.items()}
    reports = {one.video_id: store.video_reports.find(one.video_id)[0].count for one in videos}
    found = catalogue.find_videos(wanted, 1, 100, sort)
    matching = [one for one in videos if matches(one, wanted, one.created, flags[one.video_id], reports[one.video_id])]
    assert list(found.items) == ordered(matching, sort)
    entries = catalogue.find_recommendations(VideoFilter(), 1, 100).items
    shown = [
        one.video for one in entries
        if matches(one.video, wanted, one.recommended, flags[one.video.video_id], reports[one.video.video_id])
    ]  # fmt: skip
    feed = catalogue.find_recommendations(wanted, 1, 100, sort)
    assert (feed.total, [entry.video for entry in feed.items]) == (len(shown), ordered(shown, sort))
    assert {one.video_id for one in videos if one.is_recommend} == {entry.video.video_id for entry in entries}
    assert store.recount() == []
    store.close()


def video_of(number, title, user):
    return Video(f"v{number}", title, user, START + number, duration=number % 2, size=number, cate_id=number % 3)


def apply(store, change, number, title, user):
    """Do one change to a video, where it is there."""
    catalogue, video_id = store.catalogue, f"v{number}"
    if change in ("add", "rename"):
        named = structs.replace(user, user_name=title[:9]) if change == "rename" else user
        catalogue.load_videos([video_of(number + 9 * (change == "rename"), title, named)], ACTOR)
        return
    page = catalogue.find_videos(VideoFilter(video_id=video_id))
    if not page.items:
        return
    (video,) = page.items
    if change in ("pass", "block"):
        catalogue.record_audit(video_id, Verdict.NORMAL if change == "pass" else Verdict.BLOCKED, title[:9], "", ACTOR)
    elif change == "edit":
        catalogue.edit_video(video_id, {"title": title, "cate_id": number % 2, "tags": TAGS[len(title) % 6]}, ACTOR)
    elif change == "flags":
        keep_flags(store, video, FLAGS[len(title) % len(FLAGS)])
    elif change == "report":
        store.video_reports.add(video_id, title, "app", ReportReason.SPAM, "")
    elif change in ("transcode", "narrow"):
        store.jobs.enqueue_for_video(JobKind(change), video_id, change, ACTOR)
    elif change == "delete":
        catalogue.delete_video(video_id, video.user.user_id, ACTOR)
    elif change == "cancel" and video.is_recommend:
        catalogue.cancel_recommendation(video_id, ACTOR)
    elif change == "recommend" and video.censor_status is CensorStatus.SUCCESS:
        own = {
            "transcode_status": TranscodeStatus.FAIL if number % 3 else None,
            "tags": TAGS[number % 6] or None,
            "title": title or None,
            "user_id": user.user_id if number % 2 else None,
            "duration": number / 2 or None,
        }
        catalogue.recommend(video_id, own, ACTOR)
