"""Benchmarks can be started: what they import from the console is there, and they say how they are run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.paths import ROOT

SCRIPTS = sorted(path.name for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_benchmark_says_how_it_is_run(name):
    ran = subprocess.run([sys.executable, ROOT / "benchmarks" / name, "--help"], capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    assert "usage" in ran.stdout
