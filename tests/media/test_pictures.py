"""Cover, first frame, snapshots and sprite; and the cover that a person chose."""

import pytest
from msgspec.structs import replace

from backend.jobs.runner import Failed
from backend.media.container import jpeg_size
from backend.media.sprite import read_vtt
from backend.model import FileKind, MediaFile

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

    singles = outcome.files[:-2]
    assert [file.name for file in singles] == ALL
    assert [file.position for file in singles] == [0, 0, *range(1, 9)]
    assert [file.kind for file in singles[:2]] == [FileKind.COVER, FileKind.FIRST_FRAME]
    assert {file.kind for file in singles[2:]} == {FileKind.SNAPSHOT}
    assert {(file.width, file.height) for file in singles[2:]} == {(width, height)}
    assert all(file.size == media.files.path_of("v1", file.name).stat().st_size for file in outcome.files)


def test_no_two_snapshots_are_alike(finish, video, media):
    for video_id, name in (("v1", "plain.mp4"), ("v2", "large.mp4"), ("v3", "twenty-minutes.mkv")):
        files = finish("snapshot", video(name, video_id)).files[2:10]

        assert len({media.files.path_of(video_id, file.name).read_bytes() for file in files}) == 8


def test_a_cover_may_be_larger_than_the_snapshots(finish, video):
    cover, first, *_ = finish("snapshot", video("2k.mp4")).files

    assert (cover.width, cover.height) == (first.width, first.height) == (1280, 720)


@pytest.mark.parametrize(("name", "count"), [("one-picture.mp4", 1), ("blink.mp4", 2)])
def test_a_clip_of_a_moment_gets_what_there_is(finish, video, name, count):
    outcome = finish("snapshot", video(name))

    assert [file.name for file in outcome.files[:-2]] == ALL[: 2 + count]


def test_facts_tell_length_and_size_of_the_video(finish, video):
    facts = finish("snapshot", video("upright.mp4")).facts

    assert facts == {"duration": pytest.approx(2.0, abs=0.01), "width": 180, "height": 320}


def test_pictures_come_from_the_plain_rendition_once_there_is_one(finish, video, media):
    transcoded = video("plain.mp4")
    finish("transcode", transcoded)
    media.files.path_of("v1", "source.mp4").write_bytes(b"no longer a video")

    outcome = finish("snapshot", transcoded)

    assert [file.name for file in outcome.files[:-2]] == ALL
    assert outcome.facts == {}  # the rendition may be smaller than the video


def test_white_stays_white(finish, video, media, light):
    finish("snapshot", video("white.mp4"))

    assert light(media.files.path_of("v1", "cover.jpg"), "YMIN") >= 250


def test_leftovers_of_a_dead_run_go(finish, video, tmp_path):
    again = video("plain.mp4")
    stray = tmp_path / "media" / ".incoming" / ".v1.pictures.0123456789ab.part"
    stray.mkdir(parents=True)
    (stray / "snapshot-1.jpg").touch()

    finish("snapshot", again)

    assert not stray.exists()


def test_a_video_without_a_picture_to_take_is_reported(finish, video, media):
    damaged = video("plain.mp4")
    media.files.path_of("v1", "source.mp4").write_bytes(b"no longer a video")

    outcome = finish("snapshot", damaged)

    assert isinstance(outcome, Failed)
    assert str(outcome.reason)


def test_pictures_are_real_jpegs(finish, video, media):
    for file in finish("snapshot", video("plain.mp4")).files[:-1]:
        path = media.files.path_of("v1", file.name)

        assert path.read_bytes()[:2] == b"\xff\xd8"
        assert path.read_bytes()[-2:] == b"\xff\xd9"
        assert jpeg_size(path) == (file.width, file.height)


@pytest.fixture
def light(ffmpeg):
    """Measures how light a picture is, or a part of it: from 0 to 255."""

    def measure(path, value="YAVG", part="null"):
        lines = []
        measured = ["-vf", f"format=gray,{part},signalstats,metadata=print:file=-", "-f", "null", "/dev/null"]
        ffmpeg.run(["-i", str(path), *measured], on_line=lines.append)
        return next(float(line.split(b"=")[1]) for line in lines if f".{value}=".encode() in line)

    return measure


@pytest.fixture
def sprite_of(finish, media):
    """Takes the pictures of a video and gives its sprite and the cues."""

    def take(made):
        sprite, cues = finish("snapshot", made).files[-2:]
        assert (sprite.kind, cues.kind) == (FileKind.SPRITE, FileKind.SPRITE_CUES)
        text = media.files.path_of(made.video_id, cues.name).read_text()
        assert text.count(f"{sprite.name}#xywh=") == text.count(" --> ")
        return sprite, read_vtt(text)

    return take


