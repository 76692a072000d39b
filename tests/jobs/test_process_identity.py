"""A process can be told to be gone by its name, and only when that is certain."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from backend.jobs import process_identity
from tests.paths import ROOT

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nobody can tell; leases have to do")


@pytest.fixture
def other():
    """Another process, which says its name."""
    code = "from backend.jobs import process_identity; print(process_identity.name(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        yield child
        child.kill()


@linux
def test_a_process_is_gone_when_it_was_killed_even_before_it_is_reaped(other, eventually):
    name = other.stdout.readline().strip()
    assert not process_identity.is_gone(name)

    other.kill()

    eventually(lambda: process_identity.is_gone(name))
    other.wait()
    assert process_identity.is_gone(name)


@linux
def test_another_process_with_the_same_number_is_another():
    rest, _, _ = process_identity.name().rpartition(" ")

    assert process_identity.is_gone(f"{rest} 1")
    assert not process_identity.is_gone(process_identity.name())


@linux
def test_processes_of_other_machines_and_containers_are_left_alone():
    boot, space, number, started = process_identity.name().split(" ")

    assert not process_identity.is_gone(f"{boot[::-1]} {space} {number} {started[::-1]}")
    assert not process_identity.is_gone(f"{boot} pid:[1] {number} {started[::-1]}")


@pytest.mark.parametrize("name", ["", "worker", f"{os.getpid()}-1a2b3c4d", "5" * 32], ids=len)
def test_a_name_that_tells_nothing_is_left_alone(name):
    assert not process_identity.is_gone(name)
