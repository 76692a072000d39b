"""Leases of clips by many at once: no clip to two people, no decision lost or doubled, by whichever store they come."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.errors import Conflict
from backend.model import Actor, CensorStatus, User, Verdict, Video, VideoFilter
from backend.model.review import Desk, Ruling

ADMIN = Actor("admin", "tests")
PASS = Ruling(Verdict.NORMAL, seconds=1.0)
BLOCK = Ruling(Verdict.BLOCKED, "why", reason_code="spam")
CLIPS, PEOPLE = 1000, 16
SECONDS = 300.0


def actor(name, request="r"):
    return Actor(name, "tests", request_id=request)


@pytest.fixture
def fill(store):
    def add(count):
        videos = [Video(f"v{n:04}", "clip", User("u"), 1_700_000_000 + n) for n in range(count)]
        store.catalogue.load_videos(videos, ADMIN)

    return add


@pytest.fixture
def take(store):
    """Takes clips for somebody, and returns their leases."""
    return lambda who="anne", count=1, held=(): store.review_leases.take(Desk(who), count, SECONDS, held)


def work(store, name, judged):
    """Judge clips until there are none; each third decision is sent twice, as by whoever got no answer."""
    number = 0
    while leases := store.review_leases.take(Desk(name), 3, SECONDS):
        for lease in leases:
            number += 1
            ruling = BLOCK if number % 4 == 0 else PASS
            made = store.review_decisions.decide(lease.key, ruling, actor(name, f"{name}-{number}"))
            if number % 3 == 0:
                again = store.review_decisions.decide(lease.key, ruling, actor(name, f"{name}-{number}-again"))
                assert again == made
            judged.append((lease.video_id, name, made.request_id))


def test_of_sixteen_people_at_once_nobody_gets_anothers_clip_and_each_clip_is_judged_once(store, open_again, fill):
    fill(CLIPS)
    stores, judged = [store, open_again()], []

    with ThreadPoolExecutor(PEOPLE) as pool:
        for one in [pool.submit(work, stores[n % 2], f"p{n}", judged) for n in range(PEOPLE)]:
            one.result()

    assert Counter(video for video, _, _ in judged) == Counter(f"v{n:04}" for n in range(CLIPS))
    lines = [line for line in store.history.find_history(limit=CLIPS * 3) if line.action == "createAudit"]
    assert sorted((line.target, line.actor.name, line.actor.request_id) for line in lines) == sorted(judged)
    assert store.catalogue.find_videos(VideoFilter(censor_status=CensorStatus.CHECK)).total == 0
    assert store.review_leases.find_all() == []
    assert store.history.verify().errors == []


def test_many_who_send_one_decision_at_once_make_one(store, open_again, fill, take):
    fill(1)
    key, stores, gate = take()[0].key, [store, open_again()], threading.Barrier(8)

    def send(number):
        gate.wait()
        return stores[number % 2].review_decisions.decide(key, PASS, actor("anne", str(number)))

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(send, range(8)))

    assert len({one.request_id for one in made}) == 1
    assert [line.action for line in store.history.find_history("v0000")].count("createAudit") == 1


def test_of_two_verdicts_for_one_lease_at_once_one_counts(store, open_again, fill, take):
    fill(1)
    key, other, gate = take()[0].key, open_again(), threading.Barrier(2)

    def send(one):
        room, ruling = one
        gate.wait()
        try:
            return room.review_decisions.decide(key, ruling, actor("anne")).verdict
        except Conflict as refused:
            return str(refused)

    with ThreadPoolExecutor(2) as pool:
        said = set(pool.map(send, [(store, PASS), (other, BLOCK)]))

    assert len(said & {Verdict.NORMAL, Verdict.BLOCKED}) == 1
    assert any(text.startswith("This clip was decided already") for text in said)


def test_a_verdict_from_elsewhere_at_the_same_time_leaves_one_and_tells_the_other(store, open_again, fill, take):
    fill(20)
    other, gate = open_again(), threading.Barrier(2)

    def elsewhere():
        for n in range(20):
            gate.wait()
            other.catalogue.record_audit(f"v{n:04}", Verdict.BLOCKED, "why", "", actor("ben"))

    refused = []
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(elsewhere)
        for n in range(20):
            (lease,) = take()
            assert lease.video_id == f"v{n:04}"
            gate.wait()
            try:
                store.review_decisions.decide(lease.key, PASS, actor("anne"))
            except Conflict:
                refused.append(lease.video_id)
        done.result()

    for n in range(20):
        lines = store.history.find_history(f"v{n:04}")
        names = [line.actor.name for line in lines if line.action == "createAudit"]
        assert names in (["ben"], ["ben", "anne"])
        assert (names == ["ben"]) is (f"v{n:04}" in refused)


def test_who_has_the_clip_now_cannot_decide_with_a_key_that_another_decided_with(store, fill, take):
    fill(1)
    old = take("anne")[0].key
    store.review_decisions.decide(old, PASS, actor("anne", "first"))
    store.review_decisions.undo(old, Desk("anne"), actor("anne", "undo"), SECONDS)
    store.review_leases.release(Desk("anne"))
    own = take("bob")[0].key

    with pytest.raises(Conflict, match="Decide with the key of your own lease"):
        store.review_decisions.decide(old, BLOCK, actor("bob"))

    assert store.review_decisions.find(old, "anne").undone
    assert store.review_decisions.decide(own, BLOCK, actor("bob")).verdict is Verdict.BLOCKED


class TestLeases:
    def test_the_oldest_clip_comes_first_and_a_lease_ends_by_the_clock(self, fill, take, clock):
        fill(3)
        assert [lease.video_id for lease in take("anne", 2)] == ["v0000", "v0001"]
        clock.move(SECONDS - 0.5)
        assert [lease.video_id for lease in take("ben", 3)] == ["v0002"]
        clock.move(1)
        assert [lease.video_id for lease in take("ben", 3)] == ["v0002", "v0000", "v0001"]

    def test_renewing_what_another_took_renews_nothing(self, store, fill, take, clock):
        fill(1)
        (mine,) = take()
        clock.move(SECONDS + 1)
        (bens,) = take("ben")

        assert store.review_leases.renew("anne", [mine.key], SECONDS) == []
        assert store.review_leases.renew("ben", [bens.key], SECONDS) == [bens]
        with pytest.raises(Conflict, match="ben has this clip now"):
            store.review_decisions.decide(mine.key, PASS, actor("anne"))

    @pytest.mark.parametrize("end", ["verdict", "trash", "deletion", "undo"])
    def test_whatever_else_happens_to_the_video_ends_the_lease(self, store, fill, take, end, clock):
        fill(1)
        if end == "undo":
            store.catalogue.record_audit("v0000", Verdict.BLOCKED, "why", "", ADMIN)
            store.catalogue.undo_audit("v0000", ADMIN)
        (mine,) = take()
        act = {
            "verdict": lambda: store.catalogue.record_audit("v0000", Verdict.NORMAL, "", "", ADMIN),
            "trash": lambda: store.trash.put("v0000", "u", int(clock()) + 99, ADMIN),
            "deletion": lambda: store.catalogue.delete_video("v0000", "u", ADMIN),
            "undo": lambda: store.catalogue.record_audit("v0000", Verdict.BLOCKED, "again", "", ADMIN),
        }
        act[end]()

        assert store.review_leases.find_all() == []
        with pytest.raises(Conflict):
            store.review_decisions.decide(mine.key, PASS, actor("anne"))

    def test_who_waits_for_clips_writes_nothing(self, store, fill, take):
        fill(1)
        (mine,) = take()
        before = store.version()

        assert take("ben", 3) == []
        assert [lease.key for lease in take("anne", 3, [mine.key])] == []
        store.review_leases.count_queue("ben")

        assert store.version() == before
