"""A rendition put together from groups of pictures that were encoded apart, each at the quality that it needs.

Every rendition has a key frame each 2 s, and no picture needs one beyond it: a group that was a trial can be published,
and where the whole came out too good or too bad, some groups are encoded again and the rest is kept.
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

_INDEX = 1 << 20  # bytes that hold the description of the pictures
TICK = 90_000  # of a second: times of pictures in what is put together
_HEAD, _FRAME = struct.Struct("<4sHH4sHHIIII"), struct.Struct("<IQ")  # of IVF and of each picture in it


@dataclass(frozen=True, slots=True)
class Piece:
    """Where the bits of one picture lie, and what became of it."""

    path: Path
    at: int
    size: int
    crf: float
    score: float | None = None  # VMAF, where it was scored


Pieces: TypeAlias = dict[int, Piece]  # by the number of the picture


def groups_of(times: Sequence[float]) -> list[range]:
    """The numbers of the pictures of each group, which are shown within the same 2 s; `times` in seconds."""
    marks = [math.floor((at + 0.0005) / SAMPLE_SECONDS) for at in times]
    starts = [number for number, mark in enumerate(marks) if number == 0 or mark != marks[number - 1]]
    return [range(start, end) for start, end in zip(starts, [*starts[1:], len(times)], strict=True)]


def spread(count: int, most: int) -> list[int]:
    """Numbers of groups that stand for `count` of them: each third, `most` of them at most."""
    chosen = min(most, max(1, round(count / 3)))
    return [int((number + 0.5) * count / chosen) for number in range(chosen)]


def selected(reference: Reference, groups: Sequence[range]) -> Reference:
    """Compare with these groups alone."""
    runs: list[list[int]] = []
    for group in groups:
        if runs and runs[-1][1] == group.start:
            runs[-1][1] = group.stop
        else:
            runs.append([group.start, group.stop])
    terms = "+".join(f"between(n\\,{start}\\,{end - 1})" for start, end in runs)
    return replace(reference, filters=f"{reference.filters},select={terms}")


def key_frames(groups: Sequence[range]) -> tuple[str, ...]:
    """The arguments that begin each group with a key frame."""
    starts, at = [], 0
    for group in groups:
        starts.append(f"eq(n,{at})")
        at += len(group)
    return ("-force_key_frames", f"expr:{'+'.join(starts)}")


def colours_of(path: Path) -> str:
    """A filter that names the colours as an MP4 of ours does, whose index comes first; one that does nothing else.

    Given as options of an encoder, the names would have ffmpeg convert pictures that have none.
    """
    with path.open("rb") as file:
        head = file.read(_INDEX)
    at = head.find(b"colrnclx")
    if at < 0:
        return "null"
    primaries, transfer, matrix = struct.unpack_from(">HHH", head, at + 8)
    return f"setparams=range=tv:color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"


def pieces_of(ffmpeg: Ffmpeg, path: Path, groups: Sequence[range], crf: float, frames: Score | None = None) -> Pieces:
    """The pieces of groups that were encoded to `path`, by the number of the picture. Raises Unscored."""
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
    """The scores of the pictures that have one."""
    return Score(tuple((number, one.score) for number, one in sorted(pieces.items()) if one.score is not None))


def size_of(pieces: Pieces) -> int:
    """The bytes of all pictures."""
    return sum(one.size for one in pieces.values())


def crf_of(pieces: Pieces) -> float:
    """The mean CRF of all pictures."""
    return math.fsum(one.crf for one in pieces.values()) / len(pieces)


def join(ffmpeg: Ffmpeg, pieces: Pieces, times: Sequence[float], plain: Path, output: Path, report: Report) -> None:
    """Write an MP4 of the pieces at `times`, in seconds, with the sound of the plain rendition. Raises Unscored."""
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
    stands = count_packets(ffmpeg, plain).video.end - times[-1]  # IVF does not say how long the last picture does
    lasts = f"setts=duration=if(eq(N\\,{len(times) - 1})\\,round({stands:.6f}/TB)\\,DURATION)"
    pictures = ["-itsoffset", f"{times[0]:.6f}", "-f", "ivf", "-i", f"file:{ivf.absolute()}"]
    taken = ["-map", "0:v:0", "-map", "1:a:0?", "-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1"]
    written = [*taken, "-bsf:v", lasts, "-movflags", "+faststart", "-f", "mp4", str(output)]
    check(ffmpeg.run([*pictures, *ffmpeg.reads(plain), *written], duration=times[-1], report=report))
