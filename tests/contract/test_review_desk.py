"""The review desk, through all doors: one clip to one person, one verdict for one key, and taking it back."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.model import Actor, CensorStatus, FileKind, MediaFile, User
from backend.store.review_decisions import SKIP_SECONDS

TESTS = Actor("tests", "tests")
LEASE_SECONDS = 300
GONE = "Your hold on this clip has ended. Take the next one."


@pytest.fixture
def ben(make_account, sign_in):
    """The token of a second reviewer."""
    return sign_in(make_account("ben", Role.REVIEWER))


@pytest.fixture
def clips(make_video, clock):
    """Four clips that wait, the oldest first."""
    return [make_video(video_id=f"v{number}", created=int(clock()) - 100 + number) for number in range(4)]


@pytest.fixture
def take(door):
    """Takes clips and returns their leases by video."""

    def ask(count=1, **given):
        found = door.data("takeReview", count=count, **given)
        return {lease["video"]["videoId"]: lease for lease in found["leaseList"]}

    return ask


@pytest.fixture
def key(take, clips):
    """The lease of the oldest clip."""
    return take()["v0"]["leaseKey"]


def verdicts(console, video_id="v0"):
    lines = console.store.history.find_history(video_id)
    return [line for line in reversed(lines) if line.action in ("createAudit", "undoAudit")]


class TestTaking:
    def test_the_clip_that_waits_longest_comes_first_and_nobody_else_gets_it(self, take, clips, ben):
        mine = take(3)
        bens = take(3, token=ben)

        assert list(mine) == ["v0", "v1", "v2"]
        assert list(bens) == ["v3"]
        assert take(1, leaseKeys=",".join(one["leaseKey"] for one in mine.values())) == {}

    @pytest.mark.every_door
    def test_a_clip_comes_with_all_that_one_looks_at(self, door, take, make_video, clock):
        files = (MediaFile(FileKind.SOURCE, "source.mp4", 56, 1080, 1920, 12.5, 800_000, "avc1"),
                 MediaFile(FileKind.SNAPSHOT, "s0.jpg"))  # fmt: skip
        make_video(video_id="old", user=User("7", "Anne"), title="旧的")
        door.data("createAudit", mediaId="old", status="Blocked", reasonCode="spam")
        make_video(video_id="passed", user=User("7", "Anne"), censor_status=CensorStatus.SUCCESS)
        made = make_video(video_id="new", user=User("7", "Anne"), files=files)
        clock.move(90)

        (lease,) = take().values()

        assert lease["video"] == door.data("getVideoById", videoId="new")
        assert lease["playInfoList"] == door.data("getPlayInfo", videoId="new")["playInfoList"]
        assert made.media_key in lease["playInfoList"][0]["playURL"]
        assert lease["sprite"] == door.data("getSprite", videoId="new")
        assert lease["machine"] == door.data("getReviewResults", videoId="new")
        assert (lease["secondsLeft"], lease["waitingSeconds"], lease["noteList"]) == (LEASE_SECONDS, 90, [])
        uploader = lease["uploader"]
        assert [uploader[name] for name in ("userId", "userName", "passed", "blocked", "waiting")] == [
            "7", "Anne", 1, 1, 0,
        ]  # fmt: skip
        (blocked,) = uploader["lastBlockList"]
        assert (blocked["videoId"], blocked["title"], blocked["reasonCode"]) == ("old", "旧的", "spam")
        assert blocked["reason"] == "The video contains advertising or leads viewers elsewhere"
        assert blocked["time"]

    def test_what_is_left_when_others_have_the_rest_is_told(self, door, take, clips, ben, clock):
        take(3, token=ben)
        mine = take(1)["v3"]["leaseKey"]
        door.data("skipReview", leaseKey=mine)
        clock.move(60)

        queue = door.data("getReviewQueue")

        assert door.data("takeReview")["queue"] == queue
        assert queue == {
            "waiting": 4, "free": 0, "withOthers": 3, "withYou": 0, "skippedByYou": 1, "askedByYou": 0,
            "oldestSeconds": 60, "oldestTime": "2019-01-09 22:11:29.0", "doneToday": 0,
        }  # fmt: skip

    def test_nothing_waits(self, door, take):
        assert take(3) == {}
        queue = door.data("getReviewQueue")
        assert (queue["waiting"], queue["free"], queue["oldestTime"], queue["oldestSeconds"]) == (0, 0, "", 0)

    def test_an_answer_that_was_lost_comes_again(self, take, clips):
        lost = take(2, desk="tab")

        again = take(3, desk="tab")
        other_tab = take(3, desk="another tab")

        assert [again[name]["leaseKey"] for name in lost] == [one["leaseKey"] for one in lost.values()]
        assert list(again) == ["v0", "v1", "v2"]
        assert list(other_tab) == ["v3"]

    def test_a_clip_whose_lease_ran_out_goes_to_the_next_who_asks(self, take, clips, ben, clock):
        take(3)
        clock.move(LEASE_SECONDS + 1)

        assert list(take(3, token=ben)) == ["v0", "v1", "v2"]

    @pytest.mark.settings(review_lease_seconds=30)
    def test_how_long_one_has_a_clip_is_a_setting(self, door, take, clips, ben, clock):
        assert take()["v0"]["secondsLeft"] == door.data("openReviewDesk")["leaseSeconds"] == 30
        clock.move(31)
        assert list(take(1, token=ben)) == ["v0"]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"count": 0}, "count must be from 1 to 3, got 0."),
            ({"count": 4}, "count must be from 1 to 3, got 4."),
            ({"leaseKeys": ",".join(map(str, range(21)))}, "leaseKeys has 21 keys; at most 20 are allowed."),
        ],
    )
    def test_nonsense_is_named(self, door, given, said):
        answer = door("takeReview", **given)
        assert (answer["code"], answer["message"]) == ("400", said)


class TestKeeping:
    @pytest.mark.every_door
    def test_whoever_is_active_keeps_their_clips_and_learns_which_are_lost(self, door, take, clips, ben, clock):
        keys = {name: lease["leaseKey"] for name, lease in take(3).items()}
        clock.move(LEASE_SECONDS - 1)
        door.data("createAudit", mediaId="v1", status="Normal", token=ben)
        console_time = LEASE_SECONDS

        found = door.data("renewReview", leaseKeys=",".join(keys.values()))

        assert [(one["leaseKey"], one["secondsLeft"]) for one in found["leaseList"]] == [
            (keys["v0"], console_time), (keys["v2"], console_time),
        ]  # fmt: skip
        (lost,) = found["lostList"]
        assert (lost["leaseKey"], lost["videoId"]) == (keys["v1"], "v1")
        assert lost["message"] == "ben judged this clip meanwhile (Normal)."
        clock.move(LEASE_SECONDS - 1)
        assert list(take(1, token=ben)) == ["v3"]

    @pytest.mark.every_door
    def test_taking_the_next_renews_what_is_named(self, take, clips, ben, clock):
        key = take()["v0"]["leaseKey"]
        clock.move(LEASE_SECONDS - 1)
        take(1, leaseKeys=key)
        clock.move(LEASE_SECONDS - 1)

        assert list(take(3, token=ben)) == ["v2", "v3"]

    @pytest.mark.every_door
    def test_a_closed_page_gives_its_clips_back_and_leaves_those_of_others(self, door, take, clips, ben):
        first, second = take(2).values()
        take(1, token=ben)

        assert door.data("releaseReview", leaseKeys=first["leaseKey"], token=ben) == {"count": 0}
        assert door.data("releaseReview", leaseKeys=first["leaseKey"]) == {"count": 1}
        assert door.data("releaseReview", desk="none") == {"count": 0}
        assert door.data("releaseReview") == {"count": 1}
        assert list(take(3, token=ben)) == ["v2", "v0", "v1"]
        assert second["leaseKey"]

    @pytest.mark.every_door
    def test_the_administrator_sees_who_has_what_and_frees_it(self, door, console, take, clips, ben, clock):
        key = take(1, token=ben)["v0"]["leaseKey"]
        take(2, token=ben, desk="phone")
        clock.move(1)

        held = door.data("getReviewLeases")["leaseList"]

        assert [(one["videoId"], one["title"], one["userName"], one["expired"]) for one in held] == [
            ("v0", "test video", "ben", False), ("v1", "test video", "ben", False), ("v2", "test video", "ben", False)
        ]  # fmt: skip
        assert key not in str(held)
        assert door.data("freeReview", videoId="v0") == {"count": 1}
        assert door.data("freeReview", userName="ben") == {"count": 2}
        freed = [line for line in console.store.history.find_history("v2") if line.action == "freeReview"]
        assert [(line.actor.name, line.before) for line in freed] == [("anne", {"userName": "ben"})]
        assert door("freeReview")["message"] == "videoId or userName is required."
        assert door("freeReview", userName="ben", token=ben)["code"] == "403"
        assert door("decideReview", leaseKey=key, status="Normal", token=ben)["message"] == GONE
        assert list(take(3)) == ["v0", "v1", "v2"]

    def test_clips_of_an_account_that_was_disabled_are_no_longer_listed(self, door, clips, ben):
        desk_key = door.data("openReviewDesk", token=ben)["deskKey"]
        door.data("takeReview", token=desk_key)

        door.data("editAccount", userName="ben", disabled=True)

        assert door.data("getReviewLeases")["leaseList"] == []


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


class TestPassingOn:
    @pytest.mark.every_door
    def test_who_skips_a_clip_does_not_get_it_for_ten_minutes(self, door, key, take, ben, clock):
        assert door.data("skipReview", leaseKey=key)["videoId"] == "v0"
        assert door.data("skipReview", leaseKey=key)["videoId"] == "v0"

        assert list(take()) == ["v1"]
        assert list(take(1, token=ben)) == ["v0"]
        door.data("releaseReview", token=ben)
        clock.move(SKIP_SECONDS + 1)
        assert list(take()) == ["v0"]

    @pytest.mark.every_door
    def test_a_second_opinion_comes_from_somebody_else_who_reads_the_note(self, door, console, key, take, ben):
        found = door.data("askSecondOpinion", leaseKey=key, note="像广告？", count=1)
        assert [one["video"]["videoId"] for one in found["leaseList"]] == ["v1"]
        assert door.data("askSecondOpinion", leaseKey=key, note="像广告？")["videoId"] == "v0"
        assert found["queue"]["askedByYou"] == 1

        lease = take(1, token=ben)["v0"]

        assert [(one["userName"], one["note"]) for one in lease["noteList"]] == [("anne", "像广告？")]
        asked = [line for line in console.store.history.find_history("v0") if line.action == "askSecondOpinion"]
        assert [(line.actor.name, line.after) for line in asked] == [("anne", {"comment": "像广告？"})]
        door.data("decideReview", leaseKey=lease["leaseKey"], status="Normal", token=ben)
        assert door.data("getReviewQueue")["askedByYou"] == 0

    def test_a_clip_never_returns_to_who_asked_while_nobody_judged_it(self, door, key, take, clock):
        door.data("askSecondOpinion", leaseKey=key, note="?")
        clock.move(100 * SKIP_SECONDS)

        assert "v0" not in take(3)

    @pytest.mark.parametrize(
        ("note", "said"), [(" ", "note is required."), ("字" * 171, "note has 513 bytes; at most 512 are allowed.")]
    )
    def test_a_question_needs_a_note_of_some_length(self, door, key, note, said):
        assert door("askSecondOpinion", leaseKey=key, note=note)["message"] == said


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


class TestDesks:
    @pytest.mark.every_door
    def test_its_key_is_good_for_the_desk_alone(self, door, console, clips):
        made = door.data("openReviewDesk")
        key = made["deskKey"]

        if door.way == "in_process":  # a page calls by its own token
            assert door("takeReview", token=key)["code"] == "403"
            return
        lease = door.data("takeReview", token=key)["leaseList"][0]
        door.data("decideReview", token=key, leaseKey=lease["leaseKey"], status="Normal")
        (line,) = verdicts(console)
        assert (line.actor.name, line.actor.channel) == ("anne", "page")
        others = {"getVideos": {}, "createAudit": {"mediaId": "v1", "status": "Normal"}, "openReviewDesk": {},
                  "getOwnSessions": {}, "freeReview": {"videoId": "v1"}}  # fmt: skip
        for name, given in others.items():
            answer = door(name, token=key, **given)
            assert (answer["code"], answer["data"]) == ("403", None)

    def test_its_key_ends_with_the_session(self, door, make_account, sign_in, clips, console):
        token = sign_in(make_account("cleo", Role.REVIEWER))
        key = door.data("openReviewDesk", token=token)["deskKey"]
        assert console.access_of(key) is not None

        door("signOut", token=token)

        assert console.access_of(key) is None
        assert door("takeReview", token=key)["code"] == "403"

    def test_its_key_ends_with_the_account(self, door, make_account, sign_in, console):
        token = sign_in(make_account("cleo", Role.REVIEWER))
        key = door.data("openReviewDesk", token=token)["deskKey"]

        door.data("editAccount", userName="cleo", disabled=True)

        assert console.access_of(key) is None

    @pytest.mark.every_door
    def test_a_new_role_holds_for_it_at_once(self, door, make_account, sign_in, console):
        key = door.data("openReviewDesk", token=sign_in(make_account("cleo", Role.REVIEWER)))["deskKey"]

        door.data("editAccount", userName="cleo", role="analyst")

        access = console.access_of(key)
        assert access is None or not access.rights

    @pytest.mark.every_door
    def test_two_tabs_have_different_clips_and_only_their_own_lost_answers(self, door, clips):
        if door.way == "in_process":
            pytest.skip("a page calls by its own token")
        one, two = (door.data("openReviewDesk")["deskKey"] for _ in range(2))

        def taken(key):
            return [lease["video"]["videoId"] for lease in door.data("takeReview", token=key)["leaseList"]]

        assert [taken(one), taken(two), taken(one), taken(two)] == [["v0"], ["v1"], ["v0"], ["v1"]]
        assert door.data("releaseReview", token=two) == {"count": 1}

    def test_a_session_keeps_the_twenty_used_last(self, door, console, clock):
        keys = []
        for number in range(22):
            clock.move(100)
            if number > 1:
                assert console.access_of(keys[0]) is not None  # still in use
            keys.append(door.data("openReviewDesk")["deskKey"])

        assert [console.access_of(key) is None for key in keys] == [False, True, True] + [False] * 19


class TestReasons:
    @pytest.mark.every_door
    def test_there_is_a_list_to_begin_with_in_both_languages(self, door):
        found = door.data("getReviewReasons")["reasonList"]

        assert [one["position"] for one in found] == list(range(1, 10))
        assert all(one[name] for one in found for name in ("code", "nameZh", "nameEn", "uploaderZh", "uploaderEn"))
        assert max(len(one[name].encode()) for one in found for name in ("uploaderZh", "uploaderEn")) <= 128
        assert door.data("openReviewDesk")["reasonList"] == found

    @pytest.mark.parametrize(
        ("language", "words"), [("zh", "视频含有广告或引流信息"), ("en", "The video contains adver")]
    )
    def test_the_uploader_is_told_in_the_language_that_the_desk_speaks(self, door, console, key, language, words):
        door("decideReview", leaseKey=key, status="Blocked", reasonCode="spam", language=language)

        assert verdicts(console)[0].after["reason"].startswith(words)

    def test_blocking_elsewhere_takes_the_same_reasons(self, door, console, clips):
        door.data("createAudit", mediaId="v0", status="Blocked", reasonCode="quality")
        door.data("createAudits", mediaIds="v1,v2", status="Blocked", reasonCode="quality")

        assert {verdicts(console, name)[0].after["reasonCode"] for name in ("v0", "v1", "v2")} == {"quality"}
        assert door("createAudit", mediaId="v3", status="Blocked", reasonCode="x")["code"] == "400"

    @pytest.mark.every_door
    def test_the_administrator_adds_moves_and_retires_one(self, door, console, key):
        texts = {"nameZh": "血腥", "nameEn": "Gore", "uploaderZh": "画面血腥", "uploaderEn": "It is gory"}
        made = door.data("editReviewReason", code="gore", **texts, position=2, sensitive=True)
        assert made == {"code": "gore", **texts, "position": 2, "sensitive": True, "retired": False}

        door.data("editReviewReason", code="gore", position=1)
        retired = door.data("editReviewReason", code="sexual", retired=True)

        found = door.data("getReviewReasons")["reasonList"]
        assert [one["code"] for one in found][:2] == ["gore", "violence"]
        assert found[-1] == retired | {"position": found[-1]["position"]}
        assert retired["nameZh"] == "色情低俗"
        door.data("decideReview", leaseKey=key, status="Blocked", reasonCode="sexual")
        lines = [line for line in console.store.history.find_history("gore") if line.action == "editReviewReason"]
        assert [(line.before, line.after["position"]) for line in reversed(lines)] == [({}, 2), ({"position": 2}, 1)]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"code": "new"}, "nameZh is required."),
            ({"code": "Bad code"}, "code must be small letters, digits, - and _, got 'Bad code'."),
            ({"code": "spam", "uploaderZh": "字" * 43}, "uploaderZh has 129 bytes; at most 128 are allowed."),
            ({"code": "spam", "position": 0}, "position must be from 1 to 100, got 0."),
            ({"code": "spam", "nameEn": " "}, "nameEn is required."),
            ({"code": "spam", "uploaderZh": ""}, "uploaderZh is required."),
        ],
    )
    def test_nonsense_is_named(self, door, given, said):
        assert door("editReviewReason", **given)["message"] == said

    def test_a_desk_that_is_open_learns_that_the_list_has_changed(self, door, take, clips):
        before = door.data("getReviewReasons")["version"]
        taken = door.data("takeReview")
        door.data("editReviewReason", code="spam", retired=True)

        key = taken["leaseList"][0]["leaseKey"]
        made = door.data("decideReview", leaseKey=key, status="Blocked", reasonCode="spam")

        assert taken["reasonsVersion"] == before != made["reasonsVersion"]
        assert made["reasonsVersion"] == door.data("getReviewReasons")["version"]

    def test_nobody_else_changes_the_list(self, door, ben):
        assert door("editReviewReason", token=ben, code="spam", retired=True)["code"] == "403"


class TestPreferences:
    @pytest.mark.every_door
    def test_each_person_has_their_own_and_they_stay(self, door, ben):
        assert door.data("getReviewPreferences") == {
            "grey": False, "blur": False, "sound": False, "small": False, "autoplay": True, "sensitiveAutoplay": False,
            "keys": True, "breakMinutes": 50, "speed": 1,
        }  # fmt: skip
        door.data("setReviewPreferences", grey=True, speed=1.5, keys=False, breakMinutes=0)

        changed = door.data("setReviewPreferences", blur=True)

        assert changed == door.data("getReviewPreferences") == door.data("openReviewDesk")["preferences"]
        assert [changed[name] for name in ("grey", "blur", "speed", "keys", "breakMinutes", "autoplay")] == [
            True, True, 1.5, False, 0, True,
        ]  # fmt: skip
        assert door.data("getReviewPreferences", token=ben)["grey"] is False

    @pytest.mark.parametrize(
        ("given", "said"),
        [({"speed": 3}, "speed must be 1, 1.5 or 2, got 3.0."), ({"breakMinutes": 241}, "must be from 0 to 240"),
         ({"grey": "perhaps"}, "grey must be true or false")],
    )  # fmt: skip
    def test_nonsense_is_named(self, door, given, said):
        assert said in door("setReviewPreferences", **given)["message"]
