"""What the pictures of a video cost: cover, first frame, snapshots and sprite of 60 s of 1080p.

`python benchmarks/pictures.py [--seconds N] [--runs N] [CLIP]`: the clip is a file or a name from `clips.py`, repeated
to the length wanted; without any it is `street`, or a test picture where that cannot be fetched. The pictures are cut
out of its plain rendition, as the console does once there is one; the naive ways make ten snapshots and nothing else.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from backend.media.ffmpeg import Ffmpeg
from backend.media.files import JobFiles
from backend.media.folder import FolderFiles
from backend.media.snapshots import take_cover, take_pictures
from backend.media.source import open_source
from backend.media.transcode import make_renditions
from benchmarks.clips import CACHE, fetch

TEST_PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=24,noise=alls=8:allf=t"]
NAIVE = 10  # snapshots
GOAL = 1.0  # seconds of processor time for everything


def make_source(ffmpeg: Ffmpeg, clip: Path | None, seconds: float, target: Path) -> None:
    """Write 1080p of so many seconds; key frames lie as far apart as encoders put them by themselves."""
    read = TEST_PICTURE if clip is None else ["-stream_loop", "-1", *ffmpeg.reads(clip)]
    settings = (
        "-an -vf scale=1920:1080,format=yuv420p -c:v libx264 -preset veryfast -b:v 8600k -maxrate 12M -bufsize 16M"
    )
    ran = ffmpeg.run([*read, "-t", str(seconds), *settings.split(), str(target)])
    if not ran.ok:
        raise RuntimeError(ran.words)


def seek_in_the_output(ffmpeg: Ffmpeg, path: Path, seconds: float, folder: Path) -> None:
    """Decode everything up to each moment."""
    for number in range(NAIVE):
        at = ["-ss", str(seconds * number / NAIVE)]
        ffmpeg.run([*ffmpeg.reads(path), *at, "-frames:v", "1", str(folder / f"{number}.jpg")])


def seek_in_the_input(ffmpeg: Ffmpeg, path: Path, seconds: float, folder: Path) -> None:
    """Decode from the key frame before each moment."""
    for number in range(NAIVE):
        at = ["-ss", str(seconds * number / NAIVE)]
        ffmpeg.run([*ffmpeg.reads(path, *at), "-frames:v", "1", str(folder / f"{number}.jpg")])


def decode_all(ffmpeg: Ffmpeg, path: Path, seconds: float, folder: Path) -> None:
    """Decode everything once."""
    ffmpeg.run([*ffmpeg.reads(path), "-vf", f"fps={NAIVE / seconds}", str(folder / "%d.jpg")])


def cost(work: Callable[[Path], object], runs: int) -> list[float]:
    """Return the seconds of processor time that each run took, of this process and of its children."""
    taken = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            start = _used()
            work(Path(folder))
            taken.append(_used() - start)
    return sorted(taken)


def _used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def job_in(folder: Path) -> JobFiles:
    """Return the files of a video that is stored in this folder."""
    (folder / "clip").mkdir(exist_ok=True)
    return JobFiles(FolderFiles(folder), "clip")


def _quietly(done: float) -> None:
    """Take the progress of the work, which nobody watches here."""


def main() -> None:
    """Make the clip and its rendition, measure each way, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="?", default="street", help="a file, or a name of clips.py (default street)")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=5, help="of ours; the naive ways run once (default 5)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for the packages")
    given = parser.parse_args()
    ffmpeg, seconds = Ffmpeg(), given.seconds
    clip = Path(given.clip) if Path(given.clip).is_file() else fetch([given.clip], given.cache).get(given.clip)
    with tempfile.TemporaryDirectory() as name:
        folder, source = Path(name), Path(name) / "source.mp4"
        make_source(ffmpeg, clip, seconds, source)
        (plain,), _ = make_renditions(ffmpeg, (720,), folder, open_source(ffmpeg, source, _quietly), _quietly)

        def pictures(path: Path, to: Path) -> object:
            return take_pictures(ffmpeg, job_in(to), open_source(ffmpeg, path, _quietly), (), _quietly)

        def cover(to: Path) -> object:
            return take_cover(ffmpeg, seconds * 0.55, job_in(to), plain, (), _quietly)

        ways: list[tuple[str, Callable[[Path], object], int]] = [
            ("all pictures, from the rendition", partial(pictures, plain), given.runs),
            ("all pictures, from the source", partial(pictures, source), given.runs),
            ("a chosen cover", cover, given.runs),
            ("naive: seek in the input", lambda to: seek_in_the_input(ffmpeg, source, seconds, to), 1),
            ("naive: decode all once", lambda to: decode_all(ffmpeg, source, seconds, to), 1),
            ("naive: seek in the output", lambda to: seek_in_the_output(ffmpeg, source, seconds, to), 1),
        ]
        print(f"ffmpeg {ffmpeg.version}, {seconds:g} s of 1080p ({clip.stem if clip else 'test picture'})")
        print(f"{'CPU seconds':36}{'least':>8}{'median':>8}{'most':>8}  runs", flush=True)
        for label, work, runs in ways:
            taken = cost(work, runs)
            middle = statistics.median(taken)
            goal = f"  goal {GOAL:g}: {'reached' if middle <= GOAL else 'missed'}" if label == ways[0][0] else ""
            print(f"{label:36}{taken[0]:8.2f}{middle:8.2f}{taken[-1]:8.2f}{runs:6}{goal}", flush=True)


if __name__ == "__main__":
    main()
