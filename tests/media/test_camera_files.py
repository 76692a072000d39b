"""Files as cameras, phones, screen recorders and live streams leave them, and what a person sees and hears of them."""

import math

import pytest

from backend.errors import MediaError
from backend.media import LocalFile
from backend.media.packets import count_packets

pytestmark = pytest.mark.slow


def tags(content):
    """Yield the tags of an FLV: kind, time in milliseconds, data."""
    place = 13
    while place + 11 <= len(content):
        size = int.from_bytes(content[place + 1 : place + 4], "big")
        time = int.from_bytes(content[place + 4 : place + 7], "big") | content[place + 7] << 24
        yield content[place], time, content[place + 11 : place + 11 + size]
        place += 15 + size


def flv(found):
    """Return an FLV of these tags, without any metadata, as servers record it."""
    content = b"FLV\x01\x05\0\0\0\x09\0\0\0\0"
    for kind, time, data in found:
        size = len(data)
        content += bytes([kind]) + size.to_bytes(3, "big") + (time & 0xFFFFFF).to_bytes(3, "big")
        content += bytes([time >> 24]) + b"\0\0\0" + data + (size + 11).to_bytes(4, "big")
    return content


def with_box(content, inside, kind, body):
    """Put a box at the end of the one at this path of names and lengths of heads, in an MP4 whose index is last."""
    place, longer = 0, []
    for name, head in inside:
        while content[place + 4 : place + 8] != name:
            place += int.from_bytes(content[place : place + 4], "big")
        longer.append(place)
        place += head
    end = longer[-1] + int.from_bytes(content[longer[-1] : longer[-1] + 4], "big")
    box = (8 + len(body)).to_bytes(4, "big") + kind + body
    changed = bytearray(content)
    for place in longer:
        size = int.from_bytes(changed[place : place + 4], "big") + len(box)
        changed[place : place + 4] = size.to_bytes(4, "big")
    return bytes(changed[:end]) + box + bytes(changed[end:])


@pytest.fixture
def live(sent):
    """Give a live recording whose times are changed."""

    def make(change):
        path = sent("flashing.flv")
        found = [(kind, change(time), data) for kind, time, data in tags(path.read_bytes()) if kind != 18]
        path.write_bytes(flv(found))
        return path

    return make


@pytest.fixture
def taken(media, finish, video):
    """Take a file or a clip in, make its rendition, and give that."""

    def take(source):
        if isinstance(source, str):
            made = video(source)
        else:
            made = video("plain.mp4")
            media.files.path_of("v1", "source.mp4").write_bytes(source.read_bytes())
        outcome = finish("transcode", made)
        return media.files.path_of("v1", outcome.files[0].name), outcome

    return take


@pytest.fixture
def raw(ffmpeg, tmp_path):
    """Read what ffmpeg writes with these arguments."""

    def read(path, *arguments, before=()):
        output = tmp_path / "raw"
        ran = ffmpeg.run([*before, "-i", str(path), *arguments, str(output)])
        assert ran.ok, ran.words
        return output.read_bytes()

    return read


@pytest.fixture
def colour(raw):
    """Tell the colour of one place of a picture, or of a video at a moment: red, green and blue."""

    def look(path, across=0.5, down=0.3, at=0.0, matrix="auto"):
        place = f"crop=2:2:iw*{across}:ih*{down},scale=in_color_matrix={matrix}"
        one = ["-frames:v", "1", "-vf", place, "-pix_fmt", "rgb24", "-f", "rawvideo"]
        return tuple(raw(path, *one, before=("-ss", str(at)) if at else ())[:3])

    return look


