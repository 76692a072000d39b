"""reportEvents: what phones report of the feed, as hourly sums and nothing else."""

from __future__ import annotations

import json

import pytest

from backend.model.feed import FeedVersion


@pytest.fixture
def shown(console, make_video):
    """The version of the feed that phones were shown, with three clips of 12 seconds."""
    ids = tuple(make_video().video_id for _ in range(3))
    version = FeedVersion("v1", "feed", 7, ids)
    console.store.feed_versions.note_shown(version)
    return version


@pytest.fixture
def report(door, shown, clock):
    """Reports events as a phone does, whose clock is right unless a test says otherwise."""
    key = door.data("addFeedKey")["key"]

    def send(*events, batch="batch 1", sent=None, **given):
        sent = int(clock() * 1000) if sent is None else sent
        return door(
            "reportEvents",
            token="",
            **{"key": key, "batchId": batch, "sentAt": sent, "events": json.dumps(events)} | given,
        )

    return send


@pytest.fixture
def event(shown, clock):
    def make(kind="impression", place=1, **given):
        known = {"type": kind, "videoId": shown.video_ids[place - 1], "version": "v1", "place": place}
        return {**known, "at": int(clock() * 1000) - 1000, **given}

    return make


def figures(console):
    with console.store.engine.feed_reading() as db:
        rows = list(db.query("select * from feed_figures order by hour, place"))
    return [tuple(row[name] for name in ("place", "impressions", "plays", "completes", "skips")) for row in rows]


@pytest.mark.every_door
def test_phones_report_without_a_token(report, event, console):
    answer = report(event(), event("complete", watchMs=12_000), event("skip", place=2, watchMs=900))

    assert answer["data"] == {"accepted": 3, "repeated": False, "refusedList": []}
    assert figures(console) == [(1, 1, 0, 1, 0), (2, 0, 0, 0, 1)]


def test_a_batch_sent_three_times_counts_once(report, event, console):
    answers = [report(event())["data"] for _ in range(3)]

    assert [(one["accepted"], one["repeated"]) for one in answers] == [(1, False), (0, True), (0, True)]
    assert figures(console) == [(1, 1, 0, 0, 0)]


@pytest.mark.parametrize("viewers", [30, pytest.param(1000, marks=pytest.mark.slow)])
def test_viewers_behind_one_address_are_as_many_as_they_are(report, event, console, viewers):
    for number in range(viewers):
        report(event(), batch=f"phone {number}")

    assert figures(console) == [(1, viewers, 0, 0, 0)]


