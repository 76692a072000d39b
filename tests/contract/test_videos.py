"""One video: its details, what can be played of it, its review, its transcodes and its end."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus, FileKind, JobKind, MediaFile, TranscodeStatus, User, Verdict, VideoStatus

RENDITIONS = (
    MediaFile(FileKind.COMMON, "common.mp4", 1000, 1280, 720, 12.0, 666, "avc1.64001F,mp4a.40.2"),
    MediaFile(FileKind.NARROW, "narrow.mp4", 500, 1280, 720, 12.0, 333, "av01.0.05M.08,mp4a.40.2"),
)
SOURCE = MediaFile(FileKind.SOURCE, "source.mov", 5000, 1920, 1080, 12.0, 3333)
UNFINISHED = [VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL]
TRANSCODES = {
    "submitTranscode": ("transcodeStatus", JobKind.TRANSCODE, "发起非窄带高清转码作业完成!"),
    "submitTabTranscode": ("narrowTranscodeStatus", JobKind.NARROW, "发起窄带高清转码作业完成!"),
}


@pytest.fixture
def seen(console):
    """Looks a video up behind the door's back."""
    return console.store.catalogue.get_video


@pytest.fixture
def actions(console):
    """Names what the audit trail says of a video, oldest first."""

    def read(video_id):
        return [line.action for line in reversed(console.store.history.find_history(video_id))]

    return read


class TestGetVideoById:
    @pytest.mark.every_door
    def test_it_returns_the_listed_video_with_the_seeds_spelling_besides(self, door, make_video):
        made = make_video(files=RENDITIONS)

        answer = door("getVideoById", videoId=made.video_id)

        (listed,) = door.data("getVideos")["videoList"]
        assert answer["message"] == ""
        assert answer["data"] == {**listed, "fileUrilList": listed["fileUrlList"]}
        assert len(listed["fileUrlList"]) == 2

    def test_one_that_is_not_there_is_404(self, door):
        answer = door("getVideoById", videoId="23rfewc23")

        assert answer["code"] == "404"
        assert "23rfewc23" in answer["message"]
        assert answer["data"] is None

    @pytest.mark.parametrize("absent", [{}, {"videoId": ""}])
    def test_the_id_is_required(self, absent, door):
        answer = door("getVideoById", **absent)

        assert answer["code"] == "400"
        assert answer["message"] == "videoId is required."


