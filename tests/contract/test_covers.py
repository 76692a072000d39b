"""The pictures of a video over every door: its sprite, new snapshots, and a cover that a person chooses."""

from __future__ import annotations

import pytest

import backend
from backend.errors import ConsoleError
from backend.model import CensorStatus, FileKind, JobKind, JobState, MediaFile, VideoStatus

SOURCE = MediaFile(FileKind.SOURCE, "source.mp4")
COMMON = MediaFile(FileKind.COMMON, "common.mp4")
COVER = MediaFile(FileKind.COVER, "cover.jpg")
CHOSEN = MediaFile(FileKind.CHOSEN_COVER, "cover-1f0c3a5b9d2e.jpg")
SPRITE = MediaFile(FileKind.SPRITE, "sprite-1f0c3a5b9d2e.jpg", width=320, height=90, duration=12.0)
CUES = MediaFile(FileKind.SPRITE_CUES, "sprite-1f0c3a5b9d2e.vtt")
VTT = """WEBVTT

00:00:00.000 --> 00:00:06.000
sprite-1f0c3a5b9d2e.jpg#xywh=0,0,160,90

00:00:06.000 --> 00:00:12.000
sprite-1f0c3a5b9d2e.jpg#xywh=160,0,160,90
"""


@pytest.fixture
def jobs(console):
    """Finds the jobs of a kind."""
    return lambda kind=JobKind.COVER: console.store.jobs.find_jobs(kind=kind).items


@pytest.fixture
def settle(console):
    """Ends the job that waits, as a worker would that made these files."""

    def end(*files):
        job = console.store.jobs.claim_job(tuple(JobKind), "worker")
        assert console.store.jobs.settle_done(job, "worker", files, {})

    return end


@pytest.fixture
def actions(console):
    """Names what the audit trail says of a video, oldest first."""
    return lambda video_id: [line.action for line in reversed(console.store.history.find_history(video_id))]


class TestGetSprite:
    @pytest.mark.every_door
    def test_it_names_every_tile_with_its_moment(self, door, make_video, settings):
        made = make_video(files=(SPRITE, CUES))
        folder = settings.media_folder / made.video_id
        folder.mkdir(parents=True)
        (folder / CUES.name).write_text(VTT)

        data = door.data("getSprite", videoId=made.video_id)

        address = f"{door.base_url}/media/{made.video_id}/{made.media_key}"
        size = {"width": 160, "height": 90}
        assert data == {
            "spriteUrl": f"{address}/{SPRITE.name}",
            "vttUrl": f"{address}/{CUES.name}",
            "width": 320,
            "height": 90,
            "tileList": [
                {"start": 0.0, "end": 6.0, "x": 0, "y": 0, **size},
                {"start": 6.0, "end": 12.0, "x": 160, "y": 0, **size},
            ],
        }

    def test_a_video_whose_pictures_are_older_than_sprites_has_an_empty_one(self, door, make_video):
        data = door.data("getSprite", videoId=make_video(files=(COVER,)).video_id)

        assert data == {"spriteUrl": "", "vttUrl": "", "width": 0, "height": 0, "tileList": []}

    def test_the_id_is_required_and_must_be_known(self, door):
        assert door("getSprite")["message"] == "videoId is required."
        assert door("getSprite", videoId="nothing")["code"] == "404"

    def test_players_read_the_webvtt_as_such(self, server, http, make_video, settings):
        made = make_video(files=(SPRITE, CUES))
        folder = settings.media_folder / made.video_id
        folder.mkdir(parents=True)
        (folder / CUES.name).write_text(VTT)

        answer = http.get(f"{server}/media/{made.video_id}/{made.media_key}/{CUES.name}")

        assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
        assert answer.text == VTT

    def test_documented_answers_do_not_know_of_it(self, door, make_video):
        with_sprite = make_video(files=(COVER, SPRITE, CUES))

        (video,) = door.data("getVideos")["videoList"]

        assert "sprite" not in str(video).lower()
        assert video["coverUrl"].endswith(f"/{with_sprite.media_key}/cover.jpg")
        assert video["SnapshotList"] == []


