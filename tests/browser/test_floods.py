"""A person in Chromium, beside visitors who would take all of the server. `python benchmarks/floods.py` measures it."""

import subprocess
import sys

import pytest

from tests.browser.server import ROOT


@pytest.mark.slow
@pytest.mark.usefixtures("chromium")
def test_a_flood_of_sockets_and_sign_ins_leaves_the_person_their_pages(tmp_path):
    """In a process of its own, for Playwright is open in this one; how long it takes is for the benchmark to say."""
    given = ["--clients", "300", "--seconds", "4", "--slower", "20", "--only", "silent_sockets+sign_ins"]
    ran = subprocess.run(
        [sys.executable, "benchmarks/floods.py", *given, "--folder", tmp_path], cwd=ROOT, capture_output=True, text=True
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " ok " in ran.stdout
