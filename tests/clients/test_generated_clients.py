"""Clients that generators make from the description: without a warning, and of use against a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend import Settings
from backend.server.openapi import describe

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
TSC = BIN.parent / "node/node_modules/typescript/lib/tsc.js"  # where the Makefile puts it
GENERATORS = ("typescript-fetch", "kotlin", "swift6")
COMPLAINTS = re.compile(r"^.*(?:\bWARN|\bERROR|Exception|warning).*$", re.MULTILINE | re.IGNORECASE)
MODULE = ["--module", "commonjs", "--target", "es2022", "--lib", "es2022,dom,dom.iterable"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clients")]


def run(*command: object, folder: Path) -> str:
    """Run a command to its end and return all it said."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run([str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said[-4000:]
    return said


@pytest.fixture(scope="session")
def description(tmp_path_factory):
    """The description as a file."""
    folder = tmp_path_factory.mktemp("description")
    path = folder / "openapi.json"
    path.write_text(json.dumps(describe(Settings(data=folder))), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def made(description):
    """What openapi-generator makes of it for three languages, and what it says meanwhile."""
    folder = description.parent
    for generator in GENERATORS:
        wanted = {"generatorName": generator, "inputSpec": str(description), "outputDir": str(folder / generator)}
        (folder / f"{generator}.json").write_text(json.dumps(wanted))
    command = ("batch", "--fail-fast", *(f"{generator}.json" for generator in GENERATORS))
    return folder, run(BIN / "openapi-generator-cli", *command, folder=folder)


@pytest.fixture(scope="session")
def typescript(made):
    """A folder with the compiled TypeScript client and what uses it."""
    folder, _ = made
    if not (shutil.which("node") and TSC.is_file()):
        say = pytest.fail if os.environ.get("TEST_CLIENTS") == "required" else pytest.skip
        say("there is no TypeScript compiler; `make test` installs it where there are node and npm")
    (folder / "ts").mkdir()
    shutil.copytree(folder / "typescript-fetch", folder / "ts/client")
    shutil.copy(HERE / "try_console.ts", folder / "ts")
    run("node", TSC, "--strict", *MODULE, "try_console.ts", folder=folder / "ts")
    return folder / "ts"


@pytest.fixture(scope="session")
def python(description):
    """A folder with the Python client and what uses it."""
    folder = description.parent / "py"
    folder.mkdir()
    command = ("generate", "--path", description, "--meta", "none", "--output-path", folder / "client")
    said = run(BIN / "openapi-python-client", *command, "--fail-on-warning", folder=folder)
    assert COMPLAINTS.findall(said) == []
    shutil.copy(HERE / "try_console.py", folder)
    return folder


def test_typescript_kotlin_and_swift_are_made_without_a_warning(made):
    folder, said = made

    assert COMPLAINTS.findall(said) == []
    for name in ("typescript-fetch/apis/VodApi.ts", "kotlin/**/apis/VodApi.kt", "swift6/**/APIs/VodAPI.swift"):
        assert list(folder.glob(name)), name


def test_a_whole_number_beyond_32_bits_and_a_duration_are_what_they_are_in_kotlin(made):
    (path,) = made[0].glob("kotlin/**/models/VideoDetail.kt")
    text = path.read_text()

    assert "val duration: kotlin.Double" in text
    assert "val propertySize: kotlin.Long" in text


EXPECTED = {
    "codes": ["200"] * 4, "totals": [0, 1], "sameVideo": True, "title": "海边", "tags": "海,travel", "duration": 2,
    "user": "anne", "lists": [0, 0],
}  # fmt: skip


def use(server, account, password, clip, *command, folder):
    said = run(*command, server, account.user_name, password, clip, folder=folder)
    found = json.loads(said)
    assert found == {**EXPECTED, "size": clip.stat().st_size}


def test_the_typescript_client_signs_in_lists_and_uploads(typescript, server, account, password, small_clip):
    use(server, account, password, small_clip, "node", "try_console.js", folder=typescript)


def test_the_python_client_signs_in_lists_and_uploads(python, server, account, password, small_clip):
    use(server, account, password, small_clip, sys.executable, "-W", "error", "try_console.py", folder=python)
