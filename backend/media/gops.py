"""Assembles a rendition from groups of pictures (GOPs) encoded separately, each at the quality it needs.

Every rendition has a key frame every 2 s, and no frame references across it: a GOP encoded as a trial can be published,
and if the whole is too good or too bad, only some GOPs are encoded again.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from backend.media.ffmpeg import Ffmpeg, Report
from backend.media.packets import count_packets
from backend.media.vmaf import SAMPLE_SECONDS, Reference, Score, Unscored, check

_INDEX = 1 << 20  # bytes searched for the colour description
TICK = 90_000  # timescale of the assembled file
_HEAD, _FRAME = struct.Struct("<4sHH4sHHIIII"), struct.Struct("<IQ")  # headers of IVF and of each of its frames


@dataclass(frozen=True, slots=True)
class Piece:
    """The location of an encoded frame, with its quality."""

    path: Path
    at: int
    size: int
    crf: float
    score: float | None = None  # VMAF, if it was scored


Pieces: TypeAlias = dict[int, Piece]  # by frame number


def groups_of(times: Sequence[float]) -> list[range]:
    """Return the frame numbers of each GOP, that is of each 2 s; `times` in seconds."""
    marks = [math.floor((at + 0.0005) / SAMPLE_SECONDS) for at in times]
    starts = [number for number, mark in enumerate(marks) if number == 0 or mark != marks[number - 1]]
    return [range(start, end) for start, end in zip(starts, [*starts[1:], len(times)], strict=True)]


def spread(count: int, most: int) -> list[int]:
    """Choose evenly spread GOPs as samples: every third of `count`, at most `most`."""
    chosen = min(most, max(1, round(count / 3)))
    return [int((number + 0.5) * count / chosen) for number in range(chosen)]


def selected(reference: Reference, groups: Sequence[range]) -> Reference:
    """Restrict a reference to these GOPs."""
    runs: list[list[int]] = []
    for group in groups:
        if runs and runs[-1][1] == group.start:
            runs[-1][1] = group.stop
        else:
            runs.append([group.start, group.stop])
    terms = "+".join(f"between(n\\,{start}\\,{end - 1})" for start, end in runs)
    return replace(reference, filters=f"{reference.filters},select={terms}")


def key_frames(groups: Sequence[range]) -> tuple[str, ...]:
    """Return the arguments that start each GOP with a key frame."""
    starts, at = [], 0
    for group in groups:
        starts.append(f"eq(n,{at})")
        at += len(group)
    return ("-force_key_frames", f"expr:{'+'.join(starts)}")


def colours_of(path: Path) -> str:
    """Return a filter that sets the colour tags of our MP4 (with its index first), or a null filter.

    As encoder options, the tags would make ffmpeg convert untagged frames.
    """
    with path.open("rb") as file:
        head = file.read(_INDEX)
    at = head.find(b"colrnclx")
    if at < 0:
        return "null"
    primaries, transfer, matrix = struct.unpack_from(">HHH", head, at + 8)
    return f"setparams=range=tv:color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"


def pieces_of(ffmpeg: Ffmpeg, path: Path, groups: Sequence[range], crf: float, frames: Score | None = None) -> Pieces:
    """Return the encoded frames of these GOPs in `path`, by frame number. Raises Unscored."""
    ivf = path.with_suffix(".ivf")
    check(ffmpeg.run([*ffmpeg.reads(path), "-map", "0:V:0", "-c", "copy", "-f", "ivf", str(ivf)]))
    numbers = [number for group in groups for number in group]
    scores = dict(frames.frames) if frames else {}
    found: list[tuple[int, int]] = []
    with ivf.open("rb") as file:
        file.seek(_HEAD.size)
        while head := file.read(_FRAME.size):
            size, _ = _FRAME.unpack(head)
            found.append((file.tell(), size))
            file.seek(size, 1)
    if len(found) != len(numbers):
        raise Unscored(f"{len(found)} pictures came out of {len(numbers)}")
    return {
        number: Piece(ivf, at, size, crf, scores.get(position))
        for position, (number, (at, size)) in enumerate(zip(numbers, found, strict=True))
    }


def score_of(pieces: Pieces) -> Score:
    """Return the scores of the scored frames."""
    return Score(tuple((number, one.score) for number, one in sorted(pieces.items()) if one.score is not None))


def size_of(pieces: Pieces) -> int:
    """Return the total size in bytes."""
    return sum(one.size for one in pieces.values())


def crf_of(pieces: Pieces) -> float:
    """Return the mean CRF."""
    return math.fsum(one.crf for one in pieces.values()) / len(pieces)


def join(ffmpeg: Ffmpeg, pieces: Pieces, times: Sequence[float], plain: Path, output: Path, report: Report) -> None:
    """Write an MP4 of the frames at `times` (seconds), with the audio of the plain rendition. Raises Unscored."""
    ivf = output.with_suffix(".ivf")
    opened = {path: path.open("rb") for path in {one.path for one in pieces.values()}}
    try:
        with ivf.open("wb") as file:
            file.write(_HEAD.pack(b"DKIF", 0, _HEAD.size, b"AV01", 0, 0, TICK, 1, len(pieces), 0))
            for number, one in sorted(pieces.items()):
                opened[one.path].seek(one.at)
                file.write(_FRAME.pack(one.size, round((times[number] - times[0]) * TICK)))
                file.write(opened[one.path].read(one.size))
    finally:
        for source in opened.values():
            source.close()
    stands = count_packets(ffmpeg, plain).video.end - times[-1]  # IVF lacks the last frame's duration
    lasts = f"setts=duration=if(eq(N\\,{len(times) - 1})\\,round({stands:.6f}/TB)\\,DURATION)"
    pictures = ["-itsoffset", f"{times[0]:.6f}", "-f", "ivf", "-i", f"file:{ivf.absolute()}"]
    taken = ["-map", "0:v:0", "-map", "1:a:0?", "-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1"]
    written = [*taken, "-bsf:v", lasts, "-movflags", "+faststart", "-f", "mp4", str(output)]
    check(ffmpeg.run([*pictures, *ffmpeg.reads(plain), *written], duration=times[-1], report=report))
