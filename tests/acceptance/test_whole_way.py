"""A file's whole way from upload to deletion, with real ffmpeg and over real HTTP."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

import backend
from backend.errors import ConsoleError
from backend.media.ffmpeg import Ffmpeg
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.model import FileKind, JobKind, JobState
from tests.acceptance import kills
from tests.waiting import until


@pytest.fixture
def work(console):
    """Does everything that waits in the queue."""
    return backend.make_worker(console).run_until_idle


@pytest.fixture
def upload(server, http, token):
    def send(path: Path, name: str = "海边.mp4", **fields):
        with path.open("rb") as file:
            answer = http.post(
                f"{server}/console/vod/uploadVideo",
                data={"consoleToken": token, **fields},
                files={"file": (name, file, "video/mp4")},
            )
        return answer.json()

    return send


def test_an_uploaded_clip_becomes_a_video_that_plays(upload, work, console, server, http, token, small_clip):
    answer = upload(small_clip, tags="海,夏天", userId="u1", userName="安妮")

    assert answer["message"] == "上传完成", answer
    video = answer["data"]
    assert (video["title"], video["tags"], video["user"]["userName"]) == ("海边", "海,夏天", "安妮")
    assert (video["duration"], video["size"]) == (2, small_clip.stat().st_size)
    assert (video["censorStatus"], video["snapshotStatus"], video["transcodeStatus"]) == (
        "check", "onSnapshot", "onTranscode",
    )  # fmt: skip

    work()

    asked = {"videoId": video["videoId"], "consoleToken": token}
    video = http.get(f"{server}/console/vod/getVideoById", params=asked).json()["data"]
    assert (video["snapshotStatus"], video["transcodeStatus"]) == ("success", "success")
    assert len(video["SnapshotList"]) == 8
    for picture in (video["coverUrl"], video["firstFrameUrl"], *video["SnapshotList"]):
        assert http.get(picture).content.startswith(b"\xff\xd8\xff")
    (info,) = http.get(f"{server}/vodVideo/getVideoById", params=asked).json()["data"]["playInfoList"]
    part = http.get(info["playURL"], headers={"Range": "bytes=0-11"})
    assert (part.status_code, part.headers["Content-Type"]) == (206, "video/mp4")
    assert part.content[4:8] == b"ftyp"
    assert info["codecs"].startswith("avc1.")


def test_what_is_there_already_is_not_made_again(upload, work, console, server, http, token, small_clip):
    video_id = upload(small_clip)["data"]["videoId"]
    work()

    def ask(operation):
        params = {"mediaId": video_id, "consoleToken": token}
        assert http.get(f"{server}/console/vod/{operation}", params=params).json()["code"] == "200"
        waiting = len(console.store.jobs.find_queue())
        work()
        return waiting

    assert ask("submitTranscode") == 0
    assert ask("submitTabTranscode") == 1
    assert ask("submitTabTranscode") == 0
    (plain,) = console.store.catalogue.get_video(video_id).files_of(FileKind.COMMON)
    console.media.files.path_of(video_id, plain.name).unlink()
    assert ask("submitTranscode") == 1
    assert ask("submitTranscode") == 0
    console.media = LocalMedia(FolderFiles(console.settings.media_folder), Ffmpeg(), "h264", (96,))
    assert ask("submitTranscode") == 1
    assert ask("submitTabTranscode") == 1


def test_blocking_ends_the_addresses_that_were_handed_out(upload, work, server, http, token, small_clip):
    video_id = upload(small_clip)["data"]["videoId"]
    work()
    asked = {"videoId": video_id, "consoleToken": token}
    old = http.get(f"{server}/console/vod/getVideoById", params=asked).json()["data"]["coverUrl"]
    assert http.get(old).status_code == 200

    verdict = {"mediaId": video_id, "status": "Blocked", "reason": "违规", "consoleToken": token}
    http.post(f"{server}/console/vod/createAudit", data=verdict)

    assert http.get(old).status_code == 404
    new = http.get(f"{server}/console/vod/getVideoById", params=asked).json()["data"]["coverUrl"]
    assert http.get(new).status_code == 200


def test_recommending_with_prewarm_and_narrow_band_does_both(upload, work, console, server, http, token, small_clip):
    console.settings = backend.Settings(data=console.settings.data)
    console.own_url = server
    video_id = upload(small_clip)["data"]["videoId"]
    work()
    signed = {"consoleToken": token}
    http.post(f"{server}/console/vod/createAudit", data={"mediaId": video_id, "status": "Normal", **signed})
    wanted = {"videoId": video_id, "isNarrow": "true", "isCache": "true", **signed}
    assert http.post(f"{server}/console/vod/recommendVideo", data=wanted).json()["code"] == "200"

    work()

    entry = http.get(f"{server}/console/vod/getRecommendVideoById", params={"videoId": video_id, **signed}).json()[
        "data"
    ]
    assert entry["narrowTranscodeStatus"] == "success"
    assert http.get(f"{server}/{entry['fileUrl']}").status_code == 200
    (batch,) = http.get(f"{server}/console/vod/getPrewarms", params=signed).json()["data"]["prewarmList"]
    assert {url["state"] for url in batch["urlList"]} == {"warm"}
    assert len(batch["urlList"]) == 2


@pytest.mark.settings(trash_days=0)
def test_deleting_removes_every_file(upload, work, console, server, http, token, small_clip):
    video = upload(small_clip)["data"]
    work()
    folder = console.settings.media_folder / video["videoId"]
    assert folder.is_dir()

    wanted = {"videoId": video["videoId"], "userId": video["user"]["userId"], "consoleToken": token}
    assert http.post(f"{server}/console/vod/deleteVideoById", data=wanted).json()["message"] == "删除完成!"

    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\0" * 5000])
def test_what_is_no_video_is_refused_in_a_sentence_and_leaves_nothing(upload, console, tmp_path, content):
    (tmp_path / "bad.mp4").write_bytes(content)

    answer = upload(tmp_path / "bad.mp4")

    assert answer["code"] == "400"
    assert answer["message"].endswith(".")
    assert console.store.catalogue.is_empty()
    assert [path.name for path in console.settings.media_folder.rglob("*") if path.is_file()] == []


def test_a_cut_off_clip_is_refused(upload, console, tmp_path, small_clip):
    whole = small_clip.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])

    answer = upload(tmp_path / "cut.mp4")

    assert answer["code"] == "400"
    assert "cut off" in answer["message"]
    assert console.store.catalogue.is_empty()


@pytest.mark.settings(review="off")
def test_without_review_new_videos_pass(upload, small_clip):
    video = upload(small_clip)["data"]

    assert (video["status"], video["censorStatus"]) == ("Normal", "success")


@pytest.mark.slow
def test_workers_may_be_killed_at_any_moment(console, tmp_path):
    kills.make_jobs(console, tmp_path, 5, "320x180", 2)
    moments = iter((0.0, 0.2, 0.6))

    def moment():
        until(lambda: any(job.state is JobState.RUNNING for job in kills.unfinished(console)), "a job has begun")
        return next(moments)

    killed = list(kills.kill_workers(console, 3, moment))

    assert killed[0].hit
    assert [kill.orphans for kill in killed] == [0] * len(killed)
    assert kills.finish(console) == 0
    assert kills.broken_promises(console, 5) == []


def limit(pid: int, size: int) -> None:
    """Let a process and its children write no file of more bytes, as if the disk were full there."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are a thing of Linux")
