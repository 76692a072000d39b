"""Fingerprints of clips: hashes of frames, and copies that ffmpeg made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.errors import MediaError
from backend.media.ffmpeg import Ffmpeg
from backend.media.fingerprint import FLAT, HEIGHT, WIDTH, fingerprint, fingerprint_pictures
from backend.model import FileKind
from backend.model.fingerprint import COLUMNS, MIN_FRAMES, bands, compare, hash_frame, mirror

LEVELS = st.lists(st.integers(0, 255), min_size=72, max_size=72)


def turned(cells):
    """The cells of the mirrored frame."""
    return [cells[row + left] for row in range(0, 72, COLUMNS) for left in reversed(range(COLUMNS))]


def grain(seed, width=WIDTH, height=HEIGHT):
    """A frame whose cells all differ clearly from their neighbours."""
    rows = range(height)
    return [bytes((seed * 89 + x // 4 * 53 + y // 4 * 31) % 200 + 40 for x in range(width)) for y in rows]


def framed(tile, top, left, level=0):
    """A smaller frame between bars, as wide and as high as a tile."""
    beside, over = bytes([level]) * left, [bytes([level]) * WIDTH] * top
    return [*over, *(beside + row + beside for row in tile), *over]


@given(LEVELS)
def test_mirroring_the_bits_is_hashing_the_mirrored_frame(cells):
    level_rows = any(cells[at] == cells[at + 1] for at in range(71) if (at + 1) % COLUMNS)
    if level_rows:  # equal neighbours are on neither side
        return
    found = hash_frame(cells)
    assert found is None or mirror(found) == hash_frame(turned(cells))
    assert found is None or mirror(mirror(found)) == found


@given(LEVELS, st.integers(-20, 20))
def test_brightness_changes_no_hash(cells, level):
    dimmed = [cell / 2 + 64 for cell in cells]
    assert hash_frame([cell + level for cell in dimmed]) == hash_frame(dimmed)


@given(st.integers(0, 255), st.lists(st.sampled_from([-1, 0, 1]), min_size=72, max_size=72))
def test_a_flat_frame_has_no_hash(level, noise):
    assert hash_frame([level + one for one in noise]) is None


@given(st.lists(st.integers(0, 2**64 - 1), max_size=4), st.integers(0, 63))
def test_hashes_that_differ_in_one_bit_share_three_bands(frames, bit):
    for frame in frames:
        assert len(bands([frame]) & bands([frame ^ 1 << bit])) == 3


@pytest.mark.parametrize(("top", "left", "views"), [(16, 18, 1), (4, 9, 2), (0, 0, 1)])
def test_bars_are_cut_off_first(top, left, views):
    sizes = WIDTH - 2 * left, HEIGHT - 2 * top
    tiles = [grain(seed, *sizes) for seed in range(MIN_FRAMES)]
    bare = [
        [
            bytes(row[x * sizes[0] // WIDTH] for x in range(WIDTH))
            for row in (tile[y * sizes[1] // HEIGHT] for y in range(HEIGHT))
        ]
        for tile in tiles
    ]

    found = fingerprint([framed(tile, top, left, level=FLAT) for tile in tiles])

    assert len(found) == views
    assert compare(found[-1:], fingerprint(bare))[0].share == 1
    assert {len(view) for view in found} == {MIN_FRAMES}


def test_what_stands_still_but_is_not_flat_is_no_bar():
    sign = grain(7)[:8]
    assert len(fingerprint([[*sign, *grain(seed)[8:]] for seed in range(MIN_FRAMES)])) == 1


def test_a_black_clip_has_no_fingerprint_and_neither_has_none():
    assert fingerprint([[bytes(WIDTH)] * HEIGHT] * 9) == fingerprint([]) == ()


@pytest.fixture
def fingerprint_of(finish, video, media):
    """Makes the images of a clip and returns its fingerprint."""

    def make(name):
        made = video(name, name.partition(".")[0])
        return media.fingerprint(replace(made, files=finish("snapshot", made).files), None)

    return make


def test_copies_are_like_the_clip_and_another_clip_is_not(fingerprint_of):
    clip, other = fingerprint_of("zoom.mp4"), fingerprint_of("six-seconds.mp4")
    spoilt, mirrored = (compare(fingerprint_of(f"zoom-{how}.mp4"), clip)[0] for how in ("spoilt", "mirrored"))

    assert spoilt.share >= 0.8
    assert not spoilt.mirrored
    assert mirrored.share >= 0.8
    assert mirrored.mirrored
    assert compare(other, clip) is None


def test_images_of_the_cloud_are_hashed_and_what_is_no_image_is_refused(tmp_path, finish, video, media):
    files = [file for file in finish("snapshot", video("zoom.mp4")).files if file.kind is FileKind.SNAPSHOT]
    images = [media.files.path_of("v1", file.name) for file in files]
    (found,) = fingerprint_pictures(Ffmpeg(), [image.read_bytes() for image in images], tmp_path / "new")

    assert len(found) == len(images) == 8
    assert fingerprint_pictures(Ffmpeg(), [], tmp_path) == ()
    with pytest.raises(MediaError, match="cannot be read"):
        fingerprint_pictures(Ffmpeg(), [images[0].read_bytes(), b"no image"], tmp_path)
    assert list((tmp_path / "new").iterdir()) == []
