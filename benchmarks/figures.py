"""Measure every answer of the page of figures over a large catalogue, and how large its counts are.

    python benchmarks/catalogue.py FOLDER --rows 1000000
    python benchmarks/figures.py FOLDER --lines 10000000
    python benchmarks/figures.py FOLDER --lines 10000000 --database postgresql://…

The first run gives FOLDER a past of three years, once: the counts that so many lines of history would have left (of ten
lines two verdicts, three jobs and five others), without the lines themselves, since no answer reads them. Each answer
is timed at its longest range, as processor time: the median of several, and the slowest. With --database, the catalogue
is in that database, and the time of the server's processes is added, if they are on this machine.
"""

from __future__ import annotations

import argparse
import random
import secrets
import statistics
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres_processor import meter

import backend
from backend import Console, Settings
from backend.auth.permissions import Role
from backend.model import Actor
from backend.model.figures import BOUNDS, SLOT_SECONDS
from backend.operations.figure_tables import TABLES, Figure
from backend.operations.figures import SHORT

ACTOR = Actor("benchmark", "command line")
NEWEST, DAYS = 1_780_000_000, 3 * 365  # as in benchmarks/catalogue.py
MOST_MS, RUNS = 50, 7
REVIEWERS, CATEGORIES = 30, 20
REASONS = ("spam", "copyright", "quality", "sexual", "abuse", "")
FILE_KINDS = ("source", "common", "narrow", "cover", "firstFrame", "snapshot")
RANGES = {"day": 91, "week": 734, "month": DAYS}
TOKEN = secrets.token_hex(24)
FILLED = "select number from figure_counts where series = 'benchmark'"
COLUMNS = "series, slot, key, part, number, amount"
ADD = f"insert into figure_changes ({COLUMNS}) values (?, ?, ?, ?, ?, ?)"
COPY = f"copy figure_changes ({COLUMNS}) from stdin"
SIZES = """
    select name, sum(pgsize) from dbstat where name like 'figure%' or name in ('history', 'videos') group by name
"""
POSTGRES_SIZES = """
    select relname::text, pg_relation_size(oid) from pg_class
    where relname like 'figure%' or relname in ('history', 'videos') order by 1
"""

Change = tuple[str, int, str, str, int, int]


def changes(slots: int, verdicts: int, jobs: int, dice: random.Random) -> Iterator[Change]:
    """Yield the counts of a day of this many quarters, the newest of which is `slots`."""
    found: Counter[tuple[str, int, str, str]] = Counter()

    def low(mean: float) -> str:
        return str(BOUNDS[bisect_right(BOUNDS, dice.lognormvariate(mean, 1)) - 1])

    for _ in range(verdicts):
        slot = slots - dice.randrange(96)
        reason = None if dice.random() < 0.9 else dice.choice(REASONS)
        category, seconds = str(min(int(dice.expovariate(0.2)), CATEGORIES - 1) + 1), low(8)
        reviewer = f"reviewer{dice.randrange(REVIEWERS)}"
        pair = f"{category}/{reviewer}"
        for dimension, key in (("", ""), ("/reviewer", reviewer), ("/category", category), (f"_of/{pair}", "")):
            found[f"decided{dimension}", slot, key, "passed" if reason is None else "blocked"] += 1
            if reason is not None:
                found[f"reasons{dimension}", slot, key, reason] += 1
        for by in ("", f"/{category}", f"_by/{reviewer}", f"_of/{pair}"):
            found[f"decision_time{by}", slot, "", seconds] += 1
        found["waiting", slot, "", "came"] += 1
        found["waiting", slot, "", "left"] += 1
    for _ in range(jobs):
        slot, kind = slots - dice.randrange(96), dice.choice(("transcode", "snapshot", "narrow"))
        state = "failed" if dice.random() < 0.02 else "done"
        found["ended/kind", slot, kind, state] += 1
        if kind != "snapshot":
            found["ended/category", slot, str(dice.randrange(CATEGORIES)), state] += 1
            found["transcode_wait", slot, "", low(4)] += 1
            found["transcode_work", slot, "", low(4)] += 1
        if state == "failed":
            found["failed/kind", slot, kind, f"Reason {dice.randrange(8)} of a failure."] += 1
        if kind == "narrow":
            found["vmaf", slot, "", str(round(dice.gauss(186, 3)))] += 1
            found["prewarmed", slot, "", "warm"] += 1
            found["recommended/slot", slot, "feed", "in"] += 1
    for (series, slot, key, part), number in found.items():
        yield series, slot, key, part, number, 0
    for slot in range(slots - 95, slots + 1):
        for kind in FILE_KINDS:
            yield "bytes/kind", slot, kind, "", 10, 10**8
        yield "saved", slot, "", "", 0, 10**7


