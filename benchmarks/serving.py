"""How many pages of 20 videos a second one process serves over HTTP, the token checked each time, beside others.

`python benchmarks/serving.py --data FOLDER [--rounds 3] [--connections 16]`, with a folder that benchmarks/catalogue.py
made. Needs wrk (`apt-get install wrk`). With `--others` they are installed into a virtual environment of their own. All
serve the same rows and are asked in turn; what counts is the ratio to `ready`, the same number of bytes without any
work: by processor time, where the machine has other things to do.
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
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import baseline_servers as others

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
    """A process that listens, and what it is asked for; `script` is wrk's, where that is not one address."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    script: str = ""


@dataclass(frozen=True)
class Rate:
    requests: float  # a second
    cpu: float  # microseconds of the server for each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--others", action="store_true")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is missing: apt-get install wrk")
    with ExitStack() as stack:
        servers = list(start_all(stack, given.data.absolute(), given.others))
        rates: dict[str, list[Rate]] = {server.name: [] for server in servers}
        for number in range(given.rounds + 1):
            for server in servers:
                rate = load(server, given.connections)
                if number:  # the first round warms up
                    rates[server.name].append(rate)
    show(rates)


def show(rates: Mapping[str, list[Rate]]) -> None:
    best = rates[READY]
    print(f"{'server':<42}{'requests/s':>11}{'of ready':>10}{'CPU µs':>9}{'of ready':>10}{'ours/it':>10}")
    for name, found in rates.items():
        requests = statistics.median(rate.requests for rate in found)
        share = statistics.median(rate.requests / most.requests for rate, most in zip(found, best, strict=True))
        fresh = statistics.median(
            ours.requests / max(rate.requests, 1 / SECONDS) for ours, rate in zip(rates[FRESH], found, strict=True)
        )
        cpu = statistics.median(rate.cpu for rate in found)
        by_cpu = statistics.median(most.cpu / rate.cpu for rate, most in zip(found, best, strict=True))
        print(f"{name:<42}{requests:>11,.0f}{share:>10.3f}{cpu:>9,.0f}{by_cpu:>10.3f}{fresh:>10.1f}")


FRESH, KEPT, READY = "ours, a page never asked before", "ours, nothing changed since", "ready"


def start_all(stack: ExitStack, data: Path, with_others: bool) -> Iterator[Server]:
    """Start everything that is compared, on free ports."""
    port, tokens, database = free_port(), sign_in(data), data / "console.sqlite3"
    command = [sys.executable, "-m", "backend", "serve", "--port", str(port)]
    process = stack.enter_context(others.running(command, {"QU_DATA": str(data), "QU_LOG": "WARNING"}))
    page = others.wait(f"http://127.0.0.1:{port}{PAGE}&consoletoken={tokens[0]}")
    yield Server(KEPT, process, page)
    listed = "tokens = {" + ",".join(f'"{token}"' for token in tokens) + "}"
    yield Server(f"{KEPT}, {TOKENS:,} tokens", process, f"http://127.0.0.1:{port}{PAGE}", listed + IN_TURN)
    yield Server(FRESH, process, page, NEVER_TWICE)
    with urllib.request.urlopen(page) as answer:
        size = len(answer.read())
    other = stack.enter_context(others.ready(size))
    yield Server(READY, other.process, other.url)
    if not with_others:
        return
    other = stack.enter_context(others.plain(database))
    yield Server(others.PLAIN, other.process, f"{other.url}/videos?limit=20")
    other = stack.enter_context(others.datasette(database))
    # A page and the total: it would suggest facets as well, which takes seconds.
    query = "_size=20&_sort_desc=seq&_shape=objects&_nosuggest=1"
    yield Server(
        f"{others.DATASETTE} (rows of one table only)", other.process, f"{other.url}/console/videos.json?{query}"
    )


def sign_in(data: Path) -> list[str]:
    """Open sessions in the data folder and return their tokens."""
    console = backend.open_console(Settings(data=data))
    tokens = [secrets.token_hex(24) for _ in range(TOKENS)]
    account = console.store.accounts.add_account(f"benchmark-{secrets.token_hex(4)}", "!", Role.ANALYST, ACTOR)
    for token in tokens:
        console.store.sessions.open_session(account, token, 1, ACTOR)
    console.close()
    return tokens


def load(server: Server, connections: int) -> Rate:
    """Ask as fast as the server answers, and return its rate. Raises where an answer was no success."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", "--timeout", "30s"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(server.script)
        script.flush()
        before = cpu_seconds(server.process.pid)
        said = subprocess.run(
            [*command, *(["-s", script.name] if server.script else []), server.url],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    cpu = cpu_seconds(server.process.pid) - before
    wait_until_idle(server.process.pid)
    if (
        "Non-2xx" in said
        or (found := re.search(r"(\d+) requests in.*?Requests/sec: +([\d.]+)", said, re.DOTALL)) is None
    ):
        raise SystemExit(f"{server.name} did not answer:\n{said}")
    return Rate(float(found[2]), cpu / max(int(found[1]), 1) * 1e6)


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
