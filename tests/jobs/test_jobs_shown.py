"""What people are told of a job that failed: the tool's own words, but nothing of where the console lies."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from backend.errors import MediaError
from backend.jobs.runner import outcome_of
from backend.model import JobKind

ALL = tuple(JobKind)


@pytest.fixture
def failed(console, queued):
    """Ends a job with what a worker found."""

    def fail(error):
        made = queued()
        job = console.store.jobs.claim_job(ALL, "worker")
        found = outcome_of(error)
        assert console.store.jobs.settle_failed(job, "worker", found.reason, found.detail)
        return made

    return fail


def shown(door, video):
    (job,) = door.data("getJobs", videoId=video.video_id)["jobList"]
    assert door.data("getJob", jobId=job["jobId"]) == job
    return job


@pytest.mark.parametrize("folder", ["data", "with a blank/数据"])
def test_what_broke_is_told_without_the_folders_of_the_server(folder, door, console, failed, tmp_path):
    console.settings = replace(console.settings, data=tmp_path / folder)
    part = console.settings.data / "media/1/common.mp4.part"
    with pytest.raises(FileNotFoundError) as caught:
        part.rename(part.with_suffix(""))
    told = f"{caught.value} ({Path(__file__).parent}/conftest.py)"

    detail = shown(door, failed(MediaError("The file is damaged.", detail=told)))["detail"]

    assert detail == "[Errno 2] No such file or directory: 'common.mp4.part' -> 'common.mp4' (conftest.py)"


def test_a_disk_that_refuses_is_told_without_them_too(door, failed):
    error = shutil.Error([("/srv/console/a.mp4", "/srv/console/b.mp4", "Input/output error")])

    job = shown(door, failed(error))

    assert job["error"] == "The disk could not be written: [('a.mp4', 'b.mp4', 'Input/output error')]."
    assert "a.mp4" in job["detail"]
    assert "/srv" not in job["detail"]


def test_addresses_and_colours_stay_whole(door, failed):
    said = "yuv420p(tv, bt709/unknown/unknown) https://example.com/a/b.mp4: 1/25/50 and a / b"
    error = RuntimeError(said)

    assert said in shown(door, failed(error))["detail"]
