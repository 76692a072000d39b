"""Every operation that changes anything leaves a line in the history."""

from __future__ import annotations

import pytest

import backend
from backend.api.parameters import Choice, Upload
from backend.api.registry import OPERATIONS
from backend.auth.permissions import Right, Role
from backend.exports.download import Download
from backend.model import Actor, CensorStatus, FileKind, JobKind, MediaFile, Verdict
from backend.model.review import Desk, Ruling
from tests.conftest import PASSWORD, TESTS

OF_THE_DESK = ("review_leases", "review_desks", "review_skips", "review_preferences", "list_columns", "default_views")
NOBODY = "http://127.0.0.1:1/hooks"  # nobody answers there
SOURCE = MediaFile(FileKind.SOURCE, "source.mp4")


COMMON = MediaFile(FileKind.COMMON, "common.mp4")


@pytest.fixture
def changes(console, make_video, make_account, sign_in, account, small_clip, tmp_path, clock):
    """Parameters with which each operation that changes anything does so."""
    approved = make_video(censor_status=CensorStatus.SUCCESS, files=(SOURCE, COMMON))
    others = [make_video(censor_status=CensorStatus.SUCCESS, files=(SOURCE,)) for _ in range(4)]
    console.store.catalogue.recommend(others[0].video_id, {}, TESTS)
    for made, kind in ((others[1], JobKind.TRANSCODE), (others[2], JobKind.SNAPSHOT)):
        console.store.jobs.enqueue_for_video(kind, made.video_id, "submitTranscode", TESTS)
    failed = console.store.jobs.claim_job([JobKind.SNAPSHOT], "w")
    console.store.jobs.settle_failed(failed, "w", backend.errors.ConsoleError("The disk is full."))
    for cate_id in (5, 6):
        make_video(cate_id=cate_id, cate_name=f"类别{cate_id}")
    gone = make_video()
    console.store.trash.put(gone.video_id, gone.user.user_id, int(clock()) + 9, TESTS)
    waiting = console.store.jobs.find_jobs(kind=JobKind.TRANSCODE).items[0]
    urgent = make_video().video_id
    one, two, _ = (lease.key for lease in console.store.review_leases.take(Desk("anne"), 3, 300))
    ben = make_account("ben", Role.MANAGER)
    sign_in(ben)
    sign_in(account)
    sessions = console.store.sessions
    tokens = [
        sessions.add_token(one, one.user_name, "old", Right.READ, int(clock()) + 9, TESTS) for one in (account, ben)
    ]
    disagree(console.store, make_video().video_id)
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(small_clip.read_bytes())
    mine = {"password": PASSWORD, "userName": "anne"}
    return {
        "submitTranscode": {"mediaId": others[3].video_id},
        "submitTabTranscode": {"mediaId": approved.video_id},
        "createAudit": {"mediaId": approved.video_id, "status": "Normal"},
        "undoAudit": {"videoId": approved.video_id},
        "recommendVideo": {"videoId": approved.video_id},
        "editRecommend": {"videoId": approved.video_id, "pin": "2"},
        "moveRecommend": {"videoId": approved.video_id, "place": "1"},
        "saveSpecial": {
            "name": "s",
            "startTime": "2019-02-01 00:00",
            "endTime": "2019-02-02 00:00",
            "videoIds": approved.video_id,
        },
        "saveSlot": {"slot": "home"},
        "saveView": {"page": "videos", "name": "mine"},
        "deleteSlot": {"slot": "home"},
        "restoreLineup": {"lineup": "2"},
        "pushObjectCache": {"objectPath": "example.com/a.png"},
        "deleteRecommendById": {"videoId": others[0].video_id},
        "deleteVideoById": {"videoId": others[0].video_id, "userId": others[0].user.user_id},
        "restoreVideo": {"videoId": others[0].video_id},
        "purgeVideo": {"videoId": gone.video_id},
        "uploadVideo": {"file": Upload(upload, "clip.mp4", 1)},
        "editVideo": {"videoId": approved.video_id, "title": "another title"},
        "addCategory": {"cateName": "动物"},
        "renameCategory": {"cateId": 5, "cateName": "旅游"},
        "deleteCategory": {"cateId": 6},
        "retryJob": {"jobId": failed.job_id},
        "retryFailedJobs": {},
        "cancelJob": {"jobId": waiting.job_id},
        "login": mine,
        "addAccount": {"userName": "carl", "role": "app"},
        "editAccount": {"userName": "ben", "role": "analyst"},
        "endSession": {"sessionId": sessions.find_sessions("ben")[0].session_id},
        "revokeToken": {"tokenId": tokens[1].session_id},
        "resetPassword": {"userName": "ben"},
        "createToken": {"name": "new", "right": "read", "endTime": "2019-02-01"},
        "revokeOwnToken": {"tokenId": tokens[0].session_id},
        "endOtherSessions": {},
        "changePassword": {"oldPassword": PASSWORD, "newPassword": "another password"},
        "decideReview": {"leaseKey": one, "status": "Blocked", "reasonCode": "spam"},
        "undoReview": {"leaseKey": one},
        "askSecondOpinion": {"leaseKey": two, "note": "?"},
        "editReviewReason": {"code": "spam", "retired": "true"},
        "setReviewPriority": {"videoIds": urgent},
        "editReviewQueue": {"code": "travel", "nameZh": "旅游", "nameEn": "Travel", "cateId": 5},
        "deleteReviewQueue": {"code": "travel"},
        "setReviewSampling": {"secondReviews": "true"},
        "settleReviewDifference": {"differenceId": 1},
        "saveWebhook": {"url": NOBODY},
        "testWebhook": {"webhookId": 1},
        "resendDelivery": {"deliveryId": 1},
        "rollWebhookSecret": {"webhookId": 1},
        "deleteWebhook": {"webhookId": 1},
        "addFeedKey": {},
        "retireFeedKey": {"keyId": 1},
    }  # fmt: skip


