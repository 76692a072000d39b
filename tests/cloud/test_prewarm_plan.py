"""The plan of prewarming on the wire: what is live or starts soon is sent once, within the quota, if it is of use."""

from __future__ import annotations

import time
from collections import Counter
from urllib.parse import urlsplit

import pytest

from backend.lifecycle.prewarmer import Prewarmer, is_automatic
from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Video, VideoStatus
from backend.model.warm_plan import SLICE_SECONDS, SentState
from tests.acceptance.server_process import ServerProcess
from tests.browser.server import cloud_environ
from tests.waiting import until

ANNE = Actor("anne", "tests")
MP4 = ((FileKind.COVER, "cover.jpg"), (FileKind.FIRST_FRAME, "first.jpg"), (FileKind.COMMON, "hd.mp4"))


@pytest.fixture
def place(alibaba):
    return urlsplit(alibaba.url).netloc


@pytest.fixture
def recommended(console, alibaba, place):
    """Recommends new videos whose files lie on the play domain, and returns their ids, newest last."""
    return lambda count, files=MP4: recommend(console, alibaba, place, count, files)


def recommend(console, alibaba, place, count, files=MP4):
    made = []
    for number in range(count):
        video_id = alibaba.vod.add(Title=f"clip {number}", Status="Normal")["VideoId"]
        names = [MediaFile(kind, f"http://{place}/{video_id}/{name}", 100) for kind, name in files]
        video = Video(
            video_id, f"clip {number}", User(f"u{number}", "安妮"), int(time.time()), status=VideoStatus.NORMAL,
            censor_status=CensorStatus.SUCCESS, files=tuple(names),
        )  # fmt: skip
        console.store.catalogue.add_video(video, ANNE)
        console.store.catalogue.recommend(video_id, {}, ANNE)
        made.append(video_id)
    return made


@pytest.fixture
def run(console, clock, work_on):
    """Lets the plan be sent so often, with the pause between slices, and the queue be worked off each time."""

    def go(rounds=1, of=console):
        sent = []
        for _ in range(rounds):
            sent.append(Prewarmer(of).step())
            work_on(of)
            clock.move(SLICE_SECONDS + 1)
        return sent

    return go


def sent(alibaba):
    return [task["ObjectPath"].partition("/")[2] for task in alibaba.prefetching.tasks]


def test_what_is_live_is_sent_once_in_slices_covers_first(alibaba, recommended, run):
    ids = recommended(50)

    assert run(4) == [100, 50, 0, 0]

    paths = sent(alibaba)
    assert sorted(paths) == sorted(f"{video_id}/{name}" for video_id in ids for _, name in MP4)
    assert paths[:20] == [f"{video_id}/cover.jpg" for video_id in reversed(ids[-20:])]
    assert paths[20:40] == [f"{video_id}/hd.mp4" for video_id in reversed(ids[-20:])]


def test_what_came_of_it_is_known_and_what_failed_is_tried_again_later(
    console, alibaba, place, recommended, run, clock
):
    (video_id,) = recommended(1)
    alibaba.prefetching.failing = {f"{place}/{video_id}/hd.mp4"}

    assert run(3) == [3, 0, 0]

    urls = [f"http://{place}/{video_id}/{name}" for _, name in MP4]
    known = console.store.prewarming.find_sent(urls)
    assert [known[url].state for url in urls] == [SentState.WARM, SentState.WARM, SentState.FAILED]
    assert known[urls[0]].actor == "prewarm"
    alibaba.prefetching.failing = set()
    clock.move(600)
    assert run(2) == [1, 0]


def test_of_a_quota_of_30_the_24_most_urgent_go_and_a_second_run_sends_nothing(alibaba, do, recommended, run):
    alibaba.prefetching.remain = 30
    ids = recommended(40)

    assert run(6) == [24, 0, 0, 0, 0, 0]

    assert sent(alibaba)[:20] == [f"{video_id}/cover.jpg" for video_id in reversed(ids[-20:])]
    assert alibaba.prefetching.remain == 6
    do("pushObjectCache", objectPath=f"media.example.com/{ids[0]}/by-hand.jpg")  # people have theirs


def test_a_quota_that_is_not_told_lets_the_plan_wait(alibaba, recommended, run):
    alibaba.denied.add("DescribeVodRefreshQuota")
    recommended(1)

    assert run() == [0]

    alibaba.denied.clear()
    assert run() == [3]


