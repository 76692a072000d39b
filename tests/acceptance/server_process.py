"""A server of its own, over a folder of its own, that benchmarks and tests start, ask, watch and end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from backend.api.registry import OPERATIONS
from tests.paths import ROOT
from tests.ports import free_port
from tests.waiting import until

PASSWORD = "correct horse battery"
TIMEOUT = 120.0  # seconds for a server to be ready
SERVE, DASHBOARD = ("-m", "backend", "serve", "--port"), ("dashboard.py",)


def with_descriptors(count: int) -> tuple[str, ...]:
    """Return what stands before a command that may have so many descriptors."""
    return "sh", "-c", f'ulimit -n {count}; exec "$@"', "sh"


class ServerProcess:
    """`python -m backend serve`, or the dashboard, on a free port."""

    def __init__(
        self, folder: Path, *, dashboard: bool = False, prefix: Iterable[str] = (), host: str = "127.0.0.1",
        root: Path = ROOT, **settings: str,
    ) -> None:  # fmt: skip
        """`prefix` stands before the command; `settings` are variables of its environment; it is asked at `host`.

        `root` is the folder of the console's code.
        """
        self.host, self._root = host, root
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        command = DASHBOARD if dashboard else (*SERVE, str(self.port))
        self._command = [*prefix, sys.executable, *command]
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("QU_")},
            "QU_DATA": str(self.data), "QU_ADMIN_PASSWORD": PASSWORD, "PORT": str(self.port), "QU_LOG": "WARNING",
            **settings,
        }  # fmt: skip

    def launch(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=self._root, env=self._environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def start(self) -> float:
        """Start it, wait until it is ready, and return the seconds that took."""
        started = time.monotonic()
        self.launch()
        assert self.process is not None
        until(lambda: self.is_ready() or self.process.poll() is not None, "the server is ready", TIMEOUT)
        if self.process.poll() is not None:
            raise RuntimeError(f"the server did not start:\n{self.said()}")
        return time.monotonic() - started

    def is_ready(self) -> bool:
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM, seconds: float = 60.0) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def connect(self, timeout: float = 60.0) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def get(self, path: str, headers: Mapping[str, str] | None = None, timeout: float = 60.0) -> tuple[int, bytes]:
        connection = self.connect(timeout)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def sign_in(self) -> str:
        connection = self.connect()
        answer = ask(connection, "login", {"userName": "admin", "password": PASSWORD})
        connection.close()
        assert answer["code"] == "200", answer
        return str(answer["data"]["consoleToken"])

    # What it uses (Linux)

    def memory(self) -> int:
        """Return its resident bytes."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024

    def descriptors(self) -> int:
        assert self.process is not None
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


def ask(connection: http.client.HTTPConnection, name: str, parameters: Mapping[str, Any], token: str = "") -> Any:
    """Call an operation by a form, and return its envelope. Raises OSError where none comes back."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Bearer {token}"}
    try:
        connection.request("POST", OPERATIONS[name].path, urlencode(parameters), headers)
        return json.loads(connection.getresponse().read())
    except (http.client.HTTPException, ValueError) as error:
        connection.close()
        raise ConnectionError(str(error)) from error
