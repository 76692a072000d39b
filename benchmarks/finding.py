"""How quickly the store finds: each query of a workload, ours and the same SQL in bare sqlite3, in one run.

    python benchmarks/finding.py FOLDER            # a folder made by benchmarks/catalogue.py
    python benchmarks/finding.py FOLDER --rows N   # makes it first, where it is not there

All sides take turns, so that whatever else the machine does hits all. Bare sqlite3 runs the very statements that ours
ran, on a connection of its own, and fetches plain rows. Over HTTP, `serve` is asked with a token, never the same twice.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import catalogue as made
from noting import Statement, noted_store
from serving import sign_in
from stand import Stand

from backend.model import CensorStatus, Sort, VideoFilter
from backend.store import Store
from backend.store.catalogue import Catalogue

SIZE = 20
ZONE = ZoneInfo("Asia/Shanghai")
YEAR = 365 * 86_400
LAST = -1
ALL = VideoFilter()
CHECK = VideoFilter(censor_status=CensorStatus.CHECK)
PASSED = VideoFilter(censor_status=CensorStatus.SUCCESS)
DATED = VideoFilter(start=made.NEWEST - 2 * YEAR + 12_345, end=made.NEWEST - YEAR)


@dataclass(frozen=True)
class Question:
    """What is asked for: a page of the videos, or of the recommended feed."""

    wanted: VideoFilter
    page: int = 1
    sort: Sort = Sort.NEWEST
    recommended: bool = False

    def ask(self, catalogue: Catalogue) -> Any:
        find = catalogue.find_recommendations if self.recommended else catalogue.find_videos
        return find(self.wanted, self.page, SIZE, self.sort)

    @property
    def address(self) -> str:
        """The same over HTTP."""
        times = {"startTime": self.wanted.start, "endTime": self.wanted.end}
        asked = {
            "pageIndex": self.page, "pageSize": SIZE, "sort": self.sort, "title": self.wanted.title,
            "userId": self.wanted.user_id, "userName": self.wanted.user_name, "videoId": self.wanted.video_id,
            "censorStatus": self.wanted.censor_status or "", "cateId": self.wanted.cate_id or "",
            **{name: f"{datetime.fromtimestamp(at, ZONE):%Y-%m-%d %H:%M:%S}" for name, at in times.items() if at},
        }  # fmt: skip
        listed = "getRecommendVideos" if self.recommended else "getVideos"
        return f"/console/vod/{listed}?{urlencode({name: value for name, value in asked.items() if value != ''})}"


def questions(catalogue: Catalogue) -> dict[str, Question]:
    """Return the workload: filters, pages, searches of several lengths and orders, by name."""
    heavy = catalogue.count_facets(ALL, 10).by_user[-1][0]
    video_id = catalogue.find_videos(ALL, 1000, 1).items[0].video_id
    mine = VideoFilter(user_id=heavy.user_id)
    filters = {
        "everything": ALL,
        "status check": CHECK,
        "status success": PASSED,
        "a year": DATED,
        "status and a year": replace(DATED, censor_status=CensorStatus.CHECK),
        "category": VideoFilter(cate_id=3),
        "category and a year": replace(DATED, cate_id=3),
        "heavy user": mine,
        "heavy user and status": replace(mine, censor_status=CensorStatus.CHECK),
        "videoId": VideoFilter(video_id=video_id),
        "title, 1 character": VideoFilter(title="猫"),
        "title, 2 characters": VideoFilter(title="美食"),
        "title, 3 characters": VideoFilter(title="cat"),
        "title, 6 characters": VideoFilter(title="guitar"),
        "title, 6 rare characters": VideoFilter(title="露营攻略雪山"),
        "title that is nowhere": VideoFilter(title="没有这个"),
        "userName, 1 character": VideoFilter(user_name="罗"),
        "userName, 3 characters": VideoFilter(user_name="小厨房"),
        "title and status": VideoFilter(title="美食", censor_status=CensorStatus.CHECK),
        "title, status and a year": replace(DATED, title="美食", censor_status=CensorStatus.CHECK),
        "title and user": VideoFilter(title="美食", user_id=heavy.user_id),
        "title and userName": VideoFilter(title="美食", user_name="小厨房"),
    }
    found: dict[str, Question] = {}
    for name, wanted in filters.items():
        total = catalogue.find_videos(wanted, 1, 1).total
        last = max(1, -(-total // SIZE))
        for page in sorted({1, min(1_000, last), last}):
            found[f"{name} ({total:,}), page {page:,}"] = Question(wanted, page)
    for sort in Sort:
        found[f"everything by {sort}"] = Question(ALL, 1, sort)
    for name in ("status check", "title, 2 characters", "title, 6 rare characters", "heavy user"):
        found[f"{name}, by -duration"] = Question(filters[name], 1, Sort.LONGEST)
    for name in ("everything", "title, 1 character", "title, 2 characters", "userName, 1 character", "status check"):
        found[f"recommended: {name}"] = Question(filters[name], recommended=True)
    found["recommended: everything, page 100"] = Question(ALL, 100, recommended=True)
    return found


def statements(store: Store, question: Question) -> list[Statement]:
    """Return the statements that a question runs, with their values."""
    with noted_store(store.connections.path) as (noted, seen):
        question.ask(noted.catalogue)
        return [(sql, values) for sql, values in seen if sql.lstrip().startswith("select")]


def bare(connection: sqlite3.Connection, wanted: list[Statement]) -> None:
    connection.execute("begin")
    for sql, values in wanted:
        connection.execute(sql, values).fetchall()
    connection.execute("rollback")


def served(store: Store, port: int) -> Callable[[str], None]:
    """Return what asks the server, over one connection."""
    token, number = sign_in(store.connections.path.parent), count()
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(address: str) -> None:
        connection.request("GET", f"{address}&n={next(number)}", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse().read()
        assert answer.startswith(b'{"result":"true"'), answer[:200]

    return ask


def measure(sides: Sequence[Callable[[], Any]], rounds: int) -> list[list[float]]:
    """Return the milliseconds of all sides, in turns, after one that is not counted."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds + 1):
        for side, taken in zip(sides, times, strict=True):
            begun = time.perf_counter()
            side()
            taken.append((time.perf_counter() - begun) * 1000)
    return [taken[1:] for taken in times]


def report(store: Store, rounds: int, port: int) -> None:
    connection = sqlite3.connect(store.connections.path, isolation_level=None)
    ask = served(store, port)
    print(f"{'query':58} {'ours ms':>8} {'p95':>8} {'bare ms':>8} {'ratio':>6} {'HTTP ms':>8}")
    for name, question in questions(store.catalogue).items():
        sides = (
            partial(question.ask, store.catalogue),
            partial(bare, connection, statements(store, question)),
            partial(ask, question.address),
        )
        ours, theirs, over = measure(sides, rounds)
        median, floor, http_median = map(statistics.median, (ours, theirs, over))
        p95 = statistics.quantiles(ours, n=20)[-1]
        print(f"{name:58} {median:8.2f} {p95:8.2f} {floor:8.2f} {median / floor:6.2f} {http_median:8.2f}")
    connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    opened = Store(given.folder / "console.sqlite3", clock=lambda: made.NEWEST)
    if opened.catalogue.is_empty():
        made.make(opened, given.rows, 1, 3_000)
    gc.disable()
    server = Stand(given.folder, QU_DATA=str(given.folder))
    server.start()
    try:
        report(opened, given.rounds, server.port)
    finally:
        server.end()
        opened.close()