def test_a_full_disk_fails_the_job_and_not_the_worker(upload, console, tmp_path, eventually):
    clip, jobs = tmp_path / "noise.mp4", console.store.jobs
    noise = "testsrc2=s=320x180:r=24:d=15,noise=alls=60:allf=t"
    assert Ffmpeg().run(["-f", "lavfi", "-i", noise, "-c:v", "libx264", "-preset", "ultrafast", str(clip)]).ok
    video_id = upload(clip)["data"]["videoId"]
    worker = kills.start_worker(console.settings.data)
    try:
        limit(worker.pid, 1_000_000)  # enough for pictures and the database
        eventually(lambda: not kills.unfinished(console))

        (failed,) = jobs.find_jobs(state=JobState.FAILED).items
        assert failed.kind is JobKind.TRANSCODE
        assert str(ConsoleError.unpack(failed.error)) == "The disk is full. Free some space and try again."
        assert jobs.find_jobs(kind=JobKind.SNAPSHOT).items[0].state is JobState.DONE

        limit(worker.pid, resource.RLIM_INFINITY)
        jobs.retry_job(failed.job_id, kills.US)
        eventually(lambda: not kills.unfinished(console))
    finally:
        worker.terminate()
        worker.wait(60)
    assert kills.broken_promises(console, 2) == [f"transcode of {video_id} ended 2 times"]
