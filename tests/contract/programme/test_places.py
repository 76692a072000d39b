"""Places in the recommendation programme: pins, moves, and what blocked videos leave."""

from __future__ import annotations

from tests.clock import SEED_TIME
from tests.contract.programme.conftest import DAY, HOUR, written


class TestPlaces:
    def test_pins_rank_and_the_newest_start_make_the_order_with_reasons(self, planned, door, clock):
        for name in "abc":
            planned(name)
            clock.move(1)
        planned("d", pin=1)
        door.data("editRecommend", videoId="a", rank=1)

        shown = door.data("previewFeed")["placeList"]

        assert [(one["entry"]["videoId"], one["place"], one["reason"]) for one in shown] == [
            ("d", 1, "pin"), ("a", 2, "rank"), ("c", 3, "newest"), ("b", 4, "newest")
        ]  # fmt: skip

    def test_two_pins_on_one_place_warn_and_the_later_start_is_first(self, planned, door, places, clock):
        planned("early", pin=1)
        clock.move(1)
        planned("late", pin=1)

        assert places() == ["late", "early"]
        pins = door.data("getProgramme")["conflictList"][0]
        assert (pins["kind"], pins["pin"]) == ("samePin", 1)
        assert [video["videoId"] for video in pins["videoList"]] == ["early", "late"]
        saved = door.data("editRecommend", videoId="late", note="why")["conflictList"]
        assert [one["kind"] for one in saved] == ["samePin"]

    def test_a_clip_is_moved_to_a_place_or_beside_another(self, planned, door, places, clock):
        for name in "abcdef":
            planned(name)
            clock.move(1)
        assert places() == list("fedcba")

        moved = door.data("moveRecommend", videoId="a", place=2)
        assert (moved["place"], places()) == (2, list("faedcb"))
        door.data("moveRecommend", videoId="f", after="d")
        assert places() == list("aedfcb")
        door.data("moveRecommend", videoId="b", before="a")
        assert places() == list("baedfc")
        assert door("moveRecommend", videoId="a")["code"] == "400"
        assert door("moveRecommend", videoId="a", before="nobody")["code"] == "400"

    def test_a_pinned_clip_moves_by_one_place_although_others_want_it(self, planned, door, places, clock):
        for name, pin in (("a", 1), ("b", 1), ("c", 3), ("d", 0), ("e", 40)):
            planned(name, pin=pin)
            clock.move(1)
        assert places() == list("bacde")

        def move(name, place):
            return door.data("moveRecommend", videoId=name, place=place)["place"], "".join(places())

        assert move("a", 1) == (1, "abcde")
        assert move("a", 2) == (2, "bacde")
        assert [move("a", 3), move("a", 4)] == [(3, "bcade"), (4, "bcdae")]
        assert [move("e", 4), move("e", 32)] == [(4, "bcdea"), (5, "bcdae")]

    def test_moves_are_of_the_slots_own_order_while_a_special_is_on(self, planned, door, places, clock):
        for name in "abc":
            planned(name)
            clock.move(1)
        window = {"startTime": written(clock.now - 60), "endTime": written(clock.now + HOUR)}
        door.data("saveSpecial", name="s", videoIds="a", **window)

        assert (places(), places(specials="false")) == (["a"], list("cba"))
        assert door.data("moveRecommend", videoId="a", place=2)["place"] == 2
        assert (places(), places(specials="false")) == (["a"], list("cab"))
        assert door.data("moveRecommend", videoId="b", before="c")["place"] == 1
        assert door.data("previewFeed", specials="false")["special"] is None
        clock.move(HOUR)
        assert places() == list("bca")

    def test_a_preview_shows_any_moment_and_what_getrecommendvideos_will(self, planned, places, live, clock):
        planned("now", endTime=written(SEED_TIME + 2 * HOUR))
        planned("later", startTime=written(SEED_TIME + HOUR))

        moments = [SEED_TIME, SEED_TIME + HOUR, SEED_TIME + 2 * HOUR]
        expected = [places(time=written(at)) for at in moments]

        assert expected == [["now"], ["later", "now"], ["later"]]
        for at, shown in zip(moments, expected, strict=True):
            clock.now = at
            assert places() == live() == shown

    def test_a_special_takes_over_and_gives_back(self, planned, door, places, clock, passed):
        planned("own", startTime=written(SEED_TIME + HOUR), endTime=written(SEED_TIME + HOUR + 600))
        wanted = {"name": "Spring", "startTime": written(SEED_TIME + HOUR), "endTime": written(SEED_TIME + 2 * HOUR)}
        planned("rest")

        made = door.data("saveSpecial", videoIds=f"{passed('x')},{passed('y')}", **wanted)

        assert [one["kind"] for one in made["conflictList"]] == ["hidden", "fewClips"]
        seen = [places(time=written(at)) for at in (SEED_TIME + HOUR - 1, SEED_TIME + HOUR, SEED_TIME + 2 * HOUR)]
        assert seen == [["rest"], ["x", "y"], ["rest"]]
        assert door("saveSpecial", videoIds="nobody", **wanted)["code"] == "404"
        door.data("deleteSpecial", specialId=made["specialId"])
        assert places(time=written(SEED_TIME + HOUR)) == ["own", "rest"]

    def test_an_end_that_is_over_is_called_that_whatever_the_start_was(self, planned, door, passed):
        planned("live")
        over = written(SEED_TIME - 60)

        for answer in (
            door("editRecommend", videoId="live", endTime=over),
            door("recommendVideo", videoId=passed("v"), startTime=written(SEED_TIME - HOUR), endTime=over),
        ):
            assert (answer["code"], answer["message"]) == ("400", "endTime is in the past.")
        late = {"startTime": written(SEED_TIME + 2 * HOUR), "endTime": written(SEED_TIME + HOUR)}
        assert "after startTime" in door("editRecommend", videoId="live", **late)["message"]

    def test_a_special_needs_videos_and_is_not_warned_of_pins_it_hides(self, planned, door):
        window = {"startTime": written(SEED_TIME + HOUR), "endTime": written(SEED_TIME + 2 * HOUR)}
        for name in "ab":
            planned(name, pin=1)

        refused = [door("saveSpecial", name="s", **window, **given) for given in ({}, {"videoIds": ""})]
        made = door.data("saveSpecial", name="s", videoIds="a", **window)

        assert [one["kind"] for one in made["conflictList"]] == ["fewClips"]
        refused.append(door("saveSpecial", specialId=made["specialId"], videoIds=" , "))
        assert [one["code"] for one in refused] == ["400"] * 3
        assert door.data("saveSpecial", specialId=made["specialId"], name="t")["specialId"] == made["specialId"]

    def test_another_slot_has_entries_of_its_own(self, planned, door, places, live, passed):
        door.data("saveSlot", slot="home", name="Home", size=1)
        planned("both")
        door.data("recommendVideo", videoId="both", slot="home")
        door.data("recommendVideo", videoId=passed("home only"), slot="home")

        assert places(slot="home") == ["home only"]
        assert live() == ["both"]
        assert door.data("getVideoById", videoId="home only")["isRecommend"] == "false"
        assert door("recommendVideo", videoId="both", slot="nowhere")["code"] == "404"


