"""What our wrapping costs: processor time of an encode as a job of the queue, against the bare ffmpeg command.

`python benchmarks/wrapper.py [--runs 6] [--seconds 8]`: the same arguments, in turn, so that both meet the same
machine. The job is claimed, watched, its progress read and its lease renewed as in the server. Ends with 1 above 2 %.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from backend.jobs.runner import Done, Task
from backend.jobs.worker import Worker
from backend.media.ffmpeg import THREADS, Ffmpeg
from backend.model import Job, JobKind, JobState, Video
from backend.store import open_store

MAX_RATIO = 1.02
CODEC = "-c:v libx264 -preset medium -crf 23 -maxrate 2500k -bufsize 5000k -movflags +faststart -f mp4"


class Encoding:
    """Runs one ffmpeg command for every job."""

    def __init__(self, ffmpeg: Ffmpeg, arguments: list[str], seconds: float) -> None:
        self._ffmpeg, self._arguments, self._seconds = ffmpeg, arguments, seconds

    def run(self, job: Job, video: Video | None, task: Task) -> Done:
        ran = self._ffmpeg.run(self._arguments, duration=self._seconds, report=task.report)
        if not ran.ok:
            raise RuntimeError(ran.words)
        return Done()


def spent(whose: int) -> float:
    """Seconds of processor time, user and system, of this process or of its children."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Return the processor time that a piece of work took in its children and in this process."""
    children, own = spent(resource.RUSAGE_CHILDREN), spent(resource.RUSAGE_SELF)
    work()
    return spent(resource.RUSAGE_CHILDREN) - children, spent(resource.RUSAGE_SELF) - own


def make_clip(ffmpeg: Ffmpeg, path: Path, seconds: float) -> None:
    picture = f"testsrc2=s=1280x720:r=24:d={seconds},noise=alls=12:allf=t"
    ran = ffmpeg.run(["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", str(path)])
    if not ran.ok:
        raise RuntimeError(ran.words)


def main() -> None:
    """Encode in turn with and without us, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=6, help="of each kind")
    parser.add_argument("--seconds", type=float, default=8.0, help="that the clip lasts")
    given = parser.parse_args()
    ffmpeg = Ffmpeg()
    with tempfile.TemporaryDirectory() as folder:
        clip, output = Path(folder) / "clip.mp4", Path(folder) / "output.mp4"
        make_clip(ffmpeg, clip, given.seconds)
        arguments = [*ffmpeg.reads(clip), *CODEC.split(), "-threads", str(THREADS), str(output)]
        store = open_store(Path(folder), time.time)
        worker = Worker(store, {JobKind.DEMO: Encoding(ffmpeg, arguments, given.seconds)})

        def bare() -> None:
            subprocess.run([ffmpeg.binary, "-nostdin", "-v", "error", "-y", *arguments], check=True)

        def wrapped() -> None:
            store.jobs.enqueue_demo([0])
            worker.run_until_idle(3600)

        wrapped()  # what is done once only: imports, looking for ffmpeg and setpriv
        rows = []
        print("run  bare, CPU s  wrapped, CPU s  of it Python  ratio")
        for number in range(given.runs):
            first, second = (bare, wrapped) if number % 2 else (wrapped, bare)
            times = {work: measure(work) for work in (first, second)}
            (child, own), (plain, waiting) = times[wrapped], times[bare]
            rows.append((plain + waiting, child + own))
            ratio = (child + own) / (plain + waiting)
            print(f"{number + 1:3}  {plain + waiting:11.2f}  {child + own:14.2f}  {own:12.3f}  {ratio:.4f}", flush=True)
        done = store.jobs.find_jobs(state=JobState.DONE).total
        store.close()
    ratio = sum(row[1] for row in rows) / sum(row[0] for row in rows)
    median = statistics.median(row[1] / row[0] for row in rows)
    least = min(row[1] for row in rows) / min(row[0] for row in rows)
    print(f"all together {ratio:.4f}, median {median:.4f}, least against least {least:.4f}; {done} jobs done")
    sys.exit(0 if least <= MAX_RATIO and done == given.runs + 1 else 1)


if __name__ == "__main__":
    main()
