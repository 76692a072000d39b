"""Every way to fail, at every step that costs or cannot be taken back: told to the person, and never done twice."""

from __future__ import annotations

import pytest

from backend.model import Actor, CensorStatus, JobKind, JobState, VideoFilter

# Where nothing was done, and where all was done and only the answer was lost.
NOT_DONE = ["throttled", "busy", "dropped", "malformed", "html", "cut", "expired"]
DONE = ["done_dropped", "done_malformed", "done_cut", "done_slow"]
FAULTS = [*NOT_DONE, *DONE]
ADDRESSES = ["http://media.example.com/1.mp4", "https://media.example.com/%E6%B5%B7.mp4?a=1"]
NOBODY = Actor("tests", "tests")
SLOW_SECONDS = 2.2


@pytest.fixture
def read_seconds(request):
    """Less than a slow answer takes, and otherwise so much that a busy machine answers in time."""
    return 2.0 if "done_slow" in request.node.name else 60.0


@pytest.fixture
def two_addresses(work_on):
    """Prewarms two addresses, if they are not on their way yet, and returns their states."""

    def warm(console):
        console.store.prewarming.enqueue(ADDRESSES, NOBODY)
        work_on(console)
        (job,) = console.store.jobs.find_jobs(kind="prewarm").items
        return [url["state"] for url in console.store.prewarming.find_urls([job.job_id])[job.job_id]]

    return warm


def everything(console):
    return console.store.catalogue.find_videos(VideoFilter()).items


@pytest.mark.parametrize("kind", FAULTS)
def test_a_transcode_is_submitted_once(console, alibaba, do, work, new_video, kind):
    video = new_video()
    alibaba.fail("SubmitTranscodeJobs", kind, seconds=SLOW_SECONDS)

    do("submitTranscode", mediaId=video.video_id)
    work()

    assert len(alibaba.vod.tasks) == 1
    (job,) = console.store.jobs.find_jobs(video_id=video.video_id).items
    assert (job.state, job.detail) == (JobState.DONE, "")
    assert console.store.cloud.find_intents() == []


@pytest.mark.parametrize("kind", DONE)
def test_a_submit_is_found_again_even_where_vod_refuses_a_repeated_session(console, alibaba, do, work, new_video, kind):
    video = new_video()
    alibaba.vod.repeated_session_is_refused = True
    alibaba.fail("SubmitTranscodeJobs", kind, seconds=SLOW_SECONDS)

    do("submitTabTranscode", mediaId=video.video_id)
    work()

    assert len(alibaba.vod.tasks) == 1
    assert do("getVideoById", videoId=video.video_id)["narrowTranscodeStatus"] == "success"


def test_a_worker_that_died_after_its_submit_finds_the_task_instead_of_making_another(
    console, alibaba, do, work, new_video
):
    video = new_video()
    do("submitTranscode", mediaId=video.video_id)
    job = console.store.jobs.claim_job([JobKind.TRANSCODE], "a worker that will die")
    keep, console.store.cloud.keep_task = console.store.cloud.keep_task, dies
    with pytest.raises(Died):
        console.media.start(job, video)
    console.store.cloud.keep_task = keep
    console.store.jobs.release_job(job, "a worker that will die")

    work()

    assert len(alibaba.vod.tasks) == 1
    assert do("getVideoById", videoId=video.video_id)["transcodeStatus"] == "success"


def test_a_job_whose_worker_restarts_is_watched_on(console, alibaba, do, work, new_video):
    video = new_video()
    do("submitTranscode", mediaId=video.video_id)
    job = console.store.jobs.claim_job([JobKind.TRANSCODE], "first")
    reference = console.media.start(job, video)
    console.media.poll(reference)
    console.store.jobs.release_job(job, "first")

    work()

    assert alibaba.count("SubmitTranscodeJobs") == 1
    assert do("getVideoById", videoId=video.video_id)["transcodeStatus"] == "success"


@pytest.mark.parametrize("action", ["GetTranscodeTask", "GetPlayInfo", "ListTranscodeTask"])
@pytest.mark.parametrize("kind", ["throttled", "busy", "dropped", "malformed"])
def test_a_job_survives_a_cloud_that_does_not_say_how_it_stands(console, alibaba, do, work, new_video, action, kind):
    video = new_video()
    alibaba.fail(action, kind, times=3)

    do("submitTranscode", mediaId=video.video_id)
    work()

    assert console.store.catalogue.get_video(video.video_id).transcode_status == "success"


# What was dropped is sent again after 20 questions; where it was done, a busy machine has the time to see it before.
@pytest.mark.parametrize(("kind", "poll_seconds"), [("dropped", 0.15), *((kind, 3.0) for kind in ("throttled", *DONE))])
def test_pictures_are_made_once(console, alibaba, do, work, new_video, kind):
    video = new_video()
    alibaba.fail("SubmitSnapshotJob", kind, seconds=SLOW_SECONDS)

    console.store.cloud_catalogue.note_upload(video.video_id, video.files[0])
    work()

    assert len(do("getVideoById", videoId=video.video_id)["SnapshotList"]) == 8
    assert alibaba.count("SubmitSnapshotJob") == 1


@pytest.mark.settings(trash_days=0)
@pytest.mark.parametrize("kind", FAULTS)
def test_a_video_is_deleted_once_and_here_as_well(console, alibaba, do, new_video, kind):
    video = new_video()
    alibaba.fail("DeleteVideo", kind, seconds=SLOW_SECONDS)

    do("deleteVideoById", videoId=video.video_id, userId="u1")

    assert alibaba.vod.videos == {}
    assert everything(console) == ()
    assert [event["EventType"] for event in alibaba.vod.events.told] == ["DeleteMediaComplete"]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_verdict_that_went_through_counts_here_too(console, alibaba, do, new_video, kind):
    video = new_video()
    alibaba.fail("CreateAudit", kind, seconds=SLOW_SECONDS)

    do("createAudit", mediaId=video.video_id, status="Blocked", reason="违规")

    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.FAIL
    assert alibaba.vod.videos[video.video_id]["AuditStatus"] == "Blocked"