class TestSubmitSnapshot:
    @pytest.mark.every_door
    def test_asking_queues_one_job_and_marks_the_video(self, door, make_video, jobs, actions):
        made = make_video(files=(SOURCE,))
        for _ in range(2):
            answer = door("submitSnapshot", mediaId=made.video_id)
            assert (answer["code"], answer["message"], answer["data"]) == ("200", "发起截图作业完成!", None)

        assert len(jobs(JobKind.SNAPSHOT)) == 1
        assert door.data("getVideoById", videoId=made.video_id)["snapshotStatus"] == "onSnapshot"
        assert actions(made.video_id).count("submitSnapshot") == 1

    def test_what_is_missing_unknown_or_unfinished_is_refused(self, door, make_video):
        assert door("submitSnapshot")["message"] == "mediaId is required."
        assert door("submitSnapshot", mediaId="nothing")["code"] == "404"
        assert door("submitSnapshot", mediaId=make_video(status=VideoStatus.UPLOADING).video_id)["code"] == "409"


class TestChooseCover:
    @pytest.mark.every_door
    def test_it_queues_the_picture_of_that_second_and_says_who_chose(self, door, make_video, jobs):
        made = make_video(files=(SOURCE, COVER))

        answer = door("chooseCover", mediaId=made.video_id, seconds="7.25")

        assert (answer["code"], answer["message"], answer["data"]) == ("200", "封面已选定，稍后更新", None)
        (job,) = jobs()
        assert (job.video_id, job.payload) == (made.video_id, {"seconds": 7.25})
        line = door.data("getHistory", videoId=made.video_id)[0]
        assert (line["userName"], line["action"]) == ("anne", "chooseCover")
        assert (line["before"], line["after"]) == ({"cover": "cover.jpg"}, {"seconds": 7.25})

    def test_the_chosen_cover_is_the_videos_cover_everywhere(self, door, make_video, settle):
        made = make_video(files=(SOURCE, COMMON, COVER), censor_status=CensorStatus.SUCCESS)
        door.data("recommendVideo", videoId=made.video_id)
        door.data("chooseCover", mediaId=made.video_id, seconds=1)

        settle(CHOSEN)

        asked = {"videoId": made.video_id}
        covers = {
            door.data("getVideos")["videoList"][0]["coverUrl"],
            door.data("getRecommendVideos")["videoList"][0]["coverUrl"],
            door.data("getVideoById", **asked)["coverUrl"],
            door.data("getRecommendVideoById", **asked)["coverUrl"],
        }
        assert covers == {f"{door.base_url}/media/{made.video_id}/{made.media_key}/{CHOSEN.name}"}

    def test_new_snapshots_leave_it(self, door, make_video, settle):
        made = make_video(files=(SOURCE, COVER))
        door.data("chooseCover", mediaId=made.video_id, seconds=1)
        settle(CHOSEN)
        door.data("submitSnapshot", mediaId=made.video_id)

        settle(COVER)

        assert door.data("getVideoById", videoId=made.video_id)["coverUrl"].endswith(CHOSEN.name)

    def test_an_entry_recommended_with_a_cover_of_its_own_keeps_that(self, door, make_video, settle):
        made = make_video(files=(SOURCE, COVER), censor_status=CensorStatus.SUCCESS)
        door.data("recommendVideo", videoId=made.video_id, coverUrl="https://example.com/campaign.jpg")
        door.data("chooseCover", mediaId=made.video_id, seconds=1)

        settle(CHOSEN)

        entry = door.data("getRecommendVideoById", videoId=made.video_id)
        assert entry["coverUrl"] == "https://example.com/campaign.jpg"

    def test_an_entry_that_was_sent_the_videos_former_cover_follows_the_chosen_one(self, door, make_video, settle):
        made = make_video(files=(SOURCE, COVER), censor_status=CensorStatus.SUCCESS)
        row = door.data("getVideoById", videoId=made.video_id)
        for second in (1, 2):
            door.data("chooseCover", mediaId=made.video_id, seconds=second)
            settle(MediaFile(FileKind.CHOSEN_COVER, f"cover-{second:012x}.jpg"))
            door.data("recommendVideo", videoId=made.video_id, coverUrl=row["coverUrl"])
            row = door.data("getVideoById", videoId=made.video_id)

            assert door.data("getRecommendVideoById", videoId=made.video_id)["coverUrl"] == row["coverUrl"]

    def test_the_last_choice_counts_even_while_one_is_being_made(self, door, console, make_video, jobs):
        made = make_video(files=(SOURCE,))
        door.data("chooseCover", mediaId=made.video_id, seconds=1)
        running = console.store.jobs.claim_job((JobKind.COVER,), "worker")

        door.data("chooseCover", mediaId=made.video_id, seconds=2)

        assert [job.payload["seconds"] for job in jobs()] == [2.0]
        assert not console.store.jobs.renew_lease(running, "worker", "", 0.5, {})
        assert not console.store.jobs.settle_done(running, "worker", (CHOSEN,), {})
        assert door.data("getVideoById", videoId=made.video_id)["coverUrl"] == ""

    def test_the_same_choice_again_changes_nothing(self, door, make_video, jobs, actions, settle):
        made = make_video(files=(SOURCE,))
        for _ in range(2):
            assert door("chooseCover", mediaId=made.video_id, seconds=3)["code"] == "200"
        settle(CHOSEN)
        assert door("chooseCover", mediaId=made.video_id, seconds="3.0")["code"] == "200"

        assert [job.state for job in jobs()] == [JobState.DONE]
        assert actions(made.video_id).count("chooseCover") == 1

    def test_a_choice_that_failed_can_be_made_again(self, door, console, make_video, jobs):
        made = make_video(files=(SOURCE,))
        door.data("chooseCover", mediaId=made.video_id, seconds=3)
        job = console.store.jobs.claim_job((JobKind.COVER,), "worker")
        console.store.jobs.settle_failed(
            job, "worker", ConsoleError("The disk is full. Free some space and try again.")
        )

        door.data("chooseCover", mediaId=made.video_id, seconds=3)

        assert [job.state for job in jobs()] == [JobState.QUEUED]

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [
            ("", "seconds is required."),
            ("soon", "seconds must be a number of at least 0, got 'soon'."),
            ("-1", "seconds must be a number of at least 0, got '-1'."),
            ("nan", "seconds must be a number of at least 0, got 'nan'."),
            ("12.1", "seconds must be within the 12.0 seconds of the video, got 12.1."),
        ],
    )
    def test_a_moment_that_is_none_is_named(self, seconds, said, door, make_video, jobs):
        answer = door("chooseCover", mediaId=make_video(duration=12.0).video_id, seconds=seconds)

        assert (answer["code"], answer["message"]) == ("400", said)
        assert jobs() == ()

    def test_a_video_that_is_not_there_or_not_whole_is_refused(self, door, make_video):
        assert door("chooseCover", mediaId="nothing", seconds=1)["code"] == "404"
        assert (
            door("chooseCover", mediaId=make_video(status=VideoStatus.UPLOADING).video_id, seconds=1)["code"] == "409"
        )


