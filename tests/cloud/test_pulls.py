"""Pull by URL in cloud mode: VOD fetches, the job follows it, and the video is that of who asked for it."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from backend.model import JobKind, JobState, VideoFilter

URL = "https://cdn.example.com/2026/海1.mp4?sign=secret"
SENT = "https://cdn.example.com/2026/%E6%B5%B71.mp4?sign=secret"
ASKED = {"sourceUrl": URL, "title": "海边 🌊", "userId": "u9", "userName": "小林", "tags": "海"}


@pytest.fixture
def there(alibaba):
    """Puts a file at an address."""

    def put(url=SENT):
        alibaba.pulls.there[url] = b"a video"

    return put


@pytest.fixture
def pulls(console):
    return lambda: console.store.jobs.find_jobs(kind=JobKind.PULL).items


@pytest.fixture
def videos(console):
    return lambda: console.store.catalogue.find_videos(VideoFilter()).items


def test_a_video_is_fetched_by_vod_and_waits_for_review(alibaba, do, there, work, hear, pulls):
    there()
    (made,) = do("pullVideos", sourceList=json.dumps([ASKED]))
    assert made["sourceUrl"] == SENT

    work()
    hear()
    work()

    job = do("getJob", jobId=made["jobId"])
    assert (job["state"], job["kind"], job["title"]) == ("done", "pull", "海边 🌊")
    video = do("getVideoById", videoId=job["videoId"])
    assert (video["title"], video["user"]["userName"], video["tags"]) == ("海边 🌊", "小林", "海")
    assert (video["status"], video["censorStatus"], video["snapshotStatus"]) == ("Normal", "check", "success")
    assert alibaba.vod.tasks == {}  # nothing was transcoded before anybody looked at it


@pytest.mark.settings(prewarm_hosts=("127.0.0.1",))
def test_vod_is_not_sent_to_an_address_of_a_private_network(alibaba, ask, pulls):
    answer = ask("pullVideos", sourceUrl="http://127.0.0.1/a.mp4")

    assert (answer["code"], "points to this machine or its network" in answer["message"]) == ("400", True), answer
    assert pulls() == ()


def test_each_address_has_its_own_title_owner_and_category(do, there, work, videos):
    for number in range(3):
        there(f"https://cdn.example.com/{number}.mp4")
    items = [
        {"sourceUrl": "https://cdn.example.com/0.mp4"},
        {"sourceUrl": "https://cdn.example.com/1.mp4", "title": "一", "userId": "u1", "userName": "安妮"},
        {"sourceUrl": "https://cdn.example.com/2.mp4", "cateName": "旅行"},
    ]

    do("pullVideos", sourceList=json.dumps(items), userId="u9", userName="小林")
    work()

    found = sorted((video.title, video.user.user_name, video.cate_name) for video in videos())
    assert found == [("0", "小林", ""), ("2", "小林", "旅行"), ("一", "安妮", "")]


def test_an_address_that_vod_cannot_fetch_fails_in_words_and_can_be_tried_again(do, there, work, pulls, videos):
    (made,) = do("pullVideos", **{**ASKED, "sourceUrl": SENT})
    work()

    job = do("getJob", jobId=made["jobId"])
    assert (job["state"], "download video failed by the url" in job["error"]) == ("failed", True)
    assert "secret" not in job["error"]

    there()
    do("retryJob", jobId=made["jobId"])
    work()

    assert do("getJob", jobId=made["jobId"])["state"] == "done"
    assert len(videos()) == 1


@pytest.mark.parametrize("kind", ["done_dropped", "done_cut", "done_malformed", "dropped", "busy"])
def test_a_lost_answer_has_vod_fetch_it_once(alibaba, do, there, work, videos, kind):
    there()
    alibaba.fail("UploadMediaByURL", kind)
    do("pullVideos", **{**ASKED, "sourceUrl": SENT})

    work()

    assert len(alibaba.pulls.jobs) == len(alibaba.vod.videos) == len(videos()) == 1


def test_a_worker_that_died_after_asking_finds_what_it_asked(console, alibaba, do, there, work, videos):
    there()
    do("pullVideos", **{**ASKED, "sourceUrl": SENT})
    keep, console.store.cloud.keep_task = console.store.cloud.keep_task, None
    job = console.store.jobs.claim_job([JobKind.PULL], "dies")
    with pytest.raises(TypeError):
        console.cloud.pulls.start(job, None)
    console.store.cloud.keep_task = keep
    console.store.jobs.release_job(job, "dies")

    work()

    assert len(alibaba.pulls.jobs) == len(videos()) == 1


def test_the_same_address_asked_twice_is_one_job(do, pulls):
    first = do("pullVideos", **{**ASKED, "sourceUrl": f"{SENT}\n{SENT}"})
    again = do("pullVideos", **{**ASKED, "sourceUrl": SENT})

    assert first == again
    assert len(pulls()) == 1


def test_the_event_comes_before_the_job_asks(console, alibaba, do, there, hear, work, videos, pulls):
    there()
    do("pullVideos", **{**ASKED, "sourceUrl": SENT})
    job = console.store.jobs.claim_job([JobKind.PULL], "tests")
    console.cloud.pulls.start(job, None)
    console.store.jobs.release_job(job, "tests")
    alibaba.pulls.go_on()
    alibaba.pulls.go_on()

    hear()
    work()

    assert [(video.title, video.user.user_id) for video in videos()] == [("海边 🌊", "u9")]
    assert pulls()[0].state is JobState.DONE


def test_what_the_looks_at_vod_find_first_becomes_what_was_asked_for(console, alibaba, do, there, work, videos):
    there()
    do("pullVideos", **{**ASKED, "sourceUrl": SENT, "cateName": "旅行"})
    job = console.store.jobs.claim_job([JobKind.PULL], "tests")
    console.cloud.pulls.start(job, None)
    console.store.jobs.release_job(job, "tests")
    alibaba.pulls.go_on()
    alibaba.pulls.go_on()
    console.cloud.background.sync_changes()
    console.cloud.background.process_events()
    assert [(video.title, video.user.user_id) for video in videos()] == [("海边", "u9")]

    work()

    (video,) = videos()
    assert (video.title, video.user.user_name, video.cate_name) == ("海边 🌊", "小林", "旅行")


def test_a_pull_that_somebody_asked_vod_for_elsewhere_comes_in(console, alibaba, hear, there, videos):
    there()
    said = json.dumps({"Extend": {"userId": "u7", "userName": "小王"}})
    alibaba.pulls.UploadMediaByURL({"UploadURLs": quote(SENT, safe=""), "UserData": said})
    alibaba.pulls.go_on()
    alibaba.pulls.go_on()

    hear()

    assert [video.user.user_name for video in videos()] == ["小王"]


def test_the_history_tells_who_asked_and_keeps_no_signature(console, do, there, work):
    there()
    (made,) = do("pullVideos", **{**ASKED, "sourceUrl": SENT})
    work()

    (line,) = console.store.history.find_history(made["jobId"])
    assert (line.action, "secret" in str(line.after)) == ("pullVideos", False)
    video_id = do("getJob", jobId=made["jobId"])["videoId"]
    assert console.store.history.find_history(video_id)[-1].actor.name == line.actor.name


def test_a_right_that_is_missing_is_named_in_the_job(alibaba, do, work):
    alibaba.denied.add("UploadMediaByURL")
    (made,) = do("pullVideos", **{**ASKED, "sourceUrl": SENT})
    work()

    assert "RAM policy" in do("getJob", jobId=made["jobId"])["error"]


@pytest.mark.parametrize("held", [True, False], ids=["by a worker", "by none"])
def test_what_a_person_cancels_is_not_fetched_and_can_be_tried_again(console, alibaba, do, there, work, videos, held):
    there()
    (made,) = do("pullVideos", **{**ASKED, "sourceUrl": SENT})
    job = console.store.jobs.claim_job([JobKind.PULL], "tests")
    reference = console.cloud.pulls.start(job, None)
    if not held:
        console.store.jobs.release_job(job, "tests")

    do("cancelJob", jobId=made["jobId"])
    if held:
        console.cloud.pulls.cancel(reference)  # as its worker does at its next beat
    for _ in range(3):
        alibaba.pulls.go_on()

    assert [one["Status"] for one in alibaba.pulls.jobs.values()] == ["CANCELED"]
    assert alibaba.count("CancelUrlUploadJobs") == 1
    assert alibaba.vod.videos == {}

    do("retryJob", jobId=made["jobId"])
    work()
    assert len(videos()) == 1


def test_a_worker_that_stops_cancels_nothing_at_vod(console, alibaba, do, there, work, videos):
    there()
    do("pullVideos", **{**ASKED, "sourceUrl": SENT})
    job = console.store.jobs.claim_job([JobKind.PULL], "tests")
    console.cloud.pulls.cancel(console.cloud.pulls.start(job, None))
    console.store.jobs.release_job(job, "tests")

    work()

    assert alibaba.count("CancelUrlUploadJobs") == 0
    assert len(alibaba.pulls.jobs) == len(videos()) == 1


def test_what_vod_is_fetching_already_comes_in_though_it_was_cancelled(console, alibaba, do, there, hear, videos):
    there()
    (made,) = do("pullVideos", **{**ASKED, "sourceUrl": SENT})
    job = console.store.jobs.claim_job([JobKind.PULL], "tests")
    console.cloud.pulls.start(job, None)
    alibaba.pulls.go_on()

    do("cancelJob", jobId=made["jobId"])
    alibaba.pulls.go_on()
    console.cloud.background.sync_changes()
    console.cloud.background.process_events()

    assert [video.user.user_name for video in videos()] == ["小林"]


def test_what_vod_holds_less_of_is_told_for_each_address(do):
    items = [{"sourceUrl": SENT, "title": "海边 🌊"}, {"sourceUrl": "https://cdn.example.com/2.mp4", "title": "山"}]

    first, second = do("pullVideos", sourceList=json.dumps(items))

    assert ["“海边”" in text for text in first["warningList"]] == [True]
    assert second["warningList"] == []
