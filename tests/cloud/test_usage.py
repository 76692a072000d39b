"""What the account uses, as somebody reads it: kept here, so that reading never waits for Alibaba."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from backend.console import Caller
from backend.model.usage import day_of
from backend.observability.prometheus import Metrics
from backend.server.page_sockets import PageSockets

DAY = 86400


@pytest.fixture
def ask(console, token):
    """Runs an operation for somebody who reads Chinese, and returns its envelope."""
    return lambda name, **parameters: console.call(name, parameters, token, Caller(language="zh"))


@pytest.fixture
def days(alibaba):
    """Three days of figures at Alibaba: the day before yesterday, yesterday and today, in Beijing."""
    names = [day_of(time.time() - back * DAY) for back in (2, 1, 0)]
    for number, day in enumerate(names, 1):
        midnight = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=8)
        stamp = midnight.strftime("%Y-%m-%dT%H:%M:%SZ")  # of the day before, in UTC
        usage = alibaba.usage
        usage.hours |= {
            ("CN", "traf", stamp): 1000 * number, ("OverSeas", "traf", stamp): 10 * number,
            ("CN", "bps", stamp): 8_000_000.5 * number,
        }  # fmt: skip
        usage.storage[stamp] = 5_000_000 * number
        usage.transcoded[day] = {"H264.HD": 60 * number, "Audio": number}
        if number == 3:
            continue  # plays are counted the morning after
        usage.plays[day] = {
            "VV": {"Android": 100 * number, "iOS": 50}, "UV": {"Android": 10 * number}, "PlayDuration": 90_000,
        }  # fmt: skip
    return names


def test_traffic_storage_transcoding_and_plays_are_told_by_day_in_beijing(console, do, days):
    console.cloud.usage.refresh()

    found = do("getUsage")

    assert (len(found["dayList"]), found["endDay"]) == (30, days[-1])
    last = found["dayList"][-1]
    assert last == {
        "day": days[-1], "trafficBytes": 3030, "peakBandwidth": 24_000_002, "storageBytes": 15_000_000,
        "transcodedSeconds": 183, "plays": None, "viewers": None, "playedSeconds": None,
    }  # fmt: skip
    assert [found["dayList"][-2][name] for name in ("plays", "viewers", "playedSeconds")] == [250, 20, 90]
    assert (found["trafficBytes"], found["peakBandwidth"]) == (6060, 24_000_002)
    assert (found["storageBytes"], found["transcodedSeconds"], found["plays"]) == (15_000_000, 366, 400)
    assert found["dayList"][0]["trafficBytes"] is None
    assert {one["source"]: one["problem"] for one in found["sourceList"]} == dict.fromkeys(
        ("cdn", "storage", "transcodes", "plays", "topVideos", "quota"), ""
    )


def test_a_range_of_days_narrows_what_is_told(console, do, ask, days):
    console.cloud.usage.refresh()

    found = do("getUsage", startTime=days[0], endTime=days[1])

    assert [one["day"] for one in found["dayList"]] == days[:2]
    assert found["trafficBytes"] == 3030
    assert ask("getUsage", startTime=days[1], endTime=days[0])["code"] == "400"
    assert ask("getUsage", startTime="2019-01-01", endTime="2026-01-01")["message"] == (
        "startTime 到 endTime 超过 366 天。"
    )


def test_the_videos_that_were_played_most_are_named_as_here(console, alibaba, do, new_video, days, clock):
    video = new_video(title="海边")
    said = {"Title": "old", "UV": "7", "PlayDuration": "120000"}
    alibaba.usage.top = {
        days[0]: [{**said, "VideoId": video.video_id, "VV": "40"}, {**said, "VideoId": "elsewhere", "VV": "90"}],
        days[1]: [{**said, "VideoId": video.video_id, "VV": "60"}],
    }
    clock.move(10 * 3600)  # past nine in the morning, whenever this runs

    console.cloud.usage.refresh()

    top = do("getUsage")["topVideoList"]
    assert [(one["title"], one["plays"], one["isHere"]) for one in top] == [("海边", 100, True), ("old", 90, False)]
    assert (top[0]["viewers"], top[0]["playedSeconds"]) == (7, 240)


def test_what_is_refused_leaves_what_is_known_and_says_why(console, alibaba, do, days):
    console.cloud.usage.refresh()
    alibaba.denied |= {"DescribeVodStorageData"}
    alibaba.usage.storage.clear()

    console.cloud.usage.refresh()

    found = do("getUsage")
    problems = {one["source"]: one["problem"] for one in found["sourceList"] if one["problem"]}
    assert list(problems) == ["storage"]
    assert "DescribeVodStorageData" in problems["storage"]
    assert found["storageBytes"] == 15_000_000
    assert all(one["time"] for one in found["sourceList"])


@pytest.mark.parametrize("read_seconds", [1.0])
def test_reading_asks_alibaba_nothing(console, alibaba, do, days):
    alibaba.fail("*", "slow", times=99)

    assert do("getUsage")["trafficBytes"] is None

    assert alibaba.calls == []


def test_later_looks_ask_for_the_last_days_alone(console, alibaba, days):
    console.cloud.usage.refresh()
    alibaba.calls.clear()

    console.cloud.usage.refresh()

    (start,) = {one["StartTime"] for name, one in alibaba.calls if name == "DescribeVodStorageData"}
    assert start >= (datetime.now(UTC) - timedelta(days=4)).strftime("%Y-%m-%d")
    assert alibaba.count("DescribePlayTopVideos") <= 3


@pytest.mark.settings(prewarm_service="cdn")
def test_with_a_domain_of_cdn_its_traffic_is_asked_of_cdn(console, alibaba, do, days):
    console.cloud.usage.refresh()

    assert do("getUsage")["trafficBytes"] == 6060
    assert (alibaba.count("DescribeDomainUsageData"), alibaba.count("DescribeVodDomainUsageData")) == (4, 0)


def test_the_quota_of_the_day_is_kept_until_midnight_in_beijing(console, alibaba, do, clock):
    alibaba.prefetching.remain = 42
    console.cloud.usage.refresh()

    quota = do("getUsage")["prewarmQuota"]
    assert (quota["total"], quota["left"], quota["sent"]) == (1000, 42, 0)
    told = Metrics(console, PageSockets()).render().decode()
    assert 'qu_prewarm_quota{what="total"} 1000.0\nqu_prewarm_quota{what="left"} 42.0\n' in told

    clock.move(DAY)
    assert do("getUsage")["prewarmQuota"] is None
    assert "qu_prewarm_quota" not in Metrics(console, PageSockets()).render().decode()


def test_a_used_up_quota_is_told_before_anything_is_sent(console, alibaba, ask, do, work):
    alibaba.prefetching.remain = 1
    two = "media.example.com/a.mp4\nmedia.example.com/b.mp4"

    answer = ask("pushObjectCache", objectPath=two)

    assert (answer["code"], answer["message"]) == (
        "409", "今日预热额度还剩 1 条，这里有 2 条。额度在北京时间零点恢复。"
    )  # fmt: skip
    assert do("getPrewarms")["total"] == 0
    do("pushObjectCache", objectPath="media.example.com/a.mp4")
    work()
    assert alibaba.prefetching.remain == 0


def test_where_nobody_tells_the_quota_prewarming_goes_ahead(alibaba, do):
    alibaba.denied.add("DescribeVodRefreshQuota")

    do("pushObjectCache", objectPath="media.example.com/a.mp4")

    assert do("getPrewarms")["total"] == 1


@pytest.mark.every_door
def test_it_is_told_through_every_door(console, door, days):
    console.cloud.usage.refresh()

    assert door.data("getUsage", startTime=days[0])["trafficBytes"] == 6060
    assert door("getUsage", startTime="soon")["code"] == "400"
