"""The trash and verdicts taken back in cloud mode: VOD follows, and what it did not confirm is settled once."""

from __future__ import annotations

import time

import pytest

from backend.errors import ConsoleError
from backend.lifecycle.trash import purge_due
from backend.model import Actor, CensorStatus, Video, VideoStatus

TESTS = Actor("tests", "tests")
LOST = ["done_dropped", "done_malformed"]


@pytest.fixture
def there(alibaba):
    """What VOD holds of a video."""
    return lambda video: alibaba.vod.videos[video.video_id]


@pytest.fixture
def delete(do):
    return lambda video: do("deleteVideoById", videoId=video.video_id, userId="u1")


def test_vod_plays_nothing_that_is_in_the_trash_and_plays_it_again_afterwards(
    console, do, delete, hear, new_video, there
):
    video = new_video(censor=CensorStatus.SUCCESS)

    delete(video)
    assert there(video)["AuditStatus"] == "Blocked"
    hear()
    assert console.store.catalogue.is_empty()
    do("restoreVideo", videoId=video.video_id)
    hear()

    assert there(video)["AuditStatus"] == "Normal"
    back = console.store.catalogue.get_video(video.video_id)
    assert (back.censor_status, back.status) == (video.censor_status, video.status)
    actions = [line.action for line in console.store.history.find_history(video.video_id)]
    assert actions == ["restoreVideo", "deleteVideoById"]
    assert console.store.cloud.find_intents() == []


def test_a_video_that_waits_for_review_still_waits_when_it_comes_back(console, do, delete, hear, new_video):
    video = new_video()
    delete(video)
    do("restoreVideo", videoId=video.video_id)
    hear()

    for _ in range(2):
        console.cloud.background.reconcile_batch()

    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.CHECK


def test_what_vod_does_not_play_anyway_is_not_told_there(console, alibaba, do, delete, new_video):
    blocked, sent = new_video(), Video("sent", "sent", new_video().user, int(time.time()), status=VideoStatus.UPLOADING)
    do("createAudit", mediaId=blocked.video_id, status="Blocked", reason="违规")
    console.store.catalogue.add_video(sent, TESTS)
    told = alibaba.count("CreateAudit")

    for video in (blocked, sent):
        delete(video)
    do("restoreVideo", videoId=blocked.video_id)

    assert alibaba.count("CreateAudit") == told
    assert console.store.catalogue.get_video(blocked.video_id).censor_status is CensorStatus.FAIL


def test_what_vod_refuses_changes_nothing(console, alibaba, ask, new_video):
    video = new_video()
    alibaba.denied.add("CreateAudit")

    assert ask("deleteVideoById", videoId=video.video_id, userId="u1")["code"] == "502"

    assert console.store.catalogue.get_video(video.video_id) == video
    assert console.store.cloud.find_intents() == []


def test_a_verdict_is_taken_back_at_vod_and_its_late_event_does_not_bring_it_again(
    console, alibaba, do, hear, new_video, there
):
    video = new_video()
    do("createAudit", mediaId=video.video_id, status="Normal")

    do("undoAudit", videoId=video.video_id)
    hear()
    console.cloud.background.reconcile_batch()

    assert console.store.catalogue.get_video(video.video_id).censor_status is CensorStatus.CHECK
    assert there(video)["AuditStatus"] == "Normal"  # before a review VOD plays it too
    do("createAudit", mediaId=video.video_id, status="Blocked", reason="违规")
    do("createAudit", mediaId=video.video_id, status="Normal")
    do("undoAudit", videoId=video.video_id)
    assert there(video)["AuditStatus"] == "Blocked"


def act(name, video):
    if name == "deleteVideoById":
        return {"videoId": video.video_id, "userId": "u1"}
    return {"videoId": video.video_id}


@pytest.fixture
def ready(console, do, delete, new_video):
    """A video to which an operation can be done, and how to see that it was."""

    def make(name):
        video = new_video()
        if name == "restoreVideo":
            delete(video)
            return video, lambda: not console.store.trash.holds(video.video_id)
        if name == "undoAudit":
            do("createAudit", mediaId=video.video_id, status="Blocked", reason="违规")
            found = console.store.catalogue
            return video, lambda: found.get_video(video.video_id).censor_status is CensorStatus.CHECK
        return video, lambda: console.store.trash.holds(video.video_id)

    return make


@pytest.mark.parametrize("name", ["deleteVideoById", "restoreVideo", "undoAudit"])
@pytest.mark.parametrize("kind", LOST)
def test_what_was_never_confirmed_is_looked_up_and_finished_once(console, alibaba, ask, ready, kind, name):
    video, is_done = ready(name)
    alibaba.fail("CreateAudit", kind, times=99)

    assert ask(name, **act(name, video))["code"] == "502"

    assert not is_done()
    alibaba.faults.clear()
    assert console.cloud.background.finish_intents(older_than=0) == 1
    assert is_done()
    assert console.cloud.background.finish_intents(older_than=0) == 0
    lines = [line for line in console.store.history.find_history(video.video_id) if line.action == name]
    assert [line.actor.name for line in lines] == ["anne"]


@pytest.mark.parametrize("name", ["deleteVideoById", "restoreVideo", "undoAudit"])
def test_what_never_arrived_is_forgotten(console, alibaba, ask, ready, name):
    video, is_done = ready(name)
    alibaba.fail("CreateAudit", "dropped", times=99)
    assert ask(name, **act(name, video))["code"] == "502"
    alibaba.faults.clear()

    assert console.cloud.background.finish_intents(older_than=0) == 1

    assert not is_done()
    assert console.store.cloud.find_intents() == []


