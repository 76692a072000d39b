"""The plan of prewarming as clients see it: what is warm, what is sent when, what a person sends, and who sent what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.lifecycle.prewarmer import Prewarmer, is_automatic
from backend.model import CensorStatus, FileKind, JobKind, MediaFile, User, WarmState
from backend.model.limits import write_time
from backend.model.warm_plan import LEAD_SECONDS
from tests.conftest import TESTS

HOST = "cdn.invalid"
IN_FRONT = pytest.mark.settings(public_url=f"http://{HOST}", prewarm_hosts=(HOST,))
FILES = ((FileKind.COVER, "cover.jpg"), (FileKind.FIRST_FRAME, "first.jpg"), (FileKind.COMMON, "common-720.mp4"))


@pytest.fixture
def shown(console, make_video):
    """Puts a clip into the feed, and returns its id."""

    def make(number=1):
        files = tuple(MediaFile(kind, name, 100) for kind, name in FILES)
        made = make_video(censor_status=CensorStatus.SUCCESS, status="Normal", files=files, user=User(f"u{number}"))
        console.store.catalogue.recommend(made.video_id, {}, TESTS)
        return made.video_id

    return make


@pytest.fixture
def finish(console):
    """Ends the batch that waits: each URL in its state."""

    def end(*states):
        job = console.store.jobs.claim_job([JobKind.PREWARM], "worker")
        facts = {"warmed": {at: (state, "") for at, state in enumerate(states)}}
        console.store.jobs.settle_done(job, "worker", (), facts)

    return end


@IN_FRONT
@pytest.mark.every_door
def test_the_plan_tells_of_each_slot_how_many_clips_are_warm_and_of_each_url_what_becomes_of_it(
    door, console, shown, finish, clock
):
    shown(1)
    clock.move(1)
    second = shown(2)

    plan = door.data("getPrewarmPlan")
    (slot,) = plan["slotList"]
    assert [slot[name] for name in ("slot", "total", "warm", "planned")] == ["feed", 2, 0, 2]
    assert (plan["automatic"], plan["quota"], plan["total"]) == (True, None, 6)
    assert (plan["urlList"][0]["videoId"], plan["urlList"][0]["kind"]) == (second, "cover")
    assert plan["urlList"][0]["url"].startswith(f"http://{HOST}/media/{second}/")

    assert Prewarmer(console).step() == 6
    (slot,) = door.data("getPrewarmPlan")["slotList"]
    assert (slot["sent"], slot["planned"]) == (2, 0)
    finish(*[WarmState.WARM] * 6)

    (slot,) = door.data("getPrewarmPlan")["slotList"]
    assert (slot["warm"], slot["total"]) == (2, 2)
    (one,) = door.data("getPrewarmPlan", videoId=second, pageSize=1)["urlList"]
    assert (one["state"], one["actor"], one["size"]) == ("warm", "prewarm", 100)
    assert one["warmUntil"] > one["sentTime"] > ""
    assert door.data("getPrewarmPlan", state="failed")["total"] == 0


@IN_FRONT
@pytest.mark.every_door
def test_what_starts_later_is_told_with_the_time_when_it_is_sent(door, console, shown, clock):
    video_id = shown()
    console.store.catalogue.cancel_recommendation(video_id, TESTS)
    start = int(clock()) + 5 * 3600
    zone = console.settings.time_zone
    door.data("recommendVideo", videoId=video_id, startTime=write_time(start, zone))

    (slot,) = door.data("getPrewarmPlan")["slotList"]
    assert slot["total"] == 0
    assert slot["startList"] == [
        {
            "startTime": f"{write_time(start, zone)}.0", "sendTime": f"{write_time(start - LEAD_SECONDS, zone)}.0",
            "state": "planned", "clipCount": 1, "urlCount": 3,
        }
    ]  # fmt: skip
    assert Prewarmer(console).step() == 0
    clock.move(5 * 3600 - LEAD_SECONDS)
    assert Prewarmer(console).step() == 3


@IN_FRONT
@pytest.mark.every_door
def test_a_person_sends_the_plan_at_once_and_the_history_tells_who(door, console, shown):
    video_id = shown()

    assert door.data("sendPrewarmPlan", videoId=video_id)["count"] == 3
    assert door.data("sendPrewarmPlan")["count"] == 0

    found = door.data("getPrewarmHistory")
    assert (found["total"], found["hostList"]) == (1, [HOST])
    (one,) = found["sendList"]
    assert (one["source"], one["actor"], one["job"]["kind"]) == ("plan", "anne", "prewarm")
    assert [(url["state"], url["size"], url["videoId"]) for url in one["urlList"]] == [("waiting", 100, video_id)] * 3
    line = next(line for line in console.store.history.find_history() if line.action == "sendPrewarmPlan")
    assert (line.actor.name, line.after) == ("anne", {"count": 3})


@IN_FRONT
def test_lists_typed_by_hand_and_the_plan_know_of_each_other(door, shown):
    shown()
    cover = door.data("getPrewarmPlan")["urlList"][0]["url"]

    door.data("pushObjectCache", objectPath=cover)

    assert door.data("getPrewarmPlan")["urlList"][0]["state"] == "sent"
    assert door.data("sendPrewarmPlan")["count"] == 2
    assert {one["source"] for one in door.data("getPrewarmHistory")["sendList"]} == {"hand", "plan"}


@IN_FRONT
def test_a_clip_that_is_blocked_leaves_the_plan(door, shown):
    video_id = shown()
    door.data("createAudit", mediaId=video_id, status="Blocked", reason="why")

    assert door.data("getPrewarmPlan")["total"] == 0


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, False),
        ({"prewarm_hosts": (HOST,)}, False),  # files of others
        ({"public_url": "https://console.example.com"}, False),  # a proxy that keeps nothing
        ({"public_url": f"https://{HOST}", "prewarm_hosts": (HOST,)}, True),
        ({"public_url": f"https://{HOST}", "prewarm_hosts": (HOST,), "prewarm_plan": "off"}, False),
        ({"prewarm_plan": "on"}, True),
    ],
)
def test_without_cloud_the_plan_is_sent_by_itself_only_where_the_operator_named_a_cache(console, changes, answer):
    console.settings = replace(console.settings, **{"prewarm_hosts": (), **changes})

    assert is_automatic(console) is answer


def test_where_no_cache_was_named_nothing_is_fetched(door, console, shown):
    shown()

    assert Prewarmer(console).step() == 0
    assert console.store.jobs.find_jobs(kind=JobKind.PREWARM).total == 0
    assert door.data("getPrewarmPlan")["automatic"] is False
