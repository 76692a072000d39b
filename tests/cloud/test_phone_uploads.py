"""Uploads by apps: the console opens the video and gives the keys, and the phone sends its file straight to OSS."""

from __future__ import annotations

import json

import pytest

from backend import Caller
from backend.aliyun import oss_upload
from backend.aliyun.mapping import user_data, user_of
from backend.auth.permissions import Role
from backend.model import SECONDS_A_DAY, User, VideoFilter

REST = Caller(channel="rest")
OWNER = {"userId": "u9", "userName": "小林"}
ASKED = {"fileName": "VID_0001.MOV", "title": "海边 🌊", "tags": "海", **OWNER}


@pytest.fixture
def send(small_clip, tmp_path):
    """Sends a clip as a phone does, by what the console gave it."""

    def go(grant, signature="v4"):
        place = oss_upload.UploadTarget.read(grant["uploadAddress"], grant["uploadAuth"])
        if signature == "v1":
            place = oss_upload.UploadTarget(*[getattr(place, name) for name in place.__slots__[:6]])
        oss_upload.send(lambda: place, small_clip, tmp_path, lambda _part: None)

    return go


@pytest.fixture
def everything(console):
    return lambda: [
        (video.status.value, video.user.user_id, video.user.user_name)
        for video in console.store.catalogue.find_videos(VideoFilter()).items
    ]


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_a_phones_video_is_there_at_once_and_waits_for_review_when_its_file_came(
    alibaba, do, send, hear, work, signature
):
    grant = do("createUploadAuth", **ASKED, cateName="旅行")

    video = do("getVideoById", videoId=grant["videoId"])
    assert (video["status"], video["title"], video["cateName"]) == ("Uploading", "海边 🌊", "旅行")
    assert video["user"] == {"userId": "u9", "userName": "小林", "avatarUrl": ""}

    send(grant, signature)
    hear()
    work()

    video = do("getVideoById", videoId=grant["videoId"])
    assert (video["status"], video["censorStatus"], video["snapshotStatus"]) == ("Normal", "check", "success")
    assert (video["user"]["userName"], video["cateName"], video["tags"]) == ("小林", "旅行", "海")
    assert alibaba.vod.tasks == {}


@pytest.mark.every_door
def test_every_door_gives_what_alibabas_upload_sdks_want(door, send, alibaba):
    made = door("createUploadAuth", **ASKED)
    assert (made["code"], made["message"]) == ("200", "获取上传凭证完成")
    assert sorted(made["data"]) == ["uploadAddress", "uploadAuth", "videoId", "warningList"]

    again = door("refreshUploadAuth", videoId=made["data"]["videoId"])
    assert (again["code"], again["message"]) == ("200", "刷新上传凭证完成")
    assert again["data"]["videoId"] == made["data"]["videoId"]
    assert again["data"]["uploadAuth"] != made["data"]["uploadAuth"]

    send(again["data"])
    assert door("refreshUploadAuth", videoId=made["data"]["videoId"])["code"] == "409"
    assert len(alibaba.vod.videos) == 1


def test_a_video_has_its_owner_though_its_callback_was_lost(console, do, send, work):
    grant = do("createUploadAuth", **ASKED)
    send(grant)

    console.cloud.background.sync_changes()
    console.cloud.background.process_events()
    work()

    video = do("getVideoById", videoId=grant["videoId"])
    assert (video["status"], video["user"]["userId"], video["snapshotStatus"]) == ("Normal", "u9", "success")


def test_the_consoles_own_uploads_name_their_owner_at_vod_too(alibaba, upload):
    video_id = upload()

    assert user_of(alibaba.vod.videos[video_id]["UserData"]) == User("u1", "安妮")


@pytest.mark.parametrize("way", ["changes", "sync"])
def test_a_video_that_this_console_does_not_know_is_found_with_its_owner(console, alibaba, everything, way):
    grant = alibaba.vod.add(Status="UploadSucc", UserData=user_data(User("u9", "小林")))

    if way == "sync":
        console.cloud.sync.run(lambda _progress: None)
    else:
        console.cloud.background.sync_changes()
        console.cloud.background.process_events()

    assert everything() == [("UploadSucc", "u9", "小林")]
    assert grant


