"""Similar videos: how many changed copies are found, how many strangers, and what it costs.

`python benchmarks/similar.py FOLDER` takes the clips of a folder, each of another scene (or those of `clips.py` without
one), and the drawn ones of the demo catalogue; makes copies of them as people make them; and compares everything with
everything. `--lookup N …` measures the lookup among N random clips instead, beside a scan of all hashes with numpy.
"""

from __future__ import annotations

import argparse
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import combinations
from operator import xor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from backend.demo.clips import CLIPS, render
from backend.errors import MediaError
from backend.media.ffmpeg import Ffmpeg
from backend.media.files import JobFiles
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.media.snapshots import take_pictures
from backend.media.source import open_source
from backend.model import User, Video
from backend.model.fingerprint import BAND_BITS, BAND_MASK, BANDS, MAX_DISTANCE, Hashes, compare
from backend.store import open_store
from backend.store.similar_videos import packed
from benchmarks.clips import fetch

TEXT = ",".join(
    f"drawbox=x=iw*{0.08 + 0.09 * at:.2f}:y=ih*0.855:w=iw*0.06:h=ih*0.06:color=white:t=fill" for at in range(9)
)
COPIES = {
    "360p, CRF 34": "scale=-2:360",
    "logo": "drawbox=x=iw*0.78:y=ih*0.05:w=iw*0.17:h=ih*0.11:color=white@0.9:t=fill,"
    "drawbox=x=iw*0.81:y=ih*0.08:w=iw*0.11:h=ih*0.05:color=red:t=fill",
    "caption": f"drawbox=x=0:y=ih*0.82:w=iw:h=ih*0.13:color=black@0.75:t=fill,{TEXT}",
    "brighter": "eq=brightness=0.12:contrast=1.15",
    "crop 5 %": "crop=iw*0.95:ih*0.95",
    "crop 10 %": "crop=iw*0.9:ih*0.9",
    "15 % faster": "setpts=PTS/1.15",
    "1.5 s cut off": "trim=start=1.5,setpts=PTS-STARTPTS",
    "mirrored": "hflip",
    "wide bars": "pad=w=max(iw\\,ih*16/9):h=max(ih\\,iw*16/9):x=(ow-iw)/2:y=(oh-ih)/2",
}
GOAL_FOUND, GOAL_COPIES, GOAL_CPU_MS = 0.85, 4, 25.0  # of the first four kinds of copies; per clip
SECONDS, FRAMES, ROUNDS = 10, 16, 20
ENCODER = "-an -c:v libx264 -preset veryfast -pix_fmt yuv420p"
Prints = dict[str, dict[str, tuple[Hashes, ...]]]  # by clip and kind of copy


class Maker:
    """Makes copies of clips and their fingerprints, and notes the CPU time of the latter."""

    def __init__(self, ffmpeg: Ffmpeg, folder: Path) -> None:
        self._ffmpeg, self._folder = ffmpeg, folder
        self._media = LocalMedia(FolderFiles(folder / "media"), ffmpeg)
        self.cpu: list[float] = []
        self._number = 0

    def make(self, clip: Path) -> dict[str, tuple[Hashes, ...]]:
        """Return the fingerprints of a clip and of its copies, by kind."""
        base = self._folder / "base.mp4"
        small = "scale=480:480:force_original_aspect_ratio=decrease:force_divisible_by=2,fps=25"
        found = {}
        for kind, changed in {"": small, **COPIES}.items():
            target = self._folder / "copy.mp4" if kind else base
            crf = "20" if not kind else "34" if "CRF" in kind else "24"
            even = f"{changed},scale=trunc(iw/2)*2:trunc(ih/2)*2"
            wanted = ["-t", str(SECONDS), "-vf", even, *ENCODER.split(), "-crf", crf, str(target)]
            ran = self._ffmpeg.run([*self._ffmpeg.reads(base if kind else clip), *wanted])
            if ran.ok:
                found |= self._fingerprint(kind, target)
        return found

    def _fingerprint(self, kind: str, path: Path) -> dict[str, tuple[Hashes, ...]]:
        self._number += 1
        video_id = f"v{self._number}"
        (self._folder / "media" / video_id).mkdir(parents=True)
        job = JobFiles(self._media.files, video_id)
        try:
            done = take_pictures(self._ffmpeg, job, open_source(self._ffmpeg, path, _quietly), (), _quietly)
        except MediaError:
            return {}  # nothing is left of a clip shorter than what is cut off
        video = Video(video_id, "", User("u"), 0, files=done.files)
        start = _used()
        made = self._media.fingerprint(video, _no_download)
        self.cpu.append(_used() - start)
        return {kind: made}


def _no_download(url: str) -> bytes:
    raise LookupError(url)


def _quietly(done: float) -> None:
    """Take the progress of the work, which nobody watches here."""


def _used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def drawn_clips(ffmpeg: Ffmpeg, folder: Path, count: int) -> Iterator[Path]:
    """Draw the first clips of the demo catalogue."""
    for number, clip in enumerate(CLIPS[:count]):
        path = folder / f"drawn-{number:02}-{clip.picture}.mp4"
        render(ffmpeg, clip, path, _quietly)
        yield path


