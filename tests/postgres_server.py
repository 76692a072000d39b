"""A PostgreSQL server for a run of the tests, and a database in it for each process of the run.

`QU_TEST_DATABASE` names a server in which databases may be created. Without it, Debian's binaries run one in a
temporary folder, reached by a socket only. Run as a program, this file is the process that starts and ends it.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from backend.store.postgres import migrations
from tests.paths import ROOT

GIVEN = "QU_TEST_DATABASE"
INSTALLED = Path("/usr/lib/postgresql")
# Nothing here must survive a power failure, and no table grows so that it needs a vacuum.
OPTIONS = {
    "fsync": "off", "full_page_writes": "off", "autovacuum": "off", "listen_addresses": "", "max_connections": "200",
    "shared_buffers": "64MB", "jit": "off", "max_wal_size": "4GB", "log_min_messages": "fatal",
}  # fmt: skip


def find_binaries() -> Path | None:
    """Return the folder of the newest version that is installed."""
    found = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def unavailable() -> str:
    """Return why there is no server; empty if there is one."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        return f"psycopg is not installed ({error})"
    if os.environ.get(GIVEN) or find_binaries():
        return ""
    return f"there is no PostgreSQL: install Debian's package postgresql, or name a server in {GIVEN}"


def require() -> None:
    """Skip the test without a server, or fail it if one is required."""
    if reason := unavailable():
        if os.environ.get("TEST_POSTGRES") == "required":
            pytest.fail(reason)
        pytest.skip(reason)


def server_address(shared: Path) -> str:
    """Return the address of the run's server, starting it for the first who asks.

    `shared` is a folder of the run that all of its processes have.
    """
    if given := os.environ.get(GIVEN):
        return given
    noted = shared / "postgres"
    with (shared / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists():
            noted.write_text(_start())
    return noted.read_text()


def _start() -> str:
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.postgres_server", str(run)], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        start_new_session=True,
    )  # fmt: skip
    assert keeper.stdout is not None
    with keeper.stdout:
        address = keeper.stdout.readline().strip()
    assert address, "PostgreSQL could not be started"
    keeper.returncode = 0  # it outlives this process, and ends when the run does
    return address


@contextmanager
def server(settings: Mapping[str, str] = OPTIONS, parent: Path | None = None) -> Iterator[str]:
    """Run a server with these settings, in a folder in `parent` that is deleted in the end; it refuses to be root.

    Gives its address.
    """
    binaries = find_binaries()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="qu-postgres-", dir=parent))
    user = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    own = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    init = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    process = None
    try:
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd=folder, **own)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [binaries / "postgres", "-D", data, "-k", folder, *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **own)
        ready = [binaries / "pg_isready", "-q", "-h", folder, "-U", "postgres"]
        while subprocess.run(ready, check=False).returncode:
            assert process.poll() is None, "PostgreSQL ended at once"
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def keep(run: int) -> None:
    """Run a server until the process `run` ends, however it does, and tell the address on stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with server() as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        os.close(sys.stdout.fileno())
        try:
            select.select([os.pidfd_open(run)], [], [])
        except ProcessLookupError:
            return


def url_of(conninfo: str) -> str:
    """Return an address as QU_DATABASE takes it."""
    from psycopg.conninfo import conninfo_to_dict

    return f"postgresql://?{urlencode({name: str(value) for name, value in conninfo_to_dict(conninfo).items()})}"


class TestDatabase:
    """A database of one process of the run, with the console's schema and what a new console begins with."""

    __test__ = False

    def __init__(self, server: str, name: str = "") -> None:
        import psycopg

        self._server, self.name = server, f"qu_test_{os.getpid()}{name}"
        with psycopg.connect(server, autocommit=True) as db:
            db.execute(f"create database {self.name} template template0 encoding 'UTF8'".encode())
        self.address = urlsplit(server)._replace(path=f"/{self.name}").geturl()
        with psycopg.connect(self.address) as db:
            migrations.upgrade(db)
            self._clean = self._script(db)
        self._db = psycopg.connect(self.address, autocommit=True)

    def clean(self) -> None:
        """Make it a new console's again: 70 deletes from small tables take less than one truncate of all."""
        self._db.execute(self._clean)

    @contextmanager
    def other(self) -> Iterator[str]:
        """Give the address of another database, without any table, which is deleted in the end."""
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        name = f"{self.name}_{secrets.token_hex(4)}"
        with psycopg.connect(self._server, autocommit=True) as db:
            db.execute(f"create database {name} template template0 encoding 'UTF8'".encode())
            try:
                yield url_of(make_conninfo(**{**conninfo_to_dict(self._server), "dbname": name}))
            finally:
                db.execute(f"drop database if exists {name} with (force)".encode())

    def drop(self) -> None:
        """Delete the database, whoever is connected with it."""
        import psycopg

        self._db.close()
        with psycopg.connect(self._server, autocommit=True) as db:
            db.execute(f"drop database if exists {self.name} with (force)".encode())

    @staticmethod
    def _script(db: Any) -> bytes:
        """Return the statements that delete all rows but the first ones, and keep those."""
        steps = ["begin", "set local lock_timeout = '10s'", "set local session_replication_role = replica"]
        db.execute("create schema first")
        names = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'migrations'"
        for (table,) in db.execute(names).fetchall():
            steps.append(f"delete from {table}")
            if db.execute(f"select 1 from {table} limit 1").fetchone():
                db.execute(f"create table first.{table} as table {table}")
                steps.append(f"insert into {table} select * from first.{table}")
        numbers = "select sequencename from pg_sequences where schemaname = 'public'"
        steps += [f"select setval('{name}', 1, false)" for (name,) in db.execute(numbers)]
        return ";".join([*steps, "commit"]).encode()


if __name__ == "__main__":
    keep(int(sys.argv[1]))
