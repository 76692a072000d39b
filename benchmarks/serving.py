"""How many pages of 20 videos a second one process serves over HTTP, the token checked each time, beside others.

`python benchmarks/serving.py --data FOLDER [--rounds 3] [--connections 16]`, with a folder that benchmarks/catalogue.py
made. Needs wrk (`apt-get install wrk`). With `--others` they are installed into a virtual environment of their own.
With `--database postgresql://…`, to which the folder was moved, one and two processes are asked that serve that
database. All serve the same rows and are asked in turn; what counts is the ratio to `ready`, the same number of bytes
without any work: by processor time, where the machine has other things to do. A database's own is told beside it.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import baseline_servers as others
from postgres_processor import meter

import backend
from backend import Settings
from backend.auth.permissions import Role
from backend.model import Actor
from tests.acceptance.server_process import free_port

ACTOR = Actor("benchmark", "command line")
SECONDS = 4
TOKENS = 1000
PAGE = "/console/vod/getVideos?pageSize=20"
IN_TURN = """
n = 0
request = function() n = n + 1; return wrk.format("GET", wrk.path .. "&consoletoken=" .. tokens[n % #tokens + 1]) end
"""
NEVER_TWICE = 'n = 0\nrequest = function() n = n + 1; return wrk.format("GET", wrk.path .. "&n=" .. n) end\n'


@dataclass(frozen=True)
class Server:
    """Processes that listen, and what each is asked for; `script` is wrk's, where that is not one address."""

    name: str
    asked: tuple[tuple[subprocess.Popen[bytes], str], ...]
    script: str = ""
    database: Callable[[], int] = lambda: 0  # the nanoseconds that the database's server took so far


@dataclass(frozen=True)
class Rate:
    requests: float  # a second
    cpu: float  # microseconds of the server for each
    database: float  # and of the database's


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--database", default="", help="a PostgreSQL database that has the same catalogue")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is missing: apt-get install wrk")
    with ExitStack() as stack:
        servers = list(start_all(stack, given.data.absolute(), given.others, given.database))
        rates: dict[str, list[Rate]] = {server.name: [] for server in servers}
        for number in range(given.rounds + 1):
            for server in servers:
                rate = load(server, given.connections)
                if number:  # the first round warms up
                    rates[server.name].append(rate)
    show(rates)


def show(rates: Mapping[str, list[Rate]]) -> None:
    best = rates[READY]
    heads = f"{'requests/s':>11}{'of ready':>10}{'CPU µs':>9}{'of ready':>10}{'ours/it':>10}{'database µs':>13}"
    print(f"{'server':<42}{heads}")
    for name, found in rates.items():
        requests = statistics.median(rate.requests for rate in found)
        share = statistics.median(rate.requests / most.requests for rate, most in zip(found, best, strict=True))
        fresh = statistics.median(
            ours.requests / max(rate.requests, 1 / SECONDS) for ours, rate in zip(rates[FRESH], found, strict=True)
        )
        cpu = statistics.median(rate.cpu for rate in found)
        by_cpu = statistics.median(most.cpu / rate.cpu for rate, most in zip(found, best, strict=True))
        print(
            f"{name:<42}{requests:>11,.0f}{share:>10.3f}{cpu:>9,.0f}{by_cpu:>10.3f}{fresh:>10.1f}"
            f"{statistics.median(rate.database for rate in found):>13,.0f}"
        )


FRESH, KEPT, READY = "ours, a page never asked before", "ours, nothing changed since", "ready"


def start_all(stack: ExitStack, data: Path, with_others: bool, address: str) -> Iterator[Server]:
    """Start everything that is compared, on free ports."""
    tokens, database = sign_in(data), data / "console.sqlite3"
    process, url = serve(stack, data)
    page = f"{url}&consoletoken={tokens[0]}"
    yield Server(KEPT, ((process, page),))
    listed = "tokens = {" + ",".join(f'"{token}"' for token in tokens) + "}"
    yield Server(f"{KEPT}, {TOKENS:,} tokens", ((process, url),), listed + IN_TURN)
    yield Server(FRESH, ((process, page),), NEVER_TWICE)
    if address:
        yield from start_on_postgres(stack, data, address)
    with urllib.request.urlopen(page) as answer:
        size = len(answer.read())
    other = stack.enter_context(others.ready(size))
    yield Server(READY, ((other.process, other.url),))
    if not with_others:
        return
    other = stack.enter_context(others.plain(database))
    yield Server(others.PLAIN, ((other.process, f"{other.url}/videos?limit=20"),))
    other = stack.enter_context(others.datasette(database))
    # A page and the total: it would suggest facets as well, which takes seconds.
    query = "_size=20&_sort_desc=seq&_shape=objects&_nosuggest=1"
    yield Server(
        f"{others.DATASETTE} (rows of one table only)", ((other.process, f"{other.url}/console/videos.json?{query}"),)
    )


def start_on_postgres(stack: ExitStack, data: Path, address: str) -> Iterator[Server]:
    import psycopg

    (data / "media").mkdir(exist_ok=True)  # none of the files is there, and none is asked for
    spent = meter(stack.enter_context(psycopg.connect(address, autocommit=True)))
    token = sign_in(data, address)[0]
    started = [serve(stack, data, QU_DATABASE=address) for _ in range(2)]
    asked = tuple((process, f"{url}&consoletoken={token}") for process, url in started)
    for name, script in ((KEPT, ""), (FRESH, NEVER_TWICE)):
        yield Server(f"{name}, PostgreSQL", asked[:1], script, spent)
        yield Server(f"{name}, two on PostgreSQL", asked, script, spent)


def serve(stack: ExitStack, data: Path, **settings: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server and return it with the address of a page, to which a token must be added."""
    port = free_port()
    command = [sys.executable, "-m", "backend", "serve", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    environ = {"QU_DATA": str(data), "QU_LOG": "WARNING", "QU_PUBLIC_URL": url, **settings}
    process = stack.enter_context(others.running(command, environ))
    return process, others.wait(f"{url}{PAGE}")


def sign_in(data: Path, database: str = "") -> list[str]:
    """Open sessions in the data folder, or in a database, and return their tokens."""
    console = backend.open_console(Settings(data=data, database=database))
    tokens = [secrets.token_hex(24) for _ in range(TOKENS)]
    account = console.store.accounts.add_account(f"benchmark-{secrets.token_hex(4)}", "!", Role.ANALYST, ACTOR)
    for token in tokens:
        console.store.sessions.open_session(account, token, 1, ACTOR)
    console.close()
    return tokens


def load(server: Server, connections: int) -> Rate:
    """Ask as fast as the server answers, and return its rate. Raises where an answer was no success."""
    each = connections // len(server.asked)
    command = ["wrk", "-t1", f"-c{each}", f"-d{SECONDS}", "--timeout", "30s"]
    processes = [process.pid for process, _ in server.asked]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(server.script)
        script.flush()
        before, database = sum(map(cpu_seconds, processes)), server.database()
        options = ["-s", script.name] if server.script else []
        clients = [
            subprocess.Popen([*command, *options, url], stdout=subprocess.PIPE, text=True) for _, url in server.asked
        ]
        said = [client.communicate()[0] for client in clients]
    cpu, database = sum(map(cpu_seconds, processes)) - before, server.database() - database
    for pid in processes:
        wait_until_idle(pid)
    found = [re.search(r"(\d+) requests in.*?Requests/sec: +([\d.]+)", one, re.DOTALL) for one in said]
    if any("Non-2xx" in one for one in said) or None in found:
        raise SystemExit(f"{server.name} did not answer:\n{''.join(said)}")
    requests = max(sum(int(one[1]) for one in found if one), 1)
    return Rate(sum(float(one[2]) for one in found if one), cpu / requests * 1e6, database / requests / 1e3)


def wait_until_idle(pid: int) -> None:
    """Wait until a process has ended what it was asked, so that the next one has the machine for itself."""
    before = -1.0
    while before != (before := cpu_seconds(pid)):
        time.sleep(0.3)


def cpu_seconds(pid: int) -> float:
    """Return what a process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
