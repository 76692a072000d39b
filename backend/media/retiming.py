"""Recordings whose times begin anew in the middle, as those of live streams do that were interrupted.

ffmpeg would drop all pictures until the old times are passed again. So the steps back are found, and everything behind
one is moved to where the part before it ends; pictures and sound by the same amount, so that they stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.media.ffmpeg import Ffmpeg

MIN_STEP = 0.5  # seconds; ffmpeg copes with what is less
MAX_STEPS = 100  # of one file, beyond which it is left as it is
_MOVED = 1 << 50  # ticks, so that times are never below 0
_RAW = f"setts=ts=N:duration=DTS+{_MOVED}"  # ffmpeg evens out times that step back, but no durations


@dataclass(frozen=True, slots=True)
class _Step:
    packet: int  # the first one behind it
    before: float  # seconds: where the part before it ends
    after: float  # seconds: the time with which the next part begins


def retiming(ffmpeg: Ffmpeg, path: Path, streams: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments before `-i` that put the parts of a recording one after the other; none where it has one.

    `streams` names what is read of it, such as `0:V:0`: pictures first.
    """
    if not ffmpeg.can_retime:
        return ()
    found = [_steps(ffmpeg, path, stream) for stream in streams]
    shifts = [_shifts(steps) for steps in found]
    if len({len(steps) for steps in found}) == 1:  # each step is one of the whole recording
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
    """How far each part has to be moved in all, in seconds."""
    shifts: list[float] = []
    for step in steps:
        shifts.append((shifts[-1] if shifts else 0.0) + step.before - step.after)
    return shifts


def _differences(shifts: Sequence[float]) -> list[float]:
    return [after - before for before, after in zip([0.0, *shifts], shifts, strict=False)]
