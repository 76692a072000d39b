"""Many verdicts at once: few calls, each settled by itself, and for one video the later one stands on both sides."""

from __future__ import annotations

import threading

import pytest

from backend.model import CensorStatus
from tests.cloud.alibaba.refusal import Refusal

REASON = "画面中出现违规广告二维码，请删除后重新上传"


@pytest.fixture
def censor_of(console):
    return lambda video_id: console.store.catalogue.get_video(video_id).censor_status


@pytest.fixture
def in_thread():
    """Runs functions in threads of their own, all of which have ended at the end of the test."""
    started = []

    def run(function, **given):
        thread = threading.Thread(target=function, kwargs=given)
        started.append(thread)
        thread.start()
        return thread

    yield run
    for thread in started:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize(("reason", "sent"), [("色情 🔞 低俗", "色情 低俗"), ("🔞", "审核不通过"), ("广告", "广告")])
def test_emoji_in_a_verdict_stay_here_and_do_not_go_to_vod(console, alibaba, do, new_video, reason, sent):
    video_id = new_video().video_id

    do("createAudit", mediaId=video_id, status="Blocked", reason=reason, comment="删 🙏")
    console.cloud.background.process_events()

    (line, *_) = console.store.history.find_history(video_id)
    assert (line.after["reason"], line.after["comment"]) == (reason, "删 🙏")
    (told, *_) = alibaba.vod.verdicts[video_id]
    assert (told["Reason"], told["Comment"]) == (sent, "删")


def test_whoever_judges_many_is_told_that_vod_has_no_emoji(do, new_video):
    ids = [new_video().video_id for _ in range(2)]

    told = do("createAudits", mediaIds=",".join(ids), status="Blocked", reason="色情 🔞")
    plain = do("createAudits", mediaIds=",".join(ids), status="Blocked", reason="色情")

    assert (told["refused"], ["emoji" in text for text in told["warningList"]]) == (0, [True])
    assert plain["warningList"] == []


def test_a_verdict_with_emoji_whose_answer_was_lost_is_settled_whole(console, alibaba, ask, new_video, censor_of):
    video_id = new_video().video_id
    alibaba.fail("CreateAudit", "done_dropped", times=99)
    assert ask("createAudit", mediaId=video_id, status="Blocked", reason="色情 🔞")["code"] == "502"
    alibaba.faults.clear()

    console.cloud.background.finish_intents(older_than=0)

    assert censor_of(video_id) is CensorStatus.FAIL
    (line, *_) = console.store.history.find_history(video_id)
    assert line.after["reason"] == "色情 🔞"


def unfinished(new_video, console):
    """A video whose file VOD still waits for."""
    made = new_video()
    with console.store.engine.writing() as db:
        db.execute("update videos set status = 'Uploading' where video_id = ?", [made.video_id])
    return made.video_id


def there(alibaba, video_id):
    line = alibaba.vod.verdicts[video_id][0]
    return line["Status"], line.get("Reason", "")


def test_200_blocks_make_a_handful_of_calls(console, alibaba, do, new_video, censor_of):
    ids = [new_video().video_id for _ in range(200)]

    for start in (0, 100):
        found = do("createAudits", mediaIds=",".join(ids[start : start + 100]), status="Blocked", reason="违规")
        assert found["refused"] == 0

    assert alibaba.count("CreateAudit") <= 6
    assert {there(alibaba, video_id) for video_id in ids} == {("Blocked", "违规")}
    assert {censor_of(video_id) for video_id in ids} == {CensorStatus.FAIL}
    assert console.store.cloud.find_intents() == []


def test_long_reasons_travel_in_as_many_calls_as_they_need(alibaba, do, new_video):
    ids = [new_video().video_id for _ in range(60)]

    assert do("createAudits", mediaIds=",".join(ids), status="Blocked", reason=REASON)["refused"] == 0

    assert 2 <= alibaba.count("CreateAudit") <= 8
    assert {there(alibaba, video_id) for video_id in ids} == {("Blocked", REASON)}


