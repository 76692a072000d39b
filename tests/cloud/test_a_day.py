"""Long stretches of time on an account at Alibaba: an outage, and a whole day of everything that can go wrong."""

from __future__ import annotations

import time

import pytest

from backend.aliyun.snapshots import SnapshotJobs
from backend.errors import CloudError
from backend.jobs.runner import Done, Failed, Running
from backend.model import CensorStatus
from tests.cloud.alibaba.server import Server
from tests.cloud.day import Plan, problems, run

HOUR = 3600


def test_what_an_outage_put_off_waits_no_longer_than_a_minute_once_vod_shows_it(console, alibaba, new_video, clock):
    """After hours without an answer an event is tried every ten minutes only: too late for a blocked video."""
    video = new_video(Status="Normal", censor=CensorStatus.SUCCESS)
    alibaba.vod.judge(video.video_id, "Blocked", "违规")
    console.store.cloud.enqueue_event("CreateAuditComplete", video.video_id, {})
    alibaba.fail("GetVideoInfo", "busy", times=10_000)
    for _ in range(20):
        clock.move(600)
        console.cloud.background.process_events()
    alibaba.faults.clear()
    clock.move(1)

    console.cloud.background.sync_changes()
    clock.move(60)
    console.cloud.background.process_events()

    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.FAIL


def test_pictures_that_vod_made_while_it_did_not_answer_for_an_hour_are_taken(console, alibaba, new_video):
    now = [time.time()]
    video_id = new_video(Status="Normal").video_id
    pictures = SnapshotJobs(console.cloud.client, console.store.cloud, lambda: now[0])
    pictures.start("a", video_id)
    now[0] += HOUR
    alibaba.clock = lambda: now[0]
    alibaba.fail("ListSnapshots", "busy", times=99)
    with pytest.raises(CloudError):
        pictures.poll("a", video_id)
    alibaba.faults.clear()

    assert isinstance(pictures.poll("a", video_id), Done)


def test_pictures_that_vod_never_makes_are_given_up_after_half_an_hour(console, alibaba, new_video):
    now = [time.time()]
    video_id = new_video(Status="Normal").video_id
    pictures = SnapshotJobs(console.cloud.client, console.store.cloud, lambda: now[0])
    pictures.start("a", video_id)
    del alibaba.vod.snapshots[video_id]

    assert isinstance(pictures.poll("a", video_id), Running)
    now[0] += HOUR
    assert isinstance(pictures.poll("a", video_id), Failed)


@pytest.mark.slow
def test_both_sides_agree_after_a_day_of_lost_callbacks_lost_answers_and_an_outage(tmp_path):
    """`python benchmarks/cloud_day.py` does this with 2,000 uploads in 24 hours."""
    plan = Plan(uploads=60, seconds=6 * HOUR, outage=(2 * HOUR, 4 * HOUR), quota=30)
    with Server() as server:
        day = run(plan, server, tmp_path)
        try:
            assert problems(day) == {}
            assert day.counts["callbacks lost"] > 10
            assert day.counts["answers lost"]
            assert day.counts["blocked at VOD"]
            assert day.alibaba.prefetching.remain < 2  # an entry warms two or three addresses
        finally:
            day.console.close()
