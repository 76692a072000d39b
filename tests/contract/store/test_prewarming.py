"""What is known of prewarmed URLs: each is sent once, whoever wants it, and its end is noted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from backend.errors import ConsoleError
from backend.model import Actor, JobKind, JobState, WarmState
from backend.model.warm_plan import (
    SLICE_SECONDS,
    PlanItem,
    PlanState,
    Room,
    SentBy,
    SentState,
    WarmCheck,
    WarmFile,
    WarmKind,
    Wish,
    day_end,
)
from backend.store.prewarming import KEPT_SECONDS
from tests.conftest import TESTS

TTL = 3600
URLS = ["https://cdn.example.com/1.mp4", "https://cdn.example.com/2.mp4"]
CLOCK = Actor("prewarm", "worker")
KINDS = (JobKind.PREWARM,)


@pytest.fixture
def prewarming(store):
    return store.prewarming


def item(url, known=None, starts=0, live=True):
    file = WarmFile(url, WarmKind.COVER, 100)
    return PlanItem(file, Wish("feed", 1, "v1", starts, live), PlanState.PLANNED, 0, 0, known)


def finish(jobs, *states):
    """Run the next batch: each of its URLs ends in its state."""
    job = jobs.claim_job(KINDS, "worker")
    facts = {"warmed": {at: (state, "HTTP 404" * (state == "failed")) for at, state in enumerate(states)}}
    if WarmState.FAILED in states:
        jobs.settle_failed(job, "worker", ConsoleError("no"), facts=facts)
    else:
        jobs.settle_done(job, "worker", (), facts)
    return job


def states(prewarming, *urls):
    known = prewarming.find_sent(urls or URLS)
    return [known[url].state if url in known else None for url in urls or URLS]


def test_a_batch_tells_of_each_address_while_it_runs(store, prewarming):
    prewarming.enqueue(URLS, TESTS)
    job = store.jobs.claim_job(KINDS, "worker")

    store.jobs.renew_lease(job, "worker", "", 0.5, {"warmed": {1: (WarmState.FAILED, "HTTP 404")}})

    told = [(one["url"], one["state"], one["detail"]) for one in prewarming.find_urls([job.job_id])[job.job_id]]
    assert told == [(URLS[0], "waiting", ""), (URLS[1], "failed", "HTTP 404")]
    assert states(prewarming) == [SentState.SENT, SentState.FAILED]


def test_what_became_of_an_address_is_known_with_time_and_who_sent_it(store, prewarming, clock):
    prewarming.enqueue(URLS, TESTS)
    sent = int(clock())
    clock.move(60)
    job = finish(store.jobs, WarmState.WARM, WarmState.FAILED)

    one, two = (prewarming.find_sent(URLS)[url] for url in URLS)
    assert (one.state, one.sent, one.warmed, one.actor, one.job_id) == (
        SentState.WARM, sent, int(clock()), TESTS.name, job.job_id,
    )  # fmt: skip
    assert (two.state, two.warmed, two.tries, two.detail) == (SentState.FAILED, 0, 1, "HTTP 404")


def test_what_is_warm_or_on_its_way_is_not_sent_again_but_listed(store, prewarming, clock):
    prewarming.enqueue(URLS[:1], TESTS)
    finish(store.jobs, WarmState.WARM)
    third = "https://cdn.example.com/3.mp4"

    assert prewarming.find_missing([*URLS, third], ttl=TTL) == [URLS[1], third]
    assert prewarming.enqueue([*URLS, third], TESTS, ttl=TTL)

    (batch,) = (job for job in store.jobs.find_jobs(kind=JobKind.PREWARM).items if job.state is JobState.QUEUED)
    assert batch.payload["urls"] == [URLS[1], third]
    told = prewarming.find_urls([batch.job_id])[batch.job_id]
    assert [(one["url"], one["state"], one["shared"]) for one in told] == [
        (URLS[1], "waiting", False), (third, "waiting", False), (URLS[0], "warm", True),
    ]  # fmt: skip
    assert not prewarming.enqueue([third], TESTS, ttl=TTL)  # on its way
    clock.move(TTL)
    assert prewarming.find_missing(URLS[:1], ttl=TTL) == URLS[:1]


def test_a_list_of_what_is_all_warm_is_done_at_once(store, prewarming):
    prewarming.enqueue(URLS, TESTS)
    finish(store.jobs, WarmState.WARM, WarmState.WARM)

    assert prewarming.enqueue(URLS, TESTS, ttl=TTL)

    newest = store.jobs.find_jobs(kind=JobKind.PREWARM).items
    assert [job.state for job in newest] == [JobState.DONE] * 2
    assert store.jobs.claim_job(KINDS, "worker") is None


def test_a_batch_that_was_cancelled_or_failed_as_a_whole_leaves_nothing_on_its_way(store, prewarming):
    prewarming.enqueue(URLS[:1], TESTS)
    store.jobs.cancel_job(store.jobs.find_jobs(kind=JobKind.PREWARM).items[0].job_id, TESTS)
    prewarming.enqueue(URLS[1:], TESTS)
    job = store.jobs.claim_job(KINDS, "worker")
    store.jobs.settle_failed(job, "worker", ConsoleError("The cloud is away."))

    assert states(prewarming) == [SentState.FAILED] * 2


def test_trying_a_batch_again_counts_its_failures(store, prewarming):
    prewarming.enqueue(URLS, TESTS)
    for tries in (1, 2):
        job = finish(store.jobs, WarmState.FAILED, WarmState.FAILED)
        assert prewarming.find_sent(URLS)[URLS[0]].tries == tries
        store.jobs.retry_job(job.job_id, TESTS)
    finish(store.jobs, WarmState.WARM, WarmState.WARM)

    assert states(prewarming) == [SentState.WARM] * 2


def test_of_a_plan_each_url_is_sent_once_however_many_processes_try(store, prewarming):
    plan = [item(url) for url in URLS]

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _: prewarming.send(plan, CLOCK, source=SentBy.AUTOMATIC), range(8)))

    assert sorted(sent) == [0] * 7 + [2]
    assert store.jobs.find_jobs(kind=JobKind.PREWARM).total == 1


def test_what_changed_since_the_plan_was_made_is_left_out(prewarming):
    plan = [item(url) for url in URLS]
    prewarming.enqueue(URLS[:1], TESTS)

    assert prewarming.send(plan, CLOCK, source=SentBy.PLAN) == 1


def test_slices_go_out_with_a_pause_between_them(prewarming, clock):
    assert prewarming.send([item(URLS[0])], CLOCK, source=SentBy.AUTOMATIC) == 1

    assert not prewarming.may_send()
    assert prewarming.send([item(URLS[1])], CLOCK, source=SentBy.AUTOMATIC) == 0
    clock.move(SLICE_SECONDS + 1)
    assert prewarming.send([item(URLS[1])], CLOCK, source=SentBy.AUTOMATIC) == 1


def test_the_plan_stays_within_its_share_of_the_quota_and_people_do_not(prewarming, clock):
    room = Room(500, 3, 0, day_end(clock()))
    plan = [item(f"https://cdn.example.com/{number}.jpg") for number in range(3)]

    assert prewarming.send(plan, CLOCK, source=SentBy.AUTOMATIC, room=room) == 2
    clock.move(SLICE_SECONDS + 1)
    assert prewarming.count_sent(room.day_ends - 86_400) == 2
    assert prewarming.send(plan[2:], CLOCK, source=SentBy.AUTOMATIC, room=room) == 0
    assert prewarming.send(plan[2:], TESTS, source=SentBy.PLAN, room=room) == 1


def test_what_had_no_quota_before_its_start_is_noted_for_that_start(prewarming):
    prewarming.skip([item(URLS[0], starts=1000, live=False)])

    found = prewarming.find_sent(URLS)[URLS[0]]
    assert (found.state, found.starts, found.sent) == (SentState.SKIPPED, 1000, 0)
    assert prewarming.send([item(URLS[0], known=found)], CLOCK, source=SentBy.AUTOMATIC) == 1
    assert states(prewarming)[0] is SentState.SENT


def test_a_region_knows_nothing_of_another(prewarming):
    prewarming.enqueue(URLS, TESTS, ttl=TTL, region="domestic")

    assert prewarming.find_missing(URLS, ttl=TTL, region="domestic") == []
    assert prewarming.find_missing(URLS, ttl=TTL, region="overseas") == URLS


def test_the_last_look_at_each_kind_of_file_is_kept(prewarming, clock):
    good = WarmCheck("cdn.example.com", WarmKind.COVER, URLS[0], int(clock()))
    bad = replace(good, problem=ConsoleError("It may not be cached ({why}).", why="private"))

    prewarming.note_checks([good])
    assert prewarming.find_checks() == [good]
    prewarming.note_checks([bad])

    (found,) = prewarming.find_checks()
    assert str(found.problem) == "It may not be cached (private)."


def test_old_urls_are_forgotten(store, prewarming, clock):
    prewarming.enqueue(URLS, TESTS)
    finish(store.jobs, WarmState.WARM, WarmState.WARM)
    clock.move(KEPT_SECONDS + 1)

    assert prewarming.prune() == 2
    assert states(prewarming) == [None, None]