def test_what_waits_in_the_queue_counts_against_the_quota(alibaba, do, recommended, console, clock):
    alibaba.prefetching.remain = 10
    do("pushObjectCache", objectPath="\n".join(f"media.example.com/{number}.jpg" for number in range(10)))
    recommended(1)

    assert Prewarmer(console).step() == 0


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ("private, max-age=60", "private"),
        ("no-store", "no-store"),
        ("public, max-age=0", "max-age=0"),
        ("max-age=600, s-maxage=0", "s-maxage=0"),
    ],
)
def test_nothing_is_sent_that_the_cdn_may_not_keep(console, alibaba, recommended, run, clock, says, problem):
    alibaba.oss.cache_control = says
    recommended(2)

    assert run(2) == [0, 0]

    assert alibaba.prefetching.tasks == []
    told = {one.kind: str(one.problem) for one in console.store.prewarming.find_checks() if one.problem}
    assert set(told) == {"cover", "firstFrame"}
    assert all(problem in text for text in told.values())
    alibaba.oss.cache_control = "public, max-age=0, s-maxage=86400"
    clock.move(60)
    assert run() == [6]


def test_nothing_is_sent_of_what_is_not_there(console, alibaba, recommended, run):
    (video_id,) = recommended(1)
    alibaba.oss.gone.add(f"{video_id}/first.jpg")

    assert run() == [0]

    (found,) = (one for one in console.store.prewarming.find_checks() if one.problem)
    assert (found.kind, str(found.problem)) == ("firstFrame", "The CDN answers HTTP 404 for it.")


def test_one_file_of_each_kind_is_looked_at_once_for_many(alibaba, recommended, run):
    recommended(50)

    run(2)

    assert Counter(name.rpartition("/")[2] for name in alibaba.oss.looked_at) == {"cover.jpg": 1, "first.jpg": 1}


def test_of_hls_the_playlists_and_the_first_segments_are_sent(alibaba, recommended, run):
    (video_id,) = recommended(1, ((FileKind.COVER, "cover.jpg"), (FileKind.COMMON, "hls/master.m3u8")))
    alibaba.oss.playlists = {
        f"{video_id}/hls/master.m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000\n720/index.m3u8\n",
        f"{video_id}/hls/720/index.m3u8": b"#EXTM3U\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n#EXTINF:4,\n3.ts\n",
    }

    assert run(2) == [5, 0]

    names = ("cover.jpg", "hls/master.m3u8", "hls/720/index.m3u8", "hls/720/1.ts", "hls/720/2.ts")
    assert sorted(sent(alibaba)) == sorted(f"{video_id}/{name}" for name in names)


def test_what_a_person_sent_or_recommended_with_prewarming_is_not_sent_again(alibaba, do, recommended, place, run):
    one, two = recommended(2)
    do("pushObjectCache", objectPath="\n".join(f"http://{place}/{one}/{name}" for _, name in MP4))
    do("recommendVideo", videoId=two, isCache="true")

    assert run(2) == [1, 0]

    assert sorted(sent(alibaba)) == sorted(f"{video_id}/{name}" for video_id in (one, two) for _, name in MP4)


@pytest.mark.parametrize("fault", ["done_dropped", "done_cut", "dropped", "busy"])
def test_a_lost_answer_sends_nothing_twice(alibaba, recommended, run, fault):
    ids = recommended(50)
    alibaba.fail("PreloadVodObjectCaches", fault)

    run(3)

    assert sorted(sent(alibaba)) == sorted(f"{video_id}/{name}" for video_id in ids for _, name in MP4)


@pytest.mark.settings(prewarm_region="overseas")
def test_the_region_of_the_settings_is_what_is_prewarmed(alibaba, recommended, run):
    recommended(1)

    run()

    (call,) = [values for name, values in alibaba.calls if name == "PreloadVodObjectCaches"]
    assert call["Area"] == "overseas"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [({}, True), ({"prewarm_hosts": ()}, False), ({"prewarm_plan": "off"}, False)],
)
def test_in_cloud_mode_the_plan_is_sent_unless_it_is_switched_off(make_console, changes, answer):
    assert is_automatic(make_console(**changes)) is answer


@pytest.mark.slow
def test_a_server_that_is_killed_between_and_within_slices_sends_each_url_once(make_console, alibaba, place, tmp_path):
    console = make_console()
    ids = recommend(console, alibaba, place, 50)
    console.close()
    alibaba.fail("PreloadVodObjectCaches", "done_dropped")
    alibaba.fail("DescribeVodRefreshTasks", "dropped", times=1000)  # so it is not known whether the first part was sent
    server = ServerProcess(tmp_path, **cloud_environ("http://127.0.0.1:1", place, "Abcdefgh12345678"))

    server.start()
    until(lambda: alibaba.prefetching.tasks, seconds=60)
    server.kill()
    alibaba.faults.clear()
    server.start()
    until(lambda: len(alibaba.prefetching.tasks) > 100, seconds=60)
    server.kill()
    server.start()
    try:
        until(lambda: len(alibaba.prefetching.tasks) >= 150, seconds=60)
        until(lambda: alibaba.count("DescribeVodRefreshTasks") > 5, seconds=60)
    finally:
        server.end()

    assert Counter(sent(alibaba)) == Counter(f"{video_id}/{name}" for video_id in ids for _, name in MP4)
