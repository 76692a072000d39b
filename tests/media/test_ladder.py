"""A ladder of renditions: which rungs a video gets, that all come or none, and what is left of an earlier ladder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import MediaError
from backend.jobs.runner import Failed
from backend.media import Probe
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.media.packets import Packets, count_packets
from backend.media.source import open_source
from backend.media.transcode import CAPS, encode, kilobits, make_renditions, sides
from backend.model import FileKind


@pytest.fixture
def laddered(tmp_path, ffmpeg):
    """A provider over the same files with a ladder of these rungs."""
    return lambda *rungs: LocalMedia(FolderFiles(tmp_path / "media"), ffmpeg, rungs=rungs)


@pytest.fixture
def names(tmp_path):
    """Names what lies in the folder of the video v1."""
    return lambda: sorted(path.name for path in (tmp_path / "media" / "v1").iterdir())


def quietly(done):
    """Take the progress of something that nobody watches."""


def shown(files):
    return [(file.kind, file.name, file.position, file.width, file.height) for file in files]


@given(
    st.sets(st.integers(72, 1080).map(lambda half: 2 * half), min_size=1), st.integers(2, 4000), st.integers(2, 4000)
)
def test_a_video_gets_the_rungs_that_are_not_above_it_and_the_lowest_at_least(rungs, width, height):
    found = sides(tuple(rungs), Probe(1.0, 1, width, height, "h264", 24.0))

    assert found == sorted(found, reverse=True)
    assert set(found) == {rung for rung in rungs if rung <= min(width, height)} or found == [min(rungs)]


@given(st.integers(2, 4000))
def test_more_pixels_may_have_more_bits(side):
    assert kilobits(side) in CAPS.values()
    assert kilobits(side) <= kilobits(side + 1)


def test_all_rungs_come_best_first_in_their_own_sizes(laddered, video, finish_with, media, ffmpeg, names):
    outcome = finish_with(laddered(72, 1080, 180, 108), "transcode", video("plain.mp4"))

    assert shown(outcome.files) == [
        (FileKind.COMMON, "common-180.mp4", 0, 320, 180),
        (FileKind.COMMON, "common-108.mp4", 1, 192, 108),
        (FileKind.COMMON, "common-72.mp4", 2, 128, 72),
    ]
    assert names() == ["common-108.mp4", "common-180.mp4", "common-72.mp4", "source.mp4"]
    made = [count_packets(ffmpeg, media.files.path_of("v1", file.name)).video for file in outcome.files]
    assert {one.packets for one in made} == {48}
    assert made[0].size > made[1].size > made[2].size
    assert (outcome.facts["width"], outcome.facts["height"]) == (320, 180)


def test_every_rung_has_the_sound(laddered, video, finish_with):
    outcome = finish_with(laddered(180, 144), "transcode", video("plain.mp4"))

    assert [file.codec.partition(", ")[2] for file in outcome.files] == ["mp4a.40.2"] * 2


@pytest.mark.parametrize(("name", "size"), [("plain.mp4", (320, 180)), ("upright.mp4", (180, 320))])
def test_a_video_below_the_ladder_keeps_its_size(laddered, video, finish_with, name, size):
    (file,) = finish_with(laddered(1080, 720), "transcode", video(name)).files

    assert (file.name, file.width, file.height) == ("common-180.mp4", *size)


def test_a_rung_has_its_size_whatever_the_source_divides_to(laddered, video, finish_with, ffmpeg, tmp_path):
    path = tmp_path / "tall.mp4"
    picture = "color=gray:s=1040x1038:r=5:d=0.4"  # 144 / 1038 * 1038 is less than 144
    assert ffmpeg.run(["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", str(path)]).ok

    (output,), _ = make_renditions(ffmpeg, (144,), tmp_path, open_source(ffmpeg, path, quietly), quietly)

    assert ffmpeg.probe(output).height == 144


def test_a_source_that_is_cut_gives_no_rung(laddered, video, finish_with, media, cut, names):
    damaged = video("plain.mp4")
    cut(media.files.path_of("v1", "source.mp4"), 0.6)

    assert isinstance(finish_with(laddered(180, 144), "transcode", damaged), Failed)
    assert names() == ["source.mp4"]


def test_every_rung_is_held_against_the_length_of_the_source(ffmpeg, clip, tmp_path):
    source = open_source(ffmpeg, clip("plain.mp4"), quietly)
    quick = ["-c:v", "libx264", "-preset", "ultrafast"]
    outputs = {tmp_path / "whole.mp4": quick, tmp_path / "half.mp4": [*quick, "-t", "1"]}

    with pytest.raises(MediaError, match=r"damaged at 0:01: only 1\.0 of its 2\.0 seconds"):
        encode(ffmpeg, source, outputs, quietly)

    found = encode(ffmpeg, source, {tmp_path / "whole.mp4": quick}, quietly)
    assert [type(one) for one in found] == [Packets]


def test_another_ladder_leaves_nothing_of_the_first(laddered, video, finish_with, names):
    again = video("plain.mp4")
    finish_with(laddered(180, 144), "transcode", again)
    assert names() == ["common-144.mp4", "common-180.mp4", "source.mp4"]

    finish_with(laddered(160), "transcode", again)

    assert names() == ["common-160.mp4", "source.mp4"]


def test_progress_is_that_of_all_rungs(ffmpeg, clip, tmp_path):
    told = []

    source = open_source(ffmpeg, clip("six-seconds.mp4"), quietly)
    make_renditions(ffmpeg, (180, 108, 72), tmp_path, source, told.append)

    assert told == sorted(told)
    assert 0 < told[-1] < 1


@pytest.mark.slow
def test_every_plain_rendition_gets_its_narrow_band_one(laddered, video, finish_with, media, names):
    outcome = finish_with(laddered(144, 96), "narrow", video("soft-grain.mp4"))

    assert shown(outcome.files) == [
        (FileKind.NARROW, "narrow-144.mp4", 0, 256, 144),
        (FileKind.NARROW, "narrow-96.mp4", 1, 170, 96),
        (FileKind.COMMON, "common-144.mp4", 0, 256, 144),
        (FileKind.COMMON, "common-96.mp4", 1, 170, 96),
    ]
    best, (lower,) = outcome.facts, outcome.facts["lower"]
    assert (lower["width"], lower["height"]) == (170, 96)
    for facts in (best, lower):
        assert (facts["measured"], facts["gain"]) == (True, True)
        assert facts["vmaf"] >= facts["target"] - 0.2
    assert best["bytes"] > lower["bytes"]
    assert names() == ["common-144.mp4", "common-96.mp4", "narrow-144.mp4", "narrow-96.mp4", "source.mp4"]

    finish_with(laddered(120), "transcode", video("soft-grain.mp4"))
    finish_with(laddered(120), "narrow", video("soft-grain.mp4"))

    assert names() == ["common-120.mp4", "narrow-120.mp4", "source.mp4"]
