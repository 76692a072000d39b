"""What a start costs: processor time and memory until a server answers, and the first and second list of videos.

`python benchmarks/start.py [--rounds 10] [--other CHECKOUT]`, of `python -m backend serve` and of the dashboard,
embedded, over a folder that exists. With `--other` another checkout is started in turn with this one, by the same
Python. Best and median of the rounds; where the machine is busy, compare the best.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.acceptance.server_process import ROOT, ServerProcess
from tests.waiting import until

PAGE = "/console/vod/getVideos?pageSize=20&consoletoken="
MEASURES = ("CPU ms", "MB", "first list ms", "second ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--other", type=Path, help="another checkout of the console")
    given = parser.parse_args()
    roots = [ROOT, *([given.other.absolute()] if given.other else [])]
    with tempfile.TemporaryDirectory() as folder:
        servers = {
            (kind, root): prepare(Path(folder, kind, str(number)), root, kind)
            for kind in ("serve", "dashboard") for number, root in enumerate(roots)
        }  # fmt: skip
        found = defaultdict(list)
        for _ in range(given.rounds):
            for key, (server, token) in servers.items():
                found[key].append(measure(server, token, "/" if key[0] == "dashboard" else "/livez"))
    print(f"{'best (median)':<60}" + "".join(f"{name:>18}" for name in MEASURES))
    for (kind, root), rounds in found.items():
        columns = [f"{min(one):.1f} ({statistics.median(one):.1f})" for one in zip(*rounds, strict=True)]
        print(f"{f'{kind}, {root}':<60}" + "".join(f"{text:>18}" for text in columns))


def prepare(folder: Path, root: Path, kind: str) -> tuple[ServerProcess, str]:
    """Make a folder of data with an account, and return the server over it and a token."""
    server = ServerProcess(folder, dashboard=kind == "dashboard", root=root, QU_DEMO="false")
    server.start()
    token = server.sign_in()
    server.end()
    return server, token


def measure(server: ServerProcess, token: str, path: str) -> tuple[float, ...]:
    """Start a server, ask it, end it, and return the measures."""
    server.launch()
    until(lambda: answers(server, path), f"an answer\n{server.said()}")
    cpu, memory = cpu_ms(server), used_mb(server)
    lists = [seconds_of(server, PAGE + token) * 1000 for _ in range(2)]
    server.end()
    return cpu, memory, *lists


def answers(server: ServerProcess, path: str) -> bool:
    try:
        return server.get(path)[0] == 200
    except OSError:
        return False


def seconds_of(server: ServerProcess, path: str) -> float:
    before = time.perf_counter()
    status, _ = server.get(path)
    assert status == 200, status
    return time.perf_counter() - before


def cpu_ms(server: ServerProcess) -> float:
    """Return the processor time of its threads, which the kernel counts in nanoseconds (Linux)."""
    assert server.process is not None
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e6


def used_mb(server: ServerProcess) -> float:
    """Return its resident memory (Linux)."""
    assert server.process is not None
    lines = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) / 1000


if __name__ == "__main__":
    main()
