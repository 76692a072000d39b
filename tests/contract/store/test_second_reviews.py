"""Second reviews and known clips in whichever store: who gets what, that nothing changes a video, and the recount."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.errors import Conflict
from backend.model import Actor, CensorStatus, User, Verdict, Video
from backend.model.review import Desk, LeaseKind, Ruling

ADMIN = Actor("admin", "tests")
PASS = Ruling(Verdict.NORMAL, seconds=3.0)
BLOCK = Ruling(Verdict.BLOCKED, "why", reason_code="spam", seconds=3.0)
SECONDS = 300.0
ALL = {"second_reviews": True, "newcomer_decisions": 1000, "maximum": 100.0}


@pytest.fixture
def fill(store):
    def add(count, start=0):
        videos = [
            Video(f"v{n:04}", "clip", User("u"), 1_700_000_000 + n, duration=9.0) for n in range(start, start + count)
        ]
        store.catalogue.load_videos(videos, ADMIN)

    return add


@pytest.fixture
def rules(store):
    return lambda **given: store.review_sampling.change(given, ADMIN)


@pytest.fixture
def take(store):
    return lambda who="anne", count=1: store.review_leases.take(Desk(who), count, SECONDS)


@pytest.fixture
def decide(store):
    numbers = iter(range(10_000))

    def send(lease, ruling=PASS, **given):
        actor = Actor(lease.holder, "tests", request_id=f"r{next(numbers)}")
        return store.review_decisions.decide(lease.key, ruling, actor, **given)

    return send


@pytest.fixture
def drawn(fill, rules, take, decide):
    """A clip that anne judged and a second person is to see."""

    def make(ruling=PASS):
        rules(**ALL)
        fill(1)
        (lease,) = take("anne")
        return decide(lease, ruling)

    return make


def state(store, video_id="v0000"):
    return store.catalogue.get_video(video_id), [line.action for line in store.history.find_history(video_id)]


@pytest.mark.parametrize("first", [PASS, BLOCK])
@pytest.mark.parametrize("second", [PASS, BLOCK])
def test_a_second_opinion_of_another_person_changes_nothing(store, take, decide, drawn, first, second):
    made = drawn(first)
    before = state(store)

    assert take("anne", 3) == []
    (lease,) = take("ben", 3)
    answer = decide(lease, second)

    assert (lease.kind, answer.video_id, answer.verdict) == (LeaseKind.SECOND, made.video_id, second.verdict)
    assert state(store) == before
    assert take("cleo", 3) == []
    assert decide(lease, second) == answer


def test_nobody_reviews_again_unless_it_is_wanted(store, fill, take, decide):
    fill(1)
    decide(take()[0])
    assert take("ben", 3) == []


def test_taking_the_first_decision_back_takes_its_drawing_back(store, take, drawn):
    made = drawn()
    (second,) = take("ben")

    lease = store.review_decisions.undo(made.key, Desk("anne"), Actor("anne", "tests"), SECONDS)

    assert (lease.holder, lease.kind) == ("anne", LeaseKind.FIRST)
    assert [one.holder for one, _ in store.review_leases.find_all()] == ["anne"]
    with pytest.raises(Conflict, match="anne has this clip now"):
        store.review_decisions.decide(second.key, PASS, Actor("ben", "tests"))
    store.review_leases.release(Desk("anne"))
    assert take("ben")[0].kind is LeaseKind.FIRST


def test_a_second_opinion_is_taken_back_skipped_and_handed_on_as_any(store, take, decide, drawn, clock):
    drawn()
    before = state(store)
    ben, desk = Actor("ben", "tests"), Desk("ben")
    (lease,) = take("ben")
    decide(lease, BLOCK)

    again = store.review_decisions.undo(lease.key, desk, ben, SECONDS)
    assert (again.kind, again.video_id) == (LeaseKind.SECOND, "v0000")
    assert store.review_decisions.undo(lease.key, desk, ben, SECONDS) == again
    store.review_decisions.skip(again.key, "ben")
    assert take("ben") == []
    assert store.review_decisions.undo(again.key, desk, ben, SECONDS).kind is LeaseKind.SECOND
    (mine,) = [one for one, _ in store.review_leases.find_all()]
    store.review_decisions.ask(mine.key, "what is that?", ben)
    assert take("ben") == []
    assert store.review_leases.count_queue("ben").asked == 1
    (cleos,) = take("cleo")
    decide(cleos)

    assert store.review_leases.count_queue("ben").asked == 0
    assert state(store) == before


@pytest.mark.parametrize("change", ["verdict", "trash"])
def test_a_video_that_changes_meanwhile_needs_no_second_opinion(store, take, drawn, change, clock):
    drawn()
    (lease,) = take("ben")
    if change == "verdict":
        store.catalogue.record_audit("v0000", Verdict.BLOCKED, "why", "", ADMIN)
    else:
        store.trash.put("v0000", "u", int(clock()) + 99, ADMIN)

    assert store.review_leases.find_all() == []
    assert take("cleo", 3) == []
    with pytest.raises(Conflict):
        store.review_decisions.decide(lease.key, PASS, Actor("ben", "tests"))


def test_what_the_first_reviewer_sees_of_the_queue_does_not_tell(store, fill, take, drawn, clock):
    drawn()
    take("ben")
    clock.move(9)
    fill(1, start=1)

    anne, cleo = (store.review_leases.count_queue(name) for name in ("anne", "cleo"))

    assert (anne.waiting, anne.free, anne.with_others, anne.oldest) == (1, 1, 0, clock.now)
    assert (cleo.waiting, cleo.free, cleo.with_others, cleo.oldest) == (2, 1, 1, clock.now - 9)


def test_who_lost_a_clip_and_may_get_it_again_is_not_told_the_verdict(store, fill, rules, take, decide, clock):
    rules(**ALL)
    fill(1)
    (bens,) = take("ben")
    clock.move(SECONDS + 1)
    decide(take("anne")[0], BLOCK)

    with pytest.raises(Conflict, match="Your hold on this clip has ended"):
        store.review_decisions.decide(bens.key, PASS, Actor("ben", "tests"))
    assert take("ben")[0].kind is LeaseKind.SECOND


def test_the_drawing_can_be_recounted_from_the_keys(store, fill, rules, take, decide, clock):
    rules(second_reviews=True, approvals=20.0, blocks=60.0, newcomer_decisions=5, reason_codes=["spam"], maximum=40.0)
    fill(80)
    chance = random.Random(7)
    for number in range(80):
        (lease,) = take(f"p{number % 3}")
        code = chance.choice(["spam", "abuse"])
        ruling = PASS if chance.random() < 0.7 else Ruling(Verdict.BLOCKED, "w", reason_code=code, seconds=3)
        made = decide(lease, ruling)
        if made.kind is LeaseKind.FIRST and number % 10 == 0:
            store.review_decisions.undo(made.key, Desk(lease.holder), Actor(lease.holder, "tests"), SECONDS)
            store.review_leases.release(Desk(lease.holder))
        clock.move(10)

    counted, stored = store.review_sampling.recount()

    assert counted == stored
    assert stored


def test_as_many_as_are_wanted_of_a_persons_first_fifty_of_each_day_are_drawn(store, fill, rules, take, decide, clock):
    rules(second_reviews=True, approvals=0.0, newcomer_decisions=0, daily_minimum=2)
    fill(100)
    for drawn in (2, 4):
        day_start = clock.now
        for _ in range(50):
            decide(take()[0], day_start=day_start)
        assert len(store.review_sampling.recount()[1]) == drawn
        clock.move(1000)


def test_many_at_once_review_once_and_some_again_and_nobody_their_own(store, open_again, fill, rules):
    rules(**ALL | {"maximum": 30.0})
    fill(120)
    stores, judged = [store, open_again()], []

    def work(number):
        name, here = f"p{number % 4}", stores[number % 2]
        while leases := here.review_leases.take(Desk(name, str(number)), 3, SECONDS):
            for turn, lease in enumerate(leases):
                ruling = BLOCK if (number + turn) % 3 == 0 else PASS
                made = here.review_decisions.decide(lease.key, ruling, Actor(name, "tests", request_id=lease.key))
                judged.append((made.video_id, made.kind, name))

    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(work, number) for number in range(8)]:
            one.result()

    counts = Counter((video, kind) for video, kind, _ in judged)
    assert set(counts.values()) == {1}
    firsts = {video: name for video, kind, name in judged if kind is LeaseKind.FIRST}
    seconds = {video: name for video, kind, name in judged if kind is LeaseKind.SECOND}
    assert len(firsts) == 120
    assert seconds
    assert all(firsts[video] != name for video, name in seconds.items())
    counted, stored = store.review_sampling.recount()
    assert counted == stored
    assert len(stored) >= len(seconds)
    lines = Counter(line.target for line in store.history.find_history(limit=2000) if line.action == "createAudit")
    assert set(lines.values()) == {1}
    assert len(lines) == 120
    assert store.history.verify().errors == []


class TestKnownClips:
    @pytest.fixture
    def settled(self, store, fill, take, decide, drawn):
        """A clip that anne and ben blocked, others that wait, and someone who takes until a known clip comes."""
        drawn(BLOCK)
        decide(take("ben")[0], BLOCK)
        fill(3, start=1)

        def find(who, tries=60):
            for _ in range(tries):
                if found := [one for one in take(who) if one.kind is LeaseKind.PROBE]:
                    return found[0]
                store.review_leases.release(Desk(who))
            return None

        return find

    def test_there_are_none_unless_they_are_wanted(self, settled):
        assert settled("cleo") is None

    def test_each_comes_once_to_others_than_those_who_blocked_it_and_changes_nothing(
        self, store, rules, settled, decide
    ):
        rules(known_clips=100.0)
        before = state(store)
        assert settled("anne") is None
        assert settled("ben") is None

        made = decide(settled("cleo"), PASS)

        assert made.kind is LeaseKind.PROBE
        assert store.second_reviews.find_block("v0000") == ("why", "spam")
        assert settled("cleo") is None
        assert state(store) == before
        with pytest.raises(Conflict, match="known clip"):
            store.review_decisions.undo(made.key, Desk("cleo"), Actor("cleo", "tests"), SECONDS)
        assert store.review_decisions.count_since("cleo", 0) == 0
        assert [one.user_name for one in store.review_figures.find(0, 2e9).people] == ["anne", "ben"]

    def test_none_comes_when_nothing_else_waits_or_it_is_not_blocked_any_more(self, store, rules, settled):
        rules(known_clips=100.0)
        store.catalogue.record_audit("v0000", Verdict.NORMAL, "", "", ADMIN)
        assert settled("cleo") is None
        store.catalogue.record_audit("v0000", Verdict.BLOCKED, "why", "", ADMIN)
        assert settled("cleo")
        store.review_leases.release(Desk("cleo"))
        for number in range(1, 4):
            store.catalogue.record_audit(f"v000{number}", Verdict.NORMAL, "", "", ADMIN)
        assert settled("cleo") is None

    def test_it_is_skipped_and_asked_about_without_a_trace(self, store, rules, settled, clock):
        rules(known_clips=100.0)
        before = state(store)
        store.review_decisions.skip(settled("cleo").key, "cleo")
        assert settled("cleo") is None
        clock.move(601)
        store.review_decisions.ask(settled("cleo").key, "?", Actor("cleo", "tests"))

        assert settled("cleo") is None
        assert store.review_leases.count_queue("cleo").asked == 0
        assert state(store) == before
        assert store.catalogue.get_video("v0000").censor_status is CensorStatus.FAIL
