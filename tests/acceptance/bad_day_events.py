"""What happens on bad days: each event hurts an installation under load, and returns what it did, in words."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from backend.store.postgres import locks
from tests.acceptance.bad_day_load import Load
from tests.acceptance.installation import Installation, Machine
from tests.acceptance.postgres_cluster import DATABASE, Cluster
from tests.acceptance.server_process import ask
from tests.waiting import until

DOWN = 3.0  # seconds that something stays away
OTHERS = f"from pg_stat_activity where datname = '{DATABASE}' and application_name = 'qu-console'"
RUNNING = "select job_id, owner from jobs where state = 'running'"


@dataclass
class Day:
    """An installation under load. `noted` are what the event saw that is not as promised."""

    site: Installation
    load: Load
    token: str
    videos: list[str]
    noted: list[str]
    told: list[str]

    def ask(self, server: Machine, name: str, values: dict[str, Any], timeout: float = 60) -> Any:
        with closing(server.connect(timeout)) as connection:
            return ask(connection, name, values, self.token)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.site.cluster.execute(DATABASE, sql)


def kill_console(day: Day) -> str:
    server = day.site.servers[1]
    with server.hurt():
        server.kill()
        time.sleep(DOWN)
        server.start()
    return "a console killed, and started again"


def kill_worker(day: Day) -> str:
    """Kill a worker that is at a job."""
    worker = day.site.workers[0]
    job = until(lambda: job_of(day, worker), "the worker is at a job", 60)
    worker.kill()
    owner = f"select 1 from jobs where job_id = '{job}' and (state = 'done' or owner <> '{owner_of(day, job)}')"
    began = time.monotonic()
    until(lambda: day.rows(owner), "another one takes the job", 60)
    took = time.monotonic() - began
    worker.log.unlink()
    worker.start()
    return f"a worker killed in a job, which another one had after {took:.1f} s"


def kill_backend(day: Day) -> str:
    """Kill one process of PostgreSQL, after which the server itself ends all connections and recovers."""
    for pid in [row[0] for row in day.rows(f"select pid {OTHERS} and state <> 'idle' limit 1")] or [
        row[0] for row in day.rows(f"select pid {OTHERS} limit 1")
    ]:
        os.kill(pid, signal.SIGKILL)
    return "a process of PostgreSQL killed"


def kill_cluster(day: Day) -> str:
    day.site.cluster.kill()
    with_readiness(day)
    time.sleep(DOWN)
    day.site.cluster.start()
    return "PostgreSQL killed, and started again"


def with_readiness(day: Day) -> None:
    """Note what the probes and the feed say while the database is away."""
    server = day.site.servers[0]
    with closing(server.connect()) as connection:
        for path in ("/healthz", "/vodVideo/getFeed", "/media/x/y/source.mp4"):
            connection.request("GET", path)
            answer = connection.getresponse()
            code = json.loads(answer.read())["code"]
            after = answer.headers.get("Retry-After")
            day.told.append(f"{path} {answer.status}, code {code}, Retry-After {after}")


def end_connections(day: Day) -> str:
    """End all connections of the consoles, five times."""
    ended = 0
    for _ in range(5):
        ended += len(day.rows(f"select pg_terminate_backend(pid) {OTHERS}"))
        time.sleep(0.5)
    return f"{ended} connections terminated"


def stop_console(day: Day) -> str:
    """Stop a console within a change, so that it holds the lock that all others wait for."""
    server = day.site.servers[1]
    holder = f"""
        select pid from pg_stat_activity join pg_locks using (pid)
        where locktype = 'advisory' and objid = {locks.WRITE} and granted and state = 'idle in transaction'
        and state_change < clock_timestamp() - interval '200 ms'
    """
    with server.hurt():
        for _ in range(200):
            server.signal(signal.SIGSTOP)
            time.sleep(0.5)
            if day.rows(holder):
                break
            server.signal(signal.SIGCONT)
            time.sleep(0.05)
        else:
            return "not caught within a change"
        began = time.monotonic()
        until(lambda: not day.rows(holder), "the lock is free", 30)
        took = time.monotonic() - began
        time.sleep(DOWN)
        server.signal(signal.SIGCONT)
    return f"a console stopped within a change; the lock was free after {took:.1f} s"


def stop_worker(day: Day) -> str:
    """Stop a worker at a job until another one has done it: its own end of it is refused."""
    worker = day.site.workers[0]

    def catch() -> str:
        """Stop it; if it is at a job, it stays so."""
        worker.signal(signal.SIGSTOP)
        if job := job_of(day, worker):
            return job
        worker.signal(signal.SIGCONT)
        return ""

    job = until(catch, "the worker is at a job", 60)
    began = time.monotonic()
    until(lambda: day.rows(f"select 1 from jobs where job_id = '{job}' and state = 'done'"), "another one did it", 90)
    took = time.monotonic() - began
    worker.signal(signal.SIGCONT)
    time.sleep(DOWN)
    if worker.process is None or worker.process.poll() is not None:
        day.noted.append("the worker that was stopped ended")
    return f"a worker stopped in a job, which another one had done after {took:.1f} s"


def fail_over(day: Day) -> str:
    """Kill the primary and promote its synchronous standby, which the address names as well."""
    standby: Cluster = day.site.standby
    day.site.cluster.kill()
    began = time.monotonic()
    standby.promote()
    took = time.monotonic() - began
    day.site.cluster = standby
    return f"the primary killed, its standby promoted in {took:.1f} s"


def exhaust_pool(day: Day) -> str:
    """Keep all connections of a console waiting, by a lock on a table that everything reads."""
    server = day.site.servers[0]
    answers: list[tuple[str, float]] = []

    def read(number: int) -> None:
        began = time.monotonic()
        with suppress(OSError):
            answer = day.ask(server, "getVideos", {"pageIndex": 1, "title": f"word {number}"})
            answers.append((f"{answer['code']} {answer['message'][:60]}", time.monotonic() - began))

    with psycopg.connect(day.site.cluster.address) as db, ThreadPoolExecutor(60) as pool:
        db.execute("lock table videos, finding in access exclusive mode")
        asked = [pool.submit(read, number) for number in range(60)]
        time.sleep(DOWN)
        status, _ = server.get("/healthz")
        day.told.append(f"/healthz {status}")
        time.sleep(12)
        db.rollback()
        for one in asked:
            one.result()
    kinds = {text: sum(1 for kind, _ in answers if kind == text) for text, _ in answers}
    day.told.append(f"60 readers: {kinds}, slowest {max(took for _, took in answers):.1f} s")
    return "all connections of a console kept waiting for 15 s"


def take_bucket_away(day: Day) -> str:
    bucket = day.site.bucket
    bucket.gate = lambda *_: "SlowDown"  # connections that are open
    bucket.stop()
    time.sleep(3 * DOWN)
    bucket.recover()
    return f"the bucket away for {3 * DOWN:.0f} s"


def fill_disk(day: Day) -> str:
    """Fill the disk of the database, and free it when changes are refused."""
    filler = day.site.small / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 8192)
    until(lambda: any("disk is full" in text for text in day.load.told.messages), "changes are refused", 60)
    day.told.append(f"/healthz {day.site.servers[0].get('/healthz')[0]}")
    time.sleep(DOWN)
    filler.unlink()
    return "the disk of the tables full, and freed"


def fill_log_disk(day: Day) -> str:
    """Fill the disk of PostgreSQL's log, at which it ends; free it and start it."""
    filler = day.site.small / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 8192)
    day.rows("select pg_switch_wal()")
    with suppress(psycopg.Error):
        day.rows("create table if not exists filling as select repeat('x', 100) from generate_series(1, 1000000)")
    until(lambda: not day.site.cluster.is_running(), "PostgreSQL ends", 60)
    time.sleep(DOWN)
    filler.unlink()
    day.site.cluster.start()
    return "the disk of PostgreSQL's log full, at which it ended; freed, and started again"


