"""Computes the fingerprint of a clip from its images: the tiles of its sprite, or its snapshots."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from backend.errors import MediaError
from backend.media.ffmpeg import Ffmpeg
from backend.media.sprite import Cue
from backend.model.fingerprint import COLUMNS, ROWS, Hashes, hash_frame

FRAMES = 16  # at most, evenly spread
DETAIL = 8  # pixels per cell, each way
WIDTH, HEIGHT = COLUMNS * DETAIL, ROWS * DETAIL
FLAT = 12  # levels: rows and columns that vary less, in all frames, are bars
MIN_PICTURE = 0.25  # of width and height, besides bars
SMALL_PICTURE = 0.6  # of the area: whole frames with wider bars look like those of other clips with bars
UNREADABLE = "The images of the video cannot be read, so similar videos are not found."

Tile: TypeAlias = list[bytes]  # rows of brightness
Edges: TypeAlias = tuple[int, int, int, int]  # left, right, top, bottom in pixels
WHOLE: Edges = (0, WIDTH, 0, HEIGHT)


def fingerprint_sprite(
    ffmpeg: Ffmpeg, sprite: Path, size: tuple[int, int], cues: Sequence[Cue], scratch: Path
) -> tuple[Hashes, ...]:
    """Return the hashes of a sprite's tiles: whole, and without bars if they have any; with wide bars only without.

    `size` is that of the sprite in pixels. Flat tiles have none. Raises MediaError if it cannot be decoded.
    """
    columns, rows = round(size[0] / cues[0].width), round(size[1] / cues[0].height)
    read = ["-f", "jpeg_pipe", "-i", f"file:{sprite.absolute()}"]
    with _folder(scratch) as folder:
        pixels = _decode(ffmpeg, [*read, "-frames:v", "1"], (columns, rows), 1, folder)
    return fingerprint([_tile(pixels, columns, cues[at]) for at in _spread(len(cues), FRAMES)])


def fingerprint_pictures(ffmpeg: Ffmpeg, images: Iterable[bytes], scratch: Path) -> tuple[Hashes, ...]:
    """Return the hashes of JPEG images. Raises MediaError if they cannot be decoded."""
    count, one = 0, WIDTH * HEIGHT
    with _folder(scratch) as folder:
        for count, image in enumerate(images, 1):
            (folder / f"{count}.jpg").write_bytes(image)
        if not count:
            return ()
        read = ["-f", "image2", "-c:v", "mjpeg", "-i", "%d.jpg"]
        pixels = _decode(ffmpeg, read, (1, 1), count, folder)
    return fingerprint([
        [pixels[at : at + WIDTH] for at in range(start, start + one, WIDTH)] for start in range(0, len(pixels), one)
    ])  # fmt: skip


def fingerprint(tiles: Sequence[Tile]) -> tuple[Hashes, ...]:
    """Return the hashes of frames, each given as HEIGHT rows of WIDTH pixels; see `fingerprint_sprite`."""
    inside = _picture(tiles)
    is_small = _area(inside) < SMALL_PICTURE * _area(WHOLE)
    views = [_hashes(tiles, edges) for edges in ([inside] if is_small else dict.fromkeys((WHOLE, inside)))]
    return tuple(view for view in views if view)


def _area(edges: Edges) -> int:
    left, right, top, bottom = edges
    return (right - left) * (bottom - top)


@contextmanager
def _folder(scratch: Path) -> Iterator[Path]:
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        yield Path(folder)


def _decode(ffmpeg: Ffmpeg, read: Sequence[str], tiles: tuple[int, int], pictures: int, folder: Path) -> bytes:
    """Return the brightness of so many pictures, each scaled to so many columns and rows of tiles."""
    scaled = f"scale={tiles[0] * WIDTH}:{tiles[1] * HEIGHT}:flags=area,format=gray"
    target = folder / "tiles.gray"
    ran = ffmpeg.run(["-threads", "1", *read, "-vf", scaled, "-f", "rawvideo", target.name], cwd=folder)
    pixels = target.read_bytes() if target.exists() else b""
    if len(pixels) != pictures * tiles[0] * WIDTH * tiles[1] * HEIGHT:
        raise MediaError(UNREADABLE, detail=ran.words)
    return pixels


def _spread(count: int, most: int) -> list[int]:
    """Return at most `most` evenly spread positions of `count`."""
    wanted = min(count, most)
    return [int((number + 0.5) * count / wanted) for number in range(wanted)]


def _tile(pixels: bytes, columns: int, cue: Cue) -> Tile:
    width = columns * WIDTH
    start = cue.y // cue.height * HEIGHT * width + cue.x // cue.width * WIDTH
    return [pixels[at : at + WIDTH] for at in range(start, start + HEIGHT * width, width)]


def _picture(tiles: Sequence[Tile]) -> Edges:
    """Return the edges of the picture inside bars, which are flat and the same in all frames."""
    if not tiles:
        return WHOLE
    images = [b"".join(tile) for tile in tiles]
    left, right = _inside(WIDTH, lambda x: b"".join(image[x::WIDTH] for image in images))
    top, bottom = _inside(HEIGHT, lambda y: b"".join(tile[y] for tile in tiles))
    if right - left < WIDTH * MIN_PICTURE or bottom - top < HEIGHT * MIN_PICTURE:
        return WHOLE
    return left, right, top, bottom


def _inside(size: int, line: Callable[[int], bytes]) -> tuple[int, int]:
    """Return the first of so many lines that varies, and the one after the last."""
    varied = (at for at in range(size) if not _is_flat(line(at)))
    first = next(varied, size)
    last = next((at for at in range(size - 1, first, -1) if not _is_flat(line(at))), first)
    return first, last + 1


def _is_flat(pixels: bytes) -> bool:
    return max(pixels) - min(pixels) <= FLAT


def _hashes(tiles: Sequence[Tile], edges: Edges) -> Hashes:
    left, right, top, bottom = edges
    across = [left + round(number * (right - left) / COLUMNS) for number in range(COLUMNS + 1)]
    down = [top + round(number * (bottom - top) / ROWS) for number in range(ROWS + 1)]
    found = (hash_frame(_cells(tile, across, down)) for tile in tiles)
    return tuple(one for one in found if one is not None)


def _cells(tile: Tile, across: Sequence[int], down: Sequence[int]) -> list[float]:
    """Return the mean brightness of each cell between these edges, row by row."""
    return [
        sum(sum(row[left:right]) for row in tile[top:bottom]) / ((bottom - top) * (right - left))
        for top, bottom in pairwise(down)
        for left, right in pairwise(across)
    ]