class TestBlocking:
    def test_blocking_takes_a_clip_out_of_every_slot_and_special_and_undo_brings_it_back(
        self, planned, door, places, console
    ):
        door.data("saveSlot", slot="home")
        planned("a", pin=2, endTime=written(SEED_TIME + DAY), note="n")
        planned("b")
        planned("c")
        door.data("recommendVideo", videoId="a", slot="home", startTime=written(SEED_TIME + HOUR))
        window = {"startTime": written(SEED_TIME + HOUR), "endTime": written(SEED_TIME + 2 * HOUR)}
        door.data("saveSpecial", name="s", videoIds="b,a", **window)
        later = written(SEED_TIME + HOUR)

        def everywhere():
            entries = door.data("getProgramme")["entryList"]
            return entries, places(), places(time=later), places(slot="home", time=later)

        before = everywhere()
        assert before[1:] == (["c", "a", "b"], ["b", "a"], ["a"])
        for away, back in (
            ({"name": "createAudit", "mediaId": "a", "status": "Blocked", "reason": "why"},
             {"name": "undoAudit", "videoId": "a"}),
            ({"name": "deleteVideoById", "videoId": "a", "userId": "of a"}, {"name": "restoreVideo", "videoId": "a"}),
        ):  # fmt: skip
            door.data(away.pop("name"), **away)
            assert everywhere()[1:] == (["c", "b"], ["b"], [])
            door.data(back.pop("name"), **back)
            after = everywhere()
            assert sorted(after[0], key=str) == sorted(before[0], key=str)
            assert after[1:] == before[1:]
        assert console.store.recount() == []

    def test_the_2001st_that_has_not_ended_is_refused(self, planned, door, console, passed, monkeypatch):
        monkeypatch.setattr("backend.store.entries.MAX_ENTRIES", 2)
        planned("a", endTime=written(SEED_TIME + 60))
        planned("b")

        answer = door("recommendVideo", videoId=passed("c"))

        assert answer["code"] == "400"
        assert "2 entries" in answer["message"]
