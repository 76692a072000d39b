"""The narrow-band rendition: fewer bits for the same pictures, or the plain bits."""

import json
import os
from pathlib import Path

import pytest

from backend.jobs.runner import Failed, Lost
from backend.media import LocalFile, gops, quality_search, vmaf
from backend.media.filters import shape
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.media.packets import count_packets
from backend.media.quality_search import MIN_GAIN
from backend.media.source import open_source
from backend.model import FileKind, User, Video

FACTS = {
    "duration", "width", "height", "codec", "crf", "target", "vmaf", "vmaf_plain", "vmaf_low", "vmaf_p5",
    "vmaf_p5_plain",
    "bytes", "bytes_plain", "saving", "gain", "measured", "probes", "lower",
}  # fmt: skip


class Without:
    """An ffmpeg that was built without some encoder or filter."""

    def __init__(self, ffmpeg, *names):
        self._ffmpeg = ffmpeg
        self.encoders = ffmpeg.encoders - set(names)
        self.filters = ffmpeg.filters - set(names)

    def __getattr__(self, name):
        return getattr(self._ffmpeg, name)


@pytest.fixture
def provider(tmp_path, ffmpeg):
    """A provider over the same files whose ffmpeg lacks something, or with another codec."""
    return lambda *lacking, codec="auto": LocalMedia(FolderFiles(tmp_path / "media"), Without(ffmpeg, *lacking), codec)


@pytest.fixture
def whole_score(ffmpeg, media, tmp_path):
    """Score a file of the video v1 against its source."""

    def measure(name):
        source = open_source(ffmpeg, next((tmp_path / "media" / "v1").glob("source.*")), lambda done: None)
        probe = ffmpeg.probe(media.files.path_of("v1", name))
        filters = shape(ffmpeg, source.probe, (probe.width, probe.height))
        reference = vmaf.source_reference(ffmpeg, source, filters)
        return vmaf.score(ffmpeg, media.files.path_of("v1", name), reference, tmp_path, 48, 1, lambda done: None).mean

    return measure


@pytest.fixture
def drawn(media, ffmpeg, tmp_path):
    """Take in a clip drawn by lavfi as the video v1."""

    def make(picture):
        path = tmp_path / "drawn.mp4"
        assert ffmpeg.run(["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", str(path)]).ok
        media.store_file("v1", LocalFile(path), ".mp4")
        return Video("v1", "drawn", User("1"), 0)

    return make


@pytest.mark.slow
def test_the_promise_holds_in_fewer_bits(finish, drawn, media, ffmpeg, whole_score):
    soft = drawn("color=gray:s=160x90:r=24:d=1,noise=alls=40:allf=t,gblur=2")
    plain = finish("transcode", soft).files[0]

    outcome = finish("narrow", soft)

    (file,) = outcome.files
    facts = outcome.facts
    assert (file.kind, file.name) == (FileKind.NARROW, "narrow-90.mp4")
    assert file.codec == "av01.0.00M.10"
    assert (file.width, file.height) == (plain.width, plain.height)
    bits = [count_packets(ffmpeg, media.files.path_of("v1", name)).video.size for name in (file.name, plain.name)]
    assert [facts["bytes"], facts["bytes_plain"]] == bits
    assert bits[0] <= (1 - MIN_GAIN) * bits[1]
    assert (facts["gain"], facts["saving"]) == (True, pytest.approx(1 - bits[0] / bits[1], abs=0.001))
    scores = [whole_score(name) for name in (file.name, plain.name)]
    assert scores == [pytest.approx(facts["vmaf"], abs=0.1), pytest.approx(facts["vmaf_plain"], abs=0.1)]
    assert scores[0] >= min(95, scores[1] - 0.8) - 0.2
    assert facts["vmaf_p5"] <= facts["vmaf_low"] <= facts["vmaf"]
    assert [facts["crf"], pytest.approx(facts["vmaf"], abs=0.01)] in facts["probes"]
    assert set(facts) == FACTS
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.slow
@pytest.mark.parametrize("stands", ["", ",select='lt(t,5)+gt(t,11)'"])
def test_a_long_video_is_put_together_of_groups_that_keep_the_promise(
    finish, drawn, media, ffmpeg, whole_score, stands
):
    outcome = finish("narrow", drawn(f"testsrc2=s=96x96:r=4:d=15{stands}"))

    facts = outcome.facts
    assert facts["gain"] is True
    assert facts["vmaf"] >= facts["target"] - 0.2
    assert facts["vmaf_p5"] >= facts["vmaf_p5_plain"] - 4
    assert whole_score("narrow-96.mp4") == pytest.approx(facts["vmaf"], abs=0.1)
    narrow, common = (media.files.path_of("v1", f"{kind}-96.mp4") for kind in ("narrow", "common"))
    assert vmaf.list_pictures(ffmpeg, narrow).times == pytest.approx(vmaf.list_pictures(ffmpeg, common).times, abs=1e-4)
    found = [count_packets(ffmpeg, path).video for path in (narrow, common)]
    assert found[0].end == pytest.approx(found[1].end, abs=0.01)
    assert stands or [one.keys for one in found] == [8, 8]
    assert facts["bytes"] == found[0].size


