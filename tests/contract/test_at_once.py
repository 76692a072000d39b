"""Identical requests at the same time, to two consoles on the same data, have one effect."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

import backend
from backend.model import CensorStatus, FileKind, JobKind, JobState, MediaFile, Verdict
from tests.conftest import TESTS

CALLERS = 16
SOURCE = MediaFile(FileKind.SOURCE, "source.mp4")


@pytest.fixture
def other(console):
    opened = backend.open_console(console.settings, console.clock)
    yield opened
    opened.close()


@pytest.fixture
def at_once(console, other, token):
    """Sends the same request sixteen times at once, half to each console, and counts the codes of the answers."""

    def send(name, **parameters):
        ready = Barrier(CALLERS)

        def call(number):
            ready.wait(60)
            return (console, other)[number % 2].call(name, parameters, token)["code"]

        with ThreadPoolExecutor(CALLERS) as pool:
            return Counter(pool.map(call, range(CALLERS)))

    return send


@pytest.fixture
def lines(console):
    """Counts the entries of an action in the history."""
    return lambda action: sum(line.action == action for line in console.store.history.find_history(limit=1000))


def test_a_video_is_queued_for_a_transcode_once(console, at_once, make_video, lines):
    made = make_video(files=(SOURCE,))

    at_once("submitTranscode", mediaId=made.video_id)

    assert console.store.jobs.find_jobs(kind=JobKind.TRANSCODE).total == 1
    assert lines("submitTranscode") == 1


def test_a_video_is_recommended_once(console, at_once, make_video, lines):
    made = make_video(censor_status=CensorStatus.SUCCESS, files=(SOURCE,))

    at_once("recommendVideo", videoId=made.video_id)

    assert lines("recommendVideo") == 1
    assert console.store.recount() == []


def test_a_verdict_is_undone_once(console, at_once, make_video, lines):
    made = make_video(files=(SOURCE,))
    console.store.catalogue.record_audit(made.video_id, Verdict.NORMAL, "", "", TESTS)

    codes = at_once("undoAudit", videoId=made.video_id)

    assert (codes["200"], lines("undoAudit")) == (1, 1)


def test_a_video_is_deleted_once_and_comes_back_once(console, at_once, make_video, lines):
    made = make_video(files=(SOURCE,))

    deleted = at_once("deleteVideoById", videoId=made.video_id, userId=made.user.user_id)
    restored = at_once("restoreVideo", videoId=made.video_id)

    assert (deleted["200"], restored["200"]) == (1, 1)
    assert lines("restoreVideo") == 1
    assert console.store.catalogue.get_video(made.video_id).files == (SOURCE,)
    assert console.store.recount() == []


def test_a_category_of_a_name_is_added_once(at_once):
    assert at_once("addCategory", cateName="动物")["200"] == 1


def test_a_failed_job_is_tried_again_once(console, at_once, queued, lines):
    queued()
    failed = console.store.jobs.claim_job([JobKind.TRANSCODE], "w")
    console.store.jobs.settle_failed(failed, "w", backend.errors.ConsoleError("The disk is full."))

    at_once("retryJob", jobId=failed.job_id)

    assert console.store.jobs.find_jobs(state=JobState.QUEUED).total == 1
    assert lines("retryJob") == 1


def test_jobs_are_claimed_once_each_by_the_workers_of_two_consoles(console, other, queued):
    wanted = {queued().video_id for _ in range(24)}

    def claim(number):
        claimed = []
        jobs = (console, other)[number % 2].store.jobs
        while job := jobs.claim_job([JobKind.TRANSCODE], f"w{number}/{len(claimed)}"):
            claimed.append(job.video_id)
        return claimed

    with ThreadPoolExecutor(8) as pool:
        claimed = [video_id for found in pool.map(claim, range(8)) for video_id in found]

    assert sorted(claimed) == sorted(wanted)
    assert console.store.recount() == []


def test_the_history_is_one_chain_whoever_wrote_it(console, other, token, make_video):
    made = [make_video(files=(SOURCE,)) for _ in range(8)]

    def audit(number):
        at, video = (console, other)[number % 2], made[number % 8]
        return at.call("editVideo", {"videoId": video.video_id, "title": f"title {number}"}, token)["code"]

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(audit, range(32))) == {"200": 32}

    assert console.store.history.verify().errors == []
    assert console.store.recount() == []
