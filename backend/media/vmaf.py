"""How much of its pictures a rendition kept: VMAF, picture by picture, against the source scaled the same way.

VMAF goes from 0 to 100, where 100 is no visible loss; see https://github.com/Netflix/vmaf. Pictures are paired by their
number, not by their time, which containers round; and no score is believed where the numbers of pictures differ.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TypeAlias

from backend.media.ffmpeg import THREADS, Ffmpeg, Ran, Report
from backend.media.filters import Shape
from backend.media.transcode import Source

SAMPLE_SECONDS = 2.0  # from one key frame to the next
ONE_SAMPLE_OF = 6.0  # seconds of video
SAMPLES, MANY_SAMPLES, MANY_FROM = 6, 10, 600.0  # at most; the last is seconds of video
RAW = ("-c:v", "rawvideo")
SMALL = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0")
STRETCH_SECONDS = 2.0  # what a viewer remembers as bad
_LOG = "vmaf.json"
_MIN_SIDE = 16  # pixels
Window: TypeAlias = tuple[float, float]  # seconds of the video: from, until


class Unscored(Exception):
    """There is no score that could be believed; says why, for the log."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a file in the order in which they are shown: when, in seconds, and how many bytes each."""

    times: tuple[float, ...]
    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        return sum(self.sizes)

    def numbers_in(self, windows: Sequence[Window]) -> frozenset[int]:
        """The numbers of those that are shown within the windows; of all where there is no window."""
        if not windows:
            return frozenset(range(len(self.times)))
        return frozenset(
            number for number, at in enumerate(self.times) if any(start <= at < end for start, end in windows)
        )

    def size_in(self, windows: Sequence[Window]) -> int:
        """The bytes of those within the windows."""
        return sum(self.sizes[number] for number in self.numbers_in(windows))


@dataclass(frozen=True, slots=True)
class Score:
    """What libvmaf found: numbers of pictures, counted from 0, with the score of each. Never empty."""

    frames: tuple[tuple[int, float], ...]

    @property
    def mean(self) -> float:
        return math.fsum(value for _, value in self.frames) / len(self.frames)

    @property
    def p5(self) -> float:
        """The score that one picture in twenty stays under."""
        values = sorted(value for _, value in self.frames)
        return values[int(0.05 * (len(values) - 1))]

    def among(self, numbers: frozenset[int]) -> Score:
        """The scores of some pictures; of all where none of them was scored."""
        return Score(tuple(frame for frame in self.frames if frame[0] in numbers) or self.frames)

    def lowest(self, times: Sequence[float], seconds: float = STRETCH_SECONDS) -> float:
        """The lowest mean of any stretch of that length; of the whole where it is shorter. `times`: as in Pictures."""
        shown = [times[number] for number, _ in self.frames]
        sums = list(accumulate((value for _, value in self.frames), initial=0.0))
        lowest, end = math.inf, 0
        for start, at in enumerate(shown):
            while end < len(shown) and shown[end] - at < seconds:
                end += 1
            lowest = min(lowest, (sums[end] - sums[start]) / (end - start))
            if end == len(shown):  # what begins later is shorter
                break
        return lowest


@dataclass(frozen=True, slots=True)
class Reference:
    """What is compared with: how it is opened, and filters that bring it to the size of the rendition."""

    options: tuple[str, ...]
    name: str
    filters: str = "null"

    @property
    def is_copy(self) -> bool:
        return self.filters == "null"

    def inputs(self, *options: str) -> list[str]:
        """The arguments that open it."""
        return [*self.options, *options, "-i", self.name]


def sample_windows(duration: float, first: float = 0.0) -> tuple[Window, ...]:
    """The parts of a video of at least 4 s that stand for it, spread evenly.

    Each is a whole group of pictures, which is encoded in the sample as it is in the video: from the middle of groups
    AV1 was judged up to 8 CRF wrong.
    """
    most = SAMPLES if duration <= MANY_FROM else MANY_SAMPLES
    count = min(most, max(1, round(duration / ONE_SAMPLE_OF)))
    begin, end = math.ceil(first / SAMPLE_SECONDS), math.floor((first + duration) / SAMPLE_SECONDS)
    groups = (begin + int((number + 0.5) * (end - begin) / count) for number in range(count))
    return tuple((group * SAMPLE_SECONDS, (group + 1) * SAMPLE_SECONDS) for group in groups)


def step_for(frames: int) -> int:
    """Which picture is scored: each, each third, each fifth. Odd, always.

    Every second one would be the better half of a pyramid of B-pictures; see https://github.com/Netflix/vmaf/issues/1214
    """
    return 1 if frames <= 100 else 3 if frames <= 10_000 else 5


def source_reference(ffmpeg: Ffmpeg, source: Source, shape: Shape) -> Reference:
    """Compare with the source itself, decoded and scaled anew each time."""
    *options, _, name = source.reads(ffmpeg)
    return Reference(tuple(options), name, shape.filters)