def test_what_was_never_confirmed_may_be_asked_again(console, alibaba, ask, do, ready):
    video, is_done = ready("deleteVideoById")
    alibaba.fail("CreateAudit", "done_dropped", times=99)
    ask("deleteVideoById", **act("deleteVideoById", video))
    alibaba.faults.clear()

    do("deleteVideoById", **act("deleteVideoById", video))

    assert is_done()
    assert console.store.cloud.find_intents() == []


def test_events_and_walks_leave_what_is_in_the_trash(console, alibaba, delete, hear, new_video):
    video = new_video()
    delete(video)
    for event in ("FileUploadComplete", "TranscodeComplete", "SnapshotComplete"):
        alibaba.vod.tell(event, VideoId=video.video_id)

    hear()
    console.cloud.sync.run(lambda _: None)

    assert console.store.catalogue.is_empty()
    assert console.store.trash.holds(video.video_id)
    assert console.store.cloud_catalogue.find_drift().total == 0
    assert console.store.cloud.count_events() == 0


def test_what_is_deleted_at_vod_leaves_the_trash_too(console, alibaba, delete, hear, new_video):
    video = new_video()
    delete(video)
    alibaba.vod.DeleteVideo({"VideoIds": video.video_id})

    hear()

    assert not console.store.trash.holds(video.video_id)
    assert console.store.history.find_history(video.video_id)[0].action == "purgeVideo"


def test_what_vod_has_lost_can_be_put_into_the_trash_and_purged(console, alibaba, do, delete, new_video):
    video = new_video()
    alibaba.vod.videos.clear()

    delete(video)
    do("purgeVideo", videoId=video.video_id)

    assert not console.store.trash.holds(video.video_id)
    assert console.store.cloud.find_intents() == []


def test_what_is_restored_while_somebody_purges_it_stays_at_vod(
    console, alibaba, ask, do, delete, new_video, monkeypatch
):
    video = new_video()
    delete(video)
    begin = console.store.cloud.begin

    def restored_just_before(action, *rest):
        if action == "DeleteVideo":
            do("restoreVideo", videoId=video.video_id)
        return begin(action, *rest)

    monkeypatch.setattr(console.store.cloud, "begin", restored_just_before)

    assert ask("purgeVideo", videoId=video.video_id)["code"] == "404"

    assert alibaba.count("DeleteVideo") == 0
    assert console.store.catalogue.get_video(video.video_id).video_id == video.video_id
    assert console.store.cloud.find_intents() == []


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_being_purged_is_restored_only_where_vod_keeps_it(
    console, alibaba, ask, do, delete, new_video, monkeypatch, refused
):
    video = new_video()
    delete(video)
    tell, said = console.media.delete_at_vod, []
    if refused:
        monkeypatch.setattr(alibaba.vod, "DeleteVideo", lambda _: {"ForbiddenVideoIds": [video.video_id]})

    def restored_just_before(video_id):
        said.append(ask("restoreVideo", videoId=video_id)["message"])
        tell(video_id)

    monkeypatch.setattr(console.media, "delete_at_vod", restored_just_before)

    assert ask("purgeVideo", videoId=video.video_id)["code"] == ("502" if refused else "200")

    assert said == [f"Video {video.video_id} is being deleted permanently right now. Check again in a minute."]
    console.cloud.background.finish_intents(older_than=0)
    assert not console.store.trash.holds(video.video_id)
    assert console.store.catalogue.is_empty() is not refused
    assert (video.video_id in alibaba.vod.videos) is refused
    assert console.store.cloud.find_intents() == []


def test_a_restore_that_was_never_confirmed_outlives_a_purge_that_vod_refuses(
    console, alibaba, ask, ready, monkeypatch
):
    video, is_restored = ready("restoreVideo")
    alibaba.fail("CreateAudit", "done_dropped", times=99)
    assert ask("restoreVideo", videoId=video.video_id)["code"] == "502"
    alibaba.faults.clear()
    (begun,) = [intent.begun for intent in console.store.cloud.find_intents()]
    monkeypatch.setattr(alibaba.vod, "DeleteVideo", lambda _: {"ForbiddenVideoIds": [video.video_id]})
    tell = console.media.delete_at_vod

    def looked_up_meanwhile(video_id):
        console.cloud.background.finish_intents(older_than=time.time() - begun)
        tell(video_id)

    monkeypatch.setattr(console.media, "delete_at_vod", looked_up_meanwhile)

    assert ask("purgeVideo", videoId=video.video_id)["code"] == "502"

    assert not is_restored()
    console.cloud.background.finish_intents(older_than=0)
    assert is_restored()


@pytest.mark.parametrize("kept", [True, False])
def test_at_its_end_it_is_deleted_at_vod_and_here(console, alibaba, new_video, monkeypatch, kept):
    video = new_video()
    console.store.trash.put(video.video_id, "u1", 0, TESTS)
    with monkeypatch.context() as disk:
        if not kept:
            disk.setattr(console.store.trash, "forget", refuses)

        assert purge_due(console) == int(kept)

    console.cloud.background.finish_intents(older_than=0)
    assert alibaba.vod.videos == {}
    assert not console.store.trash.holds(video.video_id)
    assert console.store.cloud.find_intents() == []


def refuses(*_):
    raise ConsoleError("The disk is full.")
