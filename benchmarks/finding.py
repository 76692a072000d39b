"""How quickly the store finds: each query of a workload, ours and the same SQL in bare sqlite3, in one run.

    python benchmarks/finding.py FOLDER            # a folder made by benchmarks/catalogue.py
    python benchmarks/finding.py FOLDER --rows N   # makes it first, where it is not there
    python benchmarks/finding.py FOLDER --others   # beside a plain FastAPI + SQLModel server, and Datasette

All sides take turns, so that whatever else the machine does hits all. Bare sqlite3 runs the very statements that ours
ran, on a connection of its own, and fetches plain rows. Over HTTP, `serve` is asked with a token, never the same twice.
The others are asked over HTTP as well, but without a token, and as far as they know the question: Datasette gives rows
of one table, and no page by its number. They take their time, so they are asked three times.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import sqlite3
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from msgspec.structs import asdict, replace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import baseline_servers as others
import catalogue as made
from serving import sign_in
from sql_trace import Statement, traced_store

from backend.api.registry import camel
from backend.model import CensorStatus, Sort, TranscodeStatus, VideoFilter
from backend.store import Store, open_store
from backend.store.sqlite.connections import add_functions
from backend.store.videos import Catalogue
from tests.acceptance.server_process import ServerProcess

SIZE = 20
ZONE = ZoneInfo("Asia/Shanghai")
YEAR = 365 * 86_400
RIVAL_ROUNDS = 2  # counted, after one that is not
COLUMNS = {Sort.NEWEST: "-seq", Sort.OLDEST: "seq"}
EXTENDED = ("transcode_status", "narrow_transcode_status", "min_duration", "max_duration", "min_size", "max_size")
EXACT = ("video_id", "user_id", "censor_status", "cate_id")
ALL = VideoFilter()
CHECK = VideoFilter(censor_status=CensorStatus.CHECK)
FAILED = VideoFilter(transcode_status=TranscodeStatus.FAIL)
PASSED = VideoFilter(censor_status=CensorStatus.SUCCESS)
DATED = VideoFilter(start=made.NEWEST - 2 * YEAR + 12_345, end=made.NEWEST - YEAR)


Rival: TypeAlias = Callable[["Question"], str]


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
            "tags": self.wanted.tags, **{camel(name): getattr(self.wanted, name) or "" for name in EXTENDED},
            "isRecommend": "" if self.wanted.recommended is None else str(self.wanted.recommended).lower(),
            **{name: f"{datetime.fromtimestamp(at, ZONE):%Y-%m-%d %H:%M:%S}" for name, at in times.items() if at},
        }  # fmt: skip
        listed = "getRecommendVideos" if self.recommended else "getVideos"
        return f"/console/vod/{listed}?{urlencode({name: value for name, value in asked.items() if value != ''})}"


def plain_address(question: Question) -> str:
    """Return how the plain server is asked the same; nothing where it has no such list."""
    if question.recommended:
        return ""
    column = COLUMNS.get(question.sort, question.sort)
    return _address("/videos", {"offset": (question.page - 1) * SIZE, "sort": column, **asdict(question.wanted)})


def datasette_address(question: Question) -> str:
    """Return how Datasette is asked the same, without the facets it would suggest; nothing where it cannot be."""
    wanted, column = question.wanted, COLUMNS.get(question.sort, question.sort)
    if question.recommended or question.page > 1 or wanted.user_name:
        return ""
    order = "_sort_desc" if column.startswith("-") else "_sort"
    terms = {
        "title__contains": wanted.title, "created__gte": wanted.start, "created__lte": wanted.end,
        **{f"{name}__exact": getattr(wanted, name) for name in EXACT},
    }  # fmt: skip
    asked = {"_size": SIZE, "_shape": "objects", "_nosuggest": 1, order: column.removeprefix("-"), **terms}
    return _address("/console/videos.json", asked)


def _address(path: str, asked: Mapping[str, Any]) -> str:
    return f"{path}?{urlencode({name: value for name, value in asked.items() if value not in ('', None)})}"


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
        "transcode failed": FAILED,
        "transcode failed and status": replace(FAILED, censor_status=CensorStatus.CHECK),
        "narrow-band done": VideoFilter(narrow_transcode_status=TranscodeStatus.SUCCESS),
        "recommended": VideoFilter(recommended=True),
        "a tag": VideoFilter(tags="美食"),
        "two tags": VideoFilter(tags="美食,夜市"),
        "up to 15 s": VideoFilter(max_duration=15),
        "from 60 s": VideoFilter(min_duration=60),
        "10 to 20 MB, status check": replace(CHECK, min_size=10**7, max_size=2 * 10**7),
        "transcode failed, from 60 s": replace(FAILED, min_duration=60),
        "title, from 60 s": VideoFilter(title="美食", min_duration=60),
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
    with traced_store(store.engine.path) as (noted, seen):
        question.ask(noted.catalogue)
        return [(sql, values) for sql, values in seen if sql.lstrip().startswith("select")]


def bare(connection: sqlite3.Connection, wanted: list[Statement]) -> None:
    connection.execute("begin")
    for sql, values in wanted:
        connection.execute(sql, values).fetchall()
    connection.execute("rollback")


def asking(url: str) -> Callable[[str], None]:
    """Return what asks another server."""

    def ask(address: str) -> None:
        with urllib.request.urlopen(url + address) as answer:
            answer.read()

    return ask


def served(store: Store, port: int) -> Callable[[str], None]:
    """Return what asks the server, over one connection."""
    token, number = sign_in(store.engine.path.parent)[0], count()
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(address: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            connection.request("GET", f"{address}&n={next(number)}", headers=headers)
            answer = connection.getresponse().read()
        except http.client.RemoteDisconnected:  # the others took so long that it had been given up
            connection.request("GET", f"{address}&n={next(number)}", headers=headers)
            answer = connection.getresponse().read()
        assert answer.startswith(b'{"result":"true"'), answer[:200]

    return ask


def measure(sides: Sequence[Callable[[], Any]], rounds: int) -> list[list[float]]:
    """Return the milliseconds of all sides, after one round that is not counted.

    They take turns at being first: who comes behind another finds what is read in the processor's caches.
    """
    times: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for place in range(len(sides)):
            side = (number + place) % len(sides)
            begun = time.perf_counter()
            sides[side]()
            times[side].append((time.perf_counter() - begun) * 1000)
    return [taken[1:] for taken in times]


def report(store: Store, rounds: int, port: int, rivals: Mapping[str, Rival]) -> None:
    connection = sqlite3.connect(store.engine.path, isolation_level=None)
    add_functions(connection)
    ask = served(store, port)
    print(f"{'query':50} {'ours ms':>8} {'p95':>8} {'bare ms':>8} {'ratio':>6} {'HTTP ms':>8}", *rivals, sep="  ")
    for name, question in questions(store.catalogue).items():
        sides = (
            partial(question.ask, store.catalogue),
            partial(bare, connection, statements(store, question)),
            partial(ask, question.address),
        )
        ours, theirs, over = measure(sides, rounds)
        median, floor, http_median = map(statistics.median, (ours, theirs, over))
        p95 = statistics.quantiles(ours, n=20)[-1]
        line = f"{name:50} {median:8.2f} {p95:8.2f} {floor:8.2f} {median / floor:6.2f} {http_median:8.2f}"
        print(line, *(f"{rival(question):>{len(head)}}" for head, rival in rivals.items()), sep="  ", flush=True)
    connection.close()


def rival(url: str, address_of: Callable[[Question], str]) -> Rival:
    """Return what says how many milliseconds another server takes for a question."""
    ask = asking(url)

    def time_it(question: Question) -> str:
        address = address_of(question)
        return f"{statistics.median(measure([partial(ask, address)], RIVAL_ROUNDS)[0]):,.0f}" if address else "-"

    return time_it


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--others", action="store_true")
    given = parser.parse_args()
    opened = open_store(given.folder, clock=lambda: made.NEWEST)
    if opened.catalogue.is_empty():
        made.make(opened, given.rows, 1, 3_000)
    gc.disable()
    server = ServerProcess(given.folder, QU_DATA=str(given.folder))
    server.start()
    try:
        with ExitStack() as stack:
            rivals: dict[str, Rival] = {}
            if given.others:
                path = opened.connections.path
                plain, tables = (stack.enter_context(start(path)) for start in (others.plain, others.datasette))
                rivals[others.PLAIN] = rival(plain.url, plain_address)
                rivals[others.DATASETTE] = rival(tables.url, datasette_address)
            report(opened, given.rounds, server.port, rivals)
    finally:
        server.end()
        opened.close()
