"""Taking a verdict back: what comes back with it, and what stays as it is."""

from __future__ import annotations

from msgspec import structs

from backend.errors import ConsoleError
from backend.model import Actor, CensorStatus, JobKind, User
from backend.store import history
from tests.lifecycle.shown import FILES, seen

TESTS = Actor("tests", "tests")


def test_a_blocked_video_comes_back_with_its_recommendation_and_with_new_addresses(console, do, made, make_video):
    do("recommendVideo", videoId=made.video_id, title="海报")
    do("recommendVideo", videoId=make_video(censor_status=CensorStatus.SUCCESS, files=FILES).video_id)
    before = seen(do, made)
    do("createAudit", mediaId=made.video_id, status="Blocked", reason="why")
    assert do("getRecommendVideos")["total"] == 1

    do("undoAudit", videoId=made.video_id)

    back = console.store.catalogue.get_video(made.video_id)
    assert seen(do, back) == before
    assert back.media_key != made.media_key
    assert console.store.recount() == []
    line = console.store.history.find_history(made.video_id)[0]
    assert (line.action, line.after["censorStatus"], line.after["isRecommend"]) == ("undoAudit", "success", True)


def test_an_approval_goes_with_the_recommendation_that_it_allowed(console, do, make_video):
    made = make_video()
    do("createAudit", mediaId=made.video_id, status="Normal")
    do("recommendVideo", videoId=made.video_id, title="海报")

    do("undoAudit", videoId=made.video_id)

    assert console.store.catalogue.get_video(made.video_id) == made
    line = console.store.history.find_history(made.video_id)[0]
    assert line.before["recommendation"]["title"] == "海报"


def test_a_video_that_is_blocked_again_gets_new_addresses(console, do, make_video):
    made = make_video()
    do("createAudit", mediaId=made.video_id, status="Blocked", reason="why")
    do("createAudit", mediaId=made.video_id, status="Normal")
    approved = console.store.catalogue.get_video(made.video_id)

    do("undoAudit", videoId=made.video_id)

    blocked = console.store.catalogue.get_video(made.video_id)
    assert (blocked.status, blocked.censor_status) == ("Blocked", "fail")
    assert blocked.media_key != approved.media_key


def test_only_the_last_verdict_can_be_taken_back_and_only_once(console, token, ask, do, make_video):
    made = make_video()
    assert ask("undoAudit", videoId=made.video_id) == "409"
    first = console.call("createAudit", {"mediaId": made.video_id, "status": "Normal"}, token)["requestId"]
    last = console.call("createAudit", {"mediaId": made.video_id, "status": "Blocked", "reason": "why"}, token)

    assert ask("undoAudit", videoId=made.video_id, requestId=first) == "409"
    do("undoAudit", videoId=made.video_id, requestId=last["requestId"])

    assert do("getVideoById", videoId=made.video_id)["censorStatus"] == "success"
    assert ask("undoAudit", videoId=made.video_id) == "409"


def test_a_verdict_survives_the_trash_but_not_the_end(console, ask, do, delete, make_video):
    made = make_video()
    do("createAudit", mediaId=made.video_id, status="Normal")
    delete(made)
    do("restoreVideo", videoId=made.video_id)
    do("undoAudit", videoId=made.video_id)
    do("createAudit", mediaId=made.video_id, status="Normal")
    delete(made)
    do("purgeVideo", videoId=made.video_id)
    console.store.catalogue.load_videos([structs.replace(made, censor_status=CensorStatus.SUCCESS)], TESTS)

    assert ask("undoAudit", videoId=made.video_id) == "409"


def test_a_transcode_that_failed_meanwhile_is_not_forgotten(console, do, make_video):
    made = make_video(files=FILES[:1])
    do("createAudit", mediaId=made.video_id, status="Normal")
    jobs = console.store.jobs
    jobs.settle_failed(jobs.claim_job([JobKind.TRANSCODE], "worker"), "worker", ConsoleError("why"))

    do("undoAudit", videoId=made.video_id)

    back = console.store.catalogue.get_video(made.video_id)
    assert (back.status, back.censor_status) == ("TranscodeFail", "check")


def test_an_older_version_noted_no_recommendation(console, do, made):
    do("recommendVideo", videoId=made.video_id)
    before = {"status": made.status, "censorStatus": made.censor_status, "isRecommend": True}
    do("createAudit", mediaId=made.video_id, status="Blocked", reason="why")
    last = console.store.history.find_history(made.video_id)[0]
    with console.store.engine.writing() as db:
        history.append(db, at=1, actor=TESTS, action=last.action, target=made.video_id, before=before, after=last.after)

    do("undoAudit", videoId=made.video_id)

    assert do("getVideoById", videoId=made.video_id)["censorStatus"] == "success"


def test_a_user_that_is_renamed_meanwhile_has_the_new_name(console, do, delete, make_video):
    first = make_video(user=User("u", "Anne"))
    delete(first)
    make_video(user=User("u", "Änne"))

    assert do("getTrash")["trashList"][0]["user"]["userName"] == "Änne"
    do("restoreVideo", videoId=first.video_id)

    assert do("getVideos", userName="änne")["total"] == 2
    assert console.store.recount() == []
