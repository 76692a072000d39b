"""The plain rendition: what comes out of sources of every kind, and what is left when nothing can."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.errors import ConsoleError
from backend.jobs.runner import Failed, Lost
from backend.media import LocalFile
from backend.media.packets import count_packets
from backend.model import FileKind, JobKind
from tests.paths import ROOT

full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")


@pytest.fixture
def room():
    """Lets no process that is started meanwhile write a file of more bytes; the kernel refuses."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def limit(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("plain.mp4", 320, 180),
        ("2k.mp4", 1280, 720),
        ("upright.mp4", 180, 320),
        ("odd.mkv", 478, 268),
        ("wide-pixels.mp4", 640, 270),
        ("blink.mp4", 320, 180),
        ("one-picture.mp4", 320, 180),
        ("full-range.mp4", 320, 180),
        ("long-sound.mp4", 320, 180),
        ("long-pictures.mp4", 320, 180),
        ("old.avi", 320, 180),
        ("web.webm", 320, 180),
        ("flash.flv", 320, 180),
        ("broadcast.ts", 320, 180),
        ("recorded.webm", 320, 180),
        ("trimmed.mp4", 320, 180),
        ("windows.wmv", 320, 180),
    ],
)
def test_a_source_of_any_kind_becomes_an_mp4_that_everything_plays(finish, video, media, ffmpeg, name, width, height):
    outcome = finish("transcode", video(name))

    (file,) = outcome.files
    path = media.files.path_of("v1", file.name)
    probe = ffmpeg.probe(path)
    assert (file.kind, file.name) == (FileKind.COMMON, f"common-{min(width, height)}.mp4")
    assert (file.width, file.height) == (probe.width, probe.height) == (width, height)
    assert file.size == path.stat().st_size
    assert file.codec.startswith("avc1.6400")  # High: 8 bits, 4:2:0
    assert path.read_bytes()[4:8] == b"ftyp"
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")


def test_a_finished_file_is_described_as_it_is(finish, video):
    (file,) = finish("transcode", video("plain.mp4")).files

    assert file.duration == pytest.approx(2.0, abs=0.05)
    assert file.bitrate == pytest.approx(file.size * 8 / file.duration, rel=0.01)
    assert file.codec == "avc1.64000d, mp4a.40.2"


def test_facts_are_those_of_the_source(finish, video):
    outcome = finish("transcode", video("2k.mp4"))

    assert outcome.facts["duration"] == pytest.approx(0.6, abs=0.05)
    assert (outcome.facts["width"], outcome.facts["height"]) == (2560, 1440)


def test_a_silent_video_stays_silent(finish, video, media, ffmpeg):
    (file,) = finish("transcode", video("2k.mp4")).files

    assert file.codec == "avc1.64001f"
    assert not ffmpeg.probe(media.files.path_of("v1", file.name)).has_audio


def test_pictures_of_a_variable_rate_are_neither_doubled_nor_dropped(finish, video, media, ffmpeg, clip):
    source = count_packets(ffmpeg, clip("variable-rate.mkv")).video

    (file,) = finish("transcode", video("variable-rate.mkv")).files

    made = count_packets(ffmpeg, media.files.path_of("v1", file.name)).video
    assert made.packets == source.packets
    assert made.duration == pytest.approx(source.duration, abs=0.05)


def test_a_turned_video_is_turned_for_good(finish, video, media, ffmpeg, clip):
    said = ffmpeg.run(ffmpeg.reads(clip("upright.mp4")), keep=re.compile(".*rotation of"))
    assert said.lines

    (file,) = finish("transcode", video("upright.mp4")).files

    said = ffmpeg.run(ffmpeg.reads(media.files.path_of("v1", file.name)), keep=re.compile(".*rotation of"))
    assert not said.lines


@pytest.mark.parametrize("name", ["hdr.mkv", "hlg.mkv"])
def test_high_dynamic_range_is_brought_to_ordinary_screens(finish, video, media, ffmpeg, name):
    (file,) = finish("transcode", video(name)).files

    probe = ffmpeg.probe(media.files.path_of("v1", file.name))
    assert probe.transfer == "bt709"
    assert file.codec == "avc1.64000d"


