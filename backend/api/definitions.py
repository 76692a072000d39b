"""Definition names of renditions (`FD`, `SD`, `HD` …), which players use as unique keys and display names."""

from __future__ import annotations

from collections.abc import Sequence

from backend.model import FileKind, MediaFile

# Aliplayer's names, from worst to best; OD is the original file.
NAMES = ("FD", "LD", "SD", "HD", "2K", "4K", "OD")
# In pixels: a rendition with up to this short side has the name at the same index
SHORT_SIDES = (360, 540, 720, 1080, 1440, 2160)


def definitions(files: Sequence[MediaFile]) -> list[str]:
    """Return a unique name for each of these renditions, in the same order.

    Plain renditions are named by their size; narrow-band ones get the next better free name. If there are more
    renditions than names, the smallest are named by height (`360P`).
    """
    if [file.kind for file in files] == [FileKind.SOURCE]:
        return ["OD"]
    given: dict[int, str] = {}
    for kind in (FileKind.COMMON, FileKind.NARROW):
        alike = [place for place, file in enumerate(files) if file.kind is kind]
        free = [name for name in NAMES if name not in given.values()]
        alike.sort(key=lambda place: _side(files[place]))
        without = max(len(alike) - len(free), 0)
        for place in alike[:without]:
            size = f"{_side(files[place])}P"
            given[place] = size if size not in given.values() else f"{size}-{place + 1}"
        given |= _known_names(files, alike[without:], free)
    return [given[place] for place in range(len(files))]


def _known_names(files: Sequence[MediaFile], places: list[int], free: list[str]) -> dict[int, str]:
    """Return names for the files at these indexes, ordered from smallest to largest; there are enough free names."""
    named: dict[int, str] = {}
    first = 0
    for left, place in zip(range(len(places), 0, -1), places, strict=True):
        fitting = (at for at in range(first, len(free)) if NAMES.index(free[at]) >= _natural(files[place]))
        chosen = min(next(fitting, len(free)), len(free) - left)
        named[place], first = free[chosen], chosen + 1
    return named


def _natural(file: MediaFile) -> int:
    return sum(_side(file) > side for side in SHORT_SIDES[:-1])


def _side(file: MediaFile) -> int:
    return min(file.width, file.height)
