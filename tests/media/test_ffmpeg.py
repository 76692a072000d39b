"""Running ffmpeg: finding it, watching it, stopping it."""

import os
import re
import signal
import subprocess
import sys

import pytest

from backend.errors import ConsoleError, MediaError
from backend.jobs.runner import Cancelled
from backend.media.ffmpeg import Ffmpeg, _leash
from backend.media.ffmpeg_output import WORDS
from tests.paths import ROOT

ENDLESS = ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x64", "-c:v", "libx264", "-f", "mp4"]


@pytest.fixture
def program(tmp_path):
    """Write a program that stands in for ffmpeg."""

    def write(script):
        path = tmp_path / "stand-in"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


def test_it_knows_what_it_can_do(ffmpeg):
    assert {"libx264", "aac", "mjpeg"} <= ffmpeg.encoders
    assert {"scale", "select", "split", "thumbnail"} <= ffmpeg.filters
    assert re.match(r"\w", ffmpeg.version)


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConsoleError, match="QU_FFMPEG names nowhere/ffmpeg, which is not a program"):
        _ = Ffmpeg("nowhere/ffmpeg").binary


def test_a_given_program_goes_before_any_other(program):
    path = program("exit 0")

    assert Ffmpeg(path).binary == path


def test_a_failure_is_told_in_the_tool_s_own_words_without_paths(ffmpeg, tmp_path):
    ran = ffmpeg.run(["-i", str(tmp_path / "missing.mp4"), "-f", "null", "-"])

    assert not ran.ok
    assert "missing.mp4" in ran.words
    assert str(tmp_path) not in ran.words


def test_a_flood_of_words_neither_blocks_nor_fills_the_memory(program):
    ran = Ffmpeg(program("yes 'a complaint that is repeated without end' | head -c 20000000 >&2; exit 3")).run([])

    assert ran.code == 3
    assert len(ran.words) <= WORDS
    assert ran.words.startswith("a complaint")


def test_a_run_that_gets_nowhere_is_stopped(program, processes_with):
    path = program("echo stuck >&2; exec sleep 600")

    with pytest.raises(MediaError, match="made no progress") as stopped:
        Ffmpeg(path, stall=0.2).run([])

    assert stopped.value.detail == "stuck"
    assert not processes_with(path)


def test_progress_without_movement_is_no_progress(program):
    with pytest.raises(MediaError, match="made no progress"):
        Ffmpeg(program("while :; do echo out_time_us=1000; echo progress=continue; done"), stall=0.3).run([])


def test_a_run_that_is_cancelled_is_stopped(ffmpeg, tmp_path, processes_with):
    seen = []

    def report(done):
        seen.append(done)
        if len(seen) > 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        ffmpeg.run([*ENDLESS, str(tmp_path / "endless.mp4")], duration=600, report=report)

    assert not processes_with(tmp_path)


def test_a_run_that_will_not_stop_is_killed(program, processes_with):
    path = program("trap '' TERM; while :; do sleep 0.05; echo frame=$((n=n+1)); done")

    def report(done):
        raise Cancelled

    with pytest.raises(Cancelled):
        Ffmpeg(path, timeout=0.2).run([], report=report)

    assert not processes_with(path)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are a thing of Linux")
def test_a_run_is_bounded_in_processor_time(program):
    ran = Ffmpeg(program("while :; do :; done")).run([], cpu_seconds=1)

    assert ran.code in (-signal.SIGXCPU, -signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_a_run_is_bounded_in_memory(program):
    # The limit is set from outside, a moment after the start.
    wait = "from resource import *\nwhile getrlimit(RLIMIT_AS)[0] == RLIM_INFINITY: pass"
    ran = Ffmpeg(program(f"exec {sys.executable} -c '{wait}\nbytearray(5 << 30)'")).run([])

    assert not ran.ok
    assert "MemoryError" in ran.words


@pytest.mark.skipif(not _leash(), reason="no setpriv here")
def test_ffmpeg_does_not_outlive_a_parent_that_is_killed(tmp_path, until, processes_with):
    output = tmp_path / "endless.mp4"
    parent_code = f"from backend.media.ffmpeg import Ffmpeg; Ffmpeg().run({[*ENDLESS, str(output)]!r})"
    parent = subprocess.Popen([sys.executable, "-c", parent_code, "the parent"], cwd=ROOT)
    try:
        until(lambda: output.exists() and len(processes_with(output)) > 1)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()

    assert until(lambda: not processes_with(output))


@pytest.mark.skipif(os.name == "nt", reason="there are no nice values on Windows")
def test_it_runs_at_low_priority(program):
    ran = Ffmpeg(program('while [ "$(nice)" -lt 10 ]; do :; done; nice >&2'), stall=5).run([])

    assert int(ran.words) >= 10


def test_nothing_of_our_environment_reaches_it(program, monkeypatch):
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")

    ran = Ffmpeg(program("env >&2")).run([])

    assert "secret" not in ran.words
