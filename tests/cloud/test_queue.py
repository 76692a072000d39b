"""Events by a queue of MNS, and which way VOD is told to take."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from backend.aliyun import event_delivery, mns
from backend.aliyun.event_delivery import Way
from backend.errors import BadRequest, CloudError
from backend.model import CensorStatus
from backend.settings import SettingsError, read_settings
from backend.store import StoreError

QUEUE = "vod-events"


@pytest.fixture
def cloud_settings(cloud_settings, alibaba):
    return replace(cloud_settings, mns_endpoint=alibaba.url, mns_queue=QUEUE)


@pytest.fixture
def listening(console, alibaba):
    """A console that reads the queue, without waiting where it is empty."""
    alibaba.queues.queues[QUEUE] = []
    console.cloud.queue.wait_seconds = 0
    console.cloud.set_callback("mns")
    return console.cloud


def waiting(alibaba):
    return len(alibaba.queues.queues[QUEUE])


@pytest.mark.parametrize("encoded", [True, False])
def test_a_verdict_that_is_told_in_the_queue_counts_here(alibaba, listening, console, new_video, encoded):
    alibaba.queues.encoded = encoded
    video = new_video(Status="Normal", censor=CensorStatus.SUCCESS)
    alibaba.vod.judge(video.video_id, "Blocked", "违规")

    assert listening.take_messages() == 1
    listening.background.process_events()

    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.FAIL
    assert waiting(alibaba) == 0


def test_a_message_is_deleted_only_once_its_event_is_kept(alibaba, listening, console, monkeypatch):
    alibaba.queues.hidden_seconds = 0.0
    alibaba.queues.send(QUEUE, {"EventType": "CreateAuditComplete", "MediaId": "a"})

    def full(*_):
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(console.store.cloud, "enqueue_event", full)
        with pytest.raises(StoreError):
            listening.take_messages()
    assert waiting(alibaba) == 1

    assert listening.take_messages() == 1
    assert (waiting(alibaba), console.store.cloud.count_events()) == (0, 1)


def test_what_is_no_event_is_said_and_keeps_no_other_from_being_read(alibaba, listening, console, caplog):
    alibaba.queues.put(QUEUE, "<not json>")
    alibaba.queues.send(QUEUE, {"EventType": "FileUploadComplete", "VideoId": "a"})

    assert listening.take_messages() == 2

    assert "is not a VOD event" in caplog.text
    assert (waiting(alibaba), console.store.cloud.count_events()) == (0, 1)


def test_a_queue_that_is_not_there_a_wrong_key_and_a_lost_connection_are_told(alibaba, listening):
    queue = listening.queue
    alibaba.queues.queues.clear()
    with pytest.raises(CloudError, match="QueueNotExist"):
        queue.receive()
    alibaba.gate.secrets.clear()
    with pytest.raises(CloudError, match="InvalidAccessKeyId"):
        queue.receive()
    with pytest.raises(CloudError, match="did not answer ReceiveMessage"):
        mns.Queue("http://127.0.0.1:1", QUEUE, listening.client.keys).receive()


def test_a_key_that_expires_is_sent_with_its_token(alibaba, listening):
    alibaba.gate.secrets["STS.1"], alibaba.gate.tokens["token-1"] = "secret-1", "STS.1"
    keys = mns.Keys("STS.1", "secret-1", "token-1")

    assert mns.Queue(alibaba.url, QUEUE, lambda: keys, wait_seconds=0).receive() is None

    assert "secret-1" not in repr(keys)


def test_the_thread_of_the_console_reads_the_queue(alibaba, listening, console, eventually):
    alibaba.queues.send(QUEUE, {"EventType": "CreateAuditComplete", "MediaId": "a"})
    listening.queue.wait_seconds = 1

    listening.background.start()

    eventually(lambda: waiting(alibaba) == 0)
    listening.background.stop()


def test_the_doctor_says_by_which_command_vod_is_told_and_that_command_does_it(console, alibaba):
    alibaba.vod.callback |= {
        "CallbackURL": "https://elsewhere.example/x", "EventTypeList": "FileUploadComplete,UploadByURLComplete",
    }  # fmt: skip
    problem = event_delivery.find_problem(console.cloud.client, console.settings)
    assert "`python -m backend doctor --set-callback mns` sets that" in problem

    assert console.cloud.set_callback("mns") == "https://elsewhere.example/x"

    assert event_delivery.find_problem(console.cloud.client, console.settings) == ""
    there = alibaba.vod.callback
    assert (there["CallbackType"], there["MnsEndpoint"], there["MnsQueueName"]) == ("MNS", alibaba.url, QUEUE)
    assert "UploadByURLComplete" in there["EventTypeList"].split(",")
    assert "AIComplete" in there["EventTypeList"].split(",")

    assert console.cloud.set_callback("http") == f"the queue {QUEUE} at {alibaba.url}"
    assert event_delivery.find_problem(console.cloud.client, console.settings) == ""
    assert (there := alibaba.vod.callback)["CallbackURL"] == console.settings.callback_url
    assert (there["AuthSwitch"], there["AuthKey"]) == ("on", console.settings.callback_key)


def test_a_way_that_the_settings_do_not_know_is_refused(console, alibaba):
    before = dict(alibaba.vod.callback)
    settings = replace(console.settings, mns_endpoint="", mns_queue="", callback_url="", callback_key="")

    for way, said in ((Way.MNS, "QU_MNS_QUEUE"), (Way.HTTP, "QU_CALLBACK_KEY")):
        with pytest.raises(BadRequest, match=said):
            event_delivery.set_callback(console.cloud.client, settings, way)
    assert alibaba.vod.callback == before


@pytest.mark.parametrize(
    "given", [{"QU_MNS_QUEUE": "a"}, {"QU_MNS_ENDPOINT": "a.mns.cn-shanghai.aliyuncs.com", "QU_MNS_QUEUE": "a/b"}]
)
def test_settings_of_the_queue_are_checked(given):
    good = {"QU_MODE": "cloud", "QU_TEMPLATE_GROUP": "a", "QU_NARROW_TEMPLATE_GROUP": "b"}

    with pytest.raises(SettingsError, match="QU_MNS"):
        read_settings({**good, **given}, None)


def test_an_event_that_names_the_owner_tells_whose_a_video_is_that_was_synced_without_one(console, alibaba, new_video):
    video = new_video(Status="Normal")
    there = alibaba.vod.add(Status="Normal")
    console.cloud.sync.run(lambda _progress: None)
    body = {"Extend": json.dumps({"userId": "u7", "userName": "小李"})}
    console.store.cloud.enqueue_event("FileUploadComplete", there["VideoId"], body)

    console.cloud.background.process_events()

    owner = console.store.catalogue.get_video(there["VideoId"]).user
    assert (owner.user_id, owner.user_name) == ("u7", "小李")
    assert console.store.catalogue.get_video(video.video_id).user.user_id == "u1"
