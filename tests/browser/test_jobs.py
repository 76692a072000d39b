"""The page of the jobs: a queue watched to its end, through a crash, with what failed and why."""

import time
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from playwright.sync_api import TimeoutError, expect

import backend
from backend.api.wire import media_path
from backend.errors import ConsoleError
from backend.i18n.messages import say
from backend.lifecycle.ingest import VideoMetadata, copied, ingest_file
from backend.model import Actor, JobKind, JobState, User

US = Actor("tests", "tests")
ELSEWHERE = "elsewhere"
PLAYS = """async address => {
    const video = document.createElement("video");
    Object.assign(video, { muted: true, src: address });
    document.body.append(video);
    await video.play();
    while (video.currentTime < 0.3) await new Promise(done => setTimeout(done, 20));
    return video.readyState;
}"""


@pytest.fixture
def queued(make_clip):
    """Takes clips into the catalogue of a server that does not run yet, so that their jobs wait."""

    def take(data, *names, seconds=2):
        console = backend.open_console(replace(backend.Settings(), data=data))
        videos = []
        for name in names:
            with copied(make_clip(name, seconds), console.media.files.scratch) as copy:
                videos.append(ingest_file(console, copy, VideoMetadata(name, User("u1")), US))
        return console, videos

    return take


@pytest.fixture
def queued_here(site, make_clip):
    """Sends a video that takes a while into the server that all tests share."""
    return lambda name: site.ask("uploadVideo", file=make_clip(name, seconds=24, size="1280x720"))


def hold(console, kind):
    """Take a job for ten minutes, as a worker elsewhere that keeps its lease."""
    with closing(backend.open_console(console.settings, lambda: time.time() + 600)) as later:
        return later.store.jobs.claim_job([kind], ELSEWHERE)


@pytest.mark.slow
def test_a_queue_is_watched_through_a_crash_to_its_end(
    new_server, queued, fresh_browser, new_person, language, eventually
):
    server = new_server()
    console, videos = queued(server.data, "坏的.mp4", "好的.mp4", "也好.mp4")
    jobs, bad = console.store.jobs, videos[0]
    jobs.enqueue_for_video(JobKind.NARROW, videos[1].video_id, "submitTabTranscode", US)
    held = hold(console, JobKind.NARROW)  # or the queue may end before the crash
    source = console.settings.media_folder / bad.video_id / "source.mp4"
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    with server, closing(console):
        person = new_person(fresh_browser(language), server.url, language)
        person.goes_to("/jobs")
        person.enters()
        eventually(lambda: jobs.find_jobs(state=JobState.DONE).total > 0)

        server.crash()
        server.start()
        jobs.release_job(held, ELSEWHERE)

        expect(person.page.get_by_text(person.t("jobs.idle"))).to_be_visible()
        person.complaints.clear()  # that the server was away
        expect(person.page.get_by_text(person.t("jobs.done"))).to_be_visible()
        failed = jobs.find_jobs(state=JobState.FAILED).items
        assert {job.video_id for job in failed} == {bad.video_id}
        for job in failed:
            why = say(ConsoleError.unpack(job.error), language)
            expect(person.page.get_by_text(why).first).to_be_visible()
        person.goes_to("/jobs")  # what Streamlit wanted to load while the server was away, it does not try again
        words = person.part(f"words_{failed[0].job_id}")
        words.locator("summary").click()
        expect(words).to_contain_text("moov atom not found")

        source.write_bytes(whole)
        person.clicks("retry_all")

        person.is_told(person.t("done.retried"))
        expect(person.page.get_by_text(person.t("jobs.idle"))).to_be_visible()
        expect(person.page.get_by_text(person.t("overview.failed_list", count=len(failed)))).to_be_hidden()
        assert {job.state for job in jobs.find_jobs().items} == {JobState.DONE}
        good = console.store.catalogue.get_video(videos[1].video_id)
        assert {file.codec.split(".")[0] for file in good.renditions} == {"avc1", "av01"}
        for file in good.renditions:
            assert person.page.evaluate(PLAYS, f"{server.url}/{media_path(good, file)}") >= 2
        person.page.close()


def test_a_job_that_runs_can_be_cancelled(person, site, queued_here):
    video = queued_here("很长的片子.mp4")
    person.goes_to("/jobs")
    job = next(job for job in site.ask("getQueue", pageSize=50)["jobList"] if job["kind"] == "transcode")
    expect(person.button(f"cancel_{job['jobId']}")).to_be_visible()

    person.clicks(f"cancel_{job['jobId']}")

    person.is_told(person.t("done.cancelled"))
    expect(person.page.get_by_text(person.t("jobs.idle"))).to_be_visible()
    assert site.ask("getVideoById", videoId=video["videoId"])["transcodeStatus"] == ""


@pytest.mark.slow
def test_a_dialog_keeps_what_was_typed_when_a_job_of_its_video_ends(person, site, queued_here):
    video = queued_here("边审边转.mp4")
    person.goes_to("/video", videoId=video["videoId"])
    expect(person.page.get_by_test_id("stProgress").first).to_be_visible()
    person.clicks("do_block")
    reason = person.dialog.get_by_role("textbox")
    reason.fill("重复上传")

    for job in site.ask("getQueue", pageSize=50)["jobList"]:
        with suppress(AssertionError):  # it has ended by itself
            site.ask("cancelJob", jobId=job["jobId"])
    expect(person.page.get_by_test_id("stProgress")).to_have_count(0)

    expect(reason).to_have_value("重复上传")


def test_a_page_without_jobs_asks_for_nothing(person):
    person.goes_to("/jobs")
    expect(person.page.get_by_text(person.t("jobs.idle"))).to_be_visible()
    person.is_idle()

    with pytest.raises(TimeoutError), person.hears("", seconds=2.5):
        pass
