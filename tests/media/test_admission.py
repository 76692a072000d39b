"""What is let in, and in which words the rest is refused."""

import pytest

from backend.errors import MediaError
from backend.media import LocalFile
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia


@pytest.mark.parametrize(
    ("name", "width", "height", "seconds", "sound"),
    [
        ("plain.mp4", 320, 180, 2.0, True),
        ("index-last.mp4", 320, 180, 2.0, True),
        ("upright.mp4", 180, 320, 2.0, True),
        ("odd.mkv", 479, 269, 1.0, False),
        ("wide-pixels.mp4", 640, 270, 1.0, False),
        ("one-picture.mp4", 320, 180, 1 / 24, False),
        ("blink.mp4", 320, 180, 5 / 24, False),
        ("hdr.mkv", 320, 180, 1.0, False),
        ("old.avi", 320, 180, 2.0, True),
        ("web.webm", 320, 180, 2.0, True),
        ("flash.flv", 320, 180, 2.0, True),
        ("broadcast.ts", 320, 180, 2.0, True),
        ("recorded.webm", 320, 180, 2.0, True),
        ("fragments.mp4", 320, 180, 2.0, True),
        ("trimmed.mp4", 320, 180, 4.5, False),
        ("windows.wmv", 320, 180, 2.0, True),
    ],
)
def test_videos_of_every_usual_kind_are_let_in(media, clip, name, width, height, seconds, sound):
    probe = media.admit(LocalFile(clip(name)))

    assert (probe.width, probe.height, probe.has_audio) == (width, height, sound)
    assert probe.duration == pytest.approx(seconds, abs=0.05)
    assert probe.size == clip(name).stat().st_size


def test_the_length_of_a_video_is_how_long_it_plays(media, clip):
    assert media.admit(LocalFile(clip("long-sound.mp4"))).duration == pytest.approx(4.0, abs=0.05)
    assert media.admit(LocalFile(clip("long-pictures.mp4"))).duration == pytest.approx(2.0, abs=0.05)


def test_the_rate_of_a_video_is_counted(media, clip):
    assert media.admit(LocalFile(clip("plain.mp4"))).fps == pytest.approx(24, abs=0.1)
    assert media.admit(LocalFile(clip("variable-rate.mkv"))).fps < 12


@pytest.mark.parametrize(("name", "transfer"), [("hdr.mkv", "smpte2084"), ("hlg.mkv", "arib-std-b67")])
def test_high_dynamic_range_is_noticed(media, clip, name, transfer):
    assert media.admit(LocalFile(clip(name))).transfer == transfer


@pytest.mark.parametrize("name", ["sound.m4a", "covered.m4a"])
def test_sound_is_no_video_even_with_a_cover_picture(media, clip, name):
    with pytest.raises(MediaError, match="no video in the file"):
        media.admit(LocalFile(clip(name)))


def test_an_empty_file_is_called_empty(media, tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()

    with pytest.raises(MediaError, match=r"^The file is empty"):
        media.admit(LocalFile(path))


@pytest.mark.parametrize("name", ["plain.mp4", "fragments.mp4", "odd.mkv", "flash.flv", "old.avi"])
def test_a_file_that_is_cut_off_is_refused_with_what_is_left_of_it(media, sent, cut, name):
    with pytest.raises(MediaError, match="is cut off") as refused:
        media.admit(LocalFile(cut(sent(name), 0.6)))

    assert 0 < refused.value.values["actual"] < 0.8 * refused.value.values["expected"]


def test_a_file_whose_index_was_cut_off_cannot_be_opened(media, sent, cut):
    with pytest.raises(MediaError, match="cannot be opened") as refused:
        media.admit(LocalFile(cut(sent("index-last.mp4"), 0.6)))

    assert "moov atom not found" in refused.value.detail


def test_a_short_cut_that_leaves_the_sound_whole_is_noticed(media, sent, cut):
    with pytest.raises(MediaError, match="is cut off"):
        media.admit(LocalFile(cut(sent("plain.mp4"), 0.9)))


def test_a_video_of_more_than_six_hours_is_refused(media, clip):
    with pytest.raises(MediaError, match=r"is 9.* hours long; at most 6"):
        media.admit(LocalFile(clip("nine-hours.mkv")))


def test_what_a_video_costs_is_known_before_it_is_spent(clip, ffmpeg, tmp_path):
    thrifty = LocalMedia(FolderFiles(tmp_path / "media"), ffmpeg, max_gigapixels=0)

    with pytest.raises(MediaError, match="has 48 pictures of 320x180, 0 gigapixels in all; at most 0 are allowed"):
        thrifty.admit(LocalFile(clip("plain.mp4")))


def test_a_file_of_countless_pieces_is_given_up(media, clip, monkeypatch):
    monkeypatch.setattr("backend.media.packets.MAX_PACKETS", 60)

    with pytest.raises(MediaError, match="has more than 0 million packets"):
        media.admit(LocalFile(clip("plain.mp4")))


def test_a_codec_that_cannot_be_decoded_is_named(media, sent):
    path = sent("two-sounds.mov")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"evc1"))

    with pytest.raises(MediaError, match="uses the codec evc, which cannot be decoded here"):
        media.admit(LocalFile(path))


def test_a_video_whose_pictures_cannot_be_decoded_is_refused(media, sent):
    path = sent("plain.mp4")
    content = path.read_bytes()
    start = content.index(b"mdat") + 4
    path.write_bytes(content[:start] + bytes(len(content) - start))

    with pytest.raises(MediaError, match="cannot be decoded"):
        media.admit(LocalFile(path))


def test_a_refusal_holds_no_path_of_the_server(media, tmp_path):
    path = tmp_path / "noise.mp4"
    path.write_bytes(bytes(range(256)) * 100)

    with pytest.raises(MediaError) as refused:
        media.admit(LocalFile(path))

    assert refused.value.detail
    assert str(tmp_path) not in refused.value.detail
    assert str(tmp_path) not in str(refused.value)