@pytest.mark.slow
def test_a_video_too_long_to_keep_as_it_is_is_judged_by_samples(finish, drawn, whole_score, monkeypatch):
    monkeypatch.setattr(quality_search, "MAX_RAW", 0)

    facts = finish("narrow", drawn("testsrc2=s=96x96:r=4:d=15")).facts

    assert facts["gain"] is True
    assert facts["vmaf"] >= facts["target"] - 0.2
    assert whole_score("narrow-96.mp4") == pytest.approx(facts["vmaf"], abs=0.1)


@pytest.mark.slow
def test_colours_and_sound_of_a_video_put_together_are_those_of_the_plain_one(
    finish, video, media, ffmpeg, whole_score
):
    facts = finish("narrow", video("tagged-with-sound.mp4")).facts

    assert facts["gain"] is True
    assert whole_score("narrow-96.mp4") >= facts["target"] - 0.2  # the names alone, not the pictures, are changed
    narrow, common = (media.files.path_of("v1", f"{kind}-96.mp4") for kind in ("narrow", "common"))
    assert gops.colours_of(narrow) == gops.colours_of(common)
    assert "colorspace=1" in gops.colours_of(narrow)  # BT.709
    sound = [
        ffmpeg.run([*ffmpeg.reads(path), "-map", "0:a", "-c", "copy", "-f", "md5", "-"]) for path in (narrow, common)
    ]
    assert all(ran.ok for ran in sound)
    assert ffmpeg.probe(narrow).has_audio


@pytest.mark.slow
def test_colours_with_a_name_are_scored_like_those_without(finish, video, whole_score):
    facts = finish("narrow", video("tagged.mp4")).facts

    assert facts["measured"] is True
    assert facts["vmaf_plain"] >= 94
    assert whole_score("common-96.mp4") == pytest.approx(facts["vmaf_plain"], abs=0.1)


@pytest.mark.slow
def test_pictures_that_cannot_be_paired_are_brought_there_like_the_rendition_was(finish, drawn, monkeypatch):
    score, references = vmaf.score, []

    def refuse_the_source(ffmpeg, path, reference, *rest):
        references.append(reference.name.rpartition("/")[2])
        if references[-1] == "source.mp4":
            raise vmaf.Unscored("dropped on the way")
        return score(ffmpeg, path, reference, *rest)

    monkeypatch.setattr(vmaf, "score", refuse_the_source)
    monkeypatch.setattr(quality_search, "MAX_RAW", 0)  # as for a video that is too long

    outcome = finish("narrow", drawn("testsrc2=s=64x64:r=2:d=15"))

    assert outcome.facts["measured"] is True
    assert references[:3] == ["source.mp4", "paired.nut", "samples.nut"]
    assert references.count("source.mp4") == 1


def test_without_a_gain_the_plain_bits_are_kept(video, provider, finish_with, media):
    hopeless = video("one-picture.mp4")
    by_h264 = provider(codec="h264")
    plain = finish_with(by_h264, "transcode", hopeless).files[0]

    outcome = finish_with(by_h264, "narrow", hopeless)

    facts = outcome.facts
    assert outcome.files[0].codec == plain.codec
    assert (facts["gain"], facts["saving"], facts["crf"]) == (False, 0, None)
    assert facts["bytes"] == facts["bytes_plain"]
    assert facts["vmaf"] == facts["vmaf_plain"]
    assert set(facts) == FACTS
    kept = media.files.path_of("v1", "narrow-180.mp4")
    before = kept.read_bytes()
    assert before == media.files.path_of("v1", plain.name).read_bytes()
    finish_with(by_h264, "transcode", hopeless)
    assert kept.read_bytes() == before  # a new plain rendition leaves it alone