def test_a_wrong_clock_is_corrected_by_when_the_batch_was_sent(report, event, console, clock):
    wrong = 1_000_000  # the phone believes that it is 1970

    report(event(at=wrong - 3_600_000), sent=wrong)

    with console.store.engine.feed_reading() as db:
        assert db.execute("select hour from feed_figures").fetchall() == [(int(clock() // 3600) - 1,)]


def test_what_does_not_count_is_refused_one_by_one(report, event, console, clock):
    now = int(clock() * 1000)
    wrong = {
        "invalid": event(watchMs="long"),
        "unknownVersion": event(version="v2"),
        "notAtPlace": event(place=2, videoId=event()["videoId"]),
        "tooOld": event(at=now - 7 * 86_400_000 - 1),
        "inFuture": event(at=now + 300_001),
        "watchedTooLong": event("play", watchMs=120_001),
    }

    answer = report(event(place=3), *wrong.values())

    assert answer["data"]["accepted"] == 1
    assert {one["index"]: one["reason"] for one in answer["data"]["refusedList"]} == dict(enumerate(wrong, 1))
    assert figures(console) == [(3, 1, 0, 0, 0)]


def test_a_playback_counts_only_as_what_it_was(report, event, console):
    """The clips have 12 seconds."""
    right = [("complete", 11_400), ("complete", 30_000), ("skip", 2_000), ("skip", 0), ("play", 1), ("play", 11_000)]
    wrong = [("complete", 1), ("complete", 10_899), ("skip", 2_501), ("play", 0)]

    answer = report(*(event(kind, watchMs=watched) for kind, watched in [*right, *wrong]))["data"]

    assert answer["accepted"] == len(right)
    assert {one["index"]: one["reason"] for one in answer["refusedList"]} == dict.fromkeys(range(6, 10), "notAsWatched")
    assert figures(console) == [(1, 0, 2, 2, 2)]


def test_a_deleted_video_is_not_counted_any_more(report, event, console, token):
    video = console.store.catalogue.get_video(event()["videoId"])
    console.call("deleteVideoById", {"videoId": video.video_id, "userId": video.user.user_id}, token)

    assert report(event())["data"]["refusedList"] == [{"index": 0, "reason": "unknownVideo"}]


def test_places_beyond_20_are_counted_together(report, console, make_video, clock):
    ids = tuple(make_video().video_id for _ in range(25))
    console.store.feed_versions.note_shown(FeedVersion("long", "feed", 1, ids))
    at = int(clock() * 1000)

    report(*({"type": "impression", "videoId": ids[place - 1], "version": "long", "place": place, "at": at}
             for place in (20, 21, 25)))  # fmt: skip

    assert sorted(row[0] for row in figures(console)) == [20, 21, 21]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"key": "qf_wrong"}, "403"),
        ({"key": ""}, "400"),
        ({"batchId": " "}, "400"),
        ({"sentAt": "now"}, "400"),
        ({"events": "{}"}, "400"),
        ({"events": json.dumps([{}] * 101)}, "400"),
    ],
)
def test_a_batch_that_cannot_be_read_changes_nothing(report, event, console, given, code):
    assert report(event(), **given)["code"] == code
    assert figures(console) == []


def test_a_batch_larger_than_64_kb_is_refused(server, http):
    answer = http.post(f"{server}/vodVideo/reportEvents", json={"events": ["x" * 70_000]})

    assert answer.status_code == 413


def test_a_json_body_is_what_phones_send(server, http, door, event, clock):
    key = door.data("addFeedKey")["key"]
    body = {"batchId": "b", "sentAt": int(clock() * 1000), "events": [event(), event("play", watchMs=5000)]}

    answer = http.post(f"{server}/vodVideo/reportEvents?key={key}", json=body).json()

    assert (answer["code"], answer["data"]["accepted"]) == ("200", 2)


def test_no_address_and_no_single_event_is_stored(report, event, console):
    report(event())

    console.store.close()
    kept = b"".join(path.read_bytes() for path in console.settings.data.glob("feed.sqlite3*"))
    assert b"127.0.0.1" not in kept
    assert b"batch 1" not in kept


@pytest.mark.every_door
def test_what_was_reported_is_shown_by_clip_place_hour_and_revision(report, event, door, console, shown):
    for number in range(5):
        report(event(), event("complete", watchMs=12_000), event(place=2), batch=f"phone {number}")
    report(event(place=2), event("skip", place=2, watchMs=1200), batch="one more")

    clips = door.data("getFeedStatistics")["figureList"]
    assert [(one["videoId"], one["impressions"], one["plays"], one["rank"]) for one in clips] == [
        (shown.video_ids[1], 6, 0, None), (shown.video_ids[0], 5, 5, None),
    ]  # fmt: skip
    assert (clips[1]["title"], clips[1]["watchedShare"], clips[1]["comparedPlays"]) == ("test video", 1.0, None)
    assert clips[1]["playRate"] == {"rate": 1.0, "low": 0.5655, "high": 1.0}
    assert (clips[0]["skipRate"]["rate"], clips[0]["watchedShare"]) == (1.0, 0.1)
    (hour,) = door.data("getFeedStatistics", by="hour")["figureList"]
    assert (hour["hour"], hour["impressions"]) == ("2019-01-09 22:00:00.0", 11)
    assert [one["place"] for one in door.data("getFeedStatistics", by="place")["figureList"]] == [1, 2]
    assert [one["revision"] for one in door.data("getFeedStatistics", by="revision")["figureList"]] == [7]
    assert door.data("getFeedStatistics", slot="other") == {"total": 0, "figureList": []}
    assert door("getFeedStatistics", startTime="2018-01-01")["code"] == "400"
