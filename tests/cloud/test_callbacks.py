"""Events that VOD tells of: who may tell them, how fast they are taken, and what follows from each."""

from __future__ import annotations

import json

import pytest

import backend
from backend import Settings
from backend.model import Actor, CensorStatus, FileKind, JobKind, VideoFilter
from backend.server.app import RestApp

PATH = "/vodcallback/callback"


@pytest.fixture
def post_event(serve, console, http):
    """Posts an event to the console as VOD does."""
    server = serve(RestApp(console))

    def send(event, headers, raw=None):
        body = raw if raw is not None else json.dumps(event).encode()
        return http.post(server + PATH, data=body, headers={**headers, "Content-Type": "application/json"})

    return send


@pytest.mark.parametrize("read_seconds", [1.0])
def test_a_signed_event_is_kept_and_answered_at_once_whatever_vod_does(console, alibaba, post_event, signed):
    alibaba.fail("*", "slow", times=99)

    answer = post_event({"EventType": "FileUploadComplete", "VideoId": "v1"}, signed())

    assert answer.status_code == 200
    assert alibaba.failed == 0  # VOD is asked later
    assert console.store.cloud.count_events() == 1


@pytest.mark.parametrize(
    "how", [{"key": "Wrong0Key0000000"}, {"seconds_ago": 400}, {"seconds_ago": -400}], ids=["key", "old", "future"]
)
def test_whoever_does_not_sign_is_refused(console, post_event, signed, how):
    answer = post_event({"EventType": "DeleteMediaComplete", "MediaId": "v1"}, signed(**how))

    assert answer.status_code == 403
    assert console.store.cloud.count_events() == 0


@pytest.mark.parametrize("missing", ["x-vod-signature", "x-vod-timestamp"])
def test_an_event_without_a_signature_is_refused(post_event, signed, missing):
    headers = {name: value for name, value in signed().items() if name != missing}

    assert post_event({}, headers).status_code == 403


@pytest.mark.parametrize("stamp", ["9" * 400, "9" * 5000, "1e9", "-1", ""])
def test_a_moment_that_is_none_is_refused_as_unsigned(post_event, signed, stamp):
    assert post_event({}, {**signed(), "x-vod-timestamp": stamp}).status_code == 403


def test_a_signature_for_another_address_is_refused(alibaba, post_event, signed):
    alibaba.vod.events.url = "http://127.0.0.1:1/vodcallback/callback"

    assert post_event({}, signed()).status_code == 403


def test_the_old_key_counts_until_it_is_dropped(make_console, alibaba, serve, http, signed):
    console = make_console(callback_key="NewKey0123456789", callback_old_key="Abcdefgh12345678")
    server = serve(RestApp(console))

    for key in ("NewKey0123456789", "Abcdefgh12345678"):
        assert http.post(server + PATH, data=b"{}", headers=signed(key=key)).status_code == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"VideoId": 5}',
        b"\xff",
        b"[" * 100_000,
        b'{"EventType": []}',
        rb'{"VideoId": "\ud800"}',
        rb'{"VideoId": "v1", "Data": "\udc00"}',
    ],
)
def test_what_is_no_event_is_refused(post_event, signed, raw):
    assert post_event(None, signed(), raw).status_code == 400


def test_a_body_that_is_too_large_is_refused(post_event, signed):
    assert post_event(None, signed(), b"x" * 300_000).status_code == 413


def test_an_event_that_meets_an_unknown_fault_is_one_that_vod_repeats(console, post_event, signed, monkeypatch, caplog):
    def break_down(*_arguments):
        raise RuntimeError("a fault of ours")

    event = {"EventType": "FileUploadComplete", "VideoId": "v1"}
    with monkeypatch.context() as broken:
        broken.setattr(console.store.cloud, "enqueue_event", break_down)
        answer = post_event(event, signed())
    assert (answer.status_code, answer.json()["code"]) == (500, "500")
    assert answer.json()["requestId"] in answer.json()["message"]
    assert "a fault of ours" in caplog.text

    assert post_event(event, signed()).status_code == 200
    assert console.store.cloud.count_events() == 1


