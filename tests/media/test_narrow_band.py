"""The narrow-band rendition: fewer bits for the same pictures, or the plain bits."""

import pytest

from backend.media.local import LocalMedia
from backend.media.measure import count_packets
from backend.media.narrowband import LEAST_GAIN
from backend.model import FileKind
from backend.tasks import Failed


class WithoutAv1:
    """An ffmpeg that was built without SVT-AV1."""

    def __init__(self, ffmpeg):
        self._ffmpeg = ffmpeg
        self.encoders = ffmpeg.encoders - {"libsvtav1"}

    def __getattr__(self, name):
        return getattr(self._ffmpeg, name)


def test_av1_takes_fewer_bits_where_it_can(finish, video, media, ffmpeg):
    soft = video("soft-grain.mp4")
    plain = finish("transcode", soft).files[0]

    outcome = finish("narrow", soft)

    (file,) = outcome.files
    assert (file.kind, file.name) == (FileKind.NARROW, "narrow-180.mp4")
    assert file.codec == "av01.0.00M.08"
    assert (file.width, file.height) == (plain.width, plain.height)
    bits = [count_packets(ffmpeg, media.path_of("v1", name), 0).video.size for name in (file.name, plain.name)]
    assert bits[0] <= (1 - LEAST_GAIN) * bits[1]
    assert outcome.facts["gain"] is True
    assert outcome.facts["saving"] == pytest.approx(1 - bits[0] / bits[1], abs=0.01)


def test_without_a_gain_the_plain_bits_are_kept(finish, video, media):
    kept_plain = video("plain.mp4")
    plain = finish("transcode", kept_plain).files[0]

    outcome = finish("narrow", kept_plain)

    assert outcome.files[0].codec == plain.codec
    assert outcome.facts["gain"] is False
    assert media.path_of("v1", outcome.files[0].name).read_bytes() == media.path_of("v1", plain.name).read_bytes()


def test_a_new_plain_rendition_leaves_the_kept_bits_alone(finish, video, media):
    kept_plain = video("plain.mp4")
    finish("transcode", kept_plain)
    kept = media.path_of("v1", finish("narrow", kept_plain).files[0].name)
    before = kept.read_bytes()

    finish("transcode", kept_plain)

    assert kept.read_bytes() == before


def test_without_a_plain_rendition_there_is_nothing_to_compare_with(finish, video):
    outcome = finish("narrow", video("soft-grain.mp4"))

    assert outcome.facts["gain"] is True
    assert outcome.files[0].codec.startswith("av01.")


@pytest.mark.parametrize("way", ["wanted", "no other encoder"])
def test_h264_is_used_where_av1_is_unwanted_or_missing(tmp_path, ffmpeg, video, finish_with, way):
    kept = video("soft-grain.mp4")
    able = WithoutAv1(ffmpeg) if way == "no other encoder" else ffmpeg
    media = LocalMedia(tmp_path / "media", able, "h264" if way == "wanted" else "auto")

    outcome = finish_with(media, "narrow", kept)

    assert outcome.files[0].codec.startswith("avc1.")


def test_both_renditions_have_key_frames_at_the_same_times(finish, video, media, ffmpeg):
    kept = video("six-seconds.mp4")
    names = [finish(kind, kept).files[0].name for kind in ("transcode", "narrow")]

    counts = [count_packets(ffmpeg, media.path_of("v1", name), 0).video.keys for name in names]
    assert counts == [3, 3]


def test_a_damaged_source_is_reported(finish, video, media, cut):
    damaged = video("plain.mp4")
    cut(media.path_of("v1", "source.mp4"), 0.6)

    assert isinstance(finish("narrow", damaged), Failed)
