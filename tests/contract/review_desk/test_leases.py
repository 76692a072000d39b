"""Clips at the review desk, through all doors: one clip goes to one person, who keeps or passes it on."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.model import CensorStatus, FileKind, MediaFile, User
from backend.store.review_decisions import SKIP_SECONDS
from tests.contract.review_desk.conftest import GONE, LEASE_SECONDS, verdicts


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