def test_a_video_that_came_in_without_its_owner_gets_it_later(console, alibaba, everything):
    there = alibaba.vod.add(Status="UploadSucc")
    console.cloud.sync.run(lambda _progress: None)
    there["UserData"] = user_data(User("u9", "小林"))

    console.cloud.background.reconcile_batch()

    assert everything() == [("UploadSucc", "u9", "小林")]


@pytest.mark.parametrize("kind", ["dropped", "busy", "done_dropped", "done_cut"])
def test_a_lost_answer_of_vod_makes_no_second_video(alibaba, do, everything, kind):
    alibaba.fail("CreateUploadVideo", kind)

    grant = do("createUploadAuth", **ASKED)

    assert list(alibaba.vod.videos) == [grant["videoId"]]
    assert everything() == [("Uploading", "u9", "小林")]


def test_a_phone_that_asks_again_by_the_same_reference_gets_the_same_video(alibaba, do, ask, send, everything):
    first = do("createUploadAuth", **ASKED, referenceId="draft 7")
    again = do("createUploadAuth", **ASKED, referenceId="draft 7")
    other = do("createUploadAuth", **{**ASKED, "userId": "u8", "userName": "小王"}, referenceId="draft 7")

    assert again["videoId"] == first["videoId"] != other["videoId"]
    assert again["uploadAuth"] != first["uploadAuth"]
    assert len(alibaba.vod.videos) == len(everything()) == 2

    send(again)
    refused = ask("createUploadAuth", **ASKED, referenceId="draft 7")
    assert (refused["code"], "has its file already" in refused["message"]) == ("409", True)


def test_a_console_that_died_after_vod_made_the_video_finds_it_by_its_reference(console, alibaba, ask, do, everything):
    add, console.store.catalogue.add_video = console.store.catalogue.add_video, None
    assert ask("createUploadAuth", **ASKED, referenceId="draft 7")["code"] == "500"
    console.store.catalogue.add_video = add

    grant = do("createUploadAuth", **ASKED, referenceId="draft 7")

    assert list(alibaba.vod.videos) == [grant["videoId"]]
    assert everything() == [("Uploading", "u9", "小林")]


def test_an_upload_that_never_came_ends_and_the_history_tells_it(console, do, clock):
    grant = do("createUploadAuth", **ASKED)
    clock.move(2 * SECONDS_A_DAY)

    assert console.cloud.background.expire_uploads() == 1
    assert console.cloud.background.expire_uploads() == 0

    assert do("getVideoById", videoId=grant["videoId"])["status"] == "UploadFail"
    (line, *_) = console.store.history.find_history(grant["videoId"])
    assert (line.action, line.actor.name, line.after) == ("expireUpload", "vod", {"status": "UploadFail"})

    console.cloud.background.reconcile_batch()  # VOD itself still waits
    assert do("getVideoById", videoId=grant["videoId"])["status"] == "UploadFail"


def test_an_upload_that_comes_late_is_taken_in(console, do, send, hear, clock):
    grant = do("createUploadAuth", **ASKED)
    clock.move(2 * SECONDS_A_DAY)
    console.cloud.background.expire_uploads()

    send(do("refreshUploadAuth", videoId=grant["videoId"]))
    hear()

    assert do("getVideoById", videoId=grant["videoId"])["status"] == "Normal"


def test_a_file_that_came_while_nobody_told_is_not_given_up(console, do, send, clock):
    grant = do("createUploadAuth", **ASKED)
    send(grant)
    clock.move(2 * SECONDS_A_DAY)

    console.cloud.background.expire_uploads()
    console.cloud.background.process_events()

    assert do("getVideoById", videoId=grant["videoId"])["status"] == "Normal"


def test_what_has_no_file_is_neither_approved_nor_recommended(do, ask):
    video_id = do("createUploadAuth", **ASKED)["videoId"]

    assert ask("createAudit", mediaId=video_id, status="Normal")["code"] == "409"
    assert ask("recommendVideo", videoId=video_id)["code"] == "409"


