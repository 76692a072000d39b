"""Every change of what webhooks tell of writes its event in its own transaction: none is lost, and none is invented."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from backend.errors import Conflict, ConsoleError, NotFound
from backend.model import (
    SECONDS_A_DAY,
    CensorStatus,
    FileKind,
    JobKind,
    MediaFile,
    TranscodeStatus,
    Verdict,
    Video,
    VideoStatus,
    WarmState,
)
from backend.model.programme import Scheduling
from backend.model.wall_times import TypedTime
from backend.model.webhooks import EVENTS, Attempt, EventType
from backend.store.webhook_deliveries import KEPT_DAYS, LEASE_SECONDS, MAX_KEPT
from tests.conftest import TESTS
from tests.contract.store.webhooks.changes import (
    COMMON,
    HOOK,
    LINEUP,
    OWNER,
    SOURCE,
    add,
    approve,
    block,
    events,
    types,
)

# Where the state comes from elsewhere


def test_an_upload_is_told_of_when_its_file_is_there(store, hook):
    add(store, files=(), status=VideoStatus.UPLOADING, censor_status=CensorStatus.ON_CENSOR)
    assert types(store, hook) == []

    store.cloud_catalogue.upsert(
        [Video("v1", "clip", OWNER, int(store.now()), status=VideoStatus.NORMAL, files=(SOURCE,))],
        unreviewed=CensorStatus.SUCCESS,
    )

    assert types(store, hook) == ["video.uploaded", "video.approved"]


def test_an_upload_that_never_arrives_is_not_told_of(store, hook):
    add(store, files=(), status=VideoStatus.UPLOADING, censor_status=CensorStatus.ON_CENSOR)
    store.cloud_catalogue.expire_uploads(["v1"], TESTS)
    store.catalogue.delete_video("v1", OWNER.user_id, TESTS)

    assert types(store, hook) == []


def test_a_verdict_of_the_machine_is_told_of_like_one_of_a_person(store, hook):
    add(store, censor_status=CensorStatus.ON_CENSOR)
    for status in (CensorStatus.CHECK, CensorStatus.SUCCESS):
        store.cloud_catalogue.set_censor("v1", status)

    assert types(store, hook) == ["video.uploaded", "video.approved"]


def test_a_replaced_file_reopens_the_review(store, hook):
    add(store, size=5)
    approve(store)
    video = replace(store.catalogue.get_video("v1"), size=9)
    store.cloud_catalogue.upsert([video], told=int(store.now()) + 99)

    assert types(store, hook, LINEUP) == ["video.uploaded", "video.approved", "video.review_reopened"]
    assert events(store, hook, LINEUP)[-1]["data"] == {
        "videoId": "v1", "title": "clip", "userId": "7", "censorStatus": "check",
    }  # fmt: skip


def test_an_old_catalogue_that_comes_in_is_no_news(store, hook):
    old = int(store.now()) - 8 * SECONDS_A_DAY
    videos = [Video(f"i{number}", "old", OWNER, old, censor_status=CensorStatus.SUCCESS) for number in range(3)]
    store.catalogue.load_videos(videos[:2], TESTS)
    store.cloud_catalogue.upsert(videos[2:], run=1)

    assert types(store, hook) == []
    block(store, "i0")
    assert types(store, hook, LINEUP) == ["video.blocked"]


def test_a_verdict_that_is_given_again_tells_nothing(store, hook):
    add(store)
    approve(store)
    approve(store)
    store.catalogue.record_audit("v1", Verdict.NORMAL, "", "still fine", TESTS)

    assert types(store, hook) == ["video.uploaded", "video.approved"]


# Jobs


def run(store, kind, files=(), fails=False):
    job = store.jobs.claim_job([kind], "w")
    if fails:
        store.jobs.settle_failed(job, "w", ConsoleError("no"))
    else:
        store.jobs.settle_done(job, "w", files, {})
    return job.job_id


def test_renditions_are_told_of(store, hook):
    add(store)
    store.jobs.enqueue_for_video(JobKind.TRANSCODE, "v1", "submitTranscode", TESTS)
    failed = run(store, JobKind.TRANSCODE, fails=True)
    store.jobs.retry_job(failed, TESTS)
    done = run(store, JobKind.TRANSCODE, (COMMON,))
    store.jobs.enqueue_for_video(JobKind.NARROW, "v1", "submitTabTranscode", TESTS)
    narrow = run(store, JobKind.NARROW, (MediaFile(FileKind.NARROW, "narrow.mp4"),))
    store.jobs.enqueue_for_video(JobKind.TRANSCODE, "v1", "submitTranscode", TESTS)
    ((job, _),) = store.jobs.find_queue()
    store.jobs.cancel_job(job.job_id, TESTS)  # what was there is still there, and no news

    found = [(one["type"], one["data"]["rendition"], one["data"]["jobId"]) for one in events(store, hook)[1:]]
    assert found == [
        ("transcode.failed", "plain", failed), ("transcode.finished", "plain", done),
        ("transcode.finished", "narrow", narrow),
    ]  # fmt: skip


def test_renditions_that_vod_makes_by_itself_are_told_of(store, hook):
    add(store)
    store.cloud_catalogue.set_renditions("v1", [COMMON])
    store.cloud_catalogue.set_renditions("v1", [COMMON])

    (found,) = events(store, hook, "video.uploaded")
    assert (found["type"], found["data"]["jobId"]) == ("transcode.finished", "")
    assert store.catalogue.get_video("v1").transcode_status is TranscodeStatus.SUCCESS


def test_a_batch_is_told_of_with_how_many_are_warm(store, hook):
    store.prewarming.enqueue(["https://c.example/1", "https://c.example/2"], TESTS)
    job = store.jobs.claim_job([JobKind.PREWARM], "w")
    facts = {"warmed": {0: (WarmState.WARM, ""), 1: (WarmState.FAILED, "HTTP 404")}}
    store.jobs.settle_failed(job, "w", ConsoleError("no"), facts=facts)
    store.jobs.retry_job(job.job_id, TESTS)

    (found,) = events(store, hook)
    assert found["data"] == {"jobId": job.job_id, "state": "failed", "count": 2, "warmCount": 1}


# The programme


def test_what_the_clock_began_is_told_once_and_says_when_it_is_late(store, hook, clock):
    add(store, files=(SOURCE, COMMON))
    approve(store)
    now = int(clock())
    window = Scheduling(TypedTime(now + 60, "", ""), TypedTime(now + 180, "", ""))
    store.catalogue.recommend("v1", {}, TESTS, wanted=window)
    assert "recommendation.started" not in types(store, hook)

    clock.move(600)  # the console was stopped
    for _ in range(3):
        store.programme.tick()

    started, ended = (one["data"] for one in events(store, hook) if one["type"].startswith("recommendation"))
    assert started["late"] is ended["late"] is True
    assert (started["startTime"], ended["endTime"]) == ("2019-01-09T14:12:29Z", "2019-01-09T14:14:29Z")


def test_what_begins_while_many_look_is_told_once(store, hook, clock):
    """As many servers and workers do, each once a second."""
    for number in range(3):
        add(store, f"v{number}", files=(SOURCE, COMMON))
        store.catalogue.record_audit(f"v{number}", Verdict.NORMAL, "", "", TESTS)
        window = Scheduling(TypedTime(int(clock()) + 60, "", ""))
        store.catalogue.recommend(f"v{number}", {}, TESTS, wanted=window)
    clock.move(60)

    with ThreadPoolExecutor(8) as pool:
        found = [tick for ticks in pool.map(lambda _: store.programme.tick(), range(16)) for tick in ticks]

    assert sorted(tick.video_id for tick in found) == ["v0", "v1", "v2"]
    told = [one["data"]["videoId"] for one in events(store, hook) if one["type"] == "recommendation.started"]
    assert sorted(told) == ["v0", "v1", "v2"]


def test_what_a_deleted_slot_showed_has_ended(store, hook, clock):
    add(store, files=(SOURCE, COMMON))
    approve(store)
    store.programme_changes.save_slot("home", "Home", {}, TESTS)
    store.catalogue.recommend("v1", {}, TESTS, slot="home")

    store.programme_changes.delete_slot("home", TESTS)

    found = [(one["type"], one["data"].get("slot")) for one in events(store, hook)]
    assert found[-2:] == [("lineup.changed", "home"), ("recommendation.ended", "home")]


def test_each_revision_is_told_of(store, hook):
    store.programme_changes.save_slot("home", "Home", {}, TESTS)
    store.programme_changes.save_slot("home", None, {"size": 5}, TESTS)
    store.programme_changes.save_slot("home", None, {"size": 5}, TESTS)  # as it is

    assert [(one["data"]["slot"], one["data"]["revision"], one["data"]["action"]) for one in events(store, hook)] == [
        ("home", 1, "saveSlot"), ("home", 2, "saveSlot"),
    ]  # fmt: skip


# Who is told


def test_a_webhook_is_told_of_the_types_it_chose_while_it_is_on(store):
    all_of_them, some, off = (
        store.webhooks.add(HOOK, "", chosen, TESTS, on=on)
        for chosen, on in (((), True), (("video.approved", "video.deleted"), True), ((), False))
    )
    add(store)
    approve(store)
    store.trash.put("v1", OWNER.user_id, 9, TESTS)

    assert types(store, all_of_them) == ["video.uploaded", "video.approved", "video.deleted"]
    assert types(store, some) == ["video.approved", "video.deleted"]
    assert types(store, off) == []


def test_without_a_webhook_nothing_is_written(store):
    hook = store.webhooks.add(HOOK, "", (), TESTS, on=False)
    add(store, files=(SOURCE, COMMON))
    approve(store)
    store.catalogue.recommend("v1", {}, TESTS)
    store.trash.put("v1", OWNER.user_id, 9, TESTS)
    store.trash.restore("v1", TESTS)

    assert store.webhook_deliveries.count() == {}
    store.webhooks.change(hook.webhook_id, TESTS, on=True)
    assert store.webhook_deliveries.count() == {}


def test_a_change_that_fails_tells_nothing(store, hook):
    add(store)
    with pytest.raises(NotFound):
        store.catalogue.delete_video("v1", "somebody else", TESTS)
    with pytest.raises(Conflict):
        store.programme_changes.save_slot("feed", "x", {}, TESTS, expected=7)

    assert types(store, hook) == ["video.uploaded"]


def test_every_type_has_a_shape():
    assert set(EVENTS) == {*EventType, "webhook.test"}


# Leases and the log


def test_a_delivery_is_claimed_by_one_and_again_when_that_one_is_silent(store, hook, clock, open_again):
    other = open_again()
    add(store)

    hooked, first = store.webhook_deliveries.claim(hook.webhook_id, "a/1")
    assert hooked.secret == hook.secret
    assert other.webhook_deliveries.claim(hook.webhook_id, "b/1") is None
    clock.move(LEASE_SECONDS)
    _, second = other.webhook_deliveries.claim(hook.webhook_id, "b/1")
    assert second.event_id == first.event_id
    store.webhook_deliveries.settle(first, Attempt(clock(), 500, 1))  # late, and of no consequence
    assert other.webhook_deliveries.get(second.delivery_id).owner == "b/1"
    other.webhook_deliveries.settle(second, Attempt(clock(), 200, 1))
    ((_, attempts),) = store.webhook_deliveries.find(hook.webhook_id, None, 1, 10).items
    assert [one.status for one in attempts] == [500, 200]
    assert store.webhook_deliveries.next_due() is None


def test_the_log_is_kept_for_a_month_and_does_not_grow_without_end(store, hook, clock, monkeypatch):
    deliveries = store.webhook_deliveries
    monkeypatch.setattr("backend.store.webhook_deliveries.MAX_KEPT", 3)
    assert MAX_KEPT == 10_000
    for number in range(5):
        add(store, f"v{number}", now=clock())
        _, claimed = deliveries.claim(hook.webhook_id, f"a/{number}")
        deliveries.settle(claimed, Attempt(clock(), 200, 1))
    assert deliveries.prune() == 2
    assert [one["data"]["videoId"] for one in events(store, hook)] == ["v2", "v3", "v4"]

    add(store, "v9", now=clock())
    clock.move(KEPT_DAYS * SECONDS_A_DAY + 1)
    assert deliveries.prune() == 4  # one of which nobody took in time
    (left,) = deliveries.find(hook.webhook_id, None, 1, 10).items
    assert left[0].state == "failed"
    assert store.check() == []
