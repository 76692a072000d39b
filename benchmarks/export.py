"""How quickly a catalogue leaves as a file, beside what SQLite's own command line can do.

    python benchmarks/export.py --rows 1000000
    python benchmarks/export.py --data FOLDER

The first makes a catalogue in a temporary folder, the second takes a data folder that is there. SQLite's command line
is asked for the same columns; the others give the columns of one table, and are read for half a minute. Processor time
is counted besides the clock, since other programs may be running: compare the rows of one table. Memory is the peak
above what the process held before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import baseline_servers as others  # noqa: E402
import requests  # noqa: E402

from backend.exports.columns import VIDEOS, CellKind, FileFormat  # noqa: E402
from backend.exports.download import Progress  # noqa: E402
from backend.exports.file import ExportInfo, make_download  # noqa: E402
from backend.model import VideoFilter  # noqa: E402
from backend.store import open_store  # noqa: E402
from backend.store.sqlite.export_sql import SOURCES, URL  # noqa: E402
from tests.ports import free_port  # noqa: E402

PASSWORD = "correct horse battery"
BASE_URL = "http://127.0.0.1:8502"
ZONE = ZoneInfo("Asia/Shanghai")
TICKS = os.sysconf("SC_CLK_TCK")
CHUNK = 1 << 18
OTHERS = {
    others.PLAIN: "/videos.csv",
    others.DATASETTE: "/console/videos.csv?_stream=on&_size=max",
}
OTHERS_SECONDS = 30
Measured = dict[str, float]
Start = Callable[[Path], AbstractContextManager[others.Other]]


def take(chunks: Iterable[bytes]) -> Measured:
    """Take a file as it comes, and say how long that was, how soon it began and how much it was."""
    began, first, size = time.perf_counter(), 0.0, 0
    for chunk in chunks:
        if chunk and not size:
            first = time.perf_counter() - began
        size += len(chunk)
    return {"seconds": time.perf_counter() - began, "first": first, "bytes": size}


def command_line(database: Path) -> Measured:
    """Ask the sqlite3 program for the columns of an export, written as one would write them by hand."""
    values = SOURCES[VIDEOS].values
    columns = []
    for column in VIDEOS.columns:
        value = values[column.name].format(gather=f"group_concat({URL}, ' ')")
        value = f"datetime({value} + 28800, 'unixepoch')" if column.kind is CellKind.TIME else value
        columns.append(value.replace(":base_url", f"'{BASE_URL}'"))
    sql = f"select {', '.join(columns)} from {SOURCES[VIDEOS].tables} order by v.seq desc"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(["sqlite3", "-csv", str(database), sql], stdout=subprocess.PIPE) as process:
        measured = take(iter(lambda: process.stdout.read1(CHUNK), b""))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**measured, "cpu": cpu, "memory": float("nan")}  # it would count this process, before the program began


def in_process(database: Path, file_format: FileFormat) -> Measured:
    """Write a file in a process of its own, which prints what it measured."""
    command = [sys.executable, __file__, "--data", str(database.parent), "--inside", file_format]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def inside(database: Path, file_format: FileFormat) -> Measured:
    store = open_store(database.parent)
    label = ExportInfo(VIDEOS, VIDEOS.columns, file_format, {}, datetime.now(ZONE), ZONE.key, "benchmark", Progress(0))
    before, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        pieces = store.exporting.export_batches(VIDEOS, VIDEOS.columns, file_format, VideoFilter(), ZONE, BASE_URL)
        measured = take(make_download(label, pieces, Path(folder)).chunks)
    measured |= {"cpu": time.process_time() - cpu}
    measured |= {"memory": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024}
    store.close()
    return measured


def over_http(folder: Path, file_format: FileFormat) -> Measured:
    """Ask a server of its own for a file."""
    port = free_port()
    environ = {**os.environ, "QU_DATA": str(folder), "QU_LOG": "WARNING"}
    added = [
        sys.executable,
        "-m",
        "backend",
        "account",
        "add",
        "benchmark",
        "--role",
        "analyst",
        "--password",
        PASSWORD,
    ]
    subprocess.run(added, env=environ, cwd=ROOT, capture_output=True)  # it may be there from an earlier run
    serve = [sys.executable, "-m", "backend", "serve", "--port", str(port)]
    with (
        subprocess.Popen(serve, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL) as process,
        requests.Session() as http,
    ):
        http.trust_env = False
        try:
            url = f"http://127.0.0.1:{port}"
            _until_ready(http, url)
            login = http.post(f"{url}/console/user/login", {"userName": "benchmark", "password": PASSWORD}).json()
            asked = {"consoletoken": login["data"]["consoleToken"], "format": file_format}
            http.post(f"{url}/console/vod/exportVideos", {**asked, "videoId": "none"})  # the server is warm
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak of memory begins anew
            idle, cpu = _status(process.pid, "VmRSS"), _cpu(process.pid)
            began = time.perf_counter()
            answer = http.post(f"{url}/console/vod/exportVideos", asked, stream=True)
            wait = time.perf_counter() - began
            measured = take(answer.raw.stream(CHUNK))
            measured["first"] += wait
            measured["seconds"] += wait
            return {**measured, "cpu": _cpu(process.pid) - cpu, "memory": _status(process.pid, "VmHWM") - idle}
        finally:
            process.terminate()


def from_another(
    start: Callable[[Path], AbstractContextManager[others.Other]], address: str, database: Path
) -> Measured:
    """Take a CSV from another server for a while."""
    with start(database) as other, urllib.request.urlopen(other.url + address) as answer:
        idle, cpu = _status(other.process.pid, "VmRSS"), _cpu(other.process.pid)
        until, rows = time.perf_counter() + OTHERS_SECONDS, 0

        def lines() -> Iterator[bytes]:
            nonlocal rows
            for line in answer:
                rows += 1
                yield line
                if time.perf_counter() > until:
                    return

        measured = take(lines())
        used = {"cpu": _cpu(other.process.pid) - cpu, "memory": _status(other.process.pid, "VmHWM") - idle}
    return {**measured, **used, "rows": rows}


def _until_ready(http: requests.Session, url: str) -> None:
    for _ in range(300):
        try:
            if http.get(f"{url}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise SystemExit("the server does not start")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _status(pid: int, name: str) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().partition(f"{name}:")[2].split()[0]) / 1024


def main(folder: Path, skip_excel: bool) -> None:
    database = folder / "console.sqlite3"
    store = open_store(database.parent)
    rows = store.catalogue.find_videos(VideoFilter(), 1, 1).total
    store.close()
    ways = {
        "sqlite3 -csv": lambda: command_line(database),
        "CSV in process": lambda: in_process(database, FileFormat.CSV),
        "CSV over HTTP": lambda: over_http(folder, FileFormat.CSV),
        "JSON lines in process": lambda: in_process(database, FileFormat.JSONL),
        "JSON lines over HTTP": lambda: over_http(folder, FileFormat.JSONL),
    }
    for other, address in OTHERS.items():
        start = others.plain if other == others.PLAIN else others.datasette
        ways[other] = partial(from_another, start, address, database)
    if not skip_excel:
        ways["Excel in process"] = lambda: in_process(database, FileFormat.XLSX)
    print(f"{rows:,} rows, {len(VIDEOS.columns)} columns; load {os.getloadavg()[0]:.1f}")
    print(f"{'':22} {'rows/s':>9} {'of sqlite3':>10} {'rows/CPU s':>10} {'first ms':>9} {'MiB above':>9} {'MB':>7}")
    base = 0.0
    for name, measure in ways.items():
        measured = measure()
        count = measured.get("rows", rows)
        speed = count / measured["seconds"]
        base = base or speed
        print(
            f"{name:22} {speed:9,.0f} {speed / base:10.2f} {count / measured['cpu']:10,.0f} "
            f"{measured['first'] * 1000:9,.0f} {measured['memory']:9,.0f} {measured['bytes'] / 1e6:7,.0f}",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="a data folder that is there already")
    parser.add_argument("--skip-excel", action="store_true", help="it takes minutes for a million rows")
    parser.add_argument("--inside", type=FileFormat, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(inside(given.data / "console.sqlite3", given.inside)))
    elif given.data:
        main(given.data, given.skip_excel)
    else:
        with tempfile.TemporaryDirectory() as made:
            generator = [sys.executable, str(ROOT / "benchmarks" / "catalogue.py"), made, "--rows", str(given.rows)]
            subprocess.run(generator, check=True)
            main(Path(made), given.skip_excel)