@pytest.mark.parametrize("method", ["get", "put"])
def test_only_posts_are_taken(serve, console, http, method):
    assert getattr(http, method)(serve(RestApp(console)) + PATH).status_code == 405


@pytest.fixture
def tell(console, alibaba):
    """Has an event arrive, and follows it up."""

    def send(kind, video_id, key="VideoId", **values):
        console.store.cloud.enqueue_event(kind, video_id, {"EventType": kind, key: video_id, **values})
        console.cloud.background.process_events()

    return send


def test_an_upload_by_the_app_becomes_a_video_of_its_owner_that_waits_for_review(console, alibaba, tell, work, do):
    there = alibaba.vod.add(Title="来自手机")

    tell("FileUploadComplete", there["VideoId"], Extend=json.dumps({"userId": "u9", "userName": "小林"}))
    work()

    video = do("getVideoById", videoId=there["VideoId"])
    assert (video["title"], video["user"]["userId"], video["censorStatus"]) == ("来自手机", "u9", "check")
    assert video["snapshotStatus"] == "success"


def test_an_event_that_comes_twice_or_was_followed_up_already_changes_nothing(console, alibaba, tell, work):
    there = alibaba.vod.add()

    for _ in range(3):
        tell("FileUploadComplete", there["VideoId"])
    work()
    tell("FileUploadComplete", there["VideoId"])
    work()

    assert alibaba.count("SubmitSnapshotJob") == 1


def test_an_event_that_overtakes_the_state_is_followed_up_later(console, alibaba, tell):
    there = alibaba.vod.add(Status="Uploading", CreationTime="2020-01-01T00:00:00Z")

    tell("FileUploadComplete", there["VideoId"])

    assert console.store.cloud.count_events() == 1


@pytest.mark.parametrize("kind", ["FileUploadComplete", "TranscodeComplete", "DeleteMediaComplete"])
def test_an_event_is_a_hint_and_no_more(console, alibaba, tell, new_video, kind):
    video = new_video()

    tell(kind, video.video_id, DeleteType="all", Status="fail", Size=99)

    assert console.store.catalogue.get_video(video.video_id).size == video.size


def test_an_event_about_a_video_that_nobody_knows_changes_nothing(console, tell):
    for kind in ("FileUploadComplete", "TranscodeComplete", "SnapshotComplete", "DeleteMediaComplete", "Strange"):
        tell(kind, "unknown")

    assert console.store.catalogue.find_videos(VideoFilter()).total == 0
    assert console.store.cloud.count_events() == 0


@pytest.mark.parametrize("kind", ["TranscodeComplete", "StreamTranscodeComplete"])
def test_a_transcode_that_was_asked_for_elsewhere_shows_its_renditions(console, alibaba, tell, new_video, kind):
    video = new_video()
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video.video_id, "TemplateGroupId": "narrow-group"})
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video.video_id, "TemplateGroupId": "plain-group"})
    for task_id in [*alibaba.vod.tasks] * 2:
        alibaba.vod.GetTranscodeTask({"TranscodeTaskId": task_id})

    tell(kind, video.video_id)

    found = console.store.catalogue.get_video(video.video_id)
    assert (found.transcode_status, found.narrow_transcode_status) == ("success", "success")
    assert (len(found.files_of(FileKind.COMMON)), len(found.files_of(FileKind.NARROW))) == (2, 1)
    assert all("auth_key" not in file.name for file in found.renditions)


@pytest.mark.parametrize("poll_seconds", [3600])
def test_an_event_has_the_job_asked_about_at_once(console, alibaba, do, tell, new_video, eventually):
    video = new_video()
    do("submitTranscode", mediaId=video.video_id)
    worker = backend.make_worker(console)
    worker.start()
    try:
        eventually(lambda: alibaba.count("GetTranscodeTask") == 1)
        tell("StreamTranscodeComplete", video.video_id)
        eventually(lambda: console.store.jobs.find_jobs(kind=JobKind.TRANSCODE).items[0].state == "done")
    finally:
        worker.stop()


