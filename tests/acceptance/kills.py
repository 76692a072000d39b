"""What is left of a queue whose workers are killed again and again: everything done once, nothing lying about.

`python -m tests.acceptance.kills [--kills 30] [--jobs 20] [--seed N]`: workers (`python -m backend work`) are killed by
SIGKILL at random moments, in the midst of pictures, plain and narrow-band renditions. Ends with 1 if a promise broke.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import backend
from backend import Console, Settings
from backend.lifecycle.ingest import VideoMetadata, copied, ingest_file
from backend.media.ffmpeg import Ffmpeg
from backend.model import Actor, Job, JobKind, JobState, User, VideoFilter
from tests.paths import ROOT
from tests.waiting import until

US = Actor("kills", "benchmark")
HEAD = f"     after  {'hit':32} orphans"
MAX_WAIT = 900.0  # seconds; a job that lost several workers is not taken at once


@dataclass(frozen=True)
class Kill:
    """One SIGKILL: the seconds the worker had, what it was at, and what of its children was left 5 s later."""

    after: float
    hit: tuple[JobKind, ...]
    orphans: int

    def __str__(self) -> str:
        return f"{self.after:7.2f}  {', '.join(self.hit) or 'nothing':32} {self.orphans:7}"


def make_jobs(console: Console, folder: Path, count: int, size: str, seconds: float) -> None:
    """Take in clips until `count` jobs wait: pictures and a plain rendition for each, narrow-band for most."""
    number = waiting = 0
    while waiting < count:
        clip = folder / f"clip-{number}.mp4"
        picture = f"testsrc2=s={size}:r=24:d={seconds},hue=h={40 * number}"
        ran = Ffmpeg().run(["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", str(clip)])
        if not ran.ok:
            raise RuntimeError(ran.words)
        with copied(clip, console.media.files.scratch) as copy:
            video = ingest_file(console, copy, VideoMetadata(clip.name, User("kills", "kills")), US)
        number, waiting = number + 1, waiting + 2
        if waiting < count:
            waiting += console.store.jobs.enqueue_for_video(JobKind.NARROW, video.video_id, "submitTabTranscode", US)


def kill_workers(console: Console, kills: int, delay: Callable[[], float]) -> Iterator[Kill]:
    """Start a worker, kill it `delay` seconds later, and so on; stops early when nothing is left to do."""
    for _ in range(kills):
        if not unfinished(console):
            return
        worker = start_worker(console.settings.data)
        began = time.monotonic()
        time.sleep(delay())
        worker.kill()
        worker.wait()
        after = time.monotonic() - began
        hit = tuple(job.kind for job in unfinished(console) if job.state is JobState.RUNNING)
        yield Kill(after, hit, count_orphans(console.settings.data))


def start_worker(data: Path) -> subprocess.Popen[bytes]:
    """Start a worker in a process of its own, and return when it works."""
    command = [sys.executable, "-m", "backend", "work"]
    worker = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "QU_DATA": str(data)}, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    worker.stdout.readline()
    worker.stdout.close()
    return worker


def finish(console: Console) -> int:
    """Let a last worker do the rest, stop it as an operator would, and return its exit status."""
    worker = start_worker(console.settings.data)
    with suppress(AssertionError):  # what is left then is told by the caller
        until(lambda: not unfinished(console), "everything is done", MAX_WAIT)
    worker.send_signal(signal.SIGTERM)
    return worker.wait(60)


def unfinished(console: Console) -> list[Job]:
    return [job for job, _ in console.store.jobs.find_queue()]


def count_orphans(folder: Path, timeout: float = 5.0) -> int:
    """Count the processes that are at work in a folder, after giving them a moment to die."""
    deadline = time.monotonic() + timeout
    while (left := sum(str(folder) in command for command in commands())) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def commands() -> Iterator[str]:
    """The command lines of all processes of this machine."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().decode(errors="replace")
        except OSError:
            continue  # it ended meanwhile


def broken_promises(console: Console, count: int) -> list[str]:
    """Say what is wrong with a queue that is done: nothing, if all promises were kept."""
    every = console.store.jobs.find_jobs(size=10 * count).items
    jobs = [job for job in every if job.kind is not JobKind.FLAGS]  # those follow by themselves, one for each video
    wrong = [f"{len(jobs)} jobs instead of {count}"] if len(jobs) != count else []
    wrong += [f"{job.kind} of {job.video_id} is {job.state}: {job.error}" for job in every if job.state != "done"]
    checked = Counter(job.video_id for job in every if job.kind is JobKind.FLAGS)
    wrong += console.store.check()
    ffmpeg = Ffmpeg()
    for video in console.store.catalogue.iterate_videos(VideoFilter()):
        folder = console.settings.media_folder / video.video_id
        wrong += [f"{video.video_id} was checked {checked[video.video_id]} times"] * (checked[video.video_id] != 1)
        kinds = {job.kind for job in jobs if job.video_id == video.video_id}
        ends = Counter(line.action for line in console.store.history.find_history(video.video_id))
        wrong += [f"{kind} of {video.video_id} ended {ends[kind]} times" for kind in kinds if ends[kind] != 1]
        told = {file.name: file.size for file in video.files}
        there = {path.name: path.stat().st_size for path in folder.iterdir() if path.suffix != ".facts"}
        wrong += [f"{video.video_id}/{name} is a stray" for name in there.keys() - told]
        wrong += [
            f"{video.video_id}/{name} is missing or of another size" for name in told if told[name] != there.get(name)
        ]
        wrong += [f"{path.name} cannot be read" for path in folder.glob("*.mp4") if not ffmpeg.probe(path).duration]
    strays = [path for path in console.settings.media_folder.rglob("*") if path.name.endswith(".part")]
    strays += (console.settings.media_folder / ".incoming").iterdir()
    return wrong + [f"{path} is a stray" for path in strays]


def main() -> None:
    """Kill, finish, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1000))
    given = parser.parse_args()
    moments = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        console = backend.open_console(Settings(data=Path(folder) / "data"))
        make_jobs(console, Path(folder), given.jobs, "640x360", 5)
        print(f"{given.jobs} jobs, {given.kills} kills, seed {given.seed}\n{HEAD}")
        began, orphans, hits = time.monotonic(), 0, 0
        for number, kill in enumerate(kill_workers(console, given.kills, lambda: moments.uniform(0.05, 2)), 1):
            print(f"{number:2} {kill}", flush=True)
            orphans, hits = orphans + kill.orphans, hits + bool(kill.hit)
        print(f"{hits} of {number} kills hit a job; {len(unfinished(console))} jobs are left for the last worker")
        ended = finish(console)
        jobs = console.store.jobs.find_jobs(size=10 * given.jobs).items
        print(f"workers a job took: {sorted(Counter(job.attempts for job in jobs).items())} (workers, jobs)")
        wrong = broken_promises(console, given.jobs)
        wrong += [f"the last worker ended with {ended}"] if ended else []
        wrong += [f"{orphans} orphans"] if orphans else []
        console.close()
        print("\n".join(wrong) or f"every job done once, no orphan, no stray, in {time.monotonic() - began:.0f} s")
        sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
