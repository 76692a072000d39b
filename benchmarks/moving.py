"""What moving a console's data takes: from a folder to PostgreSQL and back, in seconds and in memory.

    python benchmarks/catalogue.py FOLDER --rows 1000000
    python benchmarks/moving.py FOLDER [--scratch SCRATCH]

The server is one of its own, and the way back leads to a new folder; both are in a temporary folder (in SCRATCH: a disk
that waits for what is written, with room for four times the data). Exports before, between and after are compared byte
by byte. FOLDER can be used afterwards as before. Memory is the largest that the command itself had at any time, without
the files that it maps; what PostgreSQL takes is told by its settings.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import postgres_server
from tests.paths import ROOT

SETTINGS = {
    "listen_addresses": "", "max_connections": "40", "shared_buffers": "512MB", "max_wal_size": "4GB", "jit": "off",
    "log_min_messages": "error",
}  # fmt: skip
FORMATS = ("csv", "jsonl")
LOOK_SECONDS = 0.1
LINE = "{:34} {:>8} {:>8} {:>10}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a data folder, which nothing uses")
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args()
    here = {"QU_DATA": str(given.folder.absolute())}
    with (
        postgres_server.server(SETTINGS, given.scratch) as address,
        tempfile.TemporaryDirectory(dir=given.scratch) as scratch,
    ):
        there = {"QU_DATA": f"{scratch}/postgres", "QU_DATABASE": address}
        back = {"QU_DATA": f"{scratch}/back"}
        print(LINE.format("", "seconds", "CPU s", "memory MB"))
        before = exports("the folder", here)
        run("move to PostgreSQL", here, "migrate", "--to", address)
        between = exports("PostgreSQL", there)
        run("move to a new folder", there, "migrate", "--to", back["QU_DATA"])
        after = exports("the new folder", back)
        run("the old folder is used again", here, "migrate", "--cancel")
    same = before == between == after
    print(f"the exports are {'the same' if same else f'NOT THE SAME: {before}, {between}, {after}'}")
    raise SystemExit(not same)


def exports(name: str, settings: dict[str, str]) -> list[str]:
    """Return the hashes of the catalogue in all formats."""
    return [run(f"{format}, {name}", settings, "export", "--format", format) for format in FORMATS]


def run(name: str, settings: dict[str, str], *arguments: str) -> str:
    """Run a command of the console, print what it took, and return the hash of what it said."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("QU_")}
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "backend", *arguments], cwd=ROOT, env={**environ, **settings, "QU_LOG": "WARNING"},
        stdout=subprocess.PIPE,
    )  # fmt: skip
    said = sha256()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: [said.update(part) for part in iter(lambda: read(process), b"")])
    reader.start()
    most, took = 0, None
    while took is None:
        most = max(most, private_kilobytes(process.pid))
        time.sleep(LOOK_SECONDS)
        ended, status, found = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode, took = os.waitstatus_to_exitcode(status), found
    reader.join()
    if process.returncode:
        raise SystemExit(f"{name} failed")
    cpu = took.ru_utime + took.ru_stime
    print(LINE.format(name, f"{time.monotonic() - begun:.0f}", f"{cpu:.0f}", f"{most / 1024:.0f}"), flush=True)
    return said.hexdigest()


def read(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return os.read(process.stdout.fileno(), 1 << 20)


def private_kilobytes(pid: int) -> int:
    """Return the memory of a process that is no file's; 0 if it ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


if __name__ == "__main__":
    main()
