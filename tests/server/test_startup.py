"""A server that cannot start says why in a sentence, whoever starts it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager, closing

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from backend.server.startup import StartupErrors
from backend.store import StoreError, open_store
from tests.paths import ROOT


async def start(error):
    """Return what an application says whose start ends with this error."""

    @asynccontextmanager
    async def lifespan(_app):
        raise error
        yield

    said = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        said.append(message)

    app = Starlette(lifespan=lifespan, middleware=[Middleware(StartupErrors, known=(StoreError,))])
    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return said


def test_what_is_meant_for_the_operator_is_all_that_is_said():
    said = anyio.run(start, StoreError("The disk is full."))

    assert said == [{"type": "lifespan.startup.failed", "message": "The disk is full."}]


def test_a_fault_of_ours_is_told_with_its_place():
    with pytest.raises(ZeroDivisionError):
        anyio.run(start, ZeroDivisionError())


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["dashboard.py"], ["-m", "streamlit", "run", "dashboard.py"], ["-m", "uvicorn", "dashboard:app"]],
    ids=["dashboard.py", "streamlit run", "uvicorn"],
)
def test_a_database_of_a_newer_version_is_refused_however_the_dashboard_starts(command, tmp_path, free_port):
    open_store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "console.sqlite3")) as db, db:
        db.execute("insert into _sqlite_migrations (migration_set, name) values ('qu-console', '9999_later')")
    own = {"QU_DATA": str(tmp_path), "PORT": str(free_port), "STREAMLIT_SERVER_PORT": str(free_port)}

    port = ["--port", str(free_port)] if "uvicorn" in command else []
    ended = subprocess.run(
        [sys.executable, *command, *port], cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert ended.returncode != 0
    assert "it is of a newer version of the console, with 9999_later. Nothing was changed" in ended.stderr
    assert "Traceback" not in ended.stderr
