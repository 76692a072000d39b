"""Caches forget what was blocked or deleted: everything of it, once, however Alibaba answers; and failures are told."""

from __future__ import annotations

import time

import pytest

from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Video, VideoStatus

HOST = "media.example.com"
ANNE = Actor("anne", "tests")
NAMES = {
    FileKind.COMMON: ("sd.mp4", "hd.mp4"), FileKind.NARROW: ("narrow.mp4",), FileKind.COVER: ("cover.jpg",),
    FileKind.FIRST_FRAME: ("first.jpg",), FileKind.SNAPSHOT: ("1.jpg", "2.jpg"),
}  # fmt: skip


@pytest.fixture
def shown(console, alibaba):
    """A video of which the CDN keeps renditions and pictures."""

    def make(*more, host=HOST, censor=CensorStatus.SUCCESS):
        there = alibaba.vod.add(Title="缓存里", Status="Normal")
        names = [(kind, name, at) for kind, names in NAMES.items() for at, name in enumerate(names)]
        names += [(FileKind.COMMON, name, 10 + at) for at, name in enumerate(more)]
        video = Video(
            there["VideoId"], "缓存里", User("u1", "安妮"), int(time.time()), status=VideoStatus.NORMAL,
            censor_status=censor,
            files=tuple(
                MediaFile(kind, f"https://{host}/{there['VideoId']}/{name}", position=at) for kind, name, at in names
            ),
        )  # fmt: skip
        console.store.catalogue.add_video(video, ANNE)
        return console.store.catalogue.get_video(video.video_id)

    return make


@pytest.fixture
def pass_time(clock):
    """Moves the clock ahead."""
    return clock.move


@pytest.fixture
def refresh(console, pass_time):
    """Lets the console refresh what waits, until nothing is due any more."""

    def go(rounds=4, seconds=60):
        for _ in range(rounds):
            console.cloud.background.refresh_caches()
            pass_time(seconds)

    return go


def refreshed(alibaba, kind="file"):
    return sorted(task["ObjectPath"] for task in alibaba.prefetching.tasks if task["ObjectType"] == kind)


def everything(video):
    return sorted(f"{HOST}/{video.video_id}/{name}" for names in NAMES.values() for name in names)


def block(do, video):
    do("createAudit", mediaId=video.video_id, status="Blocked", reason="违规")


def delete(do, video):
    do("deleteVideoById", videoId=video.video_id, userId="u1")


@pytest.mark.parametrize("end", [block, delete])
def test_all_of_a_blocked_or_deleted_video_is_refreshed_once(console, alibaba, do, shown, refresh, end):
    video = shown()

    end(do, video)
    (waiting,) = do("getCacheRefreshes")["refreshList"]
    assert (waiting["videoId"], waiting["count"], waiting["state"]) == (video.video_id, 7, "waiting")
    assert waiting["title"] == "缓存里"  # in the trash it has its title still
    refresh()

    assert refreshed(alibaba) == everything(video)
    assert alibaba.count("RefreshVodObjectCaches") == 1
    assert do("getCacheRefreshes")["total"] == 0
    line = console.store.history.find_history(video.video_id)[0]
    assert (line.action, line.after) == ("refreshCache", {"count": 7})


def test_what_is_blocked_at_vod_is_refreshed_too(console, alibaba, hear, shown, refresh):
    video = shown()
    alibaba.vod.judge(video.video_id, "Blocked", "违规")
    hear()

    refresh()

    assert refreshed(alibaba) == everything(video)


@pytest.mark.settings(trash_days=0)
def test_what_is_deleted_for_good_at_once_is_refreshed_too(alibaba, do, shown, refresh):
    video = shown()
    delete(do, video)

    refresh()

    assert refreshed(alibaba) == everything(video)


def test_what_was_blocked_before_is_not_refreshed_again_and_unblocking_needs_none(alibaba, do, shown, refresh):
    video = shown()
    block(do, video)
    refresh()
    do("createAudit", mediaId=video.video_id, status="Normal")
    refresh()
    assert alibaba.count("RefreshVodObjectCaches") == 1
    block(do, video)
    refresh()
    delete(do, video)
    refresh()

    assert alibaba.count("RefreshVodObjectCaches") == 2