def turn_clock(day: Day) -> str:
    """Turn the clock of the second console's machine an hour ahead, and back."""
    assert day.site.turned is not None
    day.site.turned.write_text("+1h")
    time.sleep(3 * DOWN)
    late = "extract(epoch from clock_timestamp()) + 60"
    if wrong := day.rows(f"select count(*) from history where at > {late}")[0][0]:
        day.noted.append(f"{wrong} lines of the history have a time that is not the server's")
    day.site.turned.write_text("+0")
    return f"the clock of a console an hour ahead for {3 * DOWN:.0f} s"


def start_programme(day: Day) -> str:
    """Let three consoles note what begins at the same second."""
    chosen, first = day.videos[-4:], day.site.servers[0]
    for video in chosen:
        day.ask(first, "createAudit", {"mediaId": video, "status": "Normal"})
    starts = time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime(time.time() + 6))
    for video in chosen:
        answer = day.ask(first, "recommendVideo", {"videoId": video, "startTime": starts})
        if answer["code"] != "200":
            raise RuntimeError(answer["message"])
    until(lambda: day.rows("select count(*) from programme_ticks")[0][0] >= len(chosen), "all have begun", 60)
    time.sleep(DOWN)
    ticks = day.rows("select count(*), count(distinct video_id) from programme_ticks")
    if ticks != [(len(chosen), len(chosen))]:
        day.noted.append(f"{ticks} starts were noted")
    return f"{len(chosen)} recommendations that began at once in three consoles were noted once each"


def job_of(day: Day, worker: Machine) -> str:
    """Return a job at which a worker is; empty if there is none."""
    place = Path(f"/proc/{worker.pid}/ns/pid").readlink()
    inside = "1" if worker.pid != worker.process.pid else str(worker.pid)
    for job, owner in day.rows(RUNNING):
        if f"{place} {inside} " in owner:
            return str(job)
    return ""


def owner_of(day: Day, job: str) -> str:
    return str((day.rows(f"select owner from jobs where job_id = '{job}'") or [("",)])[0][0])


@dataclass(frozen=True)
class Event:
    """An event, and what the installation needs for it."""

    run: Callable[[Day], str]
    servers: int = 2
    has_standby: bool = False
    worker_apart: bool = False
    small: str = ""  # the disk that is small: "tables" or "log"
    has_clock: bool = False  # the second console has one of its own


EVENTS = {
    "console-killed": Event(kill_console),
    "worker-killed": Event(kill_worker),
    "backend-killed": Event(kill_backend),
    "cluster-killed": Event(kill_cluster),
    "connections-ended": Event(end_connections),
    "console-stopped": Event(stop_console),
    "worker-stopped": Event(stop_worker, worker_apart=True),
    "fail-over": Event(fail_over, has_standby=True),
    "pool-exhausted": Event(exhaust_pool),
    "disk-full": Event(fill_disk, small="tables"),
    "log-disk-full": Event(fill_log_disk, small="log"),
    "bucket-away": Event(take_bucket_away),
    "clock": Event(turn_clock, has_clock=True),
    "three-consoles": Event(start_programme, servers=3),
}
