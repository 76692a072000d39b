"""How fast changes are kept for good: audits a second, beside what the disk and bare sqlite3 can do.

`python benchmarks/changes.py [--rounds 10] [--folder FOLDER]`. Every audit is a transaction that is on the disk before
it is answered. The disk writes one page, or as much as an audit appends to SQLite's log, and waits for it (fdatasync).
Bare sqlite3 runs the very statements of such audits, one transaction after the other and nothing around them: the most
that one caller can have; and once more without ever waiting for the disk. All take turns, in slices of a second, so
that a busy disk slows each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sql_trace import Statement, traced_store

from backend.model import Actor, User, Verdict, Video
from backend.store import Store, open_store
from backend.store.sqlite.connections import add_functions

SLICE = 1.0  # seconds
CALLERS = (1, 8)
VIDEOS = 512
PAGE = 4096
FILE = 1 << 24
ACTOR = Actor("benchmark", "command line")
AUDITS, ONE_PAGE, AS_MUCH = "audits", "fdatasync of a page", "of as much"
BARE, NOT_KEPT = "bare sqlite3", "never waiting"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the temporary one)")
    given = parser.parse_args()
    for callers in CALLERS:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            rates = measure(Path(folder), callers, given.rounds)
        print(f"{callers} at a time{'a second':>21}{'audits to it':>15}")
        for name, found in rates.items():
            ratio = statistics.median(ours / theirs for ours, theirs in zip(rates[AUDITS], found, strict=True))
            print(f"{name:<22}{statistics.median(found):>10,.0f}{ratio:>15.2f}")


def measure(folder: Path, callers: int, rounds: int) -> dict[str, list[float]]:
    """Return the rates of everything, slice by slice."""
    path, before, bare = folder / "console.sqlite3", folder / "before.sqlite3", folder / "bare.sqlite3"
    store = open_store(folder)
    names = [f"video{number}" for number in range(VIDEOS)]
    user = User("1", "Anne")
    store.catalogue.load_videos([Video(name, "短视频", user, created=1_700_000_000) for name in names], ACTOR)
    with sqlite3.connect(path) as source, sqlite3.connect(before) as copy:
        source.backup(copy)
    with traced_store(path) as (noted, statements):
        for _ in islice(audit(noted, names), 2 * VIDEOS):
            pass
    auditors = [audit(store, names[caller::callers]) for caller in range(callers)]
    rates: dict[str, list[float]] = {name: [] for name in (AUDITS, ONE_PAGE, AS_MUCH, BARE, NOT_KEPT)}
    _, log = replay(before, bare, statements, autocheckpoint=0)
    with (folder / "synced").open("wb") as file:
        file.truncate(FILE)
        os.fsync(file.fileno())
        one, much = sync(file.fileno(), PAGE), sync(file.fileno(), log)
        for _ in range(rounds):
            rates[ONE_PAGE].append(rate([one]))
            rates[AS_MUCH].append(rate([much]))
            rates[AUDITS].append(rate(auditors))
            rates[BARE].append(replay(before, bare, statements)[0])
            rates[NOT_KEPT].append(replay(before, bare, statements, synchronous="off")[0])
    store.close()
    return rates


def audit(store: Store, videos: Sequence[str]) -> Iterator[None]:
    """Block and approve the videos in turn, for ever: no verdict is one that stands already."""
    for verdict in cycle((Verdict.BLOCKED, Verdict.NORMAL)):
        for video_id in videos:
            store.catalogue.record_audit(video_id, verdict, "reason", "", ACTOR)
            yield


def sync(file: int, size: int) -> Iterator[None]:
    content = b"x" * size
    for place in cycle(range(0, FILE - size, size)):
        os.pwrite(file, content, place)
        os.fdatasync(file)
        yield


def rate(workers: Sequence[Iterator[None]]) -> float:
    """Return how often a second the workers together get it done."""
    counts, until = [0] * len(workers), time.perf_counter() + SLICE

    def go_on(number: int) -> None:
        while time.perf_counter() < until:
            next(workers[number])
            counts[number] += 1

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(len(workers))]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def replay(
    before: Path, path: Path, statements: Sequence[Statement], autocheckpoint: int = 1000, synchronous: str = "full"
) -> tuple[float, int]:
    """Run what was noted of audits over the database of before; return how many a second, and the log's bytes for each.

    That tells what each appended where `autocheckpoint` is 0: otherwise the log is written from its start again.
    """
    shutil.copyfile(before, path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute(f"pragma synchronous = {synchronous}")
    connection.execute(f"pragma wal_autocheckpoint = {autocheckpoint}")
    add_functions(connection)
    started = time.perf_counter()
    for sql, values in statements:
        connection.execute(sql, values).fetchall()
    taken = time.perf_counter() - started
    commits = sum(sql == "commit" for sql, _ in statements)
    log = path.with_name(f"{path.name}-wal").stat().st_size
    connection.close()
    return commits / taken, log // commits


if __name__ == "__main__":
    main()
