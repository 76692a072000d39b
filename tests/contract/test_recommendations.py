"""The recommended feed and prewarming: putting in, changing, looking at, taking out."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus, FileKind, JobKind, MediaFile, VideoStatus

COMMON = MediaFile(FileKind.COMMON, "common.mp4")
NARROW = MediaFile(FileKind.NARROW, "narrow.mp4")
FIRST_FRAME = MediaFile(FileKind.FIRST_FRAME, "first.jpg")


@pytest.fixture
def passed(make_video):
    """Makes a video that passed review."""

    def make(**values):
        known = {"censor_status": CensorStatus.SUCCESS, "status": VideoStatus.NORMAL, "files": (COMMON,)}
        return make_video(**{**known, **values})

    return make


@pytest.fixture
def jobs(console):
    def find(kind):
        return console.store.jobs.find_jobs(kind=kind).items

    return find


class TestRecommendVideo:
    @pytest.mark.every_door
    def test_a_video_that_passed_review_goes_in(self, door, passed):
        made = passed()

        answer = door("recommendVideo", videoId=made.video_id)

        assert (answer["code"], answer["message"], answer["data"]) == ("200", "插入推荐视频成功!", None)
        assert door.data("getVideoById", videoId=made.video_id)["isRecommend"] == "true"

    @pytest.mark.parametrize("status", [CensorStatus.CHECK, CensorStatus.ON_CENSOR, CensorStatus.FAIL])
    def test_one_that_did_not_is_409(self, status, door, make_video):
        answer = door("recommendVideo", videoId=make_video(censor_status=status).video_id)

        assert answer["code"] == "409"
        assert status.value in answer["message"]
        assert door.data("getRecommendVideos")["total"] == 0

    @pytest.mark.parametrize("status", [VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL])
    def test_one_whose_upload_did_not_finish_is_409_whatever_its_review_says(self, status, door, make_video):
        answer = door("recommendVideo", videoId=make_video(censor_status=CensorStatus.SUCCESS, status=status).video_id)

        assert answer["code"] == "409"
        assert f"has not finished (status is {status})" in answer["message"]
        assert door.data("getRecommendVideos")["total"] == 0

    def test_one_that_is_not_there_is_404(self, door):
        assert door("recommendVideo", videoId="nothing")["code"] == "404"
        assert door("recommendVideo")["message"] == "videoId is required."

    @pytest.mark.every_door
    def test_what_is_absent_comes_from_the_catalogue_and_what_is_given_wins(self, door, passed):
        made = passed(title="from the catalogue")
        given = {
            "title": "given", "description": "d", "duration": "7.5", "size": "99", "tags": "a,b", "cateId": "3",
            "cateName": "three", "coverUrl": "https://example.com/c.jpg", "firstFrameUrl": "/media/f.jpg",
            "transcodeStatus": "success", "snapshotStatus": "fail", "censorStatus": "success",
        }  # fmt: skip

        door.data("recommendVideo", videoId=made.video_id, **given)

        entry = door.data("getRecommendVideoById", videoId=made.video_id)
        assert entry["title"] == "given"
        assert (entry["duration"], entry["size"], entry["cateId"]) == (7.5, 99, 3)
        assert entry["coverUrl"] == "https://example.com/c.jpg"
        assert entry["firstFrameUrl"] == f"{door.base_url}/media/f.jpg"
        assert entry["snapshotStatus"] == "fail"
        assert entry["user"]["userName"] == "Anne"
        assert door.data("getVideoById", videoId=made.video_id)["title"] == "from the catalogue"

    def test_the_feed_can_be_searched_by_the_given_title(self, door, passed):
        door.data("recommendVideo", videoId=passed(title="old").video_id, title="NEW")

        assert door.data("getRecommendVideos", title="new")["total"] == 1
        assert door.data("getRecommendVideos", title="old")["total"] == 0

    def test_recommending_again_updates_the_entry(self, door, passed, clock):
        made = passed()
        door.data("recommendVideo", videoId=made.video_id, title="first")
        clock.move(60)

        door.data("recommendVideo", videoId=made.video_id, title="second")

        data = door.data("getRecommendVideos")
        assert data["total"] == 1
        assert data["videoList"][0]["title"] == "second"

    def test_the_same_recommendation_again_changes_nothing(self, door, console, passed):
        made = passed()
        for _ in range(2):
            assert door("recommendVideo", videoId=made.video_id, title="t", tags="a")["code"] == "200"

        lines = console.store.history.find_history(made.video_id)
        assert [line.action for line in lines].count("recommendVideo") == 1

    @pytest.mark.every_door
    def test_a_wrong_value_is_named_and_nothing_happens(self, door, passed):
        made = passed()

        for name, wrong in (
            ("coverUrl", "javascript:alert(1)"),
            ("coverUrl", "file:///etc/passwd"),
            ("coverUrl", "https://"),
            ("firstFrameUrl", "//elsewhere.example.com/x"),
            ("firstFrameUrl", "data:text/html,x"),
            ("duration", "-1"),
            ("duration", "nan"),
            ("size", "many"),
            ("isNarrow", "yes"),
            ("isCache", "1"),
            ("transcodeStatus", "done"),
            ("censorStatus", "ok"),
        ):
            answer = door("recommendVideo", videoId=made.video_id, **{name: wrong})
            assert answer["code"] == "400"
            assert name in answer["message"]
        assert door.data("getRecommendVideos")["total"] == 0

    @pytest.mark.parametrize("yes", ["true", True, "TRUE"])
    def test_is_narrow_starts_the_job_once(self, yes, door, passed, jobs):
        made = passed()
        for _ in range(2):
            door.data("recommendVideo", videoId=made.video_id, isNarrow=yes)

        assert len(jobs(JobKind.NARROW)) == 1
        assert door.data("getRecommendVideoById", videoId=made.video_id)["narrowTranscodeStatus"] == "onTranscode"

    def test_is_narrow_starts_nothing_where_there_is_a_rendition(self, door, passed, jobs):
        door.data("recommendVideo", videoId=passed(files=(NARROW,)).video_id, isNarrow="true")
        door.data("recommendVideo", videoId=passed().video_id, isNarrow="false")

        assert jobs(JobKind.NARROW) == ()

    @pytest.mark.settings(prewarm_hosts=(), public_url="https://media.example.com")
    def test_is_cache_prewarms_the_first_frame_and_the_file(self, door, passed, jobs):
        made = passed(files=(COMMON, FIRST_FRAME))

        door.data("recommendVideo", videoId=made.video_id, isCache="true")

        (job,) = jobs(JobKind.PREWARM)
        folder = f"https://media.example.com/media/{made.video_id}/{made.media_key}"
        assert sorted(job.payload["urls"]) == [f"{folder}/common.mp4", f"{folder}/first.jpg"]


class TestGetRecommendVideoById:
    @pytest.mark.every_door
    def test_it_returns_the_entry_with_its_pictures_and_renditions(self, door, passed):
        made = passed(files=(COMMON, NARROW, MediaFile(FileKind.SNAPSHOT, "1.jpg")))
        door.data("recommendVideo", videoId=made.video_id)

        answer = door("getRecommendVideoById", videoId=made.video_id)

        assert answer["message"] == "根据videoId获取视频详情完成!"
        lists = {
            name: value for name, value in door.data("getVideoById", videoId=made.video_id).items()
            if name in ("SnapshotList", "snapshotList", "fileUrlList", "fileUrilList")
        }  # fmt: skip
        assert {name: len(value) for name, value in lists.items()} == {
            "SnapshotList": 1, "snapshotList": 1, "fileUrlList": 2, "fileUrilList": 2,
        }  # fmt: skip
        assert answer["data"] == {**door.data("getRecommendVideos")["videoList"][0], **lists}

    def test_one_that_is_not_recommended_is_404(self, door, passed):
        assert door("getRecommendVideoById", videoId=passed().video_id)["code"] == "404"
        assert door("getRecommendVideoById")["code"] == "400"


class TestDeleteRecommendById:
    @pytest.mark.every_door
    def test_it_leaves_the_feed_and_stays_in_the_catalogue(self, door, passed):
        made = passed()
        door.data("recommendVideo", videoId=made.video_id)

        answer = door("deleteRecommendById", videoId=made.video_id, userId="sent by existing clients")

        assert (answer["code"], answer["message"], answer["data"]) == ("200", "取消推荐完成", None)
        assert door.data("getVideoById", videoId=made.video_id)["isRecommend"] == "false"
        assert door.data("getRecommendVideos")["total"] == 0

    def test_what_is_gone_is_404(self, door, passed):
        made = passed()

        assert door("deleteRecommendById", videoId=made.video_id)["code"] == "404"


class TestPushObjectCache:
    @pytest.mark.parametrize("separator", ["\n", "\r\n"])
    @pytest.mark.every_door
    def test_each_line_is_an_address_with_or_without_a_scheme(self, separator, door, jobs):
        lines = ["example.com/image/1.png", "https://example.com/b.mp4", "", "example.com/image/1.png"]

        answer = door("pushObjectCache", objectPath=separator.join(lines))

        assert (answer["code"], answer["message"]) == ("200", "预热完成")
        (job,) = jobs(JobKind.PREWARM)
        assert job.payload["urls"] == ["http://example.com/image/1.png", "https://example.com/b.mp4"]

    def test_the_same_batch_again_is_clean_while_it_waits(self, door, jobs):
        for _ in range(2):
            assert door("pushObjectCache", objectPath="example.com/a.png")["code"] == "200"

        assert len(jobs(JobKind.PREWARM)) == 1

    @pytest.mark.parametrize(
        "bad", ["elsewhere.example.org/x.png", "ftp://example.com/x", "example.com/", "example.com/a b"]
    )
    def test_one_bad_line_refuses_all_and_is_named(self, bad, door, jobs):
        answer = door("pushObjectCache", objectPath=f"example.com/good.png\n{bad}")

        assert answer["code"] == "400"
        assert f"2: {bad}" in answer["message"]
        assert jobs(JobKind.PREWARM) == ()

    @pytest.mark.parametrize("nothing", ["", "\n", " \r\n "])
    def test_nothing_to_warm_is_400(self, nothing, door):
        answer = door("pushObjectCache", objectPath=nothing)

        assert answer["code"] == "400"
        assert "objectPath" in answer["message"]

    @pytest.mark.every_door
    def test_a_thousand_lines_are_taken_and_not_one_more(self, door, jobs):
        lines = [f"example.com/{number}.png" for number in range(1001)]

        if door.way != "over_http_query":  # no URL is that long
            assert door("pushObjectCache", objectPath="\n".join(lines))["code"] == "400"
            assert door("pushObjectCache", objectPath="\n".join(lines[:1000]))["code"] == "200"
            assert len(jobs(JobKind.PREWARM)[0].payload["urls"]) == 1000
