"""The check that guards main: which failures it forgives, and which never."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.paths import ROOT

STEADY = "def test_broken(): assert False"
# Fails when it runs for the first time.
FLAKY = """
from pathlib import Path
def test_{name}():
    ran = Path("{name}")
    before = ran.exists()
    ran.touch()
    assert before
"""
SOMETIMES = """
from pathlib import Path
def test_sometimes():
    with Path("runs").open("a+") as runs:
        runs.write(".")
        runs.seek(0)
        assert len(runs.read()) in (2, 3)
"""


@pytest.fixture
def check(tmp_path):
    """Runs tests as the check does."""

    def run(**files):
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        for name, content in files.items():
            (tmp_path / f"test_{name}.py").write_text(content)
        alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, ROOT / ".ci/retry.py"]
        return subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)

    return run


def test_a_test_that_failed_once_and_then_passes_thrice_is_named_and_forgiven(check):
    ran = check(good="def test_good(): pass", one=FLAKY.format(name="one"))

    assert ran.returncode == 0, ran.stdout
    assert "FLAKY test_one.py::test_one: failed once, and passed 3 times" in ran.stdout


@pytest.mark.parametrize(
    "files",
    [
        {"steady": STEADY},
        {"one": FLAKY.format(name="one"), "steady": STEADY},
        {"sometimes": SOMETIMES},
        {name: FLAKY.format(name=name) for name in ("one", "two", "three")},
        {"unreadable": "import nothing_of_that_name"},
        {"one": FLAKY.format(name="one"), "stopped": "import pytest\ndef test_stopped(): pytest.exit('stop')"},
        {"empty": ""},
    ],
    ids=["steady", "flaky and steady", "passes twice", "three flaky", "unreadable", "not all ran", "no tests"],
)
def test_nothing_else_is_forgiven(check, files):
    ran = check(**files)

    assert ran.returncode != 0, ran.stdout
    assert "FLAKY" not in ran.stdout
