"""What a container leaves of the machine's processors and memory."""

from __future__ import annotations

import os

import pytest

from backend.jobs import concurrency
from backend.jobs.machine import memory_limit, usable_processors

MACHINE = len(os.sched_getaffinity(0))
PLENTY = f"{1000 * MACHINE}00000 100000"


@pytest.fixture
def groups(tmp_path):
    """Writes files of control groups, by their path, and gives their root."""

    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("files", "processors"),
    [
        ({}, MACHINE),
        ({"sys/fs/cgroup/cpu.max": "max 100000"}, MACHINE),
        ({"sys/fs/cgroup/cpu.max": PLENTY}, MACHINE),
        ({"sys/fs/cgroup/cpu.max": "100000 100000"}, 1),
        ({"sys/fs/cgroup/cpu.max": "10000 100000"}, 1),
        ({"sys/fs/cgroup/cpu.max": "nonsense"}, MACHINE),
        ({"proc/self/cgroup": "0::/system.slice/a", "sys/fs/cgroup/system.slice/a/cpu.max": "50000 100000"}, 1),
        ({"proc/self/cgroup": "0::/system.slice/a", "sys/fs/cgroup/system.slice/cpu.max": "50000 100000"}, 1),
        ({"proc/self/cgroup": "0::/a", "sys/fs/cgroup/b/cpu.max": "50000 100000"}, MACHINE),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, MACHINE),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "90000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, 1),
    ],
)  # fmt: skip
def test_processors_are_those_that_the_quota_leaves(files, processors, groups):
    assert usable_processors(groups(files)) == processors


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({}, None),
        ({"sys/fs/cgroup/memory.max": "max"}, None),
        ({"sys/fs/cgroup/memory.max": "4294967296"}, 4 << 30),
        ({"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/a/b/memory.max": "max", "sys/fs/cgroup/a/memory.max": "5"}, 5),
        ({"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"}, None),
        ({"sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000000"}, 1_000_000_000),
    ],
)
def test_memory_is_what_the_own_group_and_those_around_it_allow(files, limit, groups):
    assert memory_limit(groups(files)) == limit


@pytest.mark.parametrize(
    ("processors", "memory", "lanes"),
    [(1, None, 1), (2, None, 1), (16, None, 8), (16, 4 << 30, 1), (16, 9 << 30, 4), (4, 64 << 30, 2), (4, 1 << 28, 1)],
)
def test_slow_jobs_run_side_by_side_as_far_as_processors_and_memory_reach(processors, memory, lanes, monkeypatch):
    monkeypatch.setattr(concurrency, "usable_processors", lambda: processors)
    monkeypatch.setattr(concurrency, "memory_limit", lambda: memory)

    assert concurrency.slow_concurrency.__wrapped__() == lanes
