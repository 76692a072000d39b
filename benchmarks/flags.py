"""What technical flags cost, in CPU seconds per second of video, and what is found: at 1080, at 360 and as it is.

`python benchmarks/flags.py FILE…` measures these files; without any, the public clips of `clips.py`, downloaded.
The exit status tells whether the median at 360 lines is within 0.05 s.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from backend.errors import ConsoleError
from backend.media.ffmpeg import Ffmpeg
from backend.media.packets import count_packets
from backend.media.technical_flags import READ_OPTIONS, measure
from backend.model.technical_flags import Measurement
from benchmarks.clips import CACHE, fetch

SIZES = (1080, 360)  # lines; videos are never enlarged
MAX_CPU = 0.05  # seconds per second of video at 360 lines
LADDER = {1080: "4500k", 360: "800k"}  # as the console's renditions


@dataclass(frozen=True)
class Result:
    lines: str
    cpu: float  # seconds per second of video
    found: Measurement


def check(ffmpeg: Ffmpeg, path: Path, lines: str) -> Result:
    probe = ffmpeg.probe(path)
    duration = count_packets(ffmpeg, path, probe).end
    before = _cpu()
    with tempfile.TemporaryDirectory() as folder:
        reads = ffmpeg.reads(path, *READ_OPTIONS)
        found = measure(ffmpeg, reads, duration, probe.sound, Path(folder), lambda _: None)
    return Result(lines, (_cpu() - before) / max(duration, 0.1), found)


def scale(ffmpeg: Ffmpeg, path: Path, lines: int, folder: Path) -> Path:
    made = folder / f"{path.stem}-{lines}.mp4"
    size = f"scale=-2:'min({lines},trunc(ih/2)*2)',format=yuv420p"
    encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-maxrate", LADDER[lines], "-bufsize", "4M"]
    ffmpeg.run([*ffmpeg.reads(path), "-map", "0:V:0", "-map", "0:a:0?", "-vf", size, *encode, "-c:a", "aac", str(made)])
    return made


def told(found: Measurement) -> str:
    flags = [
        f"{one.flag}" + "".join(f" {span.start:g}-{span.end:g}" for span in one.spans[:3]) for one in found.findings
    ]
    values = [
        f"{name} {value:.1f}"
        for name, value in (("badness", found.badness), ("LUFS", found.loudness), ("peak", found.peak))
        if value is not None
    ]
    return f"{', '.join(flags) or 'no flags'} ({', '.join(values)})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    ffmpeg, costs = Ffmpeg(), defaultdict[str, list[float]](list)
    paths = parser.parse_args().files or list(fetch(cache=CACHE).values())
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            try:
                results = [check(ffmpeg, path, "as it is")]
                results += [check(ffmpeg, scale(ffmpeg, path, lines, Path(folder)), str(lines)) for lines in SIZES]
            except ConsoleError as error:
                print(f"{path.name}: {error}")
                continue
            for result in results:
                costs[result.lines].append(result.cpu)
                print(f"{path.name:24} {result.lines:>8} {result.cpu:.3f} s/s  {told(result.found)}")
    for lines, cpu in costs.items():
        print(f"CPU per second of video, {lines}: median {statistics.median(cpu):.3f} s, worst {max(cpu):.3f} s")
    return int(statistics.median(costs["360"]) > MAX_CPU) if costs else 1


def _cpu() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


if __name__ == "__main__":
    sys.exit(main())
