"""The catalogue and VOD: everything is brought in, what a lost event left is repaired, and what differs is shown."""

from __future__ import annotations

import json
import time

import pytest
from msgspec.structs import replace

from backend.errors import CloudError
from backend.model import CensorStatus, VideoFilter, VideoStatus
from backend.model.limits import MAX_BYTES, MAX_SECONDS

FILTER = VideoFilter()


@pytest.fixture
def fill(alibaba):
    """Puts many videos into the account, of which several share a second."""

    def add(count):
        for number in range(count):
            created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_600_000_000 + number // 3))
            alibaba.vod.add(f"{number:032x}", Title=f"video {number}", CreationTime=created, Status="Normal")

    return add


@pytest.fixture
def sync(console):
    return lambda **how: console.cloud.sync.run(lambda _progress: None, **how)


@pytest.mark.slow
def test_everything_is_brought_in_beyond_what_pages_reach(console, fill, sync):
    fill(5_250)

    found = sync()

    assert (found.seen, found.total, found.new, found.missing, found.done) == (5_250, 5_250, 5_250, 0, True)
    page = console.store.catalogue.find_videos(FILTER)
    assert (page.total, page.items[0].title, page.items[0].censor_status) == (5_250, "video 5249", "check")


def test_a_walk_that_broke_off_goes_on_where_it_was(console, alibaba, fill, sync):
    fill(750)
    alibaba.fail("SearchMedia", "dropped", times=999, after=3)
    with pytest.raises(CloudError):
        sync()
    assert console.cloud.sync.progress().seen == 300
    alibaba.faults.clear()
    before = alibaba.count("SearchMedia")

    assert sync().new == 750

    assert alibaba.count("SearchMedia") - before == 5


def test_a_walk_whose_token_is_too_old_goes_on_by_time_and_loses_nothing(console, alibaba, fill, sync):
    fill(750)
    alibaba.fail("SearchMedia", "dropped", times=999, after=3)
    with pytest.raises(CloudError):
        sync()
    alibaba.faults.clear()
    place = console.store.cloud.cursor("sync")
    console.store.cloud.save_cursor("sync", {**place, "token": "0" * 32})

    sync()

    assert console.store.catalogue.find_videos(FILTER).total == 750


def test_a_second_walk_follows_what_vod_decides_and_notes_what_people_wrote(console, alibaba, fill, sync):
    fill(3)
    sync()
    one, two, three = alibaba.vod.videos.values()
    one |= {"Status": "Blocked", "Size": 7}
    two |= {"Title": "renamed there"}
    del alibaba.vod.videos[three["VideoId"]]

    found = sync()

    assert (found.new, found.changed, found.differing, found.missing) == (0, 1, 1, 1)
    assert console.store.catalogue.get_video(one["VideoId"]).status is VideoStatus.BLOCKED
    assert console.store.catalogue.get_video(two["VideoId"]).title == "video 1"
    differences = {(one.what, one.here, one.there) for one in console.store.cloud_catalogue.iterate_drift()}
    assert differences == {("title", "video 1", "renamed there"), ("missing", "", "")}


def test_a_difference_ends_as_somebody_chose(console, alibaba, fill, sync, do, ask):
    fill(3)
    sync()
    here, there, gone = list(alibaba.vod.videos)
    alibaba.vod.videos[here]["Title"] = alibaba.vod.videos[there]["Title"] = "renamed there"
    del alibaba.vod.videos[gone]
    sync()
    assert do("getDrift")["total"] == 3

    do("mendDrift", videoId=here, what="title", use="here")
    do("mendDrift", videoId=there, what="title", use="there")
    assert ask("mendDrift", videoId=gone, what="missing", use="here")["code"] == "409"
    do("mendDrift", videoId=gone, what="missing", use="there")

    assert alibaba.vod.videos[here]["Title"] == "video 0"
    assert console.store.catalogue.get_video(there).title == "renamed there"
    assert console.store.catalogue.find_videos(FILTER).total == 2
    assert (do("getDrift")["total"], do("getDrift")["syncDone"]) == (0, True)