@pytest.mark.parametrize("kind", ["done_dropped", "done_malformed"])
def test_a_verdict_that_was_never_confirmed_is_looked_up_and_finished(console, alibaba, ask, new_video, kind):
    video = new_video()
    alibaba.fail("CreateAudit", kind, times=99)

    answer = ask("createAudit", mediaId=video.video_id, status="Blocked", reason="违规", comment="twice")

    assert (answer["code"], "did not confirm CreateAudit" in answer["message"]) == ("502", True)
    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.CHECK
    alibaba.faults.clear()
    console.cloud.background.finish_intents(older_than=0)
    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.FAIL
    (line,) = console.store.history.find_history(video.video_id)
    assert (line.actor.name, line.after["comment"]) == ("anne", "twice")
    assert console.store.cloud.find_intents() == []


def test_a_verdict_that_never_arrived_is_forgotten(console, alibaba, ask, new_video):
    video = new_video()
    alibaba.fail("CreateAudit", "dropped", times=99)
    ask("createAudit", mediaId=video.video_id, status="Blocked", reason="违规")
    alibaba.faults.clear()

    console.cloud.background.finish_intents(older_than=0)

    assert console.store.catalogue.get_video(video.video_id) == video
    assert console.store.cloud.find_intents() == []


@pytest.mark.settings(trash_days=0)
@pytest.mark.parametrize("operation", ["createAudit", "deleteVideoById"])
def test_what_vod_did_and_our_disk_did_not_keep_is_finished_later(console, alibaba, ask, new_video, operation):
    video = new_video()
    catalogue, name = console.store.catalogue, {"createAudit": "record_audit"}.get(operation, "delete_video")
    setattr(catalogue, name, dies)
    given = {"mediaId": video.video_id, "status": "Normal", "videoId": video.video_id, "userId": "u1"}
    assert ask(operation, **given)["code"] == "500"
    delattr(catalogue, name)
    assert everything(console) == (video,)

    console.cloud.background.finish_intents(older_than=0)

    left = everything(console)
    assert not left if operation == "deleteVideoById" else left[0].censor_status is CensorStatus.SUCCESS
    assert console.store.cloud.find_intents() == []


@pytest.mark.parametrize(
    ("service", "kind"), [*(("cdn", kind) for kind in FAULTS), *(("vod", kind) for kind in ["busy", *DONE])]
)
def test_a_prefetch_is_sent_once(make_console, alibaba, kind, service, two_addresses):
    console = make_console(prewarm_service=service)
    for action in ("PushObjectCache", "PreloadVodObjectCaches"):
        alibaba.fail(action, kind, seconds=SLOW_SECONDS)
    assert console.cloud.quota().left == 1000

    states = two_addresses(console)

    assert states == ["warm", "warm"]
    assert alibaba.prefetching.remain == 998
    quota = console.cloud.quota()
    assert (quota.left, quota.sent) == (998, 2)


def test_a_worker_that_died_after_a_prefetch_does_not_spend_the_quota_again(console, alibaba, two_addresses):
    accept, console.store.cloud.accept_push = console.store.cloud.accept_push, dies
    console.store.prewarming.enqueue(ADDRESSES, NOBODY)
    job = console.store.jobs.claim_job([JobKind.PREWARM], "dies")
    with pytest.raises(Died):
        console.cache.start(job, None)
    console.store.cloud.accept_push = accept
    console.store.jobs.release_job(job, "dies")

    assert two_addresses(console) == ["warm", "warm"]
    assert alibaba.prefetching.remain == 998


@pytest.mark.parametrize("kind", [*NOT_DONE, "done_dropped"])
def test_an_upload_survives_its_faults(console, alibaba, upload, work, kind):
    for action in ("CreateUploadVideo", "RefreshUploadVideo"):
        alibaba.fail(action, kind)
    video_id = upload()
    alibaba.oss.breaks_after = 1000

    work()

    there = alibaba.vod.videos[video_id]
    assert there["Status"] == "Normal"
    assert len(alibaba.oss.objects[there["file"]]) == there["Size"] > 1000


def test_an_upload_whose_key_expired_gets_a_new_one(console, alibaba, upload, work):
    video_id = upload()
    alibaba.oss.expired.add("upload-1")

    work()

    assert alibaba.vod.videos[video_id]["Status"] == "Normal"


def test_an_upload_that_was_done_when_its_worker_died_is_not_sent_again(console, alibaba, upload, work):
    video_id = upload()
    there = alibaba.vod.videos[video_id]
    alibaba.vod.arrived(there["file"], 10)

    work()

    assert alibaba.oss.objects == {}
    assert console.store.catalogue.get_video(video_id).status == "UploadSucc"


def test_an_upload_outlives_an_outage(console, alibaba, upload, work):
    video_id = upload()
    alibaba.fail("RefreshUploadVideo", "busy", times=15)

    work()

    assert alibaba.vod.videos[video_id]["Status"] == "Normal"
    assert console.store.catalogue.get_video(video_id).status == "UploadSucc"


def test_a_refused_new_video_leaves_nothing(console, alibaba, upload):
    alibaba.denied.add("CreateUploadVideo")

    with pytest.raises(Exception, match="RAM policy"):
        upload()

    assert everything(console) == ()
    assert [path for path in console.settings.media_folder.rglob("*") if path.is_file()] == []


class Died(Exception):
    """The process ended here."""


def dies(*_args, **_kwargs):
    raise Died