class TestPlaying:
    @pytest.mark.every_door
    def test_the_renditions_come_as_players_read_them(self, door, make_video):
        made = make_video(files=(*RENDITIONS, SOURCE))

        data = door.data("getPlayInfo", videoId=made.video_id)

        folder = f"{door.base_url}/media/{made.video_id}/{made.media_key}"
        assert [(info["definition"], info["playURL"]) for info in data["playInfoList"]] == [
            ("SD", f"{folder}/common.mp4"),
            ("HD", f"{folder}/narrow.mp4"),
        ]
        assert [info["kind"] for info in data["playInfoList"]] == ["common", "narrow"]
        assert data["videoBase"]["videoId"] == made.video_id

    def test_the_source_plays_while_there_is_no_rendition(self, door, make_video):
        made = make_video(files=(SOURCE,))

        (info,) = door.data("getPlayInfo", videoId=made.video_id)["playInfoList"]

        assert info["definition"] == "OD"
        assert info["playURL"].endswith("/source.mov")

    def test_nothing_to_play_is_an_empty_list(self, door, make_video):
        assert door.data("getPlayInfo", videoId=make_video().video_id)["playInfoList"] == []

    def test_players_can_keep_one_address_for_each_name_of_a_ladder(self, door, make_video):
        sides = (1080, 720, 540, 360)
        files = [
            MediaFile(kind, f"{kind}-{side}.mp4", 1000, side, side * 16 // 9, position=place)
            for kind in (FileKind.COMMON, FileKind.NARROW) for place, side in enumerate(sides)
        ]  # fmt: skip
        made = make_video(files=tuple(files[:6]))

        infos = door.data("getPlayInfo", videoId=made.video_id)["playInfoList"]

        assert [info["definition"] for info in infos] == ["HD", "SD", "LD", "FD", "4K", "2K"]
        assert len({info["definition"]: info["playURL"] for info in infos}) == len(infos)

    @pytest.mark.parametrize("status", UNFINISHED)
    def test_an_upload_that_did_not_finish_does_not_pass_for_playable(self, status, door, make_video):
        made = make_video(files=(SOURCE,), status=status)

        assert door.data("getPlayInfo", videoId=made.video_id)["playInfoList"] == []

    def test_existing_clients_find_it_below_vod_video(self, server, http, token, make_video):
        made = make_video(files=RENDITIONS)

        answer = http.get(f"{server}/vodVideo/getVideoById", params={"videoId": made.video_id, "consoleToken": token})

        assert answer.json()["data"]["playInfoList"][0]["playURL"].startswith(f"{server}/media/")

    def test_it_asks_for_a_token(self, server, http, make_video):
        answer = http.get(f"{server}/vodVideo/getVideoById", params={"videoId": make_video().video_id})

        assert answer.json()["code"] == "403"


class TestCreateAudit:
    @pytest.mark.every_door
    def test_normal_lets_a_video_pass(self, door, make_video, seen, actions):
        made = make_video()

        answer = door("createAudit", mediaId=made.video_id, status="Normal")

        assert (answer["code"], answer["message"], answer["data"]) == ("200", "审核完成", None)
        assert seen(made.video_id).censor_status is CensorStatus.SUCCESS
        assert seen(made.video_id).status is VideoStatus.NORMAL
        assert actions(made.video_id)[-1] == "createAudit"

    @pytest.mark.every_door
    def test_blocked_takes_it_off_the_recommendations(self, door, make_video, seen):
        made = make_video(censor_status=CensorStatus.SUCCESS)
        door.data("recommendVideo", videoId=made.video_id)

        answer = door("createAudit", mediaId=made.video_id, status="Blocked", reason="版权", comment="second look")

        assert answer["message"] == "审核完成"
        assert seen(made.video_id).censor_status is CensorStatus.FAIL
        assert seen(made.video_id).status is VideoStatus.BLOCKED
        assert door.data("getRecommendVideos")["total"] == 0
        assert door.data("getVideoById", videoId=made.video_id)["isRecommend"] == "false"

    def test_blocking_ends_the_addresses_of_its_media(self, door, make_video):
        made = make_video(files=RENDITIONS)
        before = door.data("getVideoById", videoId=made.video_id)["fileUrlList"]

        door.data("createAudit", mediaId=made.video_id, status="Blocked", reason="x")

        assert not set(before) & set(door.data("getVideoById", videoId=made.video_id)["fileUrlList"])

    @pytest.mark.parametrize("reason", ["", "   ", "\u3000\t\n", "\u200b\ufeff\u00a0", "\u3164\u2800"])
    @pytest.mark.every_door
    def test_blocking_needs_a_reason_and_blanks_are_none(self, reason, door, make_video, seen):
        made = make_video()

        answer = door("createAudit", mediaId=made.video_id, status="Blocked", reason=reason, comment="no reason")

        assert (answer["code"], answer["message"]) == ("400", "reason is required when status is Blocked.")
        assert seen(made.video_id).censor_status is CensorStatus.CHECK

    @pytest.mark.parametrize(("reason", "code"), [("理" * 42 + "ab", "200"), ("理" * 43, "400"), ("r" * 129, "400")])
    @pytest.mark.every_door
    def test_a_reason_has_at_most_128_bytes(self, reason, code, door, make_video):
        answer = door("createAudit", mediaId=make_video().video_id, status="Blocked", reason=reason)

        assert answer["code"] == code
        assert code == "200" or "reason has 129 bytes; at most 128 are allowed." in answer["message"]

    @pytest.mark.parametrize("wrong", ["blocked", "NORMAL", "fail", "屏蔽"])
    def test_a_verdict_is_blocked_or_normal(self, wrong, door, make_video):
        answer = door("createAudit", mediaId=make_video().video_id, status=wrong)

        assert answer["code"] == "400"
        assert answer["message"].startswith("status must be one of Normal, Blocked")

    def test_the_same_verdict_again_changes_nothing(self, door, make_video, actions):
        made = make_video()
        for _ in range(2):
            assert door("createAudit", mediaId=made.video_id, status="Blocked", reason="x")["code"] == "200"

        assert actions(made.video_id).count("createAudit") == 1

    def test_a_verdict_can_be_changed(self, door, make_video, seen, actions):
        made = make_video()

        door.data("createAudit", mediaId=made.video_id, status="Blocked", reason="x")
        door.data("createAudit", mediaId=made.video_id, status="Normal")

        assert seen(made.video_id).censor_status is CensorStatus.SUCCESS
        assert actions(made.video_id).count("createAudit") == 2

    def test_a_video_that_is_not_there_is_404(self, door):
        assert door("createAudit", mediaId="nothing", status="Normal")["code"] == "404"

    @pytest.mark.parametrize("status", UNFINISHED)
    @pytest.mark.parametrize("verdict", [{"status": "Normal"}, {"status": "Blocked", "reason": "x"}])
    def test_an_upload_that_did_not_finish_is_409_and_stays_as_it_is(self, verdict, status, door, make_video, seen):
        made = make_video(status=status)

        answer = door("createAudit", mediaId=made.video_id, **verdict)

        assert answer["code"] == "409"
        assert answer["message"] == f"The upload of video {made.video_id} has not finished (status is {status})."
        assert (seen(made.video_id).status, seen(made.video_id).censor_status) == (status, CensorStatus.CHECK)

    @pytest.mark.settings(legacy_clients=True)
    def test_legacy_clients_may_block_without_a_reason(self, door, make_video, seen):
        made = make_video()

        assert door("createAudit", mediaId=made.video_id, status="Blocked")["code"] == "200"
        assert seen(made.video_id).censor_status is CensorStatus.FAIL

    @pytest.mark.every_door
    def test_the_trail_says_who_when_from_where_what_before_and_after(self, door, make_video):
        made = make_video()
        door.data("createAudit", mediaId=made.video_id, status="Blocked", reason="版权", comment="c")

        line = door.data("getHistory", videoId=made.video_id)[0]

        assert line["userName"] == "anne"
        assert line["time"] == "2019-01-09 22:11:29.0"
        assert line["way"] == ("page" if door.way == "in_process" else "rest")
        assert line["action"] == "createAudit"
        assert line["before"]["censorStatus"] == "check"
        assert line["after"] == {"status": "Blocked", "censorStatus": "fail", "reason": "版权", "comment": "c"}


@pytest.mark.parametrize("operation", TRANSCODES)
class TestTranscoding:
    @pytest.mark.every_door
    def test_asking_queues_a_job_and_marks_the_video(self, operation, door, console, make_video):
        key, kind, message = TRANSCODES[operation]
        made = make_video(files=(SOURCE,), status=VideoStatus.NORMAL)

        answer = door(operation, mediaId=made.video_id)

        assert (answer["code"], answer["message"], answer["data"]) == ("200", message, None)
        assert door.data("getVideoById", videoId=made.video_id)[key] == "onTranscode"
        assert [job.kind for job in console.store.jobs.find_jobs(video_id=made.video_id).items] == [kind]

    def test_asking_again_makes_no_second_job(self, operation, door, console, make_video):
        made = make_video(files=(SOURCE,))
        for _ in range(3):
            assert door(operation, mediaId=made.video_id)["code"] == "200"

        assert console.store.jobs.find_jobs(video_id=made.video_id).total == 1

    @pytest.mark.parametrize("status", UNFINISHED)
    def test_an_upload_that_did_not_finish_is_409(self, operation, status, door, make_video):
        answer = door(operation, mediaId=make_video(status=status).video_id)

        assert answer["code"] == "409"
        assert status.value in answer["message"]

    def test_the_id_is_required_and_must_be_known(self, operation, door):
        assert door(operation)["message"] == "mediaId is required."
        assert door(operation, mediaId="nothing")["code"] == "404"


class TestDeleteVideoById:
    @pytest.mark.settings(trash_days=0)
    @pytest.mark.every_door
    def test_it_is_gone_from_everywhere(self, door, console, make_video):
        made = make_video(censor_status=CensorStatus.SUCCESS, user=User("u-1", "Anne"))
        folder = console.settings.media_folder / made.video_id
        folder.mkdir(parents=True)
        (folder / "common.mp4").write_bytes(b"mp4")
        door.data("recommendVideo", videoId=made.video_id)

        answer = door("deleteVideoById", videoId=made.video_id, userId="u-1")

        assert (answer["code"], answer["message"], answer["data"]) == ("200", "删除完成!", None)
        assert door("getVideoById", videoId=made.video_id)["code"] == "404"
        assert door.data("getVideos")["total"] == 0
        assert door.data("getRecommendVideos")["total"] == 0
        assert not folder.exists()

    def test_a_wrong_owner_deletes_nothing(self, door, make_video):
        made = make_video(user=User("u-1", "Anne"))

        assert door("deleteVideoById", videoId=made.video_id, userId="u-2")["code"] == "404"
        assert door("getVideoById", videoId=made.video_id)["code"] == "200"

    def test_what_is_gone_is_404(self, door, make_video):
        made = make_video(user=User("u-1", "Anne"))
        door.data("deleteVideoById", videoId=made.video_id, userId="u-1")

        assert door("deleteVideoById", videoId=made.video_id, userId="u-1")["code"] == "404"

    def test_both_ids_are_required(self, door, make_video):
        assert door("deleteVideoById", userId="u-1")["message"] == "videoId is required."
        assert door("deleteVideoById", videoId=make_video().video_id)["message"] == "userId is required."


def test_a_verdict_is_known_by_its_two_words():
    assert [verdict.value for verdict in Verdict] == ["Normal", "Blocked"]
    assert TranscodeStatus.RUNNING.value == "onTranscode"
