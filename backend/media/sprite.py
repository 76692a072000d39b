"""A sprite: tiles of a whole video in one picture, and the WebVTT that says which moment each tile shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TILE, TALLEST = 160, 320  # pixels: a tile's width, and the height beyond which it gets narrower instead
COLUMNS = 10
MAX_TILES, MIN_TILES = 100, 10  # tiles; a short clip gets fewer only where it has fewer pictures
STEP = 1.0  # seconds between two tiles, where neither bound asks for another

_TIMING = re.compile(r"(\d+):(\d\d):(\d\d\.\d{3}) --> (\d+):(\d\d):(\d\d\.\d{3})")
_PLACE = re.compile(r".+#xywh=(\d+),(\d+),(\d+),(\d+)")


@dataclass(frozen=True, slots=True)
class Cue:
    """A tile: the seconds that it stands for, and where it lies in the sprite, in pixels."""

    start: float
    end: float
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How many tiles of which size there are, and how many seconds each of them stands for."""

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
    """Plan the sprite of a video of so many seconds and pixels.

    `pictures` are those that there are to choose from, `apart` the seconds between two of them: no tile is shown twice
    as far as that can be helped.
    """
    duration = max(duration, 0.001)  # WebVTT knows no cue without length
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
    """Return the WebVTT of these tiles in the file `picture`, which lies beside it."""
    blocks = [
        f"{_clock(cue.start)} --> {_clock(cue.end)}\n{picture}#xywh={cue.x},{cue.y},{cue.width},{cue.height}\n"
        for cue in cues
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def read_vtt(text: str) -> tuple[Cue, ...]:
    """Return the tiles that a WebVTT of `write_vtt` names; what it does not understand is left out."""
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