def fill(console: Console, lines: int) -> None:
    """Add the counts of a past with so many lines of history, unless they are there."""
    with console.store.engine.reading() as db:
        if db.execute(FILLED).fetchone():
            return
    dice = random.Random(30)
    newest = NEWEST // SLOT_SECONDS
    for day in range(DAYS):
        with console.store.engine.writing(bulk=True) as db:
            per_day = lines // DAYS
            add(console, db, changes(newest - day * 96, per_day // 5, per_day * 3 // 10, dice))
            if day == DAYS - 1:
                db.execute(ADD, ("benchmark", newest, "", "", 1, 0))
        print(f"\rcounts of {day + 1:,} of {DAYS:,} days", end="", flush=True)
    print()


def add(console: Console, db: Any, found: Iterator[Change]) -> None:
    """Have the counts added up when the transaction ends."""
    if console.store.is_local:
        db.executemany(ADD, found)
        return
    with db.conn.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in found:
            copy.write_row(row)


def measure(console: Console, spent_by_server: Callable[[], int]) -> bool:
    """Print the time of every answer; return whether all keep to the limit."""
    good = True
    for figure in Figure:
        for by, days in RANGES.items():
            if figure in SHORT and by != "day":
                continue
            both = [BOTH] if set(BOTH) <= set(TABLES[figure].filters) else []
            for narrowed in ({}, *({name: FILTERED[name]} for name in TABLES[figure].filters), *both):
                given = {"figure": figure.value, "by": by, "startTime": _day(days), "endTime": _day(0), **narrowed}
                spent = [_time(console, given, spent_by_server) for _ in range(RUNS)]
                median = statistics.median(spent)
                good = good and median <= MOST_MS
                name = f"{figure.value} by {by}, {days + 1} days{''.join(f', {one}' for one in narrowed)}"
                print(
                    f"{name:60} {median:7.1f} ms, slowest {max(spent):7.1f}{'' if median <= MOST_MS else '  TOO SLOW'}"
                )
    return good


FILTERED = {"userId": "2434793000000", "cateId": "1", "reviewer": "reviewer1"}
BOTH = {"cateId": "1", "reviewer": "reviewer1"}


def _time(console: Console, given: dict[str, str], spent_by_server: Callable[[], int]) -> float:
    begun = time.thread_time_ns() + spent_by_server()
    answer = console.call("getFigures", given, TOKEN)
    spent = (time.thread_time_ns() + spent_by_server() - begun) / 1e6
    assert answer["code"] == "200", answer
    return spent


def _day(back: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(NEWEST - back * 86_400))


def main() -> None:
    """Fill the folder if it has no such past, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a data folder made by benchmarks/catalogue.py")
    parser.add_argument("--lines", type=int, default=10_000_000, help="lines of history of the past that is made")
    parser.add_argument("--database", default="", help="a PostgreSQL database that has the catalogue instead")
    given = parser.parse_args()
    console = backend.open_console(Settings(data=given.folder, database=given.database))
    try:
        with console.store.engine.reading() as db:
            spent_by_server = (lambda: 0) if console.store.is_local else meter(db)
        fill(console, given.lines)
        names = [one.user_name for one in console.store.accounts.find_accounts()]
        if "figures" not in names:
            console.store.accounts.add_account("figures", "-", Role.ADMIN, ACTOR)
        account = next(one for one in console.store.accounts.find_accounts() if one.user_name == "figures")
        console.store.sessions.open_session(account, TOKEN, 1, ACTOR)
        good = measure(console, spent_by_server)
        with console.store.engine.reading() as db:
            for name, size in db.execute(SIZES if console.store.is_local else POSTGRES_SIZES).fetchall():
                print(f"{name:60} {size / 1e6:7.1f} MB")
    finally:
        console.close()
    raise SystemExit(not good)


if __name__ == "__main__":
    main()