def test_a_difference_that_ended_by_itself_is_not_listed_any_more(console, alibaba, fill, sync):
    fill(1)
    sync()
    (video,) = alibaba.vod.videos.values()
    video["Title"] = "renamed there"
    sync()
    video["Title"] = "video 0"

    sync()

    assert console.store.cloud_catalogue.iterate_drift() == []


def reconcile_batch(console):
    console.cloud.background.reconcile_batch()
    console.cloud.background.process_events()


def test_a_lost_upload_event_is_made_up_for(console, alibaba, new_video, work):
    video = new_video(Status="Uploading", CreationTime="2020-01-01T00:00:00Z")
    alibaba.vod.videos[video.video_id]["Status"] = "UploadSucc"

    reconcile_batch(console)
    work()

    found = console.store.catalogue.get_video(video.video_id)
    assert (found.status, found.snapshot_status) == ("UploadSucc", "success")


def test_lost_renditions_are_found(console, alibaba, new_video):
    video = new_video()
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video.video_id, "TemplateGroupId": "plain-group"})
    for task_id in [*alibaba.vod.tasks] * 2:
        alibaba.vod.GetTranscodeTask({"TranscodeTaskId": task_id})

    reconcile_batch(console)

    found = console.store.catalogue.get_video(video.video_id)
    assert (found.status, found.transcode_status, len(found.renditions)) == ("Normal", "success", 2)


def test_a_lost_verdict_is_made_up_for(console, alibaba, new_video):
    video = new_video(Status="Normal", censor=CensorStatus.SUCCESS)
    item = {"VideoId": video.video_id, "Status": "Blocked", "Reason": "elsewhere"}
    alibaba.vod.CreateAudit({"AuditContent": json.dumps([item])})

    reconcile_batch(console)

    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.FAIL


def test_a_lost_deletion_waits_for_somebody_to_look_at_it(console, alibaba, new_video):
    kept, gone = new_video(), new_video()
    del alibaba.vod.videos[gone.video_id]

    reconcile_batch(console)

    assert [(one.video_id, one.what) for one in console.store.cloud_catalogue.iterate_drift()] == [
        (gone.video_id, "missing")
    ]
    assert console.store.catalogue.find_videos(FILTER).total == 2
    assert kept


def test_an_upload_that_was_abandoned_is_given_up(console, new_video):
    video = new_video(Status="Uploading", CreationTime="2020-01-01T00:00:00Z")

    reconcile_batch(console)

    assert console.store.catalogue.get_video(video.video_id).status is VideoStatus.UPLOAD_FAIL


def test_the_walk_goes_round(console, alibaba, new_video):
    for _ in range(45):
        new_video()

    assert [console.cloud.background.reconcile_batch() for _ in range(4)] == [20, 20, 5, 20]


def test_a_new_upload_of_ours_is_not_entered_by_the_walk_before_it_is_entered_itself(console, alibaba, sync):
    alibaba.vod.add(Status="Uploading")

    assert sync().new == 0


def test_what_is_known_is_not_entered_twice(console, new_video):
    video = new_video()

    console.store.cloud_catalogue.upsert([replace(video, title="another")])

    assert console.store.catalogue.find_videos(FILTER).total == 1


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_what_vod_tells_and_nothing_can_show_comes_in_as_well_as_can_be(console, alibaba, sync, created):
    alibaba.vod.add(
        "a" * 32, Title="never\0", CreationTime=created, Status="Normal", Duration=1e14, Size=10**14, Tags="\0"
    )

    assert sync().new == 1

    (video,) = console.store.catalogue.find_videos(FILTER).items
    assert (video.title, video.tags) == ("never\ufffd", "\ufffd")
    assert 0 <= console.clock() - video.created < 3600
    assert (video.duration, video.size) == (MAX_SECONDS, MAX_BYTES)