def test_where_nothing_can_be_scored_the_plain_bits_are_kept(finish, video, media, monkeypatch):
    def refuse(*_):
        raise vmaf.Unscored("no")

    monkeypatch.setattr(vmaf, "score", refuse)

    outcome = finish("narrow", video("blink.mp4"))

    assert (outcome.facts["measured"], outcome.facts["gain"]) == (False, False)
    assert set(outcome.facts) == FACTS
    narrow, common = (media.files.path_of("v1", f"{kind}-180.mp4") for kind in ("narrow", "common"))
    assert narrow.read_bytes() == common.read_bytes()


@pytest.mark.parametrize("way", ["wanted", "no other encoder"])
def test_h264_is_used_where_av1_is_unwanted_or_missing(video, provider, finish_with, way):
    able = provider("libsvtav1", "libvmaf") if way == "no other encoder" else provider(codec="h264")

    outcome = finish_with(able, "narrow", video("blink.mp4"))

    assert outcome.files[0].codec.startswith("avc1.")
    assert outcome.facts["codec"] == "h264"
    assert outcome.facts["gain"] is True


@pytest.mark.slow
def test_without_libvmaf_every_video_gets_one_quality(video, provider, finish_with, media, ffmpeg, tmp_path):
    outcome = finish_with(provider("libvmaf"), "narrow", video("six-seconds.mp4"))

    facts = outcome.facts
    assert set(facts) == FACTS
    assert (facts["measured"], facts["crf"], facts["vmaf"], facts["probes"]) == (False, 31, None, [])
    assert [(file.kind, file.name) for file in outcome.files] == [
        (FileKind.NARROW, "narrow-180.mp4"),
        (FileKind.COMMON, "common-180.mp4"),  # there was none, so it was made first
    ]
    assert all(media.files.path_of("v1", file.name).stat().st_size == file.size for file in outcome.files)
    assert len(list((tmp_path / "media" / "v1").iterdir())) == 3
    counts = [count_packets(ffmpeg, media.files.path_of("v1", file.name)).video.keys for file in outcome.files]
    assert counts == [3, 3]  # both renditions have key frames at the same times


def test_a_searched_rendition_has_key_frames_each_two_seconds_and_sound(finish, video, media, ffmpeg):
    searched = video("plain.mp4")

    outcome = finish("narrow", searched)

    narrow, common = (media.files.path_of("v1", file.name) for file in outcome.files)
    assert outcome.files[0].codec == "av01.0.00M.10, mp4a.40.2"
    found = [count_packets(ffmpeg, path).video for path in (narrow, common)]
    assert [one.packets for one in found] == [48, 48]
    assert [one.keys for one in found] == [1, 1]
    assert found[0].duration == pytest.approx(found[1].duration, abs=0.01)


def probes(folder):
    """Yield the folders with files that the search made, while others come and go."""
    return (Path(place) for place, _, names in os.walk(folder) if any(name.startswith("probe-") for name in names))


def test_cancelling_in_the_search_leaves_nothing(begin, video, media, tmp_path, until, processes_with):
    folder, scratch = tmp_path / "media" / "v1", tmp_path / "media" / ".incoming"
    job = begin("narrow", video("six-seconds.mp4"))
    until(lambda: next(probes(scratch), None))

    outcome = job.cancel()

    assert [path.name for path in folder.iterdir()] == ["source.mp4"]
    assert not list(scratch.iterdir())
    assert not processes_with(scratch)
    assert isinstance(outcome, Lost)


def test_the_next_run_sweeps_what_a_dead_one_left(video, provider, finish_with, tmp_path):
    again = video("blink.mp4")
    folder, stray = tmp_path / "media" / "v1", tmp_path / "media" / ".incoming" / ".v1.narrow.0123456789ab.part"
    stray.mkdir(parents=True)
    (stray / "samples.nut").write_bytes(b"half a file")

    finish_with(provider("libvmaf"), "narrow", again)

    assert sorted(path.name for path in folder.iterdir()) == ["common-180.mp4", "narrow-180.mp4", "source.mp4"]
    assert not stray.exists()


def test_a_damaged_source_is_reported(finish, video, media, cut):
    damaged = video("plain.mp4")
    cut(media.files.path_of("v1", "source.mp4"), 0.6)

    assert isinstance(finish("narrow", damaged), Failed)
