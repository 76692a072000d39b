"""Repairs recordings whose timestamps restart, as in interrupted live streams. ffmpeg would drop all frames until
the old timestamps are passed again. So jumps back are detected, and everything after one is shifted to the end of
the previous part; video and audio by the same amount, to stay in sync.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.media.ffmpeg import Ffmpeg

MIN_STEP = 0.5  # seconds; ffmpeg handles smaller jumps
MAX_STEPS = 100  # files with more are left unchanged
_MOVED = 1 << 50  # ticks, to keep timestamps positive
_RAW = f"setts=ts=N:duration=DTS+{_MOVED}"  # ffmpeg corrects decreasing timestamps, but not durations


@dataclass(frozen=True, slots=True)
class _Step:
    packet: int  # the first one after the jump
    before: float  # in seconds: end of the previous part
    after: float  # in seconds: first timestamp of the next part


def retiming(ffmpeg: Ffmpeg, path: Path, streams: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments before `-i` that concatenate the parts of a recording; none if it has one part.

    `streams` are those that are read, such as `0:V:0`: video first.
    """
    if not ffmpeg.can_retime:
        return ()
    found = [_steps(ffmpeg, path, stream) for stream in streams]
    shifts = [_shifts(steps) for steps in found]
    if len({len(steps) for steps in found}) == 1:  # every jump affects the whole recording
        shifts = [[max(together) for together in zip(*shifts, strict=True)]] * len(found)
    options: list[str] = []
    for kind, steps, shift in zip("va", found, shifts, strict=False):
        if steps and len(steps) <= MAX_STEPS:
            moves = "+".join(
                f"gte(N,{step.packet})*{by:.6f}/TB" for step, by in zip(steps, _differences(shift), strict=True)
            )
            options += [f"-bsf:{kind}", f"setts=pts='PTS+{moves}':dts='DTS+{moves}'"]
    return tuple(options)


def _steps(ffmpeg: Ffmpeg, path: Path, stream: str) -> list[_Step]:
    steps: list[_Step] = []
    tick, packets, last, apart = 0.0, 0, 0.0, 0.0

    def read(line: bytes) -> None:
        nonlocal tick, packets, last, apart
        if line.startswith(b"#tb 0: "):
            over, under = line[7:].split(b"/")
            tick = int(over) / int(under)
        elif line.startswith(b"0,"):
            at = (int(line.split(b",")[3]) - _MOVED) * tick
            if packets and at < last - MIN_STEP:
                steps.append(_Step(packets, last + apart, at))
            elif packets:
                apart = at - last
            packets, last = packets + 1, at

    taken = ["-map", stream, "-c", "copy", "-bsf", _RAW, "-f", "framecrc", "-"]
    ffmpeg.run([*ffmpeg.reads(path), *taken], on_line=read)
    return steps


def _shifts(steps: Sequence[_Step]) -> list[float]:
    """Return the total shift of each part, in seconds."""
    shifts: list[float] = []
    for step in steps:
        shifts.append((shifts[-1] if shifts else 0.0) + step.before - step.after)
    return shifts


def _differences(shifts: Sequence[float]) -> list[float]:
    return [after - before for before, after in zip([0.0, *shifts], shifts, strict=False)]