@pytest.mark.parametrize("event", ["AIMediaAuditComplete", "AIVideoCensorComplete"])
@pytest.mark.parametrize(
    ("suggestion", "censor", "there"),
    [("pass", "success", "Normal"), ("block", "fail", "Blocked"), ("review", "check", "Init")],
)
def test_the_machines_review_counts_as_vod_keeps_it(
    console, alibaba, tell, new_video, event, suggestion, censor, there
):
    video = new_video(censor=CensorStatus.ON_CENSOR)
    alibaba.vod.suggestions[video.video_id] = suggestion

    tell(event, video.video_id, "MediaId", Data={"Suggestion": "pass"})

    assert console.store.catalogue.get_video(video.video_id).censor_status == censor
    assert alibaba.vod.videos[video.video_id]["AuditStatus"] == there


def test_the_machine_does_not_overrule_a_person(console, alibaba, do, tell, new_video):
    video = new_video()
    do("createAudit", mediaId=video.video_id, status="Blocked", reason="违规")
    alibaba.vod.suggestions[video.video_id] = "pass"

    tell("AIMediaAuditComplete", video.video_id, "MediaId")

    assert console.store.catalogue.get_video(video.video_id).censor_status == "fail"


def test_a_verdict_given_elsewhere_counts_here(console, alibaba, tell, new_video):
    video = new_video()
    item = {"VideoId": video.video_id, "Status": "Blocked", "Reason": "elsewhere"}
    alibaba.vod.CreateAudit({"AuditContent": json.dumps([item])})

    tell("CreateAuditComplete", video.video_id, "MediaId", AuditStatus="Normal")

    assert console.store.catalogue.get_video(video.video_id).censor_status == "fail"
    assert console.store.history.find_history(video.video_id)[0].after["reason"] == "elsewhere"


def test_a_video_deleted_elsewhere_goes_here_too(console, alibaba, tell, new_video):
    video = new_video()
    alibaba.vod.DeleteVideo({"VideoIds": video.video_id})

    tell("DeleteMediaComplete", video.video_id, "MediaId", DeleteType="all")

    assert console.store.catalogue.find_videos(VideoFilter()).total == 0


@pytest.mark.parametrize(
    ("action", "kind"), [("DeleteVideo", "DeleteMediaComplete"), ("CreateAudit", "CreateAuditComplete")]
)
def test_an_event_of_what_is_being_done_here_waits_until_that_is_finished(
    console, alibaba, tell, new_video, action, kind
):
    video = new_video()
    console.store.cloud.begin(action, video.video_id, {}, Actor("anne", "tests"))
    alibaba.vod.CreateAudit({"AuditContent": json.dumps([{"VideoId": video.video_id, "Status": "Blocked"}])})
    if action == "DeleteVideo":
        alibaba.vod.DeleteVideo({"VideoIds": video.video_id})

    tell(kind, video.video_id, "MediaId")

    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.CHECK
    assert console.store.cloud.count_events() == 1


def test_an_event_waits_for_a_cloud_that_does_not_answer(console, alibaba, tell, clock):
    there = alibaba.vod.add()
    alibaba.fail("GetVideoInfo", "dropped", times=99)

    tell("FileUploadComplete", there["VideoId"])

    assert console.store.cloud.count_events() == 1
    alibaba.faults.clear()
    clock.move(60)
    console.cloud.background.process_events()
    assert console.store.cloud.count_events() == 0
    assert console.store.catalogue.get_video(there["VideoId"])


def test_embedded_mode_has_no_such_address(tmp_path, serve, http):
    console = backend.open_console(Settings(data=tmp_path / "embedded"))
    assert http.post(serve(RestApp(console)) + PATH, data=b"{}").status_code == 404
    console.close()