def test_what_is_wrong_with_one_is_told_of_that_one_alone(console, alibaba, do, new_video, censor_of):
    ids = [new_video().video_id for _ in range(30)]
    gone, running = ids[7], unfinished(new_video, console)
    del alibaba.vod.videos[gone]

    found = do("createAudits", mediaIds=",".join([*ids, running, "nobody's"]), status="Blocked", reason="违规")

    codes = {one["mediaId"]: one["code"] for one in found["auditList"] if one["code"] != "200"}
    assert codes == {gone: "502", running: "409", "nobody's": "404"}
    assert found["refused"] == 3
    assert censor_of(gone) is CensorStatus.CHECK
    assert {censor_of(video_id) for video_id in ids if video_id != gone} == {CensorStatus.FAIL}
    assert console.store.cloud.find_intents() == []


def test_what_nobody_may_do_is_refused_in_one_call(alibaba, do, new_video):
    ids = [new_video().video_id for _ in range(30)]
    alibaba.denied.add("CreateAudit")
    refused = []
    act = alibaba.act

    def counted(action, *given):
        try:
            return act(action, *given)
        except Refusal:
            refused.append(action)
            raise

    alibaba.act = counted

    found = do("createAudits", mediaIds=",".join(ids), status="Blocked", reason="违规")

    assert found["refused"] == 30
    assert refused == ["CreateAudit"]


def test_verdicts_whose_answer_was_lost_are_each_settled_later(console, alibaba, do, new_video, censor_of):
    ids = [new_video().video_id for _ in range(5)]
    alibaba.fail("CreateAudit", "done_dropped", times=99)

    found = do("createAudits", mediaIds=",".join(ids), status="Blocked", reason="违规")
    alibaba.faults.clear()

    assert found["refused"] == 5
    assert "did not confirm" in found["auditList"][0]["message"]
    alibaba.vod.judge(ids[0], "Normal")  # somebody at VOD was later
    console.cloud.background.finish_intents(older_than=0)
    assert [censor_of(video_id) for video_id in ids[1:]] == [CensorStatus.FAIL] * 4
    assert censor_of(ids[0]) is CensorStatus.CHECK
    assert console.store.cloud.find_intents() == []


def test_verdicts_of_many_people_gather_while_calls_are_under_way(alibaba, do, new_video, in_thread, eventually):
    ids = [new_video().video_id for _ in range(40)]
    with alibaba.hold("CreateAudit"):
        for video_id in ids:
            in_thread(do, name="createAudit", mediaId=video_id, status="Blocked", reason="违规")
        eventually(lambda: alibaba.hanging["CreateAudit"] == 4)
        eventually(lambda: do("getDrift")["unfinished"] == 40)

    eventually(lambda: all(video_id in alibaba.vod.verdicts for video_id in ids))
    assert alibaba.count("CreateAudit") <= 8


def test_a_call_that_hangs_keeps_no_other_verdict_waiting(alibaba, do, new_video, in_thread, eventually):
    slow, quick = new_video().video_id, new_video().video_id
    with alibaba.hold("CreateAudit", calls=1):
        waiting = in_thread(do, name="createAudit", mediaId=slow, status="Blocked", reason="违规")
        eventually(lambda: alibaba.hanging["CreateAudit"] == 1)

        do("createAudit", mediaId=quick, status="Blocked", reason="违规")

        assert waiting.is_alive()


@pytest.mark.parametrize(("first", "last"), [("Blocked", "Normal"), ("Normal", "Blocked")])
def test_of_two_verdicts_on_one_video_the_later_one_stands_on_both_sides(
    console, alibaba, do, new_video, in_thread, eventually, censor_of, first, last
):
    video_id = new_video(Status="Normal").video_id
    with alibaba.hold("CreateAudit"):
        in_thread(do, name="createAudit", mediaId=video_id, status=first, reason="x")
        eventually(lambda: alibaba.hanging["CreateAudit"] == 1)
        later = in_thread(do, name="createAudit", mediaId=video_id, status=last, reason="x")
        eventually(lambda: console.media.video_locks.count(video_id) == 2)
    later.join(60)

    assert there(alibaba, video_id)[0] == last
    assert censor_of(video_id) is (CensorStatus.FAIL if last == "Blocked" else CensorStatus.SUCCESS)
    lines = [line.after["censorStatus"] for line in console.store.history.find_history(video_id)]
    assert lines == ["fail", "success"] if last == "Blocked" else ["success", "fail"]