def test_a_cover_does_not_wait_behind_encodes(console, token, make_video):
    for operation, values in (("submitTranscode", {}), ("chooseCover", {"seconds": 1})):
        made = make_video(files=(SOURCE,))
        console.call(operation, {"mediaId": made.video_id, **values}, token)

    assert console.store.jobs.claim_job(tuple(JobKind), "worker").kind is JobKind.COVER


def test_the_whole_way_from_a_clip_to_a_chosen_cover(server, http, console, token, small_clip):
    signed = {"consoleToken": token}
    with small_clip.open("rb") as file:
        upload = {"data": signed, "files": {"file": ("clip.mp4", file)}}
        video_id = http.post(f"{server}/console/vod/uploadVideo", **upload).json()["data"]["videoId"]
    work = backend.make_worker(console).run_until_idle
    work()

    def ask(operation, **values):
        return http.post(f"{server}/console/vod/{operation}", data={**values, **signed}).json()["data"]

    sprite = ask("getSprite", videoId=video_id)
    assert len(sprite["tileList"]) == 10
    assert http.get(sprite["spriteUrl"]).content.startswith(b"\xff\xd8\xff")
    assert sprite["spriteUrl"].rpartition("/")[2] + "#xywh=" in http.get(sprite["vttUrl"]).text
    made = ask("getVideoById", videoId=video_id)["coverUrl"]
    addresses = [made]
    for second in (0.5, 1.5):
        ask("chooseCover", mediaId=video_id, seconds=second)
        work()
        addresses.append(ask("getVideoById", videoId=video_id)["coverUrl"])
    ask("submitSnapshot", mediaId=video_id)
    work()

    assert ask("getVideoById", videoId=video_id)["coverUrl"] == addresses[-1]
    assert len(set(addresses)) == 3
    assert len({http.get(address).content for address in addresses}) == 3
    assert console.media.files.path_of(video_id, "cover.jpg")
    assert console.store.jobs.find_jobs(state=JobState.FAILED).total == 0
