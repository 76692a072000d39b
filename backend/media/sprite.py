"""Sprites: thumbnails of a whole video in one image, with WebVTT cues for their times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TILE, TALLEST = 160, 320  # pixels: tile width, and the height from which tiles get narrower instead
COLUMNS = 10
MAX_TILES, MIN_TILES = 100, 10  # a short clip has fewer only if it has fewer frames
STEP = 1.0  # default seconds between tiles

_TIMING = re.compile(r"(\d+):(\d\d):(\d\d\.\d{3}) --> (\d+):(\d\d):(\d\d\.\d{3})")
_PLACE = re.compile(r".+#xywh=(\d+),(\d+),(\d+),(\d+)")


@dataclass(frozen=True, slots=True)
class Cue:
    """A tile: its time span in seconds, and its position in the sprite in pixels."""

    start: float
    end: float
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Number, size and duration of the tiles."""

    count: int
    step: float
    duration: float
    width: int
    height: int

    @property
    def columns(self) -> int:
        return min(COLUMNS, self.count)

    @property
    def rows(self) -> int:
        return -(-self.count // COLUMNS)

    def cues(self) -> Iterator[Cue]:
        """Yield the cues in order; the last one ends with the video."""
        for number in range(self.count):
            row, column = divmod(number, COLUMNS)
            end = self.duration if number == self.count - 1 else (number + 1) * self.step
            yield Cue(number * self.step, end, column * self.width, row * self.height, self.width, self.height)


def lay_out(
    duration: float, width: int, height: int, pictures: int, apart: float = 0.0, most: int = MAX_TILES
) -> Layout:
    """Plan the sprite of a video of this duration (seconds) and size.

    `pictures` is the number of available frames, `apart` the seconds between them; tiles are not repeated if avoidable.
    """
    duration = max(duration, 0.001)  # WebVTT cues must have a duration
    step = max(duration / most, min(STEP, duration / MIN_TILES), apart)
    count = max(1, round(duration / step))
    if count > pictures:
        count, step = pictures, duration / pictures
    tile = TILE, _even(TILE * height / width)
    if tile[1] > TALLEST:
        tile = _even(TALLEST * width / height), TALLEST
    return Layout(count, step, duration, *tile)


def _even(pixels: float) -> int:
    return max(2, round(pixels / 2) * 2)


def write_vtt(cues: Iterable[Cue], picture: str) -> str:
    """Return the WebVTT for these tiles in the file `picture` beside it."""
    blocks = [
        f"{_clock(cue.start)} --> {_clock(cue.end)}\n{picture}#xywh={cue.x},{cue.y},{cue.width},{cue.height}\n"
        for cue in cues
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def read_vtt(text: str) -> tuple[Cue, ...]:
    """Parse WebVTT written by `write_vtt`, ignoring anything else."""
    found: list[Cue] = []
    timing = None
    for line in text.splitlines():
        if place := timing and _PLACE.fullmatch(line):
            found.append(Cue(*_seconds(timing), *map(int, place.groups())))
        timing = _TIMING.fullmatch(line)
    return tuple(found)


def _clock(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"


def _seconds(timing: re.Match[str]) -> tuple[float, float]:
    start, end = timing.groups()[:3], timing.groups()[3:]
    first, second = (int(hours) * 3600 + int(minutes) * 60 + float(rest) for hours, minutes, rest in (start, end))
    return round(first, 3), round(second, 3)
