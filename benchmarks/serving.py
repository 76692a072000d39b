"""How many pages of 20 videos a second one process serves over HTTP, the token checked each time, beside others.

`python benchmarks/serving.py --data FOLDER [--rounds 3] [--connections 16]`, with a folder that benchmarks/catalogue.py
made. Needs wrk (`apt-get install wrk`). The others are installed into a virtual environment of their own. All serve the
same rows and are asked in turn; what counts is the ratio to `ready`, the same number of bytes without any work.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import backend
from backend import Settings
from backend.model import Actor, Role

ROOT = Path(__file__).parents[1]
RIVALS = ROOT / "benchmarks" / "rivals"
PACKAGES = ("fastapi>=0.140,<1", "sqlmodel>=0.0.40,<0.1", "datasette>=0.65,<0.66", "uvicorn[standard]>=0.54,<1")
CACHE = Path(tempfile.gettempdir()) / "qu-console-rivals"
ACTOR = Actor("benchmark", "command line")
SECONDS = 4
PATIENCE = 120.0  # seconds for a server to answer first: Datasette looks through all tables
NEVER_TWICE = 'n = 0\nrequest = function() n = n + 1; return wrk.format("GET", wrk.path .. "&n=" .. n) end\n'
PAGE = "/console/vod/getVideos?pageSize=20&consoletoken="


@dataclass(frozen=True)
class Server:
    """A process that listens, and what it is asked for. `fresh`: no address twice, so that nothing kept can serve."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    fresh: bool = False


@dataclass(frozen=True)
class Rate:
    requests: float  # a second
    cpu: float  # microseconds of the server for each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is missing: apt-get install wrk")
    with ExitStack() as stack:
        servers = list(start_all(stack, given.data.absolute()))
        rates: dict[str, list[Rate]] = {server.name: [] for server in servers}
        for _ in range(given.rounds):
            for server in servers:
                rates[server.name].append(load(server, given.connections))
    show(rates)


def show(rates: Mapping[str, list[Rate]]) -> None:
    best = rates["ready"]
    print(f"{'server':<34}{'requests/s':>11}{'of ready':>10}{'CPU µs':>9}{'ours/it':>10}")
    for name, found in rates.items():
        requests = statistics.median(rate.requests for rate in found)
        share = statistics.median(rate.requests / most.requests for rate, most in zip(found, best, strict=True))
        fresh = statistics.median(
            ours.requests / max(rate.requests, 1 / SECONDS) for ours, rate in zip(rates[FRESH], found, strict=True)
        )
        cpu = statistics.median(rate.cpu for rate in found)
        print(f"{name:<34}{requests:>11,.0f}{share:>10.3f}{cpu:>9,.0f}{fresh:>10.1f}")


FRESH, KEPT = "ours, never the same address twice", "ours, nothing changed since"


def start_all(stack: ExitStack, data: Path) -> Iterator[Server]:
    """Start everything that is compared, on free ports."""
    port, token, database = free_port(), sign_in(data), data / "console.sqlite3"
    command = [sys.executable, "-m", "backend", "serve", "--port", str(port)]
    ours = stack.enter_context(running(command, {"QU_DATA": str(data), "QU_LOG": "WARNING"}, ROOT))
    page = f"http://127.0.0.1:{port}{PAGE}{token}"
    body = fetch(page)
    yield Server(KEPT, ours, page)
    yield Server(FRESH, ours, page, fresh=True)
    uvicorn = ["-m", "uvicorn", "--app-dir", str(RIVALS), "--no-access-log", "--log-level", "warning", "--port"]
    port = free_port()
    ready = [sys.executable, *uvicorn, str(port), "ready:app"]
    yield Server(
        "ready",
        stack.enter_context(running(ready, {"BODY_BYTES": str(len(body))}, ROOT)),
        wait(f"http://127.0.0.1:{port}/"),
    )
    python = rivals_python()
    port = free_port()
    plain = [str(python), *uvicorn, str(port), "plain:app"]
    process = stack.enter_context(running(plain, {"DATABASE": str(database)}, ROOT))
    yield Server("FastAPI + SQLModel", process, wait(f"http://127.0.0.1:{port}/videos?limit=20"))
    port = free_port()
    process = stack.enter_context(
        running([str(python), "-m", "datasette", "serve", str(database), "--port", str(port)], {}, ROOT)
    )
    # A page and the total: it would suggest facets as well, which takes seconds.
    address = f"http://127.0.0.1:{port}/console/videos.json?_size=20&_sort_desc=seq&_shape=objects&_nosuggest=1"
    yield Server("Datasette (rows of one table only)", process, wait(address))


def sign_in(data: Path) -> str:
    """Open a session in the data folder and return its token."""
    console = backend.open_console(Settings(data=data))
    token = secrets.token_hex(24)
    account = console.store.accounts.add_account(f"benchmark-{secrets.token_hex(4)}", "!", Role.ANALYST, ACTOR)
    console.store.sessions.open_session(account, token, 1, ACTOR)
    console.close()
    return token


def rivals_python() -> Path:
    """Return a Python that has the others installed."""
    python = CACHE / "bin" / "python"
    if not (CACHE / "complete").exists():
        venv.create(CACHE, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (CACHE / "complete").touch()
    return python


@contextmanager
def running(command: list[str], settings: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, env={**os.environ, **settings}, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:  # Datasette ends what was asked of it first
            process.kill()
            process.wait()


def load(server: Server, connections: int) -> Rate:
    """Ask as fast as the server answers, and return its rate. Raises where an answer was no success."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", "--timeout", "30s"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(NEVER_TWICE)
        script.flush()
        before = cpu_seconds(server.process.pid)
        said = subprocess.run(
            [*command, *(["-s", script.name] if server.fresh else []), server.url],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    cpu = cpu_seconds(server.process.pid) - before
    if (
        "Non-2xx" in said
        or (found := re.search(r"(\d+) requests in.*?Requests/sec: +([\d.]+)", said, re.DOTALL)) is None
    ):
        raise SystemExit(f"{server.name} did not answer:\n{said}")
    return Rate(float(found[2]), cpu / max(int(found[1]), 1) * 1e6)


def cpu_seconds(pid: int) -> float:
    """Return what a process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait(url: str) -> str:
    fetch(url)
    return url


def fetch(url: str) -> bytes:
    """Return what is there, as soon as somebody answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                found: bytes = answer.read()
                return found
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
