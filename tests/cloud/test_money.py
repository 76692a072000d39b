"""What is paid at Alibaba is paid once: transcodes, uploads and prefetches, whatever happens to their answers."""

from __future__ import annotations

import pytest

import backend
from backend.errors import ConsoleError
from backend.model import CensorStatus, FileKind, JobKind, JobState

MEDIA = "http://media.example.com/"


@pytest.fixture
def submitted(alibaba):
    """The number of transcodes that are billed: those we submitted, and those VOD began by itself."""
    return lambda: len(alibaba.vod.tasks)


def test_an_upload_of_ours_is_transcoded_once_when_it_has_passed(alibaba, do, upload, work, hear, submitted):
    video_id = upload()
    work()
    hear()
    work()
    assert submitted() == 0

    do("createAudit", mediaId=video_id, status="Normal")
    work()
    hear()
    work()

    assert submitted() == 1
    assert len(do("getVideoById", videoId=video_id)["fileUrlList"]) == 2


@pytest.mark.parametrize("review", ["person", "off"])
def test_a_phones_upload_that_vod_transcodes_by_itself_is_not_paid_twice(
    make_console, alibaba, work_on, token, review, submitted
):
    console = make_console(review=review)
    made = alibaba.vod.CreateUploadVideo({"Title": "phone", "FileName": "a.mp4"})
    alibaba.vod.arrived(alibaba.vod.videos[made["VideoId"]]["file"], 1000)

    for _ in range(3):
        console.cloud.background.sync_changes()
        console.cloud.background.process_events()
        worker_rounds(console, 3)  # pictures wait until VOD has transcoded
        alibaba.vod.go_on()
    work_on(console)

    video = console.store.catalogue.get_video(made["VideoId"])
    assert submitted() == 1
    assert (video.transcode_status, len(video.files_of(FileKind.COMMON))) == ("success", 2)
    assert video.snapshot_status == "success"


def test_pictures_wait_while_vod_transcodes(console, alibaba, work):
    made = alibaba.vod.CreateUploadVideo({"Title": "phone", "FileName": "a.mp4"})
    alibaba.vod.arrived(alibaba.vod.videos[made["VideoId"]]["file"], 1000)
    console.cloud.background.sync_changes()
    console.cloud.background.process_events()
    worker_rounds(console, 3)
    assert not console.store.jobs.find_jobs(kind=JobKind.SNAPSHOT, state=JobState.FAILED).total

    alibaba.vod.go_on()
    alibaba.vod.go_on()
    work()

    assert console.store.catalogue.get_video(made["VideoId"]).snapshot_status == "success"


def worker_rounds(console, count):
    """Has a worker ask some times, and stops it."""
    worker = backend.make_worker(console)
    for _ in range(count):
        worker.step()
    worker.stop()


@pytest.fixture
def synced(console, alibaba):
    """A video with two renditions that VOD made before this console knew of it."""
    there = alibaba.vod.add(Status="UploadSucc")
    alibaba.vod.SubmitTranscodeJobs({"VideoId": there["VideoId"], "TemplateGroupId": "plain-group"})
    alibaba.vod.go_on()
    alibaba.vod.go_on()
    console.cloud.sync.run(lambda _progress: None)
    assert console.store.catalogue.get_video(there["VideoId"]).renditions == ()
    return there["VideoId"]


def test_approving_what_vod_has_transcoded_costs_nothing(alibaba, do, work, synced, submitted):
    do("createAudit", mediaId=synced, status="Normal")
    work()

    assert submitted() == 1
    assert len(do("getVideoById", videoId=synced)["fileUrlList"]) == 2


def test_recommending_what_vod_has_transcoded_gives_an_entry_that_plays_and_is_warmed(
    console, alibaba, do, work, synced
):
    alibaba.vod.judge(synced, "Normal")
    console.store.cloud.expect_event("CreateAuditComplete", synced)
    console.cloud.background.process_events()
    assert console.store.catalogue.get_video(synced).renditions == ()

    do("recommendVideo", videoId=synced, isCache="true")
    work()

    assert do("getRecommendVideoById", videoId=synced)["fileUrl"].startswith(f"{synced}/")
    assert len(alibaba.prefetching.tasks) == 2


def test_submitting_what_vod_has_transcoded_costs_nothing(do, work, synced, submitted):
    do("submitTranscode", mediaId=synced)
    work()

    assert submitted() == 1