def test_new_keys_are_for_the_owner_alone(do, ask):
    video_id = do("createUploadAuth", **ASKED)["videoId"]

    assert ask("refreshUploadAuth", videoId=video_id, userId="u9")["code"] == "200"
    assert ask("refreshUploadAuth", videoId=video_id, userId="u8")["code"] == "404"
    assert ask("refreshUploadAuth", videoId="nothing")["code"] == "404"


@pytest.fixture
def ask_as(console, make_account, sign_in):
    """Runs an operation as an account of some role, and returns its envelope."""

    def go(role, name, **parameters):
        return console.call(name, parameters, sign_in(make_account(f"other {role}", role)), REST)

    return go


@pytest.mark.parametrize("user", [{}, {"userId": "u9"}])
def test_another_apps_account_gets_no_keys_for_an_upload(do, ask, ask_as, user):
    video_id = do("createUploadAuth", **ASKED)["videoId"]

    refused = ask_as(Role.APP, "refreshUploadAuth", videoId=video_id, **user)
    unknown = ask("refreshUploadAuth", videoId="nothing")

    assert refused == {**unknown, "message": unknown["message"].replace("nothing", video_id)} | {
        "requestId": refused["requestId"]
    }
    assert refused["code"] == "404"


def test_the_account_that_opened_an_upload_and_managers_get_new_keys(console, make_account, sign_in, ask_as):
    phone = sign_in(make_account("phone", Role.APP))
    opened = console.call("createUploadAuth", ASKED, phone, REST)["data"]

    assert console.call("refreshUploadAuth", {"videoId": opened["videoId"]}, phone, REST)["code"] == "200"
    for role in (Role.MANAGER, Role.ADMIN):
        assert ask_as(role, "refreshUploadAuth", videoId=opened["videoId"])["code"] == "200"


def test_an_app_gets_no_keys_for_a_video_that_was_found_at_vod(console, alibaba, ask, ask_as):
    there = alibaba.vod.add(Status="Uploading", CreationTime="2026-01-01T00:00:00Z")
    console.cloud.sync.run(lambda _progress: None)

    assert ask_as(Role.APP, "refreshUploadAuth", videoId=there["VideoId"])["code"] == "404"
    assert ask("refreshUploadAuth", videoId=there["VideoId"])["code"] == "200"


def test_who_guesses_the_name_of_anothers_upload_gets_a_video_of_its_own(alibaba, do, ask_as):
    opened = do("createUploadAuth", **ASKED, referenceId="draft 7")

    guessed = ask_as(Role.APP, "createUploadAuth", **ASKED, referenceId="draft 7")["data"]

    assert guessed["videoId"] != opened["videoId"]
    assert len(alibaba.vod.videos) == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [({"fileName": ""}, "fileName is required"), ({"cateId": "77"}, "77"), ({"title": "x" * 201}, "title has 201")],
)
def test_a_bad_request_opens_nothing_at_vod(alibaba, ask, given, words):
    answer = ask("createUploadAuth", **{**ASKED, **given})

    assert (answer["code"], words in answer["message"]) == ("400", True)
    assert alibaba.vod.videos == {}


def test_a_right_that_is_missing_is_named(alibaba, ask, everything):
    alibaba.denied.add("CreateUploadVideo")

    answer = ask("createUploadAuth", **ASKED)

    assert (answer["code"], "RAM policy" in answer["message"]) == ("502", True)
    assert everything() == []


@pytest.mark.parametrize("name", ["小林", "林" * 100])
def test_an_owner_fits_into_what_vod_repeats(name):
    owner = User("号" * 100, name)
    said = user_data(owner)

    assert len(json.dumps(json.loads(said)["Extend"], ensure_ascii=False).encode()) <= 512
    assert user_of(said).user_id == owner.user_id


def test_what_vod_holds_less_of_is_told_with_the_keys(do):
    made = do("createUploadAuth", **ASKED)
    again = do("refreshUploadAuth", videoId=made["videoId"])
    plain = do("createUploadAuth", **{**ASKED, "title": "海边"})

    assert ["“海边”" in text for text in made["warningList"]] == [True]
    assert again["warningList"] == made["warningList"]
    assert plain["warningList"] == []