def test_there_is_a_key_frame_every_two_seconds(finish, video, media, ffmpeg):
    (file,) = finish("transcode", video("six-seconds.mp4")).files

    assert count_packets(ffmpeg, media.files.path_of("v1", file.name)).video.keys == 3


def test_progress_is_told_while_it_goes(begin, video, media, until):
    job = begin("transcode", video("lasting.mp4"))

    first = until(lambda: job.outcome.progress)
    second = until(lambda: (progress := job.outcome.progress) > first and progress)
    job.cancel()

    assert 0 < first < second < 1


def test_a_source_that_was_cut_is_reported_with_what_can_be_used_of_it(finish, video, media, cut):
    damaged = video("plain.mp4")
    cut(media.files.path_of("v1", "source.mp4"), 0.6)

    outcome = finish("transcode", damaged)

    assert isinstance(outcome, Failed)
    assert "The file ends early" in str(outcome.reason)
    assert outcome.reason.values["actual"] < outcome.reason.values["expected"] == 2.0
    assert "partial file" in outcome.detail


def test_a_source_whose_pictures_are_spoilt_inside_is_reported(finish, video, media, tmp_path):
    damaged = video("index-last.mp4")
    path = media.files.path_of("v1", "source.mp4")
    content = bytearray(path.read_bytes())
    start, end = content.index(b"mdat"), content.index(b"moov")
    spoilt = start + (end - start) // 2
    content[spoilt:end] = bytes(end - spoilt)
    path.write_bytes(content)

    outcome = finish("transcode", damaged)

    assert isinstance(outcome, Failed)
    assert re.match(r"The file is damaged at 0:0\d: only", str(outcome.reason))
    assert 0 < len(outcome.detail) <= 4096
    assert str(tmp_path) not in outcome.detail


