"""What the narrow-band encode saves on real clips, at what quality, and what it costs.

`python benchmarks/narrow_band.py [--codec av1|h264] [--seconds N] [--side N] [--held-out] [CLIPS…]`: clips are files or
names from `clips.py`, all of those without any. Each is cut and scaled down without loss first, so that all are of one
kind.

The cost is the processor time, user and system, of everything that `narrow` starts: samples, trials, the encode, and
the scores of it and of the plain rendition, which itself is not counted. It is given for a second of the clip, and for
a second of 540p: times 960 x 540 over the pixels of the clip's pictures, their number a second as it is. The promise is
held against scores of all pictures, which are taken afterwards; the program itself may score each third.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from backend.media import vmaf
from backend.media.ffmpeg import Ffmpeg
from backend.media.files import JobFiles
from backend.media.filters import scaled, shape
from backend.media.folder import FolderFiles
from backend.media.narrow_band import narrow
from backend.media.quality_target import target_for
from backend.media.source import open_source
from backend.media.transcode import transcode
from backend.media.vmaf import Score
from benchmarks.clips import CACHE, CLIPS, HELD_OUT, fetch

HEAD = (
    "clip           size     fps      s   plain  narrow  saving  VMAF plain  target  narrow  5th plain  narrow  held  "
    "trials  CPU s/s  540p  (plain)  wall s"
)
PIXELS = 960 * 540
PROMISED, WORST = 0.2, 4.0  # VMAF: the mean below the target, the 5th percentile below that of the plain rendition


@dataclass(frozen=True)
class Row:
    """One clip, measured."""

    name: str
    facts: dict[str, Any]
    fps: float
    scores: tuple[Score, Score]  # of all pictures of the plain rendition and of the narrow-band one
    cpu_plain: float  # seconds of processor time, all of them those of the children
    cpu_narrow: float
    wall: float

    @property
    def seconds(self) -> float:
        return float(self.facts["duration"])

    @property
    def target(self) -> float:
        return target_for(self.scores[0].mean)

    @property
    def held(self) -> bool:
        plain, narrow = self.scores
        return narrow.mean >= self.target - PROMISED and narrow.p5 >= plain.p5 - WORST

    @property
    def cost(self) -> float:
        """Processor seconds for a second of the clip."""
        return self.cpu_narrow / self.seconds

    @property
    def cost_540p(self) -> float:
        """The same, had the pictures 960 x 540 pixels."""
        return self.cost * PIXELS / (self.facts["width"] * self.facts["height"])

    def __str__(self) -> str:
        facts = self.facts
        plain, small = (round(facts[name] * 8 / self.seconds / 1000) for name in ("bytes_plain", "bytes"))
        size, (before, after) = f"{facts['width']}x{facts['height']}", self.scores
        return (
            f"{self.name:12} {size:>9} {self.fps:5.1f} {self.seconds:6.2f} {plain:7} {small:7} {facts['saving']:7.1%}"
            f"  {before.mean:10.2f}  {self.target:6.2f}  {after.mean:6.2f}  {before.p5:9.2f}  {after.p5:6.2f}"
            f"  {'yes' if self.held else 'NO':4}  {len(facts['probes']):6}  {self.cost:7.2f}  {self.cost_540p:4.2f}"
            f"  {self.cpu_plain / self.seconds:7.2f}  {self.wall:6.1f}{'' if facts['gain'] else '  no gain'}"
        )


def measure(ffmpeg: Ffmpeg, name: str, path: Path, codec: str, seconds: float, side: int) -> Row:
    """Make both renditions of a clip in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as shop:
        folder, job = Path(shop) / "clip", JobFiles(FolderFiles(Path(shop)), "clip")
        folder.mkdir()
        source = folder / "source.mkv"
        cut = ["-t", str(seconds)] if seconds else []
        width, height = scaled(ffmpeg.probe(path), side, "min")
        form = f"scale={width}:{height}:flags=bicubic,setsar=1,format=yuv420p|yuvj420p"  # a camera's full range stays
        prepared = f"-an -sn -c:v libx264 -preset ultrafast -qp 0 -fps_mode vfr -vf {form}"
        ran = ffmpeg.run([*ffmpeg.reads(path, *cut), "-map", "0:V:0", *prepared.split(), str(source)])
        if not ran.ok:
            raise RuntimeError(ran.words)
        start = _children()
        plain = transcode(ffmpeg, (side,), job, open_source(ffmpeg, source, _quietly), _quietly).files[0]
        middle, began = _children(), time.monotonic()
        done = narrow(ffmpeg, codec, (side,), job, open_source(ffmpeg, source, _quietly), _quietly)
        wall, used = time.monotonic() - began, _children() - middle
        scores = _score(ffmpeg, folder, source, plain.name), _score(ffmpeg, folder, source, done.files[0].name)
        frames = len(vmaf.list_pictures(ffmpeg, folder / plain.name).times)
        fps = frames / done.facts["duration"]
        return Row(name, done.facts, fps, scores, middle - start, used, wall)


def _score(ffmpeg: Ffmpeg, folder: Path, source: Path, name: str) -> Score:
    """The scores of all pictures of a rendition."""
    opened, probe = open_source(ffmpeg, source, _quietly), ffmpeg.probe(folder / name)
    form = shape(ffmpeg, opened.probe, (probe.width, probe.height))
    reference = vmaf.source_reference(ffmpeg, opened, form)
    return vmaf.score(ffmpeg, folder / name, reference, folder, opened.packets.video.packets, 1, _quietly)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _quietly(done: float) -> None:
    """Take the progress of an encode, which nobody watches here."""


def main() -> None:
    """Measure the clips one after the other and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="*", help=f"files, or of: {', '.join(clip.name for clip in CLIPS)}")
    parser.add_argument("--held-out", action="store_true", help="only the clips that the search was not tuned on")
    parser.add_argument("--codec", choices=("av1", "h264"), default="av1")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each clip; 0 for all of it (default 12)")
    parser.add_argument("--side", type=int, default=540, help="the short side in pixels (default 540)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for the packages")
    given = parser.parse_args()
    files = {Path(name).stem: Path(name) for name in given.clips if Path(name).is_file()}
    names = [name for name in given.clips if not Path(name).is_file()]
    names += [clip.name for clip in HELD_OUT if given.held_out]
    if names or not files:
        files |= fetch(names, given.cache)
    ffmpeg, rows = Ffmpeg(), []
    print(f"ffmpeg {ffmpeg.version}, {given.codec}; kbit/s are of video\n{HEAD}", flush=True)
    for name, path in files.items():
        try:
            rows.append(measure(ffmpeg, name, path, given.codec, given.seconds, given.side))
        except Exception as error:
            print(f"{name:12} is left out: {error!r}", flush=True)
            continue
        print(rows[-1], flush=True)
    if rows:
        saved = statistics.median(row.facts["saving"] for row in rows)
        cost, cost_540p = (statistics.median(getattr(row, name) for row in rows) for name in ("cost", "cost_540p"))
        most = max(row.cost_540p for row in rows)
        print(
            f"medians of {len(rows)} clips: saving {saved:.1%}, {cost:.2f} CPU s a second, {cost_540p:.2f} at 540p"
            f" (at most {most:.2f}); promise held: {all(row.held for row in rows)}"
        )


if __name__ == "__main__":
    main()