class TestSprite:
    @pytest.mark.parametrize(
        ("name", "tiles", "seconds", "tile"),
        [
            ("plain.mp4", 10, 2.0, (160, 90)),
            ("upright.mp4", 10, 2.0, (160, 284)),
            ("wide-pixels.mp4", 10, 1.0, (160, 68)),
            ("brighter.mp4", 12, 12.0, (160, 90)),
            ("large.mp4", 24, 24.0, (160, 90)),  # too much to decode: key frames alone
            ("twenty-minutes.mkv", 20, 1200.0, (160, 160)),  # too long to read through: its 20 key frames, one by one
            ("hdr.mkv", 10, 1.0, (160, 90)),
            ("variable-rate.mkv", 10, 1.79, (160, 90)),
            ("one-picture.mp4", 1, 0.042, (160, 90)),
            ("blink.mp4", 5, 0.2, (160, 90)),
        ],
    )
    def test_it_covers_the_whole_video(self, sprite_of, video, name, tiles, seconds, tile):
        sprite, cues = sprite_of(video(name))

        assert len(cues) == tiles
        assert [cue.start for cue in cues] == [0.0, *(cue.end for cue in cues[:-1])]
        assert cues[-1].end == pytest.approx(seconds, abs=0.05)
        assert {(cue.width, cue.height) for cue in cues} == {tile}
        assert sprite.width == max(cue.x for cue in cues) + tile[0]
        assert sprite.height == max(cue.y for cue in cues) + tile[1]

    @pytest.mark.parametrize("name", ["brighter.mp4", "brighter-keys.mp4"])
    def test_each_tile_shows_its_own_moment(self, sprite_of, video, media, light, name, monkeypatch):
        if name == "brighter-keys.mp4":
            monkeypatch.setattr("backend.media.snapshots.DECODED_PIXELS", 0)
        sprite, cues = sprite_of(video(name))
        path = media.files.path_of("v1", sprite.name)

        for cue in cues:
            shown = light(path, part=f"crop={cue.width - 16}:{cue.height - 16}:{cue.x + 8}:{cue.y + 8}")
            assert 20 * cue.start - 25 < shown < 20 * cue.end + 10

    def test_a_sprite_taken_anew_has_a_name_of_its_own_and_the_known_one_stays_meanwhile(
        self, finish, video, media, tmp_path
    ):
        made = video("plain.mp4")
        first = finish("snapshot", made).files[-2:]
        (tmp_path / "media" / "v1" / "sprite-0123456789ab.jpg").touch()
        finish("transcode", made)

        second = finish("snapshot", replace(made, files=first)).files[-2:]

        assert not {file.name for file in first} & {file.name for file in second}
        assert all(media.files.path_of("v1", file.name) for file in (*first, *second))
        assert media.files.path_of("v1", "sprite-0123456789ab.jpg") is None


class TestChosenCover:
    @pytest.mark.parametrize(
        ("seconds", "lightness"), [(0, 0), (3, 60), (9.5, 190), (11.95, 238), (12, 238), (99, 238)]
    )
    def test_it_is_the_picture_of_that_moment_and_past_the_end_the_last(
        self, finish, video, media, light, seconds, lightness
    ):
        (cover,) = finish("cover", video("brighter.mp4"), seconds=seconds).files

        assert (cover.kind, cover.width, cover.height) == (FileKind.CHOSEN_COVER, 128, 72)
        shown = max(0, (lightness - 16) * 255 / 219)  # what is stored as 16 to 235 is seen as 0 to 255
        assert light(media.files.path_of("v1", cover.name)) == pytest.approx(shown, abs=6)

    def test_each_choice_has_a_name_of_its_own_and_what_the_catalogue_knows_stays(self, finish, video, media):
        made = video("brighter.mp4")
        (unknown,) = finish("cover", made, seconds=1).files
        (first,) = finish("cover", made, seconds=5).files
        known = replace(made, files=(first, MediaFile(FileKind.COVER, "cover.jpg")))

        (second,) = finish("cover", known, seconds=9).files

        assert len({unknown.name, first.name, second.name}) == 3
        assert media.files.path_of("v1", unknown.name) is None
        assert media.files.path_of("v1", first.name)
        assert media.files.path_of("v1", second.name)

    def test_new_snapshots_leave_it(self, finish, video, media):
        made = video("plain.mp4")
        (cover,) = finish("cover", made, seconds=1).files

        outcome = finish("snapshot", replace(made, files=(cover,)))

        assert FileKind.CHOSEN_COVER not in {file.kind for file in outcome.files}
        assert media.files.path_of("v1", cover.name)

    def test_a_source_that_cannot_be_read_is_reported(self, finish, video, media):
        damaged = video("plain.mp4")
        media.files.path_of("v1", "source.mp4").write_bytes(b"no longer a video")

        assert isinstance(finish("cover", damaged, seconds=1), Failed)
