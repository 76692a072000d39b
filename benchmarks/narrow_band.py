"""What the narrow-band encode saves on real clips, at what quality, and what it costs.

`python benchmarks/narrow_band.py [--codec av1|h264] [--seconds N] [--side N] [CLIPS…]`: clips are files or names from
`clips.py`, all of those without any. Each is cut and scaled down without loss first, so that all are of one kind.
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

from backend.media.ffmpeg import Ffmpeg
from backend.media.narrowband import narrow
from backend.media.rendition import scale, transcode
from benchmarks.clips import CACHE, CLIPS, fetch

HEAD = (
    "clip           size        s   plain  narrow  saving  VMAF plain  target  narrow  worst 2 s  p5     "
    "probes  CPU s/s  (plain)  wall s"
)


@dataclass(frozen=True)
class Row:
    """One clip, measured."""

    name: str
    facts: dict[str, Any]
    cpu_plain: float  # seconds of processor time, all of them those of the children
    cpu_narrow: float
    wall: float

    @property
    def seconds(self) -> float:
        return float(self.facts["duration"])

    def __str__(self) -> str:
        facts = self.facts
        plain, small = (round(facts[name] * 8 / self.seconds / 1000) for name in ("bytes_plain", "bytes"))
        size = f"{facts['width']}x{facts['height']}"
        scores = [f"{facts[key]:.2f}" if facts[key] is not None else "-" for key in SCORES]
        costs = f"{self.cpu_narrow / self.seconds:7.2f}  {self.cpu_plain / self.seconds:7.2f}  {self.wall:6.1f}"
        return (
            f"{self.name:12} {size:>9} {self.seconds:7.2f} {plain:7} {small:7} {facts['saving']:7.1%}  {scores[0]:>10}"
            f"  {scores[1]:>6}  {scores[2]:>6}  {scores[3]:>9}  {scores[4]:5}  {len(facts['probes']):6}  {costs}"
            f"{'' if facts['gain'] else '  no gain'}"
        )


SCORES = ("vmaf_plain", "target", "vmaf", "vmaf_low", "vmaf_p5")


def measure(ffmpeg: Ffmpeg, name: str, path: Path, codec: str, seconds: float, side: int) -> Row:
    """Make both renditions of a clip in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.mkv"
        cut = ["-t", str(seconds)] if seconds else []
        prepared = f"-an -sn -c:v libx264 -preset ultrafast -qp 0 -fps_mode vfr -vf {scale(side, 'min')},format=yuv420p"
        ran = ffmpeg.run([*ffmpeg.reads(path, *cut), "-map", "0:V:0", *prepared.split(), str(source)])
        if not ran.ok:
            raise RuntimeError(ran.words)
        start = _children()
        transcode(ffmpeg, (side,), Path(folder), source, _quietly)
        middle, began = _children(), time.monotonic()
        done = narrow(ffmpeg, codec, (side,), Path(folder), source, _quietly)
        return Row(name, done.facts, middle - start, _children() - middle, time.monotonic() - began)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _quietly(done: float) -> None:
    """Take the progress of an encode, which nobody watches here."""


def main() -> None:
    """Measure the clips one after the other and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="*", help=f"files, or of: {', '.join(clip.name for clip in CLIPS)}")
    parser.add_argument("--codec", choices=("av1", "h264"), default="av1")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each clip; 0 for all of it (default 12)")
    parser.add_argument("--side", type=int, default=540, help="the short side in pixels (default 540)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for the packages")
    given = parser.parse_args()
    files = {Path(name).stem: Path(name) for name in given.clips if Path(name).is_file()}
    names = [name for name in given.clips if not Path(name).is_file()]
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
        cost = statistics.median(row.cpu_narrow / row.seconds for row in rows)
        kept = all(row.facts["vmaf"] is None or row.facts["vmaf"] >= row.facts["target"] - 0.2 for row in rows)
        print(f"median saving {saved:.1%} over {len(rows)} clips, {cost:.2f} CPU s a second; promise kept: {kept}")


if __name__ == "__main__":
    main()
