"""VMAF: measures a rendition's quality frame by frame, against the source scaled the same way.

VMAF ranges from 0 to 100 (no visible loss); see https://github.com/Netflix/vmaf. Frames are paired by number, because
containers round timestamps; scores are rejected if the numbers of frames differ.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TypeAlias

from backend.media.ffmpeg import THREADS, Ffmpeg, Report, RunResult
from backend.media.filters import Shape
from backend.media.source import Source

SAMPLE_SECONDS = 2.0  # the interval between key frames
ONE_SAMPLE_OF = 6.0  # seconds of video
SAMPLES, MANY_SAMPLES, MANY_FROM = 6, 10, 600.0  # maximum; the last is in seconds of video
RAW = ("-c:v", "rawvideo")
SMALL = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0")
STRETCH_SECONDS = 2.0  # the shortest stretch viewers perceive as bad
_LOG = "vmaf.json"
_MIN_SIDE = 16  # pixels
Window: TypeAlias = tuple[float, float]  # start and end, in seconds of the video


class Unscored(Exception):
    """No reliable score is available; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The frames of a file in presentation order: times in seconds, and sizes in bytes."""

    times: tuple[float, ...]
    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        return sum(self.sizes)

    def numbers_in(self, windows: Sequence[Window]) -> frozenset[int]:
        """Return the numbers of frames within the windows; all if there are none."""
        if not windows:
            return frozenset(range(len(self.times)))
        return frozenset(
            number for number, at in enumerate(self.times) if any(start <= at < end for start, end in windows)
        )

    def size_in(self, windows: Sequence[Window]) -> int:
        """Return the size in bytes of the frames within the windows."""
        return sum(self.sizes[number] for number in self.numbers_in(windows))


@dataclass(frozen=True, slots=True)
class Score:
    """Scores by frame number, from 0. Never empty."""

    frames: tuple[tuple[int, float], ...]

    @property
    def mean(self) -> float:
        return math.fsum(value for _, value in self.frames) / len(self.frames)

    @property
    def p5(self) -> float:
        """The 5th percentile."""
        values = sorted(value for _, value in self.frames)
        return values[int(0.05 * (len(values) - 1))]

    def among(self, numbers: frozenset[int]) -> Score:
        """Restrict to these frames; all if none of them was scored."""
        return Score(tuple(frame for frame in self.frames if frame[0] in numbers) or self.frames)

    def lowest(self, times: Sequence[float], seconds: float = STRETCH_SECONDS) -> float:
        """Return the lowest mean of any stretch of this length, or of the whole if shorter. `times`: as in Pictures."""
        shown = [times[number] for number, _ in self.frames]
        sums = list(accumulate((value for _, value in self.frames), initial=0.0))
        lowest, end = math.inf, 0
        for start, at in enumerate(shown):
            while end < len(shown) and shown[end] - at < seconds:
                end += 1
            lowest = min(lowest, (sums[end] - sums[start]) / (end - start))
            if end == len(shown):  # later ones are shorter
                break
        return lowest


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference of a comparison: how to open it, and filters that scale it to the rendition's size."""

    options: tuple[str, ...]
    name: str
    filters: str = "null"

    @property
    def is_copy(self) -> bool:
        return self.filters == "null"

    def inputs(self, *options: str) -> list[str]:
        """Return the arguments that open it."""
        return [*self.options, *options, "-i", self.name]


def sample_windows(duration: float, first: float = 0.0) -> tuple[Window, ...]:
    """Return evenly spread sample windows of a video of at least 4 s.

    Each is a whole GOP, which is encoded as in the whole video: from the middle of GOPs, AV1 was misjudged by up to 8
    CRF.
    """
    most = SAMPLES if duration <= MANY_FROM else MANY_SAMPLES
    count = min(most, max(1, round(duration / ONE_SAMPLE_OF)))
    begin, end = math.ceil(first / SAMPLE_SECONDS), math.floor((first + duration) / SAMPLE_SECONDS)
    groups = (begin + int((number + 0.5) * (end - begin) / count) for number in range(count))
    return tuple((group * SAMPLE_SECONDS, (group + 1) * SAMPLE_SECONDS) for group in groups)


def step_for(frames: int) -> int:
    """Return the scoring interval: every, every third or every fifth frame.

    Always odd: every second frame would be the better half of a B-frame pyramid; see
    https://github.com/Netflix/vmaf/issues/1214
    """
    return 1 if frames <= 100 else 3 if frames <= 10_000 else 5


def source_reference(ffmpeg: Ffmpeg, source: Source, shape: Shape) -> Reference:
    """Return the source itself as reference, decoded and scaled on every use."""
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
    """Write the windows of a reference of this duration (all of it if there are none) to `output`, losslessly, and
    return that as reference. RAW reads fastest; SMALL takes less space and keeps the colour tags. The container is
    nut, since Matroska rounds timestamps to 1 ms. Raises Unscored, and ConsoleError if the disk is full.
    """
    inputs: list[str] = []
    for start, end in windows:  # few threads each, since all are open at the same time
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
    """List the frames of our own file without decoding. Raises Unscored if it is empty."""
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
    ffmpeg: Ffmpeg, path: Path, reference: Reference, work_dir: Path, frames: int, step: int, report: Report
) -> Score:
    """Score every `step`-th frame of the MP4 at `path`, of about `frames` frames, against a reference.

    `shop` is a temporary folder. Raises Unscored if the numbers of frames differ or libvmaf fails.
    """
    counts = [0, 0]

    def read(line: bytes) -> None:
        if line[:2] in (b"0,", b"1,"):
            counts[line[0] - ord("0")] += 1

    log = work_dir / _LOG
    log.unlink(missing_ok=True)
    ran = ffmpeg.run(
        [*ffmpeg.reads(path), *reference.inputs(), *_comparison(reference.filters, step)],
        on_line=read,
        report=lambda _: report(min(1.0, counts[0] / max(frames, 1))),
        cwd=work_dir,
        cpu_seconds=600 + 10 * frames,
    )
    check(ran)
    if counts[0] != counts[1]:
        raise Unscored(f"{counts[0]} pictures cannot be compared with {counts[1]}")
    return read_scores(log.read_bytes())


def _comparison(filters: str, step: int) -> list[str]:
    """Return the filter graph that pairs frames by number, and counts those of both sides on stdout.

    `settb` precedes `setpts`, which would otherwise round to its input's time base. Both sides get the same colour
    tags: a raw copy has none, and ffmpeg would convert libvmaf's input.
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
    """Parse libvmaf's output. Raises Unscored if it has no scores."""
    try:
        frames = [(int(frame["frameNum"]), float(frame["metrics"]["vmaf"])) for frame in json.loads(log)["frames"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Unscored(f"libvmaf wrote no scores: {error!r}") from error
    if not frames or not all(math.isfinite(value) for _, value in frames):
        raise Unscored("libvmaf gave no score")
    return Score(tuple(sorted(frames)))


def check(ran: RunResult) -> None:
    """Raise Unscored if a run failed."""
    if not ran.ok:
        raise Unscored(ran.words or f"ffmpeg ended with {ran.code}")
