"""The names that players know renditions by: one for each, of those that Aliplayer shows."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from backend.api.definitions import NAMES, definitions
from backend.model import FileKind, MediaFile


def plain(*sides):
    return [MediaFile(FileKind.COMMON, f"common-{side}.mp4", 0, side * 16 // 9, side) for side in sides]


def narrow(*sides):
    return [MediaFile(FileKind.NARROW, f"narrow-{side}.mp4", 0, side, side * 16 // 9) for side in sides]


def test_the_file_that_was_uploaded_is_the_original():
    assert definitions([MediaFile(FileKind.SOURCE, "source.mov", 0, 640, 360)]) == ["OD"]


def test_a_plain_rendition_has_the_name_of_its_size():
    assert definitions(plain(2160, 1440, 1080, 720, 540, 360)) == ["4K", "2K", "HD", "SD", "LD", "FD"]
    assert definitions(plain(720)) == ["SD"]


def test_a_narrow_band_one_has_the_next_better_name():
    assert definitions(plain(720) + narrow(720)) == ["SD", "HD"]
    assert definitions(plain(720, 360) + narrow(720, 360)) == ["SD", "FD", "HD", "LD"]
    assert definitions(plain(2160) + narrow(2160)) == ["4K", "OD"]


def test_where_names_run_out_the_smallest_are_called_by_their_size():
    assert definitions(plain(1080, 720, 540, 360) + narrow(1080, 720, 540, 360)) == [
        "HD", "SD", "LD", "FD", "OD", "4K", "2K", "360P",
    ]  # fmt: skip


@given(st.lists(st.integers(0, 4000), max_size=12), st.lists(st.integers(0, 4000), max_size=12))
def test_every_name_is_given_once_and_the_better_to_the_larger(plains, narrows):
    files = plain(*plains) + narrow(*narrows)

    names = definitions(files)

    assert len(set(names)) == len(names) == len(files)
    assert sum(name in NAMES for name in names) == min(len(files), len(NAMES))
    for part, given_names in ((plains, names[: len(plains)]), (narrows, names[len(plains) :])):
        known = sorted((side, NAMES.index(name)) for side, name in zip(part, given_names, strict=True) if name in NAMES)
        assert all(one[0] == other[0] or one[1] < other[1] for one, other in itertools.pairwise(known))
