"""Slots of the recommendation programme: deleting one, adding it again, and the slots of a video."""

from __future__ import annotations

import pytest

from tests.clock import SEED_TIME
from tests.contract.programme.conftest import DAY, HOUR, written


def fill(door, planned):
    door.data("saveSlot", slot="home", name="Home", size=7)
    planned("a")
    door.data("recommendVideo", videoId="a", slot="home", pin=2)
    planned("b", slot="home", startTime=written(SEED_TIME + HOUR), endTime=written(SEED_TIME + DAY))
    window = {"startTime": written(SEED_TIME + HOUR), "endTime": written(SEED_TIME + 2 * HOUR)}
    door.data("saveSpecial", slot="home", name="s", videoIds="a", **window)


@pytest.mark.every_door
def test_a_slot_is_deleted_with_what_is_in_it_and_others_stay(door, planned, places, console):
    fill(door, planned)

    assert door.data("deleteSlot", slot="home") == {"entries": 2, "specials": 1}

    assert [one["slot"] for one in door.data("getSlots")["slotList"]] == ["feed"]
    assert door("getProgramme", slot="home")["code"] == "404"
    assert places() == ["a"]
    line = console.store.history.find_history("home")[0]
    told = {name: line.before[name] for name in ("name", "size", "videos", "specials")}
    assert (line.action, told) == ("deleteSlot", {"name": "Home", "size": 7, "videos": 2, "specials": 1})
    assert console.store.recount() == []


def test_one_that_is_added_again_has_its_revisions_and_restores_them(door, planned, places):
    fill(door, planned)
    before = entries(door)
    door.data("deleteSlot", slot="home")

    made = door.data("saveSlot", slot="home", name="Home")

    revisions = door.data("getLineups", slot="home")["lineupList"]
    assert [one["action"] for one in revisions][:3] == ["saveSlot", "deleteSlot", "saveSpecial"]
    assert made["revision"] == revisions[0]["revision"] == revisions[1]["revision"] + 1
    assert entries(door) == []
    door.data("restoreLineup", slot="home", lineup=revisions[2]["revision"])
    assert entries(door) == before


def entries(door):
    return sorted((one["videoId"], one["pin"]) for one in door.data("getProgramme", slot="home")["entryList"])


def test_what_was_in_it_comes_back_to_the_slots_that_are_there(door, planned, places):
    fill(door, planned)
    door.data("createAudit", mediaId="a", status="Blocked", reason="why")
    door.data("deleteVideoById", videoId="b", userId="of b")
    door.data("deleteSlot", slot="home")

    door.data("undoAudit", videoId="a")
    door.data("restoreVideo", videoId="b")

    assert places() == ["a"]


def test_the_documented_slot_stays_and_of_two_who_change_one_the_second_is_refused(door, planned):
    fill(door, planned)
    revision = door.data("getLineups", slot="home")["revision"]

    assert door("deleteSlot", slot="feed")["code"] == "400"
    assert door("deleteSlot", slot="home", revision=revision - 1)["code"] == "409"
    assert door("deleteSlot", slot="none")["code"] == "404"
    assert door("deleteSlot", slot="home", revision=revision)["code"] == "200"
    assert door("saveSlot", slot="home", size=9, revision=revision)["code"] == "404", "it was added again by a change"


def test_the_slots_of_a_video_are_named_with_its_windows(door, planned, clock):
    fill(door, planned)

    (own, home) = door.data("getVideoSlots", videoId="a")["slotList"]
    assert (own["slot"], own["state"], home["slot"], home["name"], home["pin"]) == (
        "feed", "live", "home", "Home", 2
    )  # fmt: skip
    (later,) = door.data("getVideoSlots", videoId="b")["slotList"]
    assert (later["state"], later["startTime"]) == ("scheduled", f"{written(SEED_TIME + HOUR)}.0")
    clock.move(2 * DAY)
    assert door.data("getVideoSlots", videoId="b")["slotList"] == [], "it is over"
    assert door.data("getVideoSlots", videoId="none")["slotList"] == []