def test_the_folder_of_a_playlist_is_refreshed_with_its_pieces(alibaba, do, shown, refresh):
    video = shown("hls/list.m3u8")
    block(do, video)

    refresh()

    assert refreshed(alibaba, "directory") == [f"{HOST}/{video.video_id}/hls/"]
    assert f"{HOST}/{video.video_id}/hls/list.m3u8" in refreshed(alibaba)


@pytest.mark.settings(prewarm_service="cdn")
def test_cdn_refreshes_where_it_serves_the_domain(alibaba, do, shown, refresh):
    video = shown()
    block(do, video)

    refresh()

    assert refreshed(alibaba) == everything(video)
    assert alibaba.count("RefreshObjectCaches") == 1


def test_what_lies_on_hosts_that_are_not_ours_is_left_alone(console, alibaba, do, shown, refresh):
    block(do, shown(host="elsewhere.example"))

    refresh()

    assert alibaba.count("RefreshVodObjectCaches") == 0
    assert do("getCacheRefreshes")["total"] == 0


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "VOD does not tell"])
def test_renditions_that_nobody_here_knew_of_are_asked_for_before_a_block(
    console, alibaba, do, new_video, refresh, censor_of, asked
):
    video = new_video(Status="Normal", censor=CensorStatus.SUCCESS)
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video.video_id, "TemplateGroupId": "plain-group"})
    alibaba.vod.go_on()
    alibaba.vod.go_on()
    if not asked:
        alibaba.fail("GetPlayInfo", "busy", times=99)

    block(do, video)
    refresh()

    assert len([path for path in refreshed(alibaba) if path.endswith(".mp4")]) == (2 if asked else 0)
    assert censor_of(video.video_id) is CensorStatus.FAIL


@pytest.fixture
def censor_of(console):
    return lambda video_id: console.store.catalogue.get_video(video_id).censor_status


@pytest.mark.parametrize("fault", ["done_dropped", "done_cut", "dropped", "busy"])
def test_an_answer_that_is_lost_refreshes_nothing_twice(alibaba, do, shown, refresh, fault):
    video = shown()
    block(do, video)
    alibaba.fail("RefreshVodObjectCaches", fault, times=1)

    refresh(6)

    assert refreshed(alibaba) == everything(video)
    assert do("getCacheRefreshes")["total"] == 0


def test_a_lost_answer_is_looked_up_even_after_a_restart(make_console, console, alibaba, do, shown, refresh):
    video = shown()
    block(do, video)
    alibaba.fail("RefreshVodObjectCaches", "done_dropped", times=1)
    alibaba.fail("DescribeVodRefreshTasks", "dropped", times=99)
    refresh(1)
    alibaba.faults.clear()

    refresh(6)

    assert refreshed(alibaba) == everything(video)


def test_a_quota_that_is_used_up_is_told_and_the_rest_goes_out_after_midnight(alibaba, do, shown, refresh):
    video = shown()
    alibaba.prefetching.url_remain = 3
    block(do, video)

    refresh()

    (waiting,) = do("getCacheRefreshes", videoId=video.video_id)["refreshList"]
    assert (waiting["state"], "quota of RefreshVodObjectCaches is used up" in waiting["error"]) == ("failing", True)
    assert do("getRefreshQuota") == {"urlTotal": 10000, "urlLeft": 3, "directoryTotal": 100, "directoryLeft": 100}
    assert len([action for action, _ in alibaba.calls if action == "RefreshVodObjectCaches"]) <= 1
    alibaba.prefetching.url_remain = 10_000
    refresh(30, 3600)
    assert refreshed(alibaba) == everything(video)


def test_a_right_that_is_missing_is_told_here_and_by_the_doctor_and_mended_by_a_click(
    console, alibaba, do, shown, refresh
):
    video = shown()
    block(do, video)
    alibaba.denied.add("RefreshVodObjectCaches")

    refresh()

    (waiting,) = do("getCacheRefreshes")["refreshList"]
    assert (waiting["state"], "RAM policy" in waiting["error"]) == ("failing", True)
    bad = " ".join(one.text for one in console.cloud.examine() if not one.good)
    assert "add vod:RefreshVodObjectCaches to the policy" in bad
    assert "1 videos waiting; the CDN may still serve them" in bad
    alibaba.denied.clear()
    do("refreshCache", videoId=video.video_id)
    refresh()
    assert refreshed(alibaba) == everything(video)


