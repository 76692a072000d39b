"""Decisions at the review desk, through all doors: one verdict for one key, and taking it back."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus, User
from tests.contract.review_desk.conftest import GONE, LEASE_SECONDS, verdicts


class TestDeciding:
    @pytest.mark.every_door
    def test_a_verdict_is_one_line_of_the_history_by_that_person(self, door, console, take, clips):
        first, second = (lease["leaseKey"] for lease in take(2).values())

        made = door.data("decideReview", leaseKey=first, status="Blocked", reasonCode="spam", comment="二维码",
                         seconds=2.5, count=1, leaseKeys=second)  # fmt: skip

        (line,) = verdicts(console)
        assert (line.actor.name, line.actor.request_id) == ("anne", made["requestId"])
        words = "The video contains advertising or leads viewers elsewhere"
        assert line.after == {
            "status": "Blocked", "censorStatus": "fail", "reason": words, "comment": "二维码", "reasonCode": "spam",
        }  # fmt: skip
        assert [made[name] for name in ("leaseKey", "videoId", "status", "reasonCode", "reason", "comment")] == [
            first, "v0", "Blocked", "spam", words, "二维码",
        ]  # fmt: skip
        assert [one["video"]["videoId"] for one in made["leaseList"]] == ["v2"]
        assert (made["queue"]["waiting"], made["queue"]["withYou"], made["queue"]["doneToday"]) == (3, 2, 1)

    def test_clips_of_the_same_uploader_that_a_desk_has_learn_of_the_decision(self, door, take, make_video):
        make_video(video_id="one", user=User("7", "Anne"))
        make_video(video_id="two", user=User("7", "Anne"))
        make_video(video_id="other", user=User("8", "Ben"))
        keys = {name: lease["leaseKey"] for name, lease in take(3).items()}
        ahead = f"{keys['two']},{keys['other']}"

        made = door.data("decideReview", leaseKey=keys["one"], status="Blocked", reasonCode="spam", leaseKeys=ahead)

        (new,) = made["uploaderList"]
        assert (new["leaseKey"], new["uploader"]["blocked"], new["uploader"]["waiting"]) == (keys["two"], 1, 0)
        assert [one["videoId"] for one in new["uploader"]["lastBlockList"]] == ["one"]

    def test_the_same_key_again_is_the_same_decision_and_no_second_one(self, door, console, key):
        first = door.data("decideReview", leaseKey=key, status="Normal")

        again = door.data("decideReview", leaseKey=key, status="Normal")
        otherwise = door("decideReview", leaseKey=key, status="Blocked", reason="x")

        assert {**again, "queue": 0} == {**first, "queue": 0}
        assert len(verdicts(console)) == 1
        assert (otherwise["code"], otherwise["message"]) == (
            "409", "This clip was decided already (Normal). Undo that first.",
        )  # fmt: skip

    def test_a_lease_that_ran_out_counts_until_somebody_takes_the_clip(self, door, key, ben, clock, take):
        clock.move(10 * LEASE_SECONDS)
        assert door.data("decideReview", leaseKey=key, status="Normal")["videoId"] == "v0"

        late = take(1)["v1"]["leaseKey"]
        clock.move(LEASE_SECONDS + 1)
        assert list(take(1, token=ben)) == ["v1"]
        answer = door("decideReview", leaseKey=late, status="Normal")
        assert (answer["code"], answer["message"]) == ("409", "ben has this clip now: your time for it ran out.")

    def test_what_was_sent_late_counts_though_the_same_person_took_the_clip_anew(self, door, console, key, clock, take):
        clock.move(LEASE_SECONDS + 1)
        assert "v0" in take(1)

        assert door.data("decideReview", leaseKey=key, status="Normal")["videoId"] == "v0"
        assert len(verdicts(console)) == 1
        assert door.data("getReviewQueue")["withYou"] == 0

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_who_judged_meanwhile_is_named(self, door, key, ben, language):
        door.data("createAudit", mediaId="v0", status="Blocked", reason="x", token=ben)

        answer = door("decideReview", leaseKey=key, status="Normal", language=language)

        said = {"en": "ben judged this clip meanwhile (Blocked).", "zh": "ben 已审核该视频（屏蔽）。"}
        assert (answer["code"], answer["message"]) == ("409", said[language])

    def test_who_judged_the_clip_elsewhere_is_not_told_of_as_of_somebody_else(self, door, key, ben):
        other = door("skipReview", leaseKey=key, token=ben)
        door.data("createAudit", mediaId="v0", status="Normal")

        assert other["message"] == "This clip was given to anne, not to you."
        assert door("skipReview", leaseKey=key)["message"] == "You judged this clip already (Normal)."

    def test_a_desk_is_told_in_the_words_of_its_page(self, door, key, ben):
        desk_key = door.data("openReviewDesk")["deskKey"]
        given = {"token": desk_key, "leaseKey": key, "status": "Blocked", "reason": "x" * 129}

        said = [door("decideReview", language=language, **given)["message"] for language in ("en", "zh")]

        assert said == [
            "The reason is too long (129 bytes; at most 128 are allowed).",
            "屏蔽理由过长（129 字节，最多 128 字节）。",
        ]

    def test_a_deleted_video_can_be_judged_no_more(self, door, key, clips):
        door.data("deleteVideoById", videoId="v0", userId=clips[0].user.user_id)

        answer = door("decideReview", leaseKey=key, status="Normal")

        assert (answer["code"], answer["message"]) == ("409", GONE)
        assert door.data("getReviewQueue")["withYou"] == 0

    @pytest.mark.every_door
    def test_nobody_judges_with_the_lease_of_another(self, door, console, key, ben):
        for name, given in (("decideReview", {"status": "Normal"}), ("skipReview", {}), ("undoReview", {}),
                            ("askSecondOpinion", {"note": "?"})):  # fmt: skip
            assert door(name, leaseKey=key, token=ben, **given)["code"] == "409"
        assert door.data("renewReview", leaseKeys=key, token=ben)["leaseList"] == []
        assert verdicts(console) == []

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"status": "Blocked"}, "reason is required when status is Blocked."),
            ({"status": "Blocked", "reason": "字" * 43}, "reason has 129 bytes; at most 128 are allowed."),
            ({"status": "Blocked", "reasonCode": "nothing"}, "There is no reason nothing in the list."),
            ({"status": "Normal", "reasonCode": "spam"}, "reasonCode is for status Blocked alone."),
            ({"status": "Normal", "comment": "x" * 513}, "comment has 513 bytes; at most 512 are allowed."),
        ],
    )
    @pytest.mark.every_door
    def test_what_is_wrong_is_said_and_the_clip_stays(self, door, console, key, given, said):
        answer = door("decideReview", leaseKey=key, **given)

        assert (answer["code"], answer["message"]) == ("400", said)
        assert door.data("decideReview", leaseKey=key, status="Normal")["status"] == "Normal"

    @pytest.mark.parametrize("key", ["x", "a.0", ".", "0.99999999999999999999", "键"])
    def test_a_key_that_is_none_is_409(self, door, clips, key):
        assert door("decideReview", leaseKey=key, status="Normal")["code"] == "409"

    def test_words_of_ones_own_stand_beside_the_code(self, door, console, key):
        door.data("decideReview", leaseKey=key, status="Blocked", reasonCode="spam", reason="招聘广告")

        after = verdicts(console)[0].after
        assert (after["reason"], after["reasonCode"]) == ("招聘广告", "spam")


class TestUndoing:
    @pytest.mark.every_door
    def test_the_clip_comes_back_under_a_new_lease_and_the_history_says_so(self, door, console, key, clips):
        door.data("decideReview", leaseKey=key, status="Blocked", reason="x")

        undone = door.data("undoReview", leaseKey=key)

        lease = undone["lease"]
        assert lease["leaseKey"] != key
        assert lease["video"] == door.data("getVideoById", videoId="v0")
        assert console.store.catalogue.get_video("v0").media_key != clips[0].media_key
        assert [line.action for line in verdicts(console)] == ["createAudit", "undoAudit"]
        assert (undone["queue"]["withYou"], undone["queue"]["doneToday"]) == (1, 0)
        again = door.data("undoReview", leaseKey=key)
        assert again["lease"]["leaseKey"] == lease["leaseKey"]
        assert len(verdicts(console)) == 2
        door.data("decideReview", leaseKey=lease["leaseKey"], status="Normal")
        assert [line.action for line in verdicts(console)] == ["createAudit", "undoAudit", "createAudit"]

    @pytest.mark.parametrize("given", [{"status": "Normal"}, {"status": "Blocked", "reason": "x"}])
    def test_a_decision_that_was_undone_is_not_confirmed_when_it_is_sent_again(self, door, key, given):
        door.data("decideReview", leaseKey=key, status="Normal")
        lease = door.data("undoReview", leaseKey=key)["lease"]

        answer = door("decideReview", leaseKey=key, **given)

        assert (answer["code"], answer["message"]) == (
            "409", "You undid this decision meanwhile. Decide with the key of the new lease.",
        )  # fmt: skip
        assert door.data("decideReview", leaseKey=lease["leaseKey"], **given)["status"] == given["status"]

    def test_the_clip_is_at_one_desk_of_its_user_even_if_two_undo_the_same(self, door, key):
        door.data("decideReview", leaseKey=key, status="Normal")
        first = door.data("undoReview", leaseKey=key, desk="one")["lease"]

        second = door.data("undoReview", leaseKey=key, desk="two")["lease"]

        assert second["video"]["videoId"] == first["video"]["videoId"]
        kept = door.data("renewReview", leaseKeys=f"{first['leaseKey']},{second['leaseKey']}")
        assert [one["leaseKey"] for one in kept["leaseList"]] == [second["leaseKey"]]
        assert [one["leaseKey"] for one in kept["lostList"]] == [first["leaseKey"]]

    def test_again_and_again_goes_back_one_by_one(self, door, console, take, clips):
        keys = [lease["leaseKey"] for lease in take(3).values()]
        for key in keys:
            door.data("decideReview", leaseKey=key, status="Normal")

        back = [door.data("undoReview", leaseKey=key)["lease"]["video"]["videoId"] for key in reversed(keys)]

        assert back == ["v2", "v1", "v0"]
        assert door.data("getReviewQueue")["waiting"] == 4

    @pytest.mark.every_door
    def test_ones_last_decisions_can_be_had_again_to_undo_them(self, door, take, clips, ben):
        keys = [lease["leaseKey"] for lease in take(3).values()]
        door.data("decideReview", leaseKey=keys[0], status="Normal")
        door.data("decideReview", leaseKey=keys[1], status="Blocked", reasonCode="spam")
        door.data("undoReview", leaseKey=keys[0])

        (found,) = door.data("getReviewDecisions")["decisionList"]

        assert (found["leaseKey"], found["videoId"], found["title"]) == (keys[1], "v1", clips[1].title)
        assert (found["status"], found["reasonCode"]) == ("Blocked", "spam")
        assert door.data("getReviewDecisions", token=ben)["decisionList"] == []
        assert door.data("undoReview", leaseKey=found["leaseKey"])["lease"]["video"]["videoId"] == "v1"

    def test_skips_and_questions_are_taken_back_too(self, door, take, clips, ben):
        first, second = (lease["leaseKey"] for lease in take(2).values())
        door.data("skipReview", leaseKey=first)
        door.data("askSecondOpinion", leaseKey=second, note="?")

        assert door.data("undoReview", leaseKey=second)["lease"]["video"]["videoId"] == "v1"
        assert door.data("undoReview", leaseKey=first)["lease"]["video"]["videoId"] == "v0"
        queue = door.data("getReviewQueue")
        assert (queue["withYou"], queue["skippedByYou"], queue["askedByYou"]) == (2, 0, 0)

    def test_what_somebody_else_has_now_does_not_come_back(self, door, key, take, ben):
        door.data("skipReview", leaseKey=key)
        take(1, token=ben)

        answer = door("undoReview", leaseKey=key)

        assert (answer["code"], answer["message"]) == ("409", "ben has this clip now: your time for it ran out.")

    def test_what_somebody_decided_since_stays(self, door, console, key, ben):
        door.data("decideReview", leaseKey=key, status="Normal")
        door.data("createAudit", mediaId="v0", status="Blocked", reason="x", token=ben)

        answer = door("undoReview", leaseKey=key)

        assert answer["code"] == "409"
        assert console.store.catalogue.get_video("v0").censor_status is CensorStatus.FAIL

    def test_nothing_was_done(self, door, clips):
        answer = door("undoReview", leaseKey="x.1")
        assert answer["message"] == "There is nothing to undo: this was not decided here, or by somebody else."

    def test_a_verdict_that_is_taken_back_elsewhere_counts_as_undone_here(self, door, key):
        made = door.data("decideReview", leaseKey=key, status="Normal")

        door.data("undoAudit", videoId="v0", requestId=made["requestId"])

        assert door.data("getReviewQueue")["doneToday"] == 0