def report(prints: Prints, cpu: list[float]) -> None:
    """Print which copies were found, and which strangers."""
    without = [name for name, kinds in prints.items() if not kinds.get("")]
    clips = {name: kinds for name, kinds in prints.items() if kinds.get("")}
    print(f"{len(prints)} clips; without a clear image: {', '.join(without) or 'none'}")
    goal = 0, 0
    for number, kind in enumerate(COPIES):
        tried = [name for name, kinds in clips.items() if kind in kinds]
        missed = [name for name in tried if compare(clips[name][kind], clips[name][""]) is None]
        print(f"  {kind:14}{len(tried) - len(missed):4} of {len(tried):3}   missed: {', '.join(missed[:6]) or '-'}")
        if number < GOAL_COPIES:
            goal = goal[0] + len(tried) - len(missed), goal[1] + len(tried)
    share = goal[0] / max(goal[1], 1)
    print(f"of the first {GOAL_COPIES}: {share:.1%}  goal {GOAL_FOUND:.0%}: {_met(share >= GOAL_FOUND)}")
    originals = [pair for pair in combinations(clips, 2) if compare(clips[pair[0]][""], clips[pair[1]][""])]
    count = len(clips) * (len(clips) - 1) // 2
    print(f"pairs of different clips: {len(originals)} of {count} called similar  goal 0: {_met(not originals)}")
    print("".join(f"  {one} = {two}\n" for one, two in originals), end="")
    false, tried_pairs = Counter[tuple[str, str]](), 0
    for one in clips:
        for other in clips:
            for kind in COPIES if one != other else ():
                if views := clips[other].get(kind):
                    tried_pairs += 1
                    false[one, other] += compare(views, clips[one][""]) is not None
    print(f"pairs of a clip and a copy of another: {false.total()} of {tried_pairs} called similar")
    print("".join(f"  {one} = copies of {other}: {n}\n" for (one, other), n in false.items() if n), end="")
    median = statistics.median(cpu) * 1000
    print(f"CPU of a fingerprint: median {median:.1f} ms, most {max(cpu) * 1000:.1f} ms  "
          f"goal {GOAL_CPU_MS:g}: {_met(median <= GOAL_CPU_MS)}")  # fmt: skip


def _met(is_met: bool) -> str:
    return "reached" if is_met else "missed"


def fill(path: Path, count: int) -> Any:
    """Write fingerprints of so many clips of 16 random frames into a database, without videos; return all hashes."""
    hashes = np.random.default_rng(17).integers(0, 1 << 64, FRAMES * count, dtype=np.uint64)
    owners = np.arange(FRAMES * count, dtype=np.uint64) // np.uint64(FRAMES) + np.uint64(1)
    with closing(sqlite3.connect(path)) as connection, connection:
        for band in range(BANDS):
            bits = hashes >> np.uint64(band * BAND_BITS) & np.uint64(BAND_MASK)
            keys = np.unique((bits | np.uint64(band << BAND_BITS)) << np.uint64(32) | owners)
            rows = ((int(key) >> 32, int(key) & 0xFFFFFFFF) for key in keys)
            connection.executemany("insert into fingerprint_bands (value, clip) values (?, ?)", rows)
        views = ((number + 1, f"v{number}", packed([frames_of(hashes, number)])) for number in range(count))
        connection.executemany("insert into fingerprints (clip, video_id, views) values (?, ?, ?)", views)
    return hashes


def frames_of(hashes: Any, number: int) -> Hashes:
    """Return the hashes of a clip."""
    return tuple(map(int, hashes[FRAMES * number : FRAMES * (number + 1)]))


def scan(hashes: Any, frames: Hashes) -> int:
    """Return the clip that has most of these frames, by comparing each with all hashes."""
    best = Counter[int]()
    for one in frames:
        near = np.flatnonzero(np.bitwise_count(hashes ^ np.uint64(one)) <= MAX_DISTANCE)
        best.update({int(at) // FRAMES for at in near})
    return best.most_common(1)[0][0]


def measure_lookup(count: int) -> None:
    """Print what finding the copy of one of so many clips costs: by bands in the store, and by a scan with numpy."""
    chance = random.Random(17)
    with tempfile.TemporaryDirectory() as folder, closing(open_store(Path(folder), upgrade=True)) as store:
        before = store.size()
        hashes = fill(Path(folder) / "console.sqlite3", count)
        print(f"{count:,} clips, {len(hashes):,} hashes, {(store.size() - before) / 1e6:,.0f} MB")
        ways: dict[str, Callable[[Hashes], object]] = {
            "by bands in the store, also mirrored": lambda one: store.similar_videos.compare_new([one])[0],
            "scan of all with numpy, not mirrored": lambda one: f"v{scan(hashes, one)}",
        }
        for label, find in ways.items():
            taken = []
            for number in chance.choices(range(count), k=ROUNDS):
                changed = (sum(1 << bit for bit in chance.sample(range(64), 4)) for _ in range(FRAMES))
                spoilt = tuple(map(xor, frames_of(hashes, number), changed))
                start = time.process_time()
                found = find(spoilt)
                taken.append((time.process_time() - start) * 1000)
                if found != f"v{number}":
                    raise AssertionError(f"{found} was found for v{number}")
            print(f"  {label}: CPU median {statistics.median(taken):.1f}, most {max(taken):.1f} ms", flush=True)


def main() -> None:
    """Compare clips and their copies, or measure the lookup."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="clips of different scenes (default: those of clips.py)")
    parser.add_argument("--drawn", type=int, default=len(CLIPS), help="drawn clips besides (default: all)")
    parser.add_argument("--lookup", type=int, nargs="+", metavar="N", help="measure the lookup among so many clips")
    given = parser.parse_args()
    if given.lookup:
        for count in given.lookup:
            measure_lookup(count)
        return
    ffmpeg, prints = Ffmpeg(), Prints()
    real = sorted(given.folder.iterdir()) if given.folder else list(fetch().values())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maker = Maker(ffmpeg, folder)
        for clip in (*real, *drawn_clips(ffmpeg, folder, given.drawn)):
            prints[clip.stem] = maker.make(clip)
        report(prints, maker.cpu)


if __name__ == "__main__":
    main()