@pytest.fixture
def beeps(raw):
    """Tell at which tenths of a second there is sound, counted in samples, as players without a clock do."""

    def listen(path):
        samples = memoryview(raw(path, "-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "s16le")).cast("h")
        return [place for place in range(len(samples) // 800) if max(samples[800 * place : 800 * place + 800]) > 3000]

    return listen


def close(found, wanted):
    return max(abs(one - other) for one, other in zip(found, wanted, strict=True)) <= 6


def test_a_camera_s_file_with_a_timecode_track_is_taken(media, clip):
    probe = media.admit(LocalFile(clip("timecode.mov")))

    assert (probe.width, probe.height, probe.has_audio) == (320, 180, True)
    assert probe.duration == pytest.approx(2.0, abs=0.05)


def test_subtitles_that_outlast_the_pictures_do_not_make_a_file_cut_off(media, ffmpeg, clip, tmp_path):
    text = tmp_path / "text.srt"
    text.write_text("1\n00:00:00,500 --> 00:00:01,000\nhello\n\n2\n00:00:01,500 --> 00:00:05,000\nend\n")
    path = tmp_path / "subtitled.mkv"
    assert ffmpeg.run(["-i", str(clip("plain.mp4")), "-i", str(text), "-c", "copy", "-c:s", "srt", str(path)]).ok

    assert media.admit(LocalFile(path)).duration == pytest.approx(2.0, abs=0.05)


def test_a_recording_that_joined_a_stream_after_hours_is_as_long_as_its_pictures(media, live, taken):
    path = live(lambda time: time + 7_200_000)

    assert media.admit(LocalFile(path)).duration == pytest.approx(6.0, abs=0.1)
    assert taken(path)[1].files[0].duration == pytest.approx(6.0, abs=0.1)


def test_a_recording_whose_times_begin_anew_keeps_all_of_its_pictures_and_sound(media, ffmpeg, live, taken, beeps):
    path = live(lambda time: time - 3000 if time >= 3000 else time)

    rendition, outcome = taken(path)

    assert media.admit(LocalFile(path)).duration == pytest.approx(6.0, abs=0.1)
    assert outcome.files[0].duration == pytest.approx(6.0, abs=0.1)
    assert count_packets(ffmpeg, rendition).video.packets >= 147
    assert {place // 10 for place in beeps(rendition)} == {0, 1, 2, 3, 4, 5}


def test_a_live_recording_that_ends_within_a_tag_is_cut_off(media, sent, cut):
    with pytest.raises(MediaError, match="is cut off"):
        media.admit(LocalFile(cut(sent("flashing.flv"), 0.7)))


def test_sound_stays_with_the_pictures_after_a_gap(taken, beeps, colour):
    rendition, _ = taken("gap.mp4")

    assert [place for place in beeps(rendition) if place > 36] == [40, 50]
    assert all(min(colour(rendition, at=second + 0.02)) > 220 for second in (4, 5))


@pytest.mark.parametrize("name", ["bars.mp4", "bars-hd.mp4"])
def test_pictures_have_the_colours_of_the_video(finish, video, media, clip, colour, taken, name):
    bar = colour(clip(name), 0.36, matrix="bt709")
    rendition, _ = taken(name)
    assert close(colour(rendition, 0.36), bar)

    for video_id in ("v1", "v2"):  # from the rendition, and from the source
        files = finish("snapshot", video(name, video_id)).files
        *pictures, sprite = [media.files.path_of(video_id, file.name) for file in files if file.name.endswith(".jpg")]
        assert all(close(colour(path, 0.36), bar) for path in pictures)
        columns = files[-2].width // 160
        assert close(colour(sprite, 0.36 / columns, 0.1), bar)


@pytest.mark.parametrize("name", ["unnamed-hlg.mkv", "unnamed-pq.mkv"])
def test_hdr_without_the_names_of_its_colours_is_shown(taken, finish, video, ffmpeg, name):
    rendition, _ = taken(name)

    assert ffmpeg.probe(rendition).transfer == "bt709"
    assert finish("snapshot", video(name, "v2")).files


@pytest.mark.parametrize("name", ["odd-tags.mkv", "gamma.mkv", "rgb.avi", "nine-channels.mov"])
def test_what_is_rare_is_no_reason_to_fail(taken, finish, video, colour, clip, name):
    rendition, outcome = taken(name)

    assert outcome.files[0].duration == pytest.approx(0.3, abs=0.05)
    assert finish("snapshot", video(name, "v2")).files
    if name == "rgb.avi":
        assert close(colour(rendition, 0.1, 0.9), colour(clip(name), 0.1, 0.9))


def test_a_recording_that_stands_still_at_its_end_lasts_and_shows_what_it_did(
    media, taken, finish, video, clip, colour
):
    _, outcome = taken("still.mkv")

    assert media.admit(LocalFile(clip("still.mkv"))).duration == pytest.approx(8.03, abs=0.05)
    assert outcome.facts["duration"] == pytest.approx(8.03, abs=0.05)
    assert outcome.files[0].duration == pytest.approx(8.03, abs=0.05)
    for video_id in ("v1", "v2"):  # from the rendition, and from the source
        made = video("still.mkv", video_id)
        (cover,) = finish("cover", made, seconds=6).files
        assert colour(media.files.path_of(video_id, cover.name))[2] > 200
        (cover,) = finish("cover", made, seconds=2.5).files
        assert colour(media.files.path_of(video_id, cover.name))[0] > 200
        shots = [file for file in finish("snapshot", made).files if file.name.startswith("snapshot")]
        shown = [colour(media.files.path_of(video_id, file.name)) for file in shots]
        assert len(shown) == 8
        assert shown[0][0] > 200
        assert shown[-1][2] > 200


def test_a_call_that_turns_gets_bars(ffmpeg, taken, finish, video, media, colour, tmp_path):
    parts = []
    for name, size in (("wide", "128x72"), ("tall", "72x128")):
        parts.append(tmp_path / f"{name}.webm")
        picture = ["-f", "lavfi", "-i", f"color=red:s={size}:r=24:d=1", "-c:v", "libvpx", "-cpu-used", "8"]
        assert ffmpeg.run([*picture, str(parts[-1])]).ok
    names = tmp_path / "parts.txt"
    names.write_text("".join(f"file '{part}'\n" for part in parts))
    path = tmp_path / "turning.webm"
    assert ffmpeg.run(["-f", "concat", "-safe", "0", "-i", str(names), "-c", "copy", str(path)]).ok

    rendition, outcome = taken(path)

    assert (outcome.files[0].width, outcome.files[0].height) == (128, 72)
    assert colour(rendition, 0.1)[0] > 200
    assert colour(rendition, 0.5, at=1.5)[0] > 200
    assert colour(rendition, 0.1, at=1.5)[0] < 30
    media.files.path_of("v1", outcome.files[0].name).unlink()
    shots = [file for file in finish("snapshot", video("plain.mp4")).files if file.name.startswith("snapshot")]
    media.files.path_of("v1", "source.mp4").write_bytes(path.read_bytes())
    shots = [file for file in finish("snapshot", video("plain.mp4", "v2")).files if file.name.startswith("snapshot")]
    assert len(shots) == 8


def test_interlaced_pictures_lose_their_combs(taken, raw):
    rendition, _ = taken("combed.mpg")

    width, height = 180, 144
    picture = raw(rendition, "-ss", "0.5", "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo")
    rows = [picture[width * row : width * row + width] for row in range(height)]
    combs = sum(
        abs(rows[row][x] - rows[row - 1][x]) > 80 and abs(rows[row][x] - rows[row + 1][x]) > 80
        for row in range(40, 100)
        for x in range(width)
    )
    assert combs == 0


@pytest.mark.parametrize("codec", [b"ac-4", b"apac", b"mhm1"])
def test_the_first_sound_that_can_be_decoded_is_taken(media, sent, taken, codec):
    path = sent("two-sounds.mov")
    content = path.read_bytes()
    start = content.index(b"mp4a", content.index(b"stsd", content.index(b"soun")))
    end = content.index(b"stts", start)
    changed = content[start:end].replace(b"mp4a", codec).replace(b"esds", b"free")
    path.write_bytes(content[:start] + changed + content[end:])

    assert media.admit(LocalFile(path)).has_audio
    assert taken(path)[1].files[0].codec.endswith("mp4a.40.2")


def test_a_fast_camera_s_240_pictures_a_second_become_60(taken, ffmpeg):
    rendition, _ = taken("fast.mp4")

    video = count_packets(ffmpeg, rendition).video
    assert video.packets == 60
    assert ffmpeg.probe(rendition).fps == pytest.approx(60)
    assert video.duration == pytest.approx(1.0, abs=0.02)


def test_one_channel_keeps_its_level(taken, clip, raw):
    def level(path):
        samples = memoryview(raw(path, "-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "s16le")).cast("h")
        return math.sqrt(sum(sample * sample for sample in samples) / len(samples))

    rendition, _ = taken("plain.mp4")

    assert level(rendition) == pytest.approx(level(clip("plain.mp4")), rel=0.1)


def test_pictures_at_uneven_times_are_all_kept_at_their_times(taken, clip, ffmpeg):
    rendition, _ = taken("jitter.webm")

    times = count_packets(ffmpeg, rendition).video.times
    assert list(times) == pytest.approx(list(count_packets(ffmpeg, clip("jitter.webm")).video.times), abs=0.002)


def test_a_recording_that_joined_a_stream_between_key_frames_is_whole(media, ffmpeg, clip, taken, tmp_path):
    path = tmp_path / "joined.ts"
    stream = ["-map", "0:v", "-c", "copy", "-f", "mpegts"]
    assert ffmpeg.run(["-i", str(clip("flashing.mp4")), *stream, str(path)]).ok
    packets = path.stat().st_size // 188
    path.write_bytes(path.read_bytes()[188 * (packets // 4) :])

    assert media.admit(LocalFile(path)).duration == pytest.approx(4.5, abs=0.7)
    assert taken(path)[1].files


def test_dolby_vision_that_no_ordinary_screen_shows_is_named(media, sent):
    path = sent("index-last.mp4")
    inside = [(b"moov", 8), (b"trak", 8), (b"mdia", 8), (b"minf", 8), (b"stbl", 8), (b"stsd", 16), (b"avc1", 86)]
    record = bytes([1, 0, 5 << 1, 0b1101]) + bytes(20)  # version 1.0, profile 5, no base layer for others
    path.write_bytes(with_box(path.read_bytes(), inside, b"dvcC", record))

    with pytest.raises(MediaError, match="is Dolby Vision profile 5"):
        media.admit(LocalFile(path))


@pytest.mark.parametrize("scheme", ["init", "packets"])
def test_an_encrypted_file_is_called_encrypted(media, ffmpeg, sent, tmp_path, scheme):
    key = "0123456789abcdef0123456789abcdef"
    locked = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key]
    path = tmp_path / "locked.mp4"
    assert ffmpeg.run(["-i", str(sent("plain.mp4")), "-c", "copy", *locked, str(path)]).ok
    if scheme == "init":
        path.write_bytes(path.read_bytes().replace(b"avc1", b"encv", 2).replace(b"mp4a", b"enca"))

    with pytest.raises(MediaError, match="is encrypted"):
        media.admit(LocalFile(path))
