"""What the console costs on PostgreSQL, each time beside the bare SQL that it cannot do without, in the same run.

    python benchmarks/postgres.py [--rows 1000000] [--folder FOLDER]
    python benchmarks/postgres.py [--rows 1000000] --database postgresql://…

It runs a server of its own in a temporary folder (in FOLDER: a disk that waits for what is written), with what Debian's
package postgresql installed; or it fills an empty database on this machine, and finds it filled the next time. Lists
are measured by processor time, of the server's processes and of this thread, so that other programs do not count; what
is written, and files, by the clock. A ratio is ours to the bare SQL's.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import catalogue
from msgspec.structs import astuple
from postgres_processor import meter

from backend import Settings, open_console
from backend.auth.permissions import Role
from backend.exports.columns import VIDEOS, CellKind, FileFormat
from backend.model import CensorStatus, JobKind, User, Verdict, Video, VideoFilter
from backend.server.app import RestApp
from backend.store import Store, inserts, open_store
from backend.store.folding import fold
from backend.store.postgres.export_sql import SOURCES, lines
from backend.store.row_keys import first_key
from backend.store.rows import FILE_COLUMNS, VIDEO_COLUMNS, VIDEO_TABLES
from tests import postgres_server

SETTINGS = {
    "listen_addresses": "", "max_connections": "100", "shared_buffers": "2GB", "max_wal_size": "8GB", "jit": "off",
    "random_page_cost": "1.1", "work_mem": "16MB", "log_min_messages": "error",
}  # fmt: skip
SIZE, ROUNDS, CHUNK = 20, 15, 10_000
TURNS, AUDITS, CLAIMS = 10, 80, 100
ZONE = ZoneInfo("Asia/Shanghai")
LINE = "{:44} {:>12} {:>12} {:>8}  {}"
WIDE = f"select {VIDEO_COLUMNS} from {VIDEO_TABLES} where"
FILES = "select * from files where video_id = any(%s) order by video_id, kind, position"
PAGE = "/console/vod/getVideos"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--database", default="", help="an empty database to fill, or one that was filled before")
    given = parser.parse_args()
    with ExitStack() as stack:
        address = given.database or stack.enter_context(postgres_server.server(SETTINGS, given.folder))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = open_store(folder, database=address)
        began = time.perf_counter()
        if store.catalogue.is_empty():
            fill(store, given.rows)
            print(f"{given.rows:,} videos after {time.perf_counter() - began:.0f} s\n")
        print(LINE.format("", "console", "bare", "ratio", "goal"))
        bench = Bench(store, address)
        bench.lists(given.rows)
        bench.words()
        bench.kept(folder, address)
        bench.files()
        bench.audits(given.folder)
        bench.claims(min(given.rows, 20_000))
        store.close()


# The catalogue


def fill(store: Store, rows: int) -> None:
    """Copy videos into the tables, then derive the rest: many times as quick as inserting them."""
    with store.engine.unpooled_reader() as db:
        db.conn.execute("set session_replication_role = replica")  # no triggers
        db.conn.execute("drop index finding_by_title")
        users: set[User] = set()
        keys: Counter[int] = Counter()
        numbered = enumerate(catalogue.videos(rows, 1), 1)
        while chunk := list(islice(numbered, CHUNK)):
            new = {video.user for _, video in chunk} - users
            users |= new
            copy(db, "users (user_id, user_name, user_name_folded, avatar_url)", (
                (user.user_id, user.user_name, fold(user.user_name), user.avatar_url) for user in new
            ))  # fmt: skip
            copy(db, f"videos ({', '.join(inserts.COLUMNS)})", (video_row(n, video, keys) for n, video in chunk))
            copy(db, f"files (video_id, {', '.join(FILE_COLUMNS)})", (
                (video.video_id, *map(plain, astuple(file))) for _, video in chunk for file in video.files
            ))  # fmt: skip
        db.conn.execute("vacuum analyze")
    store.rebuild()
    with store.engine.unpooled_reader() as db:
        db.conn.execute("create index finding_by_title on finding using gin (signs(title_folded))")
        db.conn.execute("vacuum analyze")


def copy(db: Any, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with db.conn.cursor() as cursor, cursor.copy(f"copy {table} from stdin".encode()) as into:
        for row in rows:
            into.write_row(row)


def video_row(number: int, video: Video, keys: Counter[int]) -> tuple[Any, ...]:
    key = first_key(video.created) + keys[video.created]
    keys[video.created] += 1
    return tuple(map(plain, inserts.row_of(video, key, number)))


def plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value  # a word of an enumeration


# Measuring


class Bench:
    """Measures the console and what is bare, and prints a line for each."""

    def __init__(self, store: Store, address: str) -> None:
        import psycopg

        self.store, self.connect = store, partial(psycopg.connect, address, autocommit=True)
        self.bare = self.connect()
        self.served = meter(self.bare)
        self.statuses = self.bare.execute(
            "select censor_status, count(*) from videos group by 1 order by 2"
        ).fetchall()  # fmt: skip

    # Lists

    def lists(self, rows: int) -> None:
        last = -(-rows // SIZE)
        (status, _) = next((one for one in self.statuses if one[1] > SIZE), self.statuses[-1])
        (user,) = self.bare.execute("select user_id from videos group by 1 order by count(*) desc limit 1").fetchone()
        goal = "<= 1.5, < 2 ms"
        self.page("page 1", VideoFilter(), 1, "", goal)
        self.page(f"page 1 of {status}", VideoFilter(censor_status=CensorStatus(status)), 1,
                  f"where v.censor_status = '{status}'", goal)  # fmt: skip
        self.page("page 1 of the busiest user", VideoFilter(user_id=user), 1, f"where v.user_id = '{user}'", goal)
        self.page(f"page {last // 2:,}", VideoFilter(), last // 2, "", "< 5 ms")
        self.page(f"page {last:,}, the last", VideoFilter(), last, "", "< 5 ms")

    def page(self, name: str, wanted: VideoFilter, index: int, where: str, goal: str) -> None:
        """Measure a page whose total is kept, since it is counted once after each change."""
        self.store.catalogue.find_videos(wanted, index, SIZE)
        ours = self.cost(lambda: self.store.catalogue.find_videos(wanted, index, SIZE))
        keys = f"select v.seq from videos v {where} order by v.seq desc limit {SIZE} offset {(index - 1) * SIZE}"
        self.line(name, ours, self.cost(lambda: self.read(keys)), goal)

    def read(self, keys: str) -> None:
        with self.bare.transaction():
            rows = self.bare.execute(f"{WIDE} v.seq in ({keys})".replace("present_second()", "0")).fetchall()
            self.bare.execute(FILES, [[row[0] for row in rows]]).fetchall()

    def words(self) -> None:
        for word in ("夜", "火锅", "fireworks", "slow motion drone"):
            wanted = VideoFilter(title=word)
            pairs = [ord(one) << 24 | ord(two) for one, two in pairwise(word)] or [ord(word)]
            found = f"signs(title_folded) @> '{{{','.join(map(str, pairs))}}}'::bigint[]"
            if len(word) > 2:
                found += f" and strpos(title_folded, '{word}') > 0"
            once = (
                f"with found as materialized (select seq from finding where {found}) "
                f"select (select count(*) from found), array(select seq from found order by seq desc limit {SIZE})"
            )
            number, _ = self.bare.execute(once).fetchone()
            queries, engine = self.store.engine.queries, self.store.engine

            def ask(wanted: VideoFilter = wanted, queries: Any = queries, engine: Any = engine) -> None:
                with engine.reading() as db:
                    total = queries.count(db, queries.VIDEOS, wanted)
                    queries.find(db, queries.VIDEOS, wanted, "-creationTime", 1, SIZE, total)

            goal = f"<= 1.3, < {2 + number * 0.9 / 1000:.0f} ms"
            self.line(f"total and page 1 of {word} ({number:,})", self.cost(ask), self.cost(
                lambda once=once: self.bare.execute(once).fetchone()
            ), goal)  # fmt: skip

    def cost(self, do: Callable[[], Any]) -> float:
        """Return the milliseconds of processor that a call takes here and in the server, the median of some."""
        do(), do()
        found = []
        gc.disable()
        for _ in range(ROUNDS):
            before = time.thread_time_ns() + self.served()
            do()
            found.append(time.thread_time_ns() + self.served() - before)
        gc.enable()
        return statistics.median(found) / 1e6

    # Kept answers

    def kept(self, folder: Path, address: str) -> None:
        rates = [
            answers_kept(Settings(data=folder / name, database=database))
            for name, database in (("postgres", address), ("sqlite", ""))
        ]
        self.line("answers kept, 16 callers, beside SQLite", *rates, ">= 0.5", form="{:,.0f}/s")

    # Files

    def files(self) -> None:
        columns = tuple(one for one in VIDEOS.columns if one.kind not in (CellKind.LINK, CellKind.LINKS))
        for name, chosen in (("CSV without URLs, rows a second", columns), ("CSV with all columns", VIDEOS.columns)):
            cells, options = lines(SOURCES[VIDEOS], chosen, FileFormat.CSV, ZONE)
            cells = cells.replace(":base_url", "'http://x'").replace("present_second()", "0")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began, rows = time.perf_counter(), 0
            for count, _ in self.store.exporting.export_batches(
                VIDEOS, chosen, FileFormat.CSV, VideoFilter(), ZONE, "http://x"
            ):
                rows += count
            ours = rows / (time.perf_counter() - began)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            began = time.perf_counter()
            sql = f"copy (select {cells} from {VIDEO_TABLES} order by v.seq desc) to stdout {options}"
            with self.bare.cursor() as cursor, cursor.copy(sql.encode()) as out:
                for _ in out:
                    pass
            self.line(name, ours, rows / (time.perf_counter() - began), f">= 0.7 of COPY; grew by {grown:.0f} MB",
                      form="{:,.0f}")  # fmt: skip

    # Writing

    def audits(self, folder: Path | None) -> None:
        """Measure in turns, so that a busy machine slows the disk and the console alike."""
        wanted = VideoFilter(censor_status=CensorStatus.CHECK)
        ids = [video.video_id for video in self.store.catalogue.find_videos(wanted, 1, 1000).items]
        assert ids, "no video waits for review"
        endless = ((one, verdict) for verdict in cycle((Verdict.NORMAL, Verdict.BLOCKED)) for one in ids)
        goals = {1: ">= 0.6 of fsync", 8: ">= 1.0 of fsync"}
        syncs: list[float] = []
        rates: dict[int, list[float]] = {callers: [] for callers in goals}
        for _ in range(TURNS):
            syncs.append(sync_rate(folder))
            for callers in goals:
                rates[callers].append(together(callers, islice(endless, AUDITS), self.audit))
        for callers, goal in goals.items():
            ours, bare = statistics.median(rates[callers]), statistics.median(syncs)
            self.line(f"audits a second, {callers} callers", ours, bare, goal, form="{:,.0f}")

    def audit(self, given: tuple[str, Verdict]) -> None:
        self.store.catalogue.record_audit(*given, "why", "", catalogue.ACTOR)

    def claims(self, count: int) -> None:
        """Measure with at most CLAIMS running, as the turns between end them all."""
        jobs = self.store.jobs
        jobs.enqueue_demo(range(count))
        claimed: list[str] = []

        def claim(number: int) -> None:
            if job := jobs.claim_job([JobKind.DEMO], f"worker-{number}", is_here=lambda owner: True):
                claimed.append(job.job_id)

        some, rates = min(count, TURNS * CLAIMS), []
        for first in range(0, some, CLAIMS):
            rates.append(together(8, range(first, min(first + CLAIMS, some)), claim))
            self.bare.execute("update jobs set state = 'done' where state = 'running'")
            if not first:
                self.bare.execute("analyze jobs")  # as autovacuum does within a minute
        assert len(set(claimed)) == len(claimed) == some, "a job was claimed twice, or not at all"
        name, goal, form = f"claims a second, 8 workers, of {count:,}", ">= 500, none twice", "{:,.0f}"
        self.line(f"{name} just queued", rates[0], None, goal, form=form)
        self.line(name, statistics.median(rates[1:] or rates), None, goal, form=form)

    def line(self, name: str, ours: float, bare: float | None, goal: str, form: str = "{:.2f} ms") -> None:
        ratio = f"{ours / bare:.2f}" if bare else ""
        print(LINE.format(name, form.format(ours), form.format(bare) if bare else "", ratio, goal), flush=True)


def answers_kept(settings: Settings) -> float:
    """Return how many times a second the same page is answered, which is kept until a change."""
    settings.data.mkdir()
    console = open_console(settings, upgrade=True)
    token = f"{time.time_ns():048}"
    name = f"bench{time.time_ns()}"
    account = console.store.accounts.add_account(name, "no password", Role.ADMIN, catalogue.ACTOR)
    console.store.sessions.open_session(account, token, 1, catalogue.ACTOR)
    app = RestApp(console)
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": PAGE,
        "raw_path": PAGE.encode(), "query_string": b"pageSize=20",
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [(b"host", b"console.test"), (b"authorization", f"Bearer {token}".encode())],
    }  # fmt: skip
    calls = 2000

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200, message

    async def ask() -> None:
        for _ in range(calls // 16):
            await app(dict(scope), receive, send)
            await asyncio.sleep(0)  # as between two requests of a connection

    async def ask_all() -> float:
        await ask()
        began = time.perf_counter()
        await asyncio.gather(*(ask() for _ in range(16)))
        return calls // 16 * 16 / (time.perf_counter() - began)

    rate = asyncio.run(ask_all())
    console.close()
    return rate


def together(callers: int, given: Iterable[Any], do: Callable[[Any], Any]) -> float:
    """Return how many calls a second so many threads make."""
    wanted = list(given)
    began = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(do, wanted))
    return len(wanted) / (time.perf_counter() - began)


def sync_rate(folder: Path | None) -> float:
    """Return how many small writes a second the disk confirms."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        for _ in range(50):
            os.write(file.fileno(), bytes(8192))
            os.fdatasync(file.fileno())
        return 50 / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
