"""How fast changes are kept for good: audits a second beside the disk's own rate of fdatasync.

`python benchmarks/changes.py [--rounds 10] [--folder FOLDER]`. Every audit is a transaction that is on the disk before
it is answered. The two are measured in turn, in slices of a second, so that a busy disk slows both.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import backend
from backend import Console, Settings
from backend.model import Actor, User, Verdict, Video

SLICE = 1.0  # seconds
CALLERS = (1, 8)
ACTOR = Actor("benchmark", "command line")
PAGE = b"x" * 12_288  # about what an audit appends to the log


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the temporary one)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        print(f"{'callers':>8}{'audits/s':>10}{'fdatasync/s':>13}{'ratio':>8}")
        for callers in CALLERS:
            audits, syncs = measure(Path(folder), callers, given.rounds)
            ratio = statistics.median(a / s for a, s in zip(audits, syncs, strict=True))
            print(f"{callers:>8}{statistics.median(audits):>10.0f}{statistics.median(syncs):>13.0f}{ratio:>8.2f}")


def measure(folder: Path, callers: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the rates of either, slice by slice."""
    console = backend.open_console(Settings(data=folder / f"{callers}"))
    videos = [add_video(console, number) for number in range(callers)]
    audits, syncs = [], []
    with (folder / "synced").open("wb") as file:
        file.truncate(1 << 24)
        os.fsync(file.fileno())
        for _ in range(rounds):
            syncs.append(rate(1, lambda _: sync(file.fileno())))
            audits.append(rate(callers, lambda caller: audit(console, videos[caller])))
    console.close()
    return audits, syncs


def add_video(console: Console, number: int) -> str:
    video = Video(f"video{number}", "短视频", User("1", "Anne"), created=1_700_000_000 + number)
    return console.store.catalogue.add_video(video, ACTOR).video_id


def audit(console: Console, video_id: str) -> Callable[[], object]:
    verdicts = itertools.cycle((Verdict.BLOCKED, Verdict.NORMAL))
    return lambda: console.store.catalogue.record_audit(video_id, next(verdicts), "reason", "", ACTOR)


def sync(file: int) -> Callable[[], object]:
    places = itertools.cycle(range(0, 1 << 23, len(PAGE)))

    def write() -> None:
        os.pwrite(file, PAGE, next(places))
        os.fdatasync(file)

    return write


def rate(callers: int, make: Callable[[int], Callable[[], object]]) -> float:
    """Return how often a second the callers together get it done."""
    counts, until = [0] * callers, time.perf_counter() + SLICE

    def go_on(caller: int) -> None:
        work = make(caller)
        while time.perf_counter() < until:
            work()
            counts[caller] += 1

    threads = [threading.Thread(target=go_on, args=(caller,)) for caller in range(callers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
