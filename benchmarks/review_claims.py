"""What taking clips at the review desk costs among very many videos, with the wait for the disk.

    python benchmarks/catalogue.py FOLDER --rows 100000 --times 10
    python benchmarks/review_claims.py FOLDER [--rounds 2000] [--people 10] [--decide 1000]

The folder is a data folder, and it is changed: clips are leased and given back; with `--decide` so many are judged.
Each call takes three clips, as takeReview does. `processor` is the median time of the thread that asks.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from backend.model import Actor, CensorStatus, Verdict, VideoFilter
from backend.model.review import Desk, Lease, Ruling
from backend.store import Store, open_store
from backend.store.review_queues import MAX_QUEUES

SECONDS, TAKEN = 300.0, 3
SKIPPED = 500
LINE = "{0:38} {1:>7} {2:>8} {3:>8} {4:>8} {5:>12}"

Times: TypeAlias = list[tuple[float, float]]  # milliseconds of the clock, and of the processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--decide", type=int, default=0, metavar="CLIPS")
    given = parser.parse_args()
    store = open_store(given.folder, upgrade=True)
    waiting = store.catalogue.find_videos(VideoFilter(censor_status=CensorStatus.CHECK), 1, 1).total
    print(f"{store.catalogue.find_videos(VideoFilter(), 1, 1).total:,} videos, {waiting:,} wait for review\n")
    print(LINE.format("", "calls", "p50 ms", "p95 ms", "p99 ms", "processor ms"))
    show("one small row is written, to compare", [timed(lambda: commit(store))[0] for _ in range(given.rounds)])
    run = time.time_ns()  # nobody of an earlier run, who skipped clips
    show("one person takes 3", take(store, f"{run}", given.rounds))
    skip(store, f"{run}", SKIPPED)
    show(f"the same, who skipped {SKIPPED}", take(store, f"{run}", given.rounds))
    with ThreadPoolExecutor(given.people) as pool:
        people = [f"{run}-{number}" for number in range(given.people)]
        parts = list(pool.map(lambda who: take(store, who, given.rounds // given.people), people))
    show(f"{given.people} people at once take 3", [one for part in parts for one in part])
    show("one person takes 3 from a queue with a rule", take_by_rule(store, f"{run}", given.rounds))
    show("how many wait is counted", [timed(lambda: store.review_leases.count_queue(f"{run}"))[0] for _ in range(200)])
    if given.decide:
        show("one person decides", decide(store, given.decide))
    store.close()


def timed(act: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Return the milliseconds that a call took, and what it returned."""
    started, used = time.perf_counter(), time.thread_time()
    found = act()
    return ((time.perf_counter() - started) * 1000, (time.thread_time() - used) * 1000), found


def commit(store: Store) -> None:
    """Write one small row, and wait for the disk."""
    store.cloud.save_cursor("benchmark", {"at": time.time_ns()})


def take(store: Store, who: str, rounds: int, queues: list[str] | None = None) -> Times:
    """Take clips and give those of before back, so that somebody always holds some; only taking is timed."""
    took: Times = []
    before: list[Lease] = []
    for _ in range(rounds):
        held = [lease.key for lease in before]
        spent, leases = timed(lambda held=held: store.review_leases.take(Desk(who), TAKEN, SECONDS, held, queues))
        if len(leases) != TAKEN:
            raise SystemExit(f"{len(leases)} clips were left; make more")
        took.append(spent)
        store.review_leases.release(Desk(who), held or [""])
        before = leases
    store.review_leases.release(Desk(who))
    return took


def take_by_rule(store: Store, who: str, rounds: int) -> Times:
    """Take clips from a selective queue, behind eighteen others, and tell how long sorting all into it took."""
    actor = Actor("benchmark", "command line")
    for number in range(MAX_QUEUES - 1):
        rule = {"max_seconds": 20.0} if number == MAX_QUEUES - 2 else {"user_ids": (f"nobody {number}",)}
        queue = {"name_zh": "队列", "name_en": "queue", "position": number + 1}
        (spent, _), (_, moved) = timed(
            lambda number=number, queue=queue, rule=rule: store.review_queues.edit(f"q{number}", queue, rule, actor)
        )
    print(f"{moved:,} clips sorted into the last of {MAX_QUEUES - 1} queues with a rule in {spent:,.0f} ms")
    took = take(store, who, rounds, [f"q{number}" for number in range(MAX_QUEUES - 1)])
    for number in range(MAX_QUEUES - 1):
        store.review_queues.delete(f"q{number}", actor)
    return took


def skip(store: Store, who: str, count: int) -> None:
    """Skip the oldest clips."""
    for _ in range(count):
        (lease,) = store.review_leases.take(Desk(who), 1, SECONDS)
        store.review_decisions.skip(lease.key, who)


def decide(store: Store, clips: int) -> Times:
    """Judge clips one by one; only that is timed."""
    took: Times = []
    for number in range(clips):
        (lease,) = store.review_leases.take(Desk("judge"), 1, SECONDS)
        actor = Actor("judge", "command line", request_id=f"benchmark-{time.time_ns()}-{number}")
        ruling = Ruling(Verdict.BLOCKED, "why", reason_code="spam", seconds=2.5)
        took.append(timed(lambda one=(lease.key, ruling, actor): store.review_decisions.decide(*one))[0])
    return took


def show(what: str, times: Times) -> None:
    spent = sorted(one for one, _ in times)
    shares = [f"{spent[int(len(spent) * share)]:.2f}" for share in (0.5, 0.95, 0.99)]
    print(LINE.format(what, len(times), *shares, f"{statistics.median(used for _, used in times):.2f}"), flush=True)


if __name__ == "__main__":
    main()
