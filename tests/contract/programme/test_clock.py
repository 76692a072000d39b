"""The recommendation programme by the clock: what begins and ends, and the week."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

import backend
from backend.lifecycle.programme_clock import ProgrammeClock
from tests.clock import SEED_TIME
from tests.contract.programme.conftest import HOUR, ZONE, written


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

    def test_what_was_told_is_kept_for_weeks_and_not_for_ever(self, planned, console, clock):
        planned("now")
        planned("later", startTime=written(SEED_TIME + 36 * 24 * HOUR))
        clock.move(36 * 24 * HOUR)

        assert [one.video_id for one in console.store.programme.tick()] == ["later"]
        assert [row["video_id"] for row in console.store.programme.find_ticks()] == ["later"]


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
