"""What VOD and people are told: nothing is said to be done that was not, and reading never waits for Alibaba."""

from __future__ import annotations

import json
import threading
import time

import pytest
from alibabacloud_credentials.client import Client as Credentials
from alibabacloud_credentials.models import Config

from backend.aliyun.client import Client
from backend.aliyun.play_urls import WAIT_SECONDS
from backend.server.app import RestApp
from backend.store import StoreError
from tests.waiting import until


def test_an_event_that_cannot_be_kept_is_refused_so_that_vod_repeats_it(console, serve, http, signed, monkeypatch):
    def full(*_):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(console.store.cloud, "enqueue_event", full)
    server = serve(RestApp(console))

    answer = http.post(f"{server}/vodcallback/callback", data=b'{"EventType":"X","VideoId":"v"}', headers=signed())

    assert answer.status_code == 503


def test_what_the_trash_blocks_has_a_reason_at_vod(alibaba, do, new_video):
    video = new_video(Status="Normal")

    do("deleteVideoById", videoId=video.video_id, userId="u1")

    assert alibaba.vod.verdicts[video.video_id][0]["Reason"]


def test_an_upload_brings_its_texts_and_edits_reach_vod(console, alibaba, do, upload, work, hear):
    video_id = upload()
    assert alibaba.vod.videos[video_id]["Tags"] == "海"

    do("editVideo", videoId=video_id, title="新 🌊 标题", description="说明", tags="a,b")
    work()
    hear()
    console.cloud.background.sync_changes()

    there = alibaba.vod.videos[video_id]
    assert (there["Title"], there["Description"], there["Tags"]) == ("新 标题", "说明", "a,b")
    assert do("getVideoById", videoId=video_id)["title"] == "新 🌊 标题"
    texts = {one.what for one in console.store.cloud_catalogue.iterate_drift()}
    assert texts <= {"cateName"}


def test_an_edit_that_vod_refuses_changes_nothing(console, alibaba, ask, new_video):
    video = new_video()
    alibaba.denied.add("UpdateVideoInfo")

    assert ask("editVideo", videoId=video.video_id, title="x")["code"] == "502"

    assert console.store.catalogue.get_video(video.video_id).title == video.title


def test_a_comment_that_vod_could_not_keep_is_refused_before_anything_is_sent(alibaba, ask, new_video):
    video = new_video()

    answer = ask("createAudit", mediaId=video.video_id, status="Normal", comment="字" * 171)

    assert (answer["code"], "513" in answer["message"]) == ("400", True)
    assert alibaba.count("CreateAudit") == 0


def test_a_refusal_of_oss_is_told_by_its_own_code(alibaba, do, upload, work):
    alibaba.oss.full = True
    video_id = upload()

    work()

    (job,) = do("getJobs", videoId=video_id, kind="upload")["jobList"]
    assert (job["state"], "UserDisable" in job["error"]) == ("failed", True)


@pytest.mark.settings(trash_days=0)
def test_a_deletion_whose_answer_tells_nothing_is_looked_at(console, alibaba, ask, new_video, monkeypatch):
    kept, gone = new_video(forbidden=True), new_video()
    whole = alibaba.vod.DeleteVideo
    monkeypatch.setattr(alibaba.vod, "DeleteVideo", lambda parameters: whole(parameters) and {})

    assert ask("deleteVideoById", videoId=kept.video_id, userId="u1")["code"] == "502"
    assert ask("deleteVideoById", videoId=gone.video_id, userId="u1")["code"] == "200"


def test_hanging_verdicts_keep_nobody_waiting_who_only_looks(console, alibaba, serve, http, token, new_video):
    video, hanging = new_video(Status="Normal"), new_video()
    server = serve(RestApp(console))
    given = {"mediaId": hanging.video_id, "status": "Normal", "consoleToken": token}
    waiting = [
        threading.Thread(target=http.get, args=(f"{server}/console/vod/createAudit",), kwargs={"params": given})
        for _ in range(20)
    ]
    with alibaba.hold("CreateAudit"):
        for thread in waiting:
            thread.start()
        until(lambda: alibaba.hanging["CreateAudit"])

        answer = http.get(
            f"{server}/console/vod/getVideoById", params={"videoId": video.video_id, "consoleToken": token}
        ).json()

        assert answer["code"] == "200"
        assert alibaba.hanging["CreateAudit"]
    for thread in waiting:
        thread.join(60)


@pytest.mark.parametrize("read_seconds", [1.0])
def test_where_vod_hangs_only_the_first_look_waits(console, alibaba, do, new_video):
    videos = [new_video(Status="Normal") for _ in range(10)]
    alibaba.fail("GetPlayInfo", "slow", times=999)
    took = []
    for video in videos:
        started = time.monotonic()
        assert do("getVideoById", videoId=video.video_id)["fileUrlList"] == []
        took.append(time.monotonic() - started)

    assert min(took[1:]) < WAIT_SECONDS <= took[0]


def test_many_calls_with_one_expired_token_look_for_a_new_one_once(alibaba, cloud_settings):
    made = []

    def credentials():
        made.append(f"token-{len(made)}")
        alibaba.gate.tokens[made[-1]] = "test-key"
        return Credentials(
            Config(type="sts", access_key_id="test-key", access_key_secret="test-secret", security_token=made[-1])
        )

    client = Client(cloud_settings, credentials)
    alibaba.gate.expired.add("token-0")
    barrier = threading.Barrier(8)

    def call():
        barrier.wait()
        client.call("GetVideoInfo", {"VideoId": alibaba_video})

    alibaba_video = alibaba.vod.add()["VideoId"]
    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 2


def test_a_person_who_may_not_write_is_told_by_doctor(console, alibaba):
    alibaba.denied |= {"CreateAudit", "DeleteVideo"}

    said = " ".join(check.text for check in console.cloud.examine() if not check.good)

    assert "vod:CreateAudit, vod:DeleteVideo" in said
    assert json.dumps(alibaba.vod.videos) == "{}"


def test_technical_flags_are_not_measured_and_said_to_be_unknown(do, ask, new_video):
    video_id = new_video().video_id

    (lease,) = do("takeReview")["leaseList"]

    assert lease["flags"] == do("getTechnicalFlags", videoId=video_id)
    assert (lease["flags"]["available"], lease["flags"]["state"]) == (False, "none")
    assert do("getFeatures")["technicalFlags"] is False
    assert ask("submitTechnicalFlags", mediaId=video_id)["code"] == "409"
