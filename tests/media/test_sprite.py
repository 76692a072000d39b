"""How a sprite is laid out, and the WebVTT that tells players of it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.media.sprite import COLUMNS, MAX_TILES, TALLEST, TILE, lay_out, read_vtt, write_vtt

sides = st.integers(1, 8192)


@pytest.mark.parametrize(
    ("seconds", "tiles", "step"),
    [(60, 60, 1.0), (99.6, 100, 1.0), (250, 100, 2.5), (21600, 100, 216.0), (12.4, 12, 1.0), (3, 10, 0.3), (0, 10, 0)],
)
def test_there_is_a_tile_a_second_up_to_a_hundred_and_ten_for_a_short_clip(seconds, tiles, step):
    layout = lay_out(seconds, 1920, 1080, pictures=10_000)

    assert (layout.count, layout.step) == (tiles, pytest.approx(step, abs=0.001))


def test_where_pictures_lie_further_apart_no_tile_shows_one_twice():
    assert lay_out(60, 1920, 1080, pictures=1800, apart=2.0).count == 30
    assert lay_out(2, 1920, 1080, pictures=3).count == 3


@given(st.floats(0, 21600), sides, sides, st.integers(1, 100_000), st.floats(0, 60))
def test_the_cues_cover_the_video_one_after_the_other_and_lie_in_the_picture(duration, width, height, pictures, apart):
    layout = lay_out(duration, width, height, pictures, apart)
    cues = list(layout.cues())

    assert 1 <= len(cues) <= min(MAX_TILES, pictures)
    assert cues[0].start == 0
    assert cues[-1].end == pytest.approx(duration, abs=0.0011)
    assert all(before.end == after.start for before, after in itertools.pairwise(cues))
    assert all(cue.start < cue.end for cue in cues)
    assert layout.width <= TILE
    assert layout.height <= TALLEST
    assert len({(cue.x, cue.y) for cue in cues}) == len(cues)
    assert all(cue.x < COLUMNS * TILE and cue.y < layout.rows * layout.height for cue in cues)


@given(st.floats(0.1, 21600), sides, sides)
def test_what_is_written_is_read_again(duration, width, height):
    cues = list(lay_out(duration, width, height, 10_000).cues())

    read = read_vtt(write_vtt(cues, "sprite-1f0c3a5b9d2e.jpg"))

    assert [(cue.x, cue.y, cue.width, cue.height) for cue in read] == [(c.x, c.y, c.width, c.height) for c in cues]
    assert [cue.start for cue in read] == pytest.approx([cue.start for cue in cues], abs=0.0006)
    assert [cue.end for cue in read] == pytest.approx([cue.end for cue in cues], abs=0.0006)


def test_it_is_webvtt_as_players_know_it():
    text = write_vtt(lay_out(3725.5, 1080, 1920, 2).cues(), "sprite.jpg")

    assert text == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:31:02.750\nsprite.jpg#xywh=0,0,160,284\n\n"
        "00:31:02.750 --> 01:02:05.500\nsprite.jpg#xywh=160,0,160,284\n"
    )


@given(st.text(st.sampled_from("WEBVT 0123:.->#xywh=,\n")))
def test_any_text_can_be_read(text):
    read_vtt(text)