def copy(
    ffmpeg: Ffmpeg,
    original: Reference,
    windows: Sequence[Window],
    seconds: float,
    encoder: Sequence[str],
    output: Path,
    report: Report,
) -> Reference:
    """Write the windows of a reference of so many seconds (all of it without any) to `output`; compare with that.

    The encoder is one that loses nothing: RAW is read at no cost, SMALL takes less room and keeps the names of the
    colours. The container is nut, since Matroska rounds times to 1 ms. Raises Unscored, and ConsoleError when the disk
    is full.
    """
    inputs: list[str] = []
    for start, end in windows:  # few threads for each: they are open at the same time
        inputs += original.inputs("-threads", "2", "-ss", f"{start:.3f}", "-t", f"{end - start:.3f}")
    parts = "".join(f"[{number}:V:0]{original.filters}[s{number}];" for number in range(len(windows)))
    joined = "".join(f"[s{number}]" for number in range(len(windows)))
    graph = f"{parts}{joined}concat=n={len(windows)}:v=1:a=0[v]" if windows else f"[0:V:0]{original.filters}[v]"
    written = [*encoder, "-fps_mode", "vfr", "-threads", str(THREADS), "-f", "nut", str(output)]
    check(
        ffmpeg.run(
            [*(inputs or original.inputs()), "-filter_complex", graph, "-map", "[v]", *written],
            duration=len(windows) * SAMPLE_SECONDS or seconds,
            report=report,
            cpu_seconds=600 + round(120 * seconds),
        )
    )
    return Reference(("-threads", str(THREADS)), f"file:{output.absolute()}")


def list_pictures(ffmpeg: Ffmpeg, path: Path) -> Pictures:
    """List what is in a file of ours without decoding it. Raises Unscored when nothing is."""
    found: list[tuple[float, int]] = []
    tick = [0.0]

    def read(line: bytes) -> None:
        if line.startswith(b"#tb 0: "):
            over, under = line[7:].split(b"/")
            tick[0] = int(over) / int(under)
        elif line.startswith(b"0,"):
            _, _, pts, _, size, *_ = line.split(b",")
            found.append((int(pts) * tick[0], int(size)))

    taken = ["-map", "0:V:0", "-c", "copy", "-f", "framecrc", "-"]
    check(ffmpeg.run([*ffmpeg.reads(path), *taken], on_line=read))
    if not found:
        raise Unscored("nothing is in the file")
    found.sort()
    return Pictures(tuple(at for at, _ in found), tuple(size for _, size in found))


def score(
    ffmpeg: Ffmpeg, path: Path, reference: Reference, shop: Path, frames: int, step: int, report: Report
) -> Score:
    """Score each `step`-th picture of the MP4 at `path`, of about so many `frames`, against a reference.

    `shop` is a folder to work in. Raises Unscored where the two have not the same number of pictures, or libvmaf
    refuses them.
    """
    counts = [0, 0]

    def read(line: bytes) -> None:
        if line[:2] in (b"0,", b"1,"):
            counts[line[0] - ord("0")] += 1

    log = shop / _LOG
    log.unlink(missing_ok=True)
    ran = ffmpeg.run(
        [*ffmpeg.reads(path), *reference.inputs(), *_comparison(reference.filters, step)],
        on_line=read,
        report=lambda _: report(min(1.0, counts[0] / max(frames, 1))),
        cwd=shop,
        cpu_seconds=600 + 10 * frames,
    )
    check(ran)
    if counts[0] != counts[1]:
        raise Unscored(f"{counts[0]} pictures cannot be compared with {counts[1]}")
    return read_scores(log.read_bytes())


def _comparison(filters: str, step: int) -> list[str]:
    """The graph that pairs the n-th picture with the n-th, and counts those of either side on stdout.

    `settb` comes before `setpts`, which would round in the time base of its input otherwise. The colours get the same
    names on either side: a raw copy has none, and ffmpeg would convert what libvmaf is given.
    """
    names = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    paired, corner = f"{names},settb=1/25,setpts=N,split", f"crop=min({_MIN_SIDE}\\,iw):min({_MIN_SIDE}\\,ih)"
    graph = (
        f"[0:V:0]format=yuv420p,{paired}[a][a1];[1:V:0]{filters},format=yuv420p,{paired}[b][b1];"
        f"[a][b]libvmaf=log_fmt=json:log_path={_LOG}:n_threads={THREADS}:n_subsample={step}[v];"
        f"[a1]{corner}[a2];[b1]{corner}[b2]"
    )
    outputs = "-map [v] -fps_mode passthrough -f null - "
    outputs += "-map [a2] -map [b2] -fps_mode passthrough -flush_packets 1 -f framecrc pipe:1"
    return ["-filter_complex", graph, *outputs.split()]


def read_scores(log: bytes) -> Score:
    """Read what libvmaf wrote. Raises Unscored where that holds no score."""
    try:
        frames = [(int(frame["frameNum"]), float(frame["metrics"]["vmaf"])) for frame in json.loads(log)["frames"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Unscored(f"libvmaf wrote no scores: {error!r}") from error
    if not frames or not all(math.isfinite(value) for _, value in frames):
        raise Unscored("libvmaf gave no score")
    return Score(tuple(sorted(frames)))


def check(ran: Ran) -> None:
    """Raise Unscored when a run failed."""
    if not ran.ok:
        raise Unscored(ran.words or f"ffmpeg ended with {ran.code}")
