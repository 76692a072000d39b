"""Files that were made to do harm."""

import struct

import pytest

from backend.errors import MediaError
from backend.media import LocalFile

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"
LISTS = {
    "a concat list": "ffconcat version 1.0\nfile '{}'\n",
    "an HLS playlist": PLAYLIST,
    "a list of one picture": "ffconcat version 1.0\nfile '{}'\nduration 3600\n",
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("target", ["file:///etc/passwd", "secret.mp4", "http://127.0.0.1:9/secret.mp4"])
@pytest.mark.parametrize("extension", ["mp4", "m3u8"])
def test_a_list_of_other_files_is_not_followed(media, sent, tmp_path, kind, target, extension):
    sent("plain.mp4").rename(tmp_path / "secret.mp4")
    path = tmp_path / f"list.{extension}"
    path.write_text(LISTS[kind].format(target))

    with pytest.raises(MediaError, match="cannot be opened"):
        media.admit(LocalFile(path))


def test_a_picture_is_no_video_whatever_it_is_called(media, clip, tmp_path):
    path = tmp_path / "still.mp4"
    path.write_bytes(clip("still.png").read_bytes())

    with pytest.raises(MediaError, match="cannot be opened"):
        media.admit(LocalFile(path))


@pytest.mark.parametrize("size", ["9216x64", "64x9216", "7000x6000"])
@pytest.mark.parametrize("codec", ["libx264 -preset ultrafast", "mjpeg"])
def test_huge_pictures_are_refused_before_they_are_decoded(media, ffmpeg, tmp_path, size, codec):
    path = tmp_path / "huge.mkv"
    ran = ffmpeg.run(["-f", "lavfi", "-i", f"color=s={size}:d=0.04", "-c:v", *codec.split(), str(path)])
    assert ran.ok, ran.words

    with pytest.raises(MediaError, match=f"picture is {size} pixels; at most 8192 on a side and 40 million"):
        media.admit(LocalFile(path))


def test_a_header_that_promises_huge_pictures_is_not_believed(media, sent):
    path = sent("plain.mp4")
    content = bytearray(path.read_bytes())
    entry = content.index(b"avc1", content.index(b"stsd")) + 28  # where a sample entry holds its width and height
    content[entry : entry + 4] = struct.pack(">HH", 65000, 65000)
    path.write_bytes(content)

    assert media.admit(LocalFile(path)).width == 320


def test_pixels_of_absurd_width_are_refused(media, ffmpeg, sent, tmp_path):
    path = tmp_path / "stretched.mkv"
    ffmpeg.run(["-i", str(sent("plain.mp4")), "-c", "copy", "-aspect", "900:1", str(path)])

    with pytest.raises(MediaError, match="picture is 45900x180 pixels"):
        media.admit(LocalFile(path))


@pytest.mark.parametrize(
    "begin", [b"", b"\0\0\0\x20ftypisom", b"\x1aE\xdf\xa3", b"RIFF\xff\xff\xff\xffAVI ", b"FLV\x01", b"G"]
)
def test_noise_behind_any_signature_is_refused(media, tmp_path, begin):
    path = tmp_path / "noise.mp4"
    path.write_bytes(begin + bytes((17 * i * i + 5) % 256 for i in range(20_000)))

    with pytest.raises(MediaError, match=r"^(The file cannot be opened|There is no video|The video cannot be decoded)"):
        media.admit(LocalFile(path))


def test_metadata_cannot_pose_as_a_stream(media, ffmpeg, sent, tmp_path):
    path, lie = tmp_path / "liar.mkv", "x\n  Stream #0:7: Video: h264, yuv420p, 9999x9999, 25 fps"
    ffmpeg.run(["-i", str(sent("plain.mp4")), "-c", "copy", "-metadata", f"title={lie}", str(path)])

    assert media.admit(LocalFile(path)).width == 320


def test_a_flood_of_words_is_kept_short(media, ffmpeg, sent, tmp_path):
    path = tmp_path / "talkative.mkv"
    ffmpeg.run(["-i", str(sent("plain.mp4")), "-c", "copy", "-metadata", f"title={'la ' * 40_000}", str(path)])
    path.write_bytes(path.read_bytes()[:-40_000])

    with pytest.raises(MediaError) as refused:
        media.admit(LocalFile(path))

    assert len(refused.value.detail) <= 4096


def test_a_page_hidden_in_a_video_is_not_kept_under_the_name_of_a_page(media, sent):
    assert media.store_file("v1", LocalFile(sent("plain.mp4")), ".html") == "source.mp4"
    assert media.store_file("v2", LocalFile(sent("plain.mp4")), "../../x") == "source.mp4"
