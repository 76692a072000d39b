"""Cover, first frame and snapshots."""

import pytest

from backend.media.measure import jpeg_size
from backend.model import FileKind
from backend.tasks import Failed

ALL = ["cover.jpg", "first.jpg", *(f"snapshot-{number}.jpg" for number in range(1, 9))]


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("plain.mp4", 320, 180),
        ("hd.mp4", 640, 360),
        ("upright.mp4", 180, 320),
        ("wide-pixels.mp4", 640, 270),
        ("odd.mkv", 478, 268),
        ("hdr.mkv", 320, 180),
        ("long-sound.mp4", 320, 180),
        ("variable-rate.mkv", 320, 180),
        ("broadcast.ts", 320, 180),
        ("large.mp4", 640, 360),
        ("twenty-minutes.mkv", 64, 64),
    ],
)
def test_a_video_gets_a_cover_a_first_frame_and_eight_snapshots(finish, video, media, name, width, height):
    outcome = finish("snapshot", video(name))

    assert [file.name for file in outcome.files] == ALL
    assert [file.position for file in outcome.files] == [0, 0, *range(1, 9)]
    assert [file.kind for file in outcome.files[:2]] == [FileKind.COVER, FileKind.FIRST_FRAME]
    assert {file.kind for file in outcome.files[2:]} == {FileKind.SNAPSHOT}
    assert {(file.width, file.height) for file in outcome.files[2:]} == {(width, height)}
    assert all(file.size == media.path_of("v1", file.name).stat().st_size for file in outcome.files)


def test_no_two_snapshots_are_alike(finish, video, media):
    for video_id, name in (("v1", "plain.mp4"), ("v2", "large.mp4"), ("v3", "twenty-minutes.mkv")):
        files = finish("snapshot", video(name, video_id)).files[2:]

        assert len({media.path_of(video_id, file.name).read_bytes() for file in files}) == 8


def test_a_cover_may_be_larger_than_the_snapshots(finish, video):
    cover, first, *_ = finish("snapshot", video("2k.mp4")).files

    assert (cover.width, cover.height) == (first.width, first.height) == (1280, 720)


@pytest.mark.parametrize(("name", "count"), [("one-picture.mp4", 1), ("blink.mp4", 2)])
def test_a_clip_of_a_moment_gets_what_there_is(finish, video, name, count):
    outcome = finish("snapshot", video(name))

    assert [file.name for file in outcome.files] == ALL[: 2 + count]


def test_facts_tell_length_and_size_of_the_video(finish, video):
    facts = finish("snapshot", video("upright.mp4")).facts

    assert facts == {"duration": pytest.approx(2.0, abs=0.01), "width": 180, "height": 320}


def test_pictures_come_from_the_plain_rendition_once_there_is_one(finish, video, media):
    transcoded = video("plain.mp4")
    finish("transcode", transcoded)
    media.path_of("v1", "source.mp4").write_bytes(b"no longer a video")

    outcome = finish("snapshot", transcoded)

    assert [file.name for file in outcome.files] == ALL
    assert outcome.facts == {}  # the rendition may be smaller than the video


def test_white_stays_white(finish, video, media, ffmpeg):
    finish("snapshot", video("white.mp4"))

    lines = []
    measured = ["-vf", "format=gray,signalstats,metadata=print:file=-", "-f", "null", "/dev/null"]
    ffmpeg.run(["-i", str(media.path_of("v1", "cover.jpg")), *measured], on_line=lines.append)
    darkest = next(float(line.split(b"=")[1]) for line in lines if b"YMIN" in line)
    assert darkest >= 250


def test_leftovers_of_a_dead_run_go(finish, video, tmp_path):
    again = video("plain.mp4")
    stray = tmp_path / "media" / "v1" / ".pictures.0123456789ab.part"
    stray.mkdir()
    (stray / "snapshot-1.jpg").touch()

    finish("snapshot", again)

    assert not list((tmp_path / "media" / "v1").glob("*.part"))


def test_a_video_without_a_picture_to_take_is_reported(finish, video, media):
    damaged = video("plain.mp4")
    media.path_of("v1", "source.mp4").write_bytes(b"no longer a video")

    outcome = finish("snapshot", damaged)

    assert isinstance(outcome, Failed)
    assert str(outcome.reason)


def test_pictures_are_real_jpegs(finish, video, media):
    for file in finish("snapshot", video("plain.mp4")).files:
        path = media.path_of("v1", file.name)

        assert path.read_bytes()[:2] == b"\xff\xd8"
        assert path.read_bytes()[-2:] == b"\xff\xd9"
        assert jpeg_size(path) == (file.width, file.height)