@pytest.mark.parametrize("kind", ["done_dropped", "done_cut", "done_malformed"])
def test_a_lost_answer_of_an_upload_makes_no_second_video(alibaba, upload, kind):
    alibaba.fail("CreateUploadVideo", kind)

    video_id = upload()

    assert list(alibaba.vod.videos) == [video_id]


@pytest.mark.parametrize("retry", ["retryJob", "retryFailedJobs"])
def test_trying_again_pays_for_no_transcode_that_is_there(console, alibaba, do, work, new_video, submitted, retry):
    video = new_video()
    do("submitTranscode", mediaId=video.video_id)
    alibaba.fail("GetTranscodeTask", "busy", times=1)
    worker_rounds(console, 5)
    (job,) = console.store.jobs.find_jobs(video_id=video.video_id, kind=JobKind.TRANSCODE).items
    claimed = console.store.jobs.claim_job([JobKind.TRANSCODE], "tests")
    console.store.jobs.settle_failed(claimed, "tests", ConsoleError("The console itself failed at this job."))

    do(retry, **({"jobId": job.job_id} if retry == "retryJob" else {}))
    work()

    assert submitted() == 1
    assert console.store.catalogue.get_video(video.video_id).transcode_status == "success"


def test_trying_again_what_vod_failed_at_is_submitted_anew(alibaba, do, work, new_video, submitted):
    video = new_video()
    alibaba.vod.failing.add(video.video_id)
    do("submitTranscode", mediaId=video.video_id)
    work()
    alibaba.vod.failing.clear()

    do("retryFailedJobs")
    work()

    assert submitted() == 2
    assert do("getVideoById", videoId=video.video_id)["transcodeStatus"] == "success"


def test_trying_a_batch_again_sends_only_what_is_not_warm(alibaba, do, work):
    urls = [f"{MEDIA}{number}.mp4" for number in range(30)]
    alibaba.prefetching.failing = {f"media.example.com/{number}.mp4" for number in range(3)}
    do("pushObjectCache", objectPath="\n".join(urls))
    work()
    alibaba.prefetching.failing = set()

    do("retryFailedJobs")
    work()

    assert len(alibaba.prefetching.tasks) == 33
    batches = do("getPrewarms")["prewarmList"]
    assert sorted(len(batch["urlList"]) for batch in batches) == [3, 27]
    assert {url["state"] for batch in batches for url in batch["urlList"]} == {"warm"}


@pytest.mark.parametrize("service", ["vod", "cdn"])
def test_a_lost_answer_of_a_prefetch_sends_nothing_twice_though_tasks_are_shared(
    make_console, alibaba, work_on, token, service
):
    console = make_console(prewarm_service=service)
    alibaba.prefetching.merges = True
    action = "PreloadVodObjectCaches" if service == "vod" else "PushObjectCache"
    alibaba.fail(action, "done_dropped", after=1)
    lines = "\n".join(f"{MEDIA}{number}.mp4" for number in range(150))

    assert console.call("pushObjectCache", {"objectPath": lines}, token)["code"] == "200"
    work_on(console)

    assert len(alibaba.prefetching.tasks) == 150
    (batch,) = console.call("getPrewarms", {}, token)["data"]["prewarmList"]
    assert {url["state"] for url in batch["urlList"]} == {"warm"}


def test_a_prefetch_that_left_alibabas_list_ends(console, alibaba, do, work, clock):
    do("pushObjectCache", objectPath=f"{MEDIA}a.mp4")
    worker_rounds(console, 5)
    alibaba.prefetching.tasks.clear()
    clock.move(4 * 86400)
    work()

    (batch,) = do("getPrewarms")["prewarmList"]
    assert [(url["state"], url["detail"]) for url in batch["urlList"]] == [("failed", "no longer listed after 3 days")]


def test_what_ended_a_month_ago_is_forgotten(console, do, work, new_video, clock):
    do("submitTranscode", mediaId=new_video().video_id)
    do("pushObjectCache", objectPath=f"{MEDIA}a.mp4")
    work()
    clock.move(31 * 86400)

    assert console.store.cloud.prune(30 * 86400) >= 3
    assert console.store.cloud.prune(30 * 86400) == 0


def test_a_video_that_was_never_judged_costs_nothing(alibaba, do, work, hear, new_video, submitted):
    new_video(Status="Normal", censor=CensorStatus.CHECK)
    work()
    hear()

    assert submitted() == 0
