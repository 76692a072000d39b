"""Lists and totals by the clock, held against a model in plain Python: at any moment, with any filter and any order."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.exports.columns import RECOMMENDED, FileFormat
from backend.model import CensorStatus, FileKind, MediaFile, Sort, User, Video, VideoFilter, VideoStatus
from backend.model.programme import FEED, EntryState, Rules, Scheduling
from backend.model.wall_times import TypedTime
from backend.store import open_store
from tests.clock import Clock, process_zone
from tests.conftest import TESTS
from tests.store.plain_filter import matches, ordered
from tests.store.test_video_queries import USERS

START, MINUTE = 1_700_000_000, 60
COMMON = MediaFile(FileKind.COMMON, "common.mp4")
TITLES = ["海浪一层一层", "城市天际线", "CITY lights"]
alone = settings(max_examples=25)

minutes = st.integers(0, 12)
windows = st.lists(
    st.tuples(st.booleans(), st.booleans(), minutes, st.none() | st.integers(1, 6)), min_size=1, max_size=7
)
filters = st.builds(
    VideoFilter,
    title=st.sampled_from(["", "", "海", "city"]),
    user_id=st.sampled_from(["", "", "1"]),
    censor_status=st.none() | st.sampled_from(CensorStatus),
    cate_id=st.none() | st.sampled_from([0, 1]),
    start=st.none() | st.integers(START, START + 12 * MINUTE),
    end=st.none() | st.integers(START, START + 12 * MINUTE),
    recommended=st.none() | st.booleans(),
    min_duration=st.none() | st.just(1.0),
)
states = st.sampled_from((None, *EntryState))


@pytest.fixture(params=["few", "many"])
def size_of_catalogue(request, monkeypatch):
    """As it goes with few rows and, with the limits moved, with many."""
    if request.param == "many":
        monkeypatch.setattr("backend.store.sqlite.video_queries.FEW", 3)
        monkeypatch.setattr("backend.store.sqlite.video_queries.NEAR", 1)


@pytest.fixture
def elsewhere():
    """The process is in another zone than the console."""
    with process_zone("America/Los_Angeles"):
        yield


def at(minute):
    return TypedTime(START + minute * MINUTE, "", "UTC")


def filled(folder, clock, given):
    """A store in a new console's folder with a video for each window; the second of a window says whether it is
    recommended at all."""
    store = open_store(folder, clock=clock)
    for number, (plays, is_in, starts, length) in enumerate(given):
        video = Video(
            f"v{number}", TITLES[number % 3], USERS[number % 3], START + number, cate_id=number % 2,
            duration=float(number % 3), censor_status=CensorStatus.SUCCESS, status=VideoStatus.NORMAL,
            files=(COMMON,) if plays else (),
        )  # fmt: skip
        store.catalogue.add_video(video, TESTS)
        if is_in:
            ends = None if length is None else at(starts + length)
            store.catalogue.recommend(video.video_id, {}, TESTS, wanted=Scheduling(at(starts), ends))
    return store


def model_of(given, second):
    """The states of the entries at a second by video; without a rendition what would be live has none."""
    found = {}
    for number, (plays, is_in, starts, length) in enumerate(given):
        begun = second >= START + starts * MINUTE
        over = length is not None and second >= START + (starts + length) * MINUTE
        if is_in:
            state = EntryState.ENDED if over else EntryState.LIVE if begun else EntryState.SCHEDULED
            found[f"v{number}"] = None if state is EntryState.LIVE and not plays else state
    return found


@pytest.mark.usefixtures("size_of_catalogue")
@alone
@given(given=windows, second=st.integers(0, 14 * MINUTE), wanted=filters, state=states, sort=st.sampled_from(Sort))
def test_both_lists_show_what_is_right_at_that_second(tmp_path_factory, begin_data, given, second, wanted, state, sort):
    clock = Clock(START)
    store = filled(begin_data(tmp_path_factory.mktemp("store")), clock, given)
    catalogue = store.catalogue
    clock.now = START + second
    known = model_of(given, clock.now)
    plain = replace(wanted, recommended=None)

    entries = catalogue.find_recommendations(VideoFilter(), 1, 100).items
    shown = [
        one.video for one in entries
        if matches(one.video, plain, one.recommended) and (state is None or known[one.video.video_id] is state)
    ]  # fmt: skip
    feed = catalogue.find_recommendations(replace(plain, state=state), 1, 100, sort)
    assert (feed.total, [one.video for one in feed.items]) == (len(shown), ordered(shown, sort))

    videos = list(catalogue.iterate_videos(VideoFilter()))
    still = {video_id for video_id, one in known.items() if one is not EntryState.ENDED}
    assert {one.video_id for one in videos if one.is_recommend} == still
    matching = [one for one in videos if matches(one, wanted, one.created)]
    found = catalogue.find_videos(wanted, 1, 100, sort)
    assert (found.total, list(found.items)) == (len(matching), ordered(matching, sort))
    assert list(catalogue.iterate_videos(wanted)) == matching
    assert sum(catalogue.count_facets(replace(wanted, censor_status=None)).by_censor_status.values()) == len(
        [one for one in videos if matches(one, replace(wanted, censor_status=None), one.created)]
    )
    settled = catalogue.settle(replace(plain, state=state), of_feed=True)
    column = (next(column for column in RECOMMENDED.columns if column.name == "videoId"),)
    pieces = store.exporting.export_batches(RECOMMENDED, column, FileFormat.JSONL, settled, ZoneInfo("UTC"), sort=sort)
    lines = b"".join(text for _, text in pieces).splitlines()
    assert [json.loads(line)["videoId"] for line in lines] == [one.video_id for one in ordered(shown, sort)]
    assert store.recount() == []
    store.close()


@pytest.mark.usefixtures("elsewhere")
@alone
@given(given=windows, seconds=st.lists(st.integers(0, 14 * MINUTE), min_size=1, max_size=4))
def test_a_preview_of_a_moment_is_what_is_shown_then(tmp_path_factory, begin_data, given, seconds):
    clock = Clock(START)
    store = filled(begin_data(tmp_path_factory.mktemp("store")), clock, given)
    store.programme_changes.save_slot(FEED, None, {"creator_gap": 0}, TESTS)
    previews = {second: store.programme.lineup(FEED, START + second) for second in seconds}

    for second in sorted(seconds):
        clock.now = START + second
        shown = store.programme.lineup(FEED)
        live = store.catalogue.find_recommendations(VideoFilter(state=EntryState.LIVE), 1, 100).items

        assert shown == previews[second]
        assert [place.entry.video_id for place in shown.places] == [one.video.video_id for one in live]
    store.close()


def test_a_next_boundary_is_not_missed_between_two_looks(tmp_path, begin_data):
    clock = Clock(START)
    store = filled(begin_data(tmp_path), clock, [(True, True, 1, 2), (True, True, 5, None)])
    seen = []
    for second in range(0, 6 * MINUTE + 1, 30):
        clock.now = START + second
        seen.append(((store.programme.boundary() - START) // MINUTE, store.programme.last_end() > 0))

    assert seen == [(-(START // MINUTE) - 1, False)] * 2 + [(1, False)] * 4 + [(3, True)] * 4 + [(5, True)] * 3
    store.close()


def test_old_revisions_go_after_five_hundred_and_ninety_days(tmp_path, begin_data):
    clock = Clock(4_000_000_000)  # the first revision is of the real time
    store = filled(begin_data(tmp_path), clock, [(True, True, 0, None)])
    video = store.catalogue.add_video(Video("w", "w", User("u"), START, censor_status=CensorStatus.SUCCESS), TESTS)
    for _ in range(250):
        store.catalogue.recommend(video.video_id, {}, TESTS)
        store.catalogue.cancel_recommendation(video.video_id, TESTS)
    assert store.programme.find_revisions(FEED).total == 501  # without the first, which is long ago
    clock.move(91 * 86_400)

    store.catalogue.recommend(video.video_id, {}, TESTS)

    page = store.programme.find_revisions(FEED, 1, 600)
    assert [page.total, page.items[0].revision, page.items[-1].revision] == [500, 503, 4]
    assert [row["video_id"] for row in store.programme.get_revision(FEED, 4)[1]] == ["v0"]
    assert store.programme.find_slots()[0].rules == Rules()
    store.close()
