"""A PostgreSQL cluster of its own that syncs, and may be killed, filled up, followed and promoted."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.ports import free_port
from tests.postgres_server import find_binaries
from tests.waiting import until

# Durable as in production, otherwise as small as may be.
OPTIONS = {
    "listen_addresses": "127.0.0.1", "max_connections": "120", "shared_buffers": "64MB", "jit": "off",
    "max_wal_size": "128MB", "min_wal_size": "32MB", "wal_keep_size": "64MB", "max_wal_senders": "4",
    "log_min_messages": "warning",
}  # fmt: skip
DATABASE = "qu"


class Cluster:
    """A cluster on a port of this machine. `start` and `kill` may be called again and again."""

    def __init__(self, folder: Path, *, wal: Path | None = None) -> None:
        """`wal` is where its log is to be, if not with the data."""
        binaries = find_binaries()
        assert binaries is not None
        self.folder, self.port, self._wal, self._binaries = folder, free_port(), wal, binaries
        user = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self._user = user
        self._own: dict[str, Any] = (
            {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        )
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{DATABASE}"

    def make(self) -> None:
        """Make the data, start, and make an empty database."""
        self.own(self.folder)
        wal = [f"--waldir={self._wal}"] if self._wal else []
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", *wal)
        self.start()
        self.execute("postgres", f"create database {DATABASE} template template0 encoding 'UTF8'")

    def follow(self, primary: Cluster) -> None:
        """Become a standby without which the primary acknowledges nothing, and start."""
        self.own(self.folder)
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name=standby"
        self._run("pg_basebackup", "-D", self.data, "-d", source, "-R", "-X", "stream", "-c", "fast")
        self.start()
        primary.execute("postgres", "alter system set synchronous_standby_names = 'standby'")
        primary.execute("postgres", "select pg_reload_conf()")
        asked = "select count(*) from pg_stat_replication where sync_state = 'sync'"
        until(lambda: primary.execute("postgres", asked) == [(1,)], "the standby follows", 60)

    def promote(self) -> None:
        """Become the primary."""
        self.execute("postgres", "select pg_promote()")

    def own(self, folder: Path) -> None:
        """Give a folder to the user who runs the cluster."""
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        folder.chmod(0o700)

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        command = [self._binaries / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder, *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self._own
            )
        until(self.is_ready, "PostgreSQL takes connections", 120)

    def is_ready(self) -> bool:
        with suppress(psycopg.Error):
            self.execute("postgres", "select 1")
            return True
        if not self.is_running():
            raise RuntimeError(f"PostgreSQL ended: {(self.folder / 'log').read_text()[-2000:]}")
        return False

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End all of its processes as a power cut would."""
        assert self._process is not None
        for pid in (self._process.pid, *self._children()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        if self.is_running():
            assert self._process is not None
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(60)

    def execute(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            f"postgresql://postgres@127.0.0.1:{self.port}/{database}?connect_timeout=5", autocommit=True
        ) as db:
            cursor = db.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def _children(self) -> list[int]:
        assert self._process is not None
        found = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(part) for part in found.read_text().split()] if found.exists() else []

    def _run(self, program: str, *arguments: Any) -> None:
        command = [self._binaries / program, *arguments]
        ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.folder, **self._own)
        if ran.returncode:
            raise RuntimeError(f"{program}: {ran.stderr}")
