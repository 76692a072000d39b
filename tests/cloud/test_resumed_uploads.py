"""A file that goes to OSS in parts: what broke off goes on at the part where it stopped, whatever it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from backend.aliyun import oss_upload
from backend.aliyun.oss_upload import UploadKeys, UploadTarget
from backend.aliyun.upload import Uploads
from backend.jobs.runner import Task
from backend.lifecycle.ingest import VideoMetadata, ingest_file
from backend.media import LocalFile
from backend.model import Actor, User
from tests.paths import ROOT

PART = 200 << 10


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(oss_upload, "PART_BYTES", PART)


@pytest.fixture
def clip(small_clip, tmp_path):
    """A video of a megabyte, of six parts: most of it is a box that players skip."""
    path = Path(shutil.copy(small_clip, tmp_path / "large.mp4"))
    size = (1 << 20) - path.stat().st_size
    with path.open("ab") as file:
        file.write(size.to_bytes(4) + b"free" + os.urandom(size - 8))
    return path


@pytest.fixture
def upload(console, clip):
    """Takes in the clip, and returns the id that VOD gave it, and its bytes."""

    def send():
        body = clip.read_bytes()
        return ingest_file(
            console, LocalFile(clip), VideoMetadata("海边.mp4", User("u1", "安妮")), Actor("anne", "tests")
        ).video_id, body

    return send


@pytest.fixture
def arrived(console, alibaba):
    """Says whether VOD has the file whole, and the console knows it."""

    def check(video_id, body):
        there = alibaba.vod.videos[video_id]
        here = console.store.catalogue.get_video(video_id)
        return alibaba.oss.objects[there["file"]] == body and here.status == "UploadSucc" and here.size == len(body)

    return check


def test_a_large_file_goes_up_in_parts(alibaba, upload, work, arrived):
    video_id, body = upload()
    work()

    assert arrived(video_id, body)
    assert alibaba.oss.sent() == [1, 2, 3, 4, 5, 6]
    assert alibaba.oss.uploads == {}


@pytest.mark.parametrize("kind", ["busy", "dropped"])
def test_an_outage_in_the_middle_costs_no_part_that_arrived(alibaba, upload, work, arrived, kind):
    video_id, body = upload()
    alibaba.fail("UploadPart", kind, times=11, after=3)  # more than one start of the job tries

    work()

    assert arrived(video_id, body)
    assert alibaba.oss.sent() == [1, 2, 3, 4, 5, 6]
    assert alibaba.oss.count("InitiateMultipartUpload") == 1


def test_a_part_whose_answer_is_lost_is_sent_again_and_no_other(alibaba, upload, work, arrived):
    video_id, body = upload()
    alibaba.fail("UploadPart", "done_dropped", after=2)

    work()

    assert arrived(video_id, body)
    assert alibaba.oss.sent() == [1, 2, 3, 3, 4, 5, 6]


def test_keys_that_end_in_the_middle_are_renewed_and_the_upload_goes_on(alibaba, upload, work, arrived):
    video_id, body = upload()
    alibaba.fail("UploadPart", "expired", after=2)

    work()

    assert arrived(video_id, body)
    tokens = [token for action, _, token in alibaba.oss.calls if action == "UploadPart"]
    assert alibaba.oss.sent() == [1, 2, 3, 4, 5, 6]
    assert len(set(tokens)) == 2


def test_keys_are_renewed_before_they_end():
    given, now = [], [0.0]

    def give():
        given.append(now[0])
        return UploadTarget(
            "https://oss-cn-shanghai.aliyuncs.com",
            "outin",
            "a.mp4",
            f"STS.{len(given)}",
            "secret",
            "token",
            "cn-shanghai",
            3600.0,
        )

    keys = UploadKeys(give, lambda: now[0])
    used = []
    for now[0] in (0.0, 3000.0, 3500.0, 3600.0, 7200.0):
        used.append(keys.get_credentials().access_key_id)

    assert used == ["STS.1", "STS.1", "STS.2", "STS.2", "STS.3"]


def test_an_upload_whose_last_answer_is_lost_is_not_sent_again(alibaba, upload, work, arrived):
    video_id, body = upload()
    alibaba.fail("CompleteMultipartUpload", "done_dropped")

    work()

    assert arrived(video_id, body)
    assert alibaba.oss.sent() == [1, 2, 3, 4, 5, 6]


def test_a_part_that_was_damaged_on_its_way_is_sent_again(alibaba, upload, work, arrived):
    video_id, body = upload()
    alibaba.oss.damages = {"4"}

    work()

    assert arrived(video_id, body)
    assert alibaba.oss.sent() == [1, 2, 3, 4, 4, 5, 6]


def test_an_upload_that_oss_has_forgotten_begins_anew(alibaba, upload, work, arrived):
    video_id, body = upload()
    alibaba.fail("UploadPart", "busy", times=3, after=3)  # what the SDK itself tries
    alibaba.oss.watch = lambda action, _number: action == "ListParts" and alibaba.oss.uploads.clear()

    work()

    assert arrived(video_id, body)
    assert alibaba.oss.sent() == [1, 2, 3, 1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_an_upload_goes_on_where_its_process_was_killed(console, alibaba, cloud_settings, upload, work, arrived):
    video_id, body = upload()
    place = cloud_settings.vod_endpoint
    env = {
        **os.environ, "QU_DATA": str(cloud_settings.data), "QU_MODE": "cloud", "QU_VOD_ENDPOINT": place,
        "QU_CDN_ENDPOINT": place, "QU_ALIYUN_PROTOCOL": "http", "QU_TEMPLATE_GROUP": "plain-group",
        "QU_NARROW_TEMPLATE_GROUP": "narrow-group", "ALIBABA_CLOUD_ACCESS_KEY_ID": "test-key",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "test-secret",
    }  # fmt: skip
    work_in_small_parts = (
        f"from backend.aliyun import oss_upload; oss_upload.PART_BYTES = {PART}; "
        "import sys; sys.argv = ['work', 'work']; import runpy; runpy.run_module('backend', run_name='__main__')"
    )
    worker = subprocess.Popen([sys.executable, "-c", work_in_small_parts], cwd=ROOT, env=env)
    alibaba.oss.watch = lambda _action, number: worker.kill() if number == "4" else None
    worker.wait(60)
    alibaba.oss.watch = lambda _action, _number: None
    before = alibaba.oss.sent()

    work()

    assert before[:3] == [1, 2, 3]
    assert arrived(video_id, body)
    assert sorted(alibaba.oss.sent()) == [1, 2, 3, 4, 5, 6]


def test_nothing_of_a_finished_upload_stays_on_the_disk(console, upload, work):
    upload()
    work()

    assert [path for path in console.settings.media_folder.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_a_large_file_is_never_whole_in_memory(alibaba, client, tmp_path, monkeypatch):
    monkeypatch.setattr(oss_upload, "PART_BYTES", 6 << 20)
    alibaba.oss.keeps = False
    made = alibaba.vod.CreateUploadVideo({"Title": "large", "FileName": "a.mp4"})
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    told = []
    task = Task()
    task.report = lambda part, _facts=None: told.append(part)
    Uploads(client).send(made["VideoId"], tmp_path / "large.mp4", task)  # what is imported and cached is not counted
    again = alibaba.vod.CreateUploadVideo({"Title": "large", "FileName": "b.mp4"})

    tracemalloc.start()
    Uploads(client).send(again["VideoId"], path, task)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10 << 20
    assert alibaba.vod.videos[again["VideoId"]]["Size"] == 100 << 20
    assert len(told) > 30
    assert told[:17] == sorted(told[:17])


def test_a_checkpoint_holds_no_key(alibaba, console, upload, work):
    upload()
    alibaba.fail("UploadPart", "busy", times=3, after=3)
    seen = []
    alibaba.oss.watch = lambda action, _number: (
        action == "ListParts" and seen.extend(path.read_text() for path in console.settings.media_folder.rglob("*.ucp"))
    )

    work()

    assert json.loads(seen[0])["Data"]["PartSize"] == PART
    assert "secret of" not in seen[0]
    assert "STS." not in seen[0]