def test_a_refresh_that_failed_at_the_cdn_is_tried_once_more_and_then_told(console, alibaba, do, shown, refresh):
    video = shown()
    block(do, video)
    alibaba.prefetching.failing = set(everything(video)[:2])

    refresh(80, 300)

    assert alibaba.count("RefreshVodObjectCaches") == 2
    line = console.store.history.find_history(video.video_id)[0]
    assert (line.action, "2 of 7" in line.after["error"]) == ("refreshCache", True)


def test_a_person_can_have_it_done_again(alibaba, do, shown, refresh):
    video = shown()

    do("refreshCache", videoId=video.video_id)
    refresh()

    assert refreshed(alibaba) == everything(video)


def test_an_hour_of_503_costs_no_refresh(alibaba, do, shown, refresh):
    videos = [shown() for _ in range(3)]
    for video in videos:
        block(do, video)
    alibaba.fail("RefreshVodObjectCaches", "busy", times=10_000)
    refresh(6, 600)
    alibaba.faults.clear()

    refresh(6, 600)

    assert refreshed(alibaba) == sorted(path for video in videos for path in everything(video))


def test_addresses_given_by_hand_are_refreshed_once_and_can_be_prewarmed_again(console, alibaba, do, refresh):
    urls = [f"https://{HOST}/a/cover.jpg", f"https://{HOST}/a/hd.mp4"]
    do("pushObjectCache", objectPath="\n".join(urls))

    do("refreshObjectCache", objectPath=f"{urls[0]}\n{HOST}/a/hd.mp4")
    (waiting,) = do("getCacheRefreshes")["refreshList"]
    refresh()

    assert (waiting["why"], waiting["count"]) == ("asked", 2)
    assert refreshed(alibaba) == [f"{HOST}/a/cover.jpg", f"{HOST}/a/hd.mp4"]
    assert do("getCacheRefreshes")["total"] == 0
    assert console.store.prewarming.find_sent(urls) == {}


def test_more_addresses_than_the_quota_of_refreshes_are_refused_and_so_are_bad_lines(alibaba, ask):
    alibaba.prefetching.url_remain = 1

    full = ask("refreshObjectCache", objectPath=f"{HOST}/1.jpg\n{HOST}/2.jpg")
    bad = ask("refreshObjectCache", objectPath="elsewhere.example/1.jpg")

    assert (full["code"], bad["code"]) == ("409", "400")
    assert "room for 1 more addresses, and these are 2" in full["message"]
    assert alibaba.count("RefreshVodObjectCaches") == 0


@pytest.mark.settings(public_url=f"https://{HOST}")
@pytest.mark.parametrize("end", [block, delete])
def test_the_feed_is_refreshed_when_a_live_clip_is_blocked_or_deleted(console, alibaba, do, shown, refresh, end):
    live, other = shown(), shown()
    do("recommendVideo", videoId=live.video_id)

    end(do, other)
    refresh()
    assert refreshed(alibaba, "directory") == []
    end(do, live)
    refresh()

    assert refreshed(alibaba, "directory") == [f"{HOST}/vodVideo/"]


@pytest.mark.settings(public_url=f"https://{HOST}")
def test_a_feed_that_was_refreshed_is_refreshed_again_for_the_next_clip(alibaba, do, shown, refresh):
    for video in (shown(), shown()):
        do("recommendVideo", videoId=video.video_id)
        block(do, video)
        refresh(1)

    refresh()

    assert refreshed(alibaba, "directory") == [f"{HOST}/vodVideo/"] * 2


def test_a_feed_that_no_cdn_serves_is_not_refreshed(alibaba, do, shown, refresh):
    video = shown()
    do("recommendVideo", videoId=video.video_id)
    block(do, video)

    refresh()

    assert refreshed(alibaba, "directory") == []
    assert do("getCacheRefreshes")["total"] == 0
