"""A receiver that believes every event knows the catalogue, whatever is changed in whatever order."""

from __future__ import annotations

import itertools
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.errors import BadRequest, Conflict, NotFound
from backend.model import SECONDS_A_DAY
from backend.model.programme import Scheduling
from backend.model.wall_times import TypedTime
from tests.conftest import TESTS
from tests.contract.store.webhooks.changes import (
    COMMON,
    HOOK,
    OWNER,
    SOURCE,
    add,
    approve,
    block,
    events,
)

ROUNDS = itertools.count()
CHANGES = ("approve", "block", "undo", "undo", "trash", "restore", "purge", "delete", "recommend", "schedule", "extend",
           "cancel", "old lineup", "wait", "tick")  # fmt: skip


def apply(store, clock, change, video_id, minutes, first):
    now = int(clock())
    later = TypedTime(now + minutes * 60, "", "")
    window = Scheduling(later, TypedTime(later.at + 120, "", ""))
    do = {
        "approve": lambda: approve(store, video_id),
        "block": lambda: block(store, video_id),
        "undo": lambda: store.catalogue.undo_audit(video_id, TESTS),
        "trash": lambda: store.trash.put(video_id, OWNER.user_id, now + 9, TESTS),
        "restore": lambda: store.trash.restore(video_id, TESTS),
        "purge": lambda: store.trash.forget(video_id, TESTS),
        "delete": lambda: store.catalogue.delete_video(video_id, OWNER.user_id, TESTS),
        "recommend": lambda: store.catalogue.recommend(video_id, {}, TESTS),
        "schedule": lambda: store.catalogue.recommend(video_id, {}, TESTS, wanted=window),
        "extend": lambda: store.programme_changes.edit("feed", video_id, Scheduling(ends=window.ends), TESTS),
        "cancel": lambda: store.catalogue.cancel_recommendation(video_id, TESTS),
        "old lineup": lambda: store.programme_changes.restore("feed", first + minutes, TESTS),
        "wait": lambda: clock.move(minutes * 60),
        "tick": lambda: None,
    }
    with suppress(NotFound, Conflict, BadRequest):
        do[change]()
    store.programme.tick()  # as the programme's clock does each second


class Mirror:
    """What a receiver knows that believes every event, in order. It wonders where one says what it knows already."""

    def __init__(self):
        self.here, self.review, self.live, self.wonders = set(), {}, set(), []

    def take(self, event):
        kind, data = event["type"], event["data"]
        video_id = data.get("videoId")
        expected = {
            "video.uploaded": video_id not in self.here,
            "video.restored": video_id not in self.here,
            "video.deleted": video_id in self.here,
            "video.approved": self.review.get(video_id) != "success",
            "video.blocked": self.review.get(video_id) != "fail",
            "video.review_reopened": self.review.get(video_id) in ("success", "fail"),
            "recommendation.started": video_id not in self.live,
            "recommendation.ended": video_id in self.live,
        }
        if not expected.get(kind, True):
            self.wonders.append(event)
        if kind in ("video.uploaded", "video.restored"):
            self.here.add(video_id)
            self.review[video_id] = data["censorStatus"]
        elif kind == "video.deleted":
            self.here.discard(video_id)
            self.review.pop(video_id, None)
        elif kind == "recommendation.started":
            self.live.add(video_id)
        elif kind == "recommendation.ended":
            self.live.discard(video_id)
        elif kind.startswith("video."):
            self.review[video_id] = data["censorStatus"]


@example([("wait", 0, 1), ("trash", 1, 0), ("wait", 0, 2), ("restore", 1, 0)])  # it ended meanwhile
@example([("schedule", 0, 1), ("wait", 0, 3)])  # it began and ended between two ticks
@example([("wait", 0, 1), ("cancel", 1, 0)])
@settings(max_examples=80)
@given(changes=st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 1), st.integers(0, 4)), max_size=16))
def test_whoever_believes_every_event_knows_the_catalogue(store, clock, changes):
    for old in store.webhooks.find():
        store.webhooks.delete(old.webhook_id, TESTS)
    clock.move(SECONDS_A_DAY)
    store.programme.tick()
    hook, turn = store.webhooks.add(HOOK, "", (), TESTS), next(ROUNDS)
    first = store.programme.get("feed").revision + 1
    videos = [add(store, f"{turn}-{number}", files=(SOURCE, COMMON)).video_id for number in range(2)]

    for change, number, minutes in (("approve", 0, 0), ("approve", 1, 0), ("schedule", 1, 0), *changes):
        apply(store, clock, change, videos[number], minutes, first)

    mirror = Mirror()
    for event in events(store, hook):
        mirror.take(event)
    own = store.catalogue.find_known(videos)
    assert mirror.wonders == []
    assert mirror.here == set(own)
    assert mirror.review == {video_id: video.censor_status.value for video_id, video in own.items()}
    now = int(clock())
    programme = store.programme.get("feed")
    live = {one.video_id for one in programme.entries if one.starts <= now and (one.ends is None or now < one.ends)}
    assert mirror.live == live & set(videos)
