"""The servers that benchmarks compare ours with, over the very same database, each in a process of its own.

They are installed into a virtual environment of their own, at the first run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.acceptance.server_process import free_port

ROOT = Path(__file__).resolve().parents[1]
RIVALS = ROOT / "benchmarks" / "baselines"
PACKAGES = ("fastapi>=0.140,<1", "sqlmodel>=0.0.40,<0.1", "datasette>=0.65,<0.66", "uvicorn[standard]>=0.54,<1")
CACHE = Path(tempfile.gettempdir()) / "qu-console-rivals"
TIMEOUT = 120.0  # seconds for a server to answer first
PLAIN, DATASETTE = "FastAPI + SQLModel", "Datasette"
UVICORN = ("-m", "uvicorn", "--app-dir", str(RIVALS), "--no-access-log", "--log-level", "warning", "--port")


@dataclass(frozen=True)
class Other:
    """A process that listens at an address."""

    process: subprocess.Popen[bytes]
    url: str


@contextmanager
def ready(size: int) -> Iterator[Other]:
    """Serve so many ready bytes, with nothing but uvicorn."""
    port = free_port()
    with running([sys.executable, *UVICORN, str(port), "ready:app"], {"BODY_BYTES": str(size)}) as process:
        yield Other(process, wait(f"http://127.0.0.1:{port}"))


@contextmanager
def plain(database: Path) -> Iterator[Other]:
    """Serve what a FastAPI and SQLModel tutorial leads to."""
    port = free_port()
    with running([rivals_python(), *UVICORN, str(port), "plain:app"], {"DATABASE": str(database)}) as process:
        yield Other(process, wait(f"http://127.0.0.1:{port}"))


@contextmanager
def datasette(database: Path) -> Iterator[Other]:
    """Serve the database as Datasette does, with time for its queries."""
    port = free_port()
    command = [rivals_python(), "-m", "datasette", "serve", str(database), "--port", str(port)]
    with running([*command, "--setting", "sql_time_limit_ms", "30000"]) as process:
        yield Other(process, wait(f"http://127.0.0.1:{port}"))


@contextmanager
def running(
    command: list[str], settings: Mapping[str, str] | None = None, folder: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, **(settings or {})}
    process = subprocess.Popen(command, env=environ, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:  # Datasette ends what was asked of it first
            process.kill()
            process.wait()


def rivals_python() -> str:
    """Return a Python that has the others installed."""
    python = CACHE / "bin" / "python"
    if not (CACHE / "complete").exists():
        venv.create(CACHE, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (CACHE / "complete").touch()
    return str(python)


def wait(url: str) -> str:
    """Return the address of a server as soon as it answers anything."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            urllib.request.urlopen(url, timeout=TIMEOUT).close()
        except urllib.error.HTTPError:
            return url
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return url