def disagree(store, video_id):
    """Have two people judge a video differently."""
    store.review_sampling.change({"second_reviews": True, "maximum": 100.0}, TESTS)
    for name, verdict in (("dora", Verdict.NORMAL), ("emil", Verdict.BLOCKED)):
        leases = store.review_leases.take(Desk(name), 9, 300)
        key = next(lease.key for lease in leases if lease.video_id == video_id)
        store.review_decisions.decide(key, Ruling(verdict, "why"), Actor(name, "tests", request_id=name))
        store.review_leases.release(Desk(name))
    store.review_sampling.change({"second_reviews": False}, TESTS)


def example(operation):
    return {
        one.wire_name: next(iter(one.kind.words)).value if isinstance(one.kind, Choice) else "1"
        for one in operation.parameters
        if one.required
    }


def state(console):
    """Everything that is kept, but for the history itself, when sessions were last seen, and what the review desk keeps
    of its own: who has a clip before their eyes these minutes, and how they want it shown.
    """
    with console.store.engine.reading() as db:
        skipped = (
            "history",
            "sqlite_",
            "_sqlite",
            "videos_words",
            "feed_words",
            *OF_THE_DESK,
        )  # what is derived cannot be listed
        names = (row["name"] for row in db.query("select name from sqlite_master where type = 'table'"))
        tables = [name for name in names if not name.startswith(skipped)]
        rows = {table: list(db.query(f"select * from {table}")) for table in tables}
    return repr({**rows, "sessions": [{**row, "seen": 0} for row in rows["sessions"]]})


@pytest.mark.settings(webhook_hosts=("127.0.0.1:1",))
def test_what_changes_anything_leaves_a_line_that_tells_who_and_by_which_request(console, token, changes):
    changed = set()
    rest = [name for name in OPERATIONS if name not in changes and name != "signOut"]
    for operation in (OPERATIONS[name] for name in (*changes, *rest, "signOut")):
        if operation.answer is Download:
            continue
        before, last = state(console), console.store.history.find_history(limit=1)[0].line
        answer = console.call(operation.name, changes.get(operation.name, example(operation)), token)
        new = [line for line in console.store.history.find_history() if line.line > last]
        if state(console) == before:
            assert not new, operation.name
            continue
        changed.add(operation.name)
        assert new, operation.name
        assert {(line.actor.name, line.actor.request_id) for line in new} == {("anne", answer["requestId"])}
    assert changed >= set(changes) - {"retryFailedJobs"}  # nothing has failed any more
    assert console.store.history.verify().errors == []
