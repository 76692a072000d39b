"""The recommendation programme: what begins and ends by the clock, places, revisions, specials, and two at once."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

import backend
from backend.auth.permissions import Role
from backend.lifecycle.programme_clock import ProgrammeClock
from backend.model import CensorStatus, FileKind, MediaFile, User, VideoStatus
from tests.clock import SEED_TIME
from tests.conftest import TESTS

ZONE = ZoneInfo("Asia/Shanghai")
COMMON = MediaFile(FileKind.COMMON, "common.mp4")
HOUR, DAY = 3_600, 86_400


def written(second):
    return datetime.fromtimestamp(second, ZONE).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def passed(make_video):
    """Makes a video that passed review and plays, each of a user of its own."""

    def make(name, **values):
        known = {
            "censor_status": CensorStatus.SUCCESS, "status": VideoStatus.NORMAL, "files": (COMMON,), "video_id": name,
            "title": f"clip {name}", "user": User(f"of {name}", name),
        }  # fmt: skip
        return make_video(**{**known, **values}).video_id

    return make


@pytest.fixture
def planned(door, passed):
    """Makes a video and recommends it."""

    def make(name, **values):
        door.data("recommendVideo", videoId=passed(name), **values)
        return name

    return make


@pytest.fixture
def live(door):
    """Names what getRecommendVideos shows, after checking that the total agrees."""

    def find(**asked):
        data = door.data("getRecommendVideos", **asked)
        assert data["total"] == data["nowTotal"] == len(data["videoList"])
        return [video["videoId"] for video in data["videoList"]]

    return find


@pytest.fixture
def places(door):
    def find(**asked):
        return [one["entry"]["videoId"] for one in door.data("previewFeed", **asked)["placeList"]]

    return find


class TestTheClock:
    @pytest.mark.every_door
    def test_what_starts_and_ends_at_a_time_is_there_from_then_and_until_then(self, planned, live, clock, door):
        at = SEED_TIME + HOUR
        planned("begins", startTime=written(at))
        planned("ends", endTime=written(at))

        clock.now = at - 1
        assert live() == ["ends"]
        clock.now = at
        assert live() == ["begins"]

        assert live(state="ended") == ["ends"]
        assert live(state="all") == ["begins", "ends"]
        (row,) = door.data("getRecommendVideos")["videoList"]
        assert row["creationTime"] == f"{written(at)}.0"

    def test_every_filter_and_total_follows_the_clock(self, planned, live, door, clock):
        planned("now")
        planned("later", startTime=written(SEED_TIME + HOUR))
        planned("over", endTime=written(SEED_TIME + 60))
        clock.move(60)

        assert live(title="clip") == live(cateId=12) == live(censorStatus="success") == live(userName="now") == ["now"]
        assert live(startTime=written(SEED_TIME)) == live(sort="title") == ["now"]
        assert live(state="scheduled") == live(state="scheduled", title="later") == ["later"]
        assert live(state="ended", cateId=12) == ["over"]
        assert door.data("getStatistics")["recommended"] == 1

    def test_a_video_is_recommended_until_its_entry_ends(self, planned, door, clock, passed):
        planned("later", startTime=written(SEED_TIME + HOUR))
        planned("over", endTime=written(SEED_TIME + 60))
        passed("never")

        def recommended(flag):
            data = door.data("getVideos", isRecommend=flag)
            assert data["total"] == len(data["videoList"])
            assert {video["isRecommend"] for video in data["videoList"]} <= {flag}
            return {video["videoId"] for video in data["videoList"]}

        assert (recommended("true"), recommended("false")) == ({"later", "over"}, {"never"})
        assert door("getRecommendVideoById", videoId="over")["code"] == "200"
        clock.move(60)
        assert (recommended("true"), recommended("false")) == ({"later"}, {"over", "never"})
        assert door.data("getVideoById", videoId="over")["isRecommend"] == "false"
        assert door("getRecommendVideoById", videoId="over")["code"] == "404"
        assert {one["videoId"] for one in door.data("getVideos", title="clip", isRecommend="false")["videoList"]} == {
            "over", "never"
        }  # fmt: skip

    def test_no_clip_without_a_rendition_is_live_unless_the_slot_says_so(self, planned, door, live, console, passed):
        door.data("recommendVideo", videoId=passed("mute", files=()))
        planned("plays")

        assert live() == ["plays"]
        assert live(state="all") == ["plays", "mute"]
        (left_out,) = door.data("previewFeed")["leftOutList"]
        assert (left_out["entry"]["videoId"], left_out["reason"]) == ("mute", "noRendition")
        door.data("saveSlot", slot="feed", needsRendition="false")
        assert live() == ["plays", "mute"]

    @pytest.mark.settings(time_zone=ZoneInfo("America/Los_Angeles"))
    def test_times_that_clocks_skip_or_show_twice_are_refused(self, console, passed, clock, account, sign_in):
        clock.now = datetime(2027, 1, 1, tzinfo=ZONE).timestamp()
        token = sign_in(account)
        video = passed("v")

        def ask(time):
            return console.call("recommendVideo", {"videoId": video, "startTime": time}, token)

        skipped, twice = ask("2027-03-14 02:30"), ask("2027-11-07 01:30")

        assert skipped["code"] == twice["code"] == "400"
        assert "01:59:59-08:00" in skipped["message"]
        assert "03:00:00-07:00" in skipped["message"]
        assert "-07:00" in twice["message"]
        assert "-08:00" in twice["message"]
        assert ask("2027-11-07 01:30-07:00")["code"] == "200"

    def test_a_start_in_the_past_means_now_and_a_new_recommendation_makes_live_what_is_not(
        self, door, planned, live, clock
    ):  # fmt: skip
        planned("past", startTime="2018-01-01 00:00")
        planned("later", startTime=written(SEED_TIME + HOUR))
        planned("over", endTime=written(SEED_TIME + 60))
        clock.move(61)

        for name in ("later", "over"):
            door.data("recommendVideo", videoId=name)

        assert live() == ["over", "later", "past"]
        assert door.data("getRecommendVideos")["videoList"][2]["creationTime"] == f"{written(SEED_TIME)}.0"

    @pytest.mark.parametrize(
        "window",
        [
            {"endTime": "2018-01-01 00:00"},
            {"startTime": "2019-02-01 00:00", "endTime": "2019-02-01 00:00:59"},
            {"startTime": "2020-02-01 00:00"},
            {"startTime": "tomorrow"},
            {"startTime": "2019-02-01"},
        ],
    )
    def test_a_window_that_cannot_be_meant_is_refused(self, door, passed, window, live):
        answer = door("recommendVideo", videoId=passed("v"), **window)

        assert answer["code"] == "400"
        assert "Time" in answer["message"]
        assert live(state="all") == []


class TestTicks:
    def test_what_began_while_the_console_stood_still_is_right_at_once_and_told_once_and_late(
        self, planned, live, clock, console
    ):
        planned("eight", startTime=written(SEED_TIME + HOUR), endTime=written(SEED_TIME + 2 * HOUR))
        assert console.store.programme.next_due() == SEED_TIME + HOUR
        clock.move(HOUR + 600)

        assert live() == ["eight"]
        found = [console.store.programme.tick() for _ in range(2)]
        clock.move(HOUR)
        found.append(console.store.programme.tick())

        told = [[(one.event, one.video_id, one.due, one.late) for one in ticks] for ticks in found]
        assert told == [
            [("recommendation.started", "eight", SEED_TIME + HOUR, True)],
            [],
            [("recommendation.ended", "eight", SEED_TIME + 2 * HOUR, True)],
        ]
        assert console.store.programme.next_due() is None

    def test_one_of_two_processes_tells_it_and_nothing_is_written_while_nothing_is_due(
        self, planned, clock, console, settings
    ):
        planned("eight", startTime=written(SEED_TIME + HOUR))
        other = backend.open_console(settings, clock)
        clocks = [ProgrammeClock(one) for one in (console, other)]
        heard = []
        for one in clocks:
            one.listeners.append(heard.extend)
        version = console.store.version()
        assert [one.step() for one in clocks] == [0, 0]
        assert console.store.version() == version

        clock.move(HOUR)

        assert [one.step() for one in (*clocks, *clocks)] == [1, 0, 0, 0]
        assert [(one.event, one.late) for one in heard] == [("recommendation.started", False)]
        other.close()

    def test_what_is_live_at_once_is_told_with_the_recommendation(self, planned, console):
        planned("now")

        assert console.store.programme.tick() == []
        (row,) = console.store.programme.find_ticks()
        assert (row["event"], row["video_id"], row["late"]) == ("recommendation.started", "now", 0)


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


class TestTheWeek:
    @pytest.mark.parametrize(
        ("operation", "given"),
        [
            (operation, {name: time})
            for operation, name in (
                ("copyWeek", "toDate"), ("copyWeek", "fromDate"), ("getProgramme", "startTime"),
                ("getProgramme", "endTime"), ("previewFeed", "time"), ("saveSpecial", "startTime"),
                ("editRecommend", "endTime"),
            )
            for time in ("0001-01-01 00:00", "9999-12-30 23:59", "9999-12-31 23:59:59")
        ],
    )  # fmt: skip
    def test_times_at_the_ends_of_the_calendar_are_refused(self, door, operation, given):
        needed = {"copyWeek": {"toDate": "2019-01-20"}, "editRecommend": {"videoId": "a"}}.get(operation, {})

        assert door(operation, **needed | given)["code"] == "400"

    def test_what_passes_midnight_is_one_entry_in_a_week_of_seven_days(self, planned, door):
        planned("night", startTime="2019-01-10 22:00", endTime="2019-01-11 02:00")

        week = door.data("getProgramme")

        assert [day["date"] for day in week["dayList"]] == [f"2019-01-{day:02}" for day in range(7, 14)]
        (entry,) = week["entryList"]
        assert (entry["startTime"], entry["endTime"]) == ("2019-01-10 22:00:00.0", "2019-01-11 02:00:00.0")
        assert week["boundaryList"] == [entry["startTime"], entry["endTime"]]

    def test_a_week_that_is_over_is_copied_to_the_same_wall_times(self, planned, door, clock, live):
        planned("a", startTime="2019-01-10 20:00", endTime="2019-01-10 22:00", pin=2)
        planned("b", startTime="2019-01-11 20:00")
        clock.now = datetime(2019, 1, 15, tzinfo=ZONE).timestamp()

        copied = door.data("copyWeek", fromDate="2019-01-10", toDate="2019-01-20")

        assert copied["entries"] == 1
        assert [(one["videoId"], one["reason"]) for one in copied["leftOutList"]] == [("b", "running")]
        entries = {one["videoId"]: one for one in door.data("getProgramme")["entryList"]}
        assert (entries["a"]["startTime"], entries["a"]["endTime"]) == (
            "2019-01-17 20:00:00.0",
            "2019-01-17 22:00:00.0",
        )
        assert entries["a"]["pin"] == 2
        (moved,) = copied["movedList"]  # and has left the old week, as a video is in a slot once
        assert (moved["videoId"], moved["startTime"]) == ("a", "2019-01-10 20:00:00.0")
        assert door.data("getLineups")["lineupList"][0]["target"] == "2019-01-14"

    def test_a_copied_week_has_each_special_once_within_the_limits_of_time(self, planned, door, clock, passed):
        for name, start, end in (
            ("evening", "2019-01-17 20:00", "2019-01-17 22:00"),
            ("early", "2019-01-10", "2019-01-11"),
        ):
            times = {"startTime": f"{start} 00:00"[:16], "endTime": f"{end} 00:00"[:16]}
            door.data("saveSpecial", name=name, videoIds=passed(name), **times)

        first, second = (door.data("copyWeek", fromDate="2019-01-17", toDate="2019-01-24") for _ in range(2))
        refused = [door("copyWeek", toDate=day)["code"] for day in ("2019-01-03", "2032-01-01")]
        clock.now = datetime(2019, 1, 19, tzinfo=ZONE).timestamp()
        over = door.data("copyWeek", fromDate="2019-01-10", toDate="2019-01-17")

        assert (first["specials"], first["skippedSpecialList"]) == (1, [])
        assert (second["specials"], second["revision"]) == (0, first["revision"])
        assert [(one["name"], one["reason"]) for one in second["skippedSpecialList"]] == [("evening", "exists")]
        assert refused == ["400", "400"]
        assert [(one["name"], one["reason"]) for one in over["skippedSpecialList"]] == [("early", "past")]


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
