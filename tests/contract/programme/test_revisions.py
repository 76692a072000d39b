"""Revisions of the recommendation programme: going back, specials, and two people at once."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from tests.clock import SEED_TIME
from tests.conftest import TESTS
from tests.contract.programme.conftest import DAY, HOUR, written


class TestRevisions:
    def revision(self, door):
        return door.data("getSlots")["slotList"][0]["revision"]

    def test_every_change_makes_one_with_who_and_why(self, planned, door, clock):
        first = self.revision(door)
        planned("a")
        planned("b", startTime=written(SEED_TIME + HOUR))
        door.data("editRecommend", videoId="b", pin=3)
        door.data("moveRecommend", videoId="a", place=1, note="first")
        door.data("createAudit", mediaId="a", status="Blocked", reason="why")
        door.data("undoAudit", videoId="a")
        door.data("deleteVideoById", videoId="b", userId="of b")
        door.data("restoreVideo", videoId="b")
        door.data("deleteRecommendById", videoId="b")

        lineups = door.data("getLineups")["lineupList"][::-1]

        assert [(one["revision"], one["action"]) for one in lineups[1:]] == list(enumerate((
            "recommendVideo", "recommendVideo", "editRecommend", "moveRecommend", "createAudit", "undoAudit",
            "deleteVideoById", "restoreVideo", "deleteRecommendById",
        ), first + 1))  # fmt: skip
        assert {one["userName"] for one in lineups[1:]} == {"anne"}
        assert lineups[4]["note"] == "first"

    def test_restoring_one_makes_a_new_one_that_is_equal_but_for_what_is_gone_which_is_named(
        self, planned, door, console, clock
    ):
        planned("a", pin=1)
        planned("gone", startTime=written(SEED_TIME + HOUR))
        planned("c", endTime=written(SEED_TIME + DAY), note="n", title="shown as")
        wanted = self.revision(door)
        before = door.data("getLineup", revision=wanted)["entryList"]
        door.data("editRecommend", videoId="a", pin=0)
        door.data("deleteRecommendById", videoId="c")
        console.store.catalogue.delete_video("gone", "of gone", TESTS)
        planned("d")
        last = self.revision(door)

        restored = door.data("restoreLineup", lineup=wanted, note="a mistake")

        assert restored["revision"] == last + 1 == self.revision(door)
        assert [one["videoId"] for one in restored["leftOutList"]] == ["gone"]
        after = door.data("getLineup", revision=restored["revision"])["entryList"]
        assert after == [one for one in before if one["videoId"] != "gone"]
        changes = door.data("compareLineups", revision=wanted)["changeList"]
        assert [(one["videoId"], one["kind"]) for one in changes] == [("gone", "removed")]
        assert door("restoreLineup", lineup=99)["code"] == "404"

    def test_restoring_one_leaves_specials_and_rules_and_names_what_changed_them(self, planned, door):
        planned("a")
        wanted = self.revision(door)
        window = {"startTime": written(SEED_TIME + HOUR), "endTime": written(SEED_TIME + 2 * HOUR)}
        special = door.data("saveSpecial", name="Spring", videoIds="a", **window)["specialId"]
        door.data("deleteSpecial", specialId=special)
        door.data("saveSlot", slot="feed", size=7)

        kept = door.data("restoreLineup", lineup=wanted)["keptList"]

        assert [(one["action"], one["title"]) for one in kept] == [
            ("saveSpecial", "Spring"), ("deleteSpecial", "Spring"), ("saveSlot", ""),
        ]  # fmt: skip
        assert door.data("getSlots")["slotList"][0]["rules"]["size"] == 7

    def test_earlier_ones_stay_as_they_were(self, planned, door):
        planned("a")
        first = self.revision(door)
        seen = door.data("getLineup", revision=first)
        door.data("editRecommend", videoId="a", pin=2)
        second = door.data("compareLineups", revision=first)["changeList"]
        door.data("deleteRecommendById", videoId="a")

        assert door.data("getLineup", revision=first) == seen
        assert [(one["field"], one["old"], one["new"]) for one in second[0]["fieldList"]] == [("pin", "", "2")]
        assert door.data("getLineup", revision=first + 2)["entryList"] == []

    def test_the_second_of_two_people_is_told_who_was_first(self, planned, door, console, make_account, sign_in):
        planned("a")
        seen = self.revision(door)
        ben = sign_in(make_account("ben", Role.MANAGER))
        first = console.call("editRecommend", {"videoId": "a", "pin": "1", "revision": str(seen)}, ben)

        second = door("moveRecommend", videoId="a", place=1, revision=seen)

        assert (first["code"], second["code"]) == ("200", "409")
        assert "ben" in second["message"]
        assert f"revision {seen + 1}" in second["message"]
        ahead = door("moveRecommend", videoId="a", place=1, revision=999)
        assert (ahead["code"], "no revision 999 yet" in ahead["message"]) == ("409", True)

    @pytest.mark.parametrize("act", ["saveSlot", "saveSpecial", "deleteSpecial"])
    def test_a_change_returns_its_own_revision_although_somebody_made_another_one_right_after(
        self, act, planned, door, console
    ):
        window = {"startTime": written(SEED_TIME + HOUR), "endTime": written(SEED_TIME + 2 * HOUR)}
        special = door.data("saveSpecial", name="s", videoIds=planned("a"), **window)["specialId"]
        given = {"saveSlot": {"slot": "feed", "size": 5}, "saveSpecial": {"specialId": special, "name": "t"}}
        seen, changes = self.revision(door), console.store.programme_changes

        def change_too():
            console.store.listeners.remove(change_too)
            changes.save_slot("feed", "other", {}, TESTS)
            if act == "saveSpecial":
                changes.delete_special("feed", special, TESTS)

        console.store.listeners.append(change_too)
        made = door.data(act, **given.get(act, {"specialId": special}))

        assert made["revision"] == seen + 1 < self.revision(door)