def test_a_source_with_a_few_wrong_bytes_is_done_and_the_decoder_s_complaints_are_kept(finish, video, media, tmp_path):
    damaged = video("index-last.mp4")
    path = media.files.path_of("v1", "source.mp4")
    content = bytearray(path.read_bytes())
    start, end = content.index(b"mdat") + 4, content.index(b"moov")
    for place in range(start + 3000, end, (end - start) // 9):
        content[place] ^= 0xFF
    path.write_bytes(content)

    outcome = finish("transcode", damaged)

    assert outcome.files[0].duration == pytest.approx(2.0, abs=0.05)
    assert 0 < len(outcome.detail) <= 4096
    assert str(tmp_path) not in outcome.detail


def test_a_source_without_fault_leaves_no_complaints(finish, video):
    assert finish("transcode", video("plain.mp4")).detail == ""


def test_a_failure_leaves_nothing_but_the_source(finish, video, media, cut, tmp_path):
    damaged = video("index-last.mp4")
    cut(media.files.path_of("v1", "source.mp4"), 0.6)

    outcome = finish("transcode", damaged)

    assert isinstance(outcome, Failed)
    assert [path.name for path in (tmp_path / "media" / "v1").iterdir()] == ["source.mp4"]


@pytest.mark.parametrize("kind", [JobKind.TRANSCODE, JobKind.NARROW])
def test_cancelling_leaves_nothing(begin, video, media, tmp_path, until, processes_with, kind):
    folder, scratch = tmp_path / "media" / "v1", tmp_path / "media" / ".incoming"
    job = begin(kind, video("hd.mp4"))
    until(lambda: [path for path in scratch.glob("*.part/*") if path.stat().st_size or processes_with(path)])

    outcome = job.cancel()

    assert [path.name for path in folder.iterdir()] == ["source.mp4"]
    assert not list(scratch.iterdir())
    assert not processes_with(scratch)
    assert isinstance(outcome, Lost)


def test_an_encode_that_somebody_stops_publishes_nothing(begin, video, media, tmp_path, until, processes_with):
    """Stopped by SIGTERM, ffmpeg leaves a file that looks whole, only shorter."""
    folder, scratch = tmp_path / "media" / "v1", tmp_path / "media" / ".incoming"
    job = begin("transcode", video("lasting.mp4"))
    until(lambda: [path for path in scratch.glob("*.part/*") if path.stat().st_size])

    for number in processes_with(scratch):
        os.kill(number, signal.SIGTERM)

    assert isinstance(job.end(), Failed)
    assert [path.name for path in folder.iterdir()] == ["source.mp4"]


def test_a_retry_clears_what_a_dead_run_left(finish, video, tmp_path):
    again = video("plain.mp4")
    folder, stray = tmp_path / "media" / "v1", tmp_path / "media" / ".incoming" / ".v1.common.0123456789ab.part"
    stray.mkdir(parents=True)
    (stray / "720.mp4").write_bytes(b"half a file")

    finish("transcode", again)

    assert sorted(path.name for path in folder.iterdir()) == ["common-180.mp4", "source.mp4"]
    assert not stray.exists()


def test_doing_it_again_gives_the_same_name(finish, video, tmp_path):
    again = video("plain.mp4")

    assert finish("transcode", again).files[0].name == finish("transcode", again).files[0].name
    assert len(list((tmp_path / "media" / "v1").iterdir())) == 2


def test_a_video_that_is_deleted_meanwhile_gets_no_files(begin, video, media, tmp_path, until):
    job = begin("transcode", video("six-seconds.mp4"))
    until(lambda: list((tmp_path / "media" / ".incoming").glob("*.part")))

    media.delete("v1")

    assert isinstance(job.end(), Failed)
    assert not (tmp_path / "media" / "v1").exists()


@full_disk
@pytest.mark.parametrize("kind", ["mp4 -c:v libx264", "mp4 -movflags +faststart -c:v libx264", "image2 -update 1"])
def test_a_full_disk_is_not_blamed_on_the_video(ffmpeg, kind):
    with pytest.raises(ConsoleError, match=r"^The disk is full\. Free some space and try again\.$"):
        ffmpeg.run(["-f", "lavfi", "-i", "testsrc2=d=0.2", "-f", *kind.split(), "/dev/full"])


def test_a_title_that_speaks_of_full_disks_fills_none(media, ffmpeg, sent, tmp_path):
    path = tmp_path / "liar.mkv"
    ffmpeg.run(["-i", str(sent("plain.mp4")), "-c", "copy", "-metadata", "title=No space left on device", str(path)])

    assert media.admit(LocalFile(path)).width == 320


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are a thing of Linux")
@pytest.mark.parametrize("kind", [JobKind.TRANSCODE, JobKind.NARROW, JobKind.SNAPSHOT])
def test_a_job_without_room_says_so_and_leaves_nothing(finish, video, tmp_path, room, kind):
    cramped = video("plain.mp4")
    with room(1000):
        outcome = finish(kind, cramped)

    assert str(outcome.reason) == "The disk is full. Free some space and try again."
    assert [path.name for path in (tmp_path / "media" / "v1").iterdir()] == ["source.mp4"]
    assert not isinstance(finish(kind, cramped), Failed)


def test_a_run_whose_server_was_killed_can_be_done_again(video, finish, tmp_path, until):
    again = video("six-seconds.mp4")
    folder = tmp_path / "media"
    code = (
        "from pathlib import Path; from backend.jobs.runner import Task; from backend.media.ffmpeg import Ffmpeg\n"
        "from backend.media.folder import FolderFiles; from backend.media.local import LocalMedia\n"
        "from backend.model import Job, JobKind, JobState, User, Video\n"
        f"media = LocalMedia(FolderFiles(Path({str(folder)!r})), Ffmpeg())\n"
        "job = Job('j', JobKind.TRANSCODE, JobState.RUNNING, 0, 'v1')\n"
        "media.run(job, Video('v1', '', User('1'), 0), Task())"
    )
    server = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        (part,) = until(lambda: list((folder / ".incoming").glob(".v1.*.part")))
    finally:
        server.kill()
        server.wait()
    assert part.exists()

    finish("snapshot", again)
    outcome = finish("transcode", again)

    assert outcome.files[0].name == "common-180.mp4"
    assert not part.exists()
