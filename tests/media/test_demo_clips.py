"""The demo catalogue's clips."""

from dataclasses import replace
from itertools import pairwise

import pytest

from backend.demo.clips import CLIPS, DemoMaker, render
from backend.errors import MediaError
from backend.jobs.runner import Done
from backend.media import LocalFile
from backend.model import CensorStatus, Job, JobKind, JobState
from tests.jobs.begun import Begun

MONTH = 30 * 86400


class Lacking:
    """An ffmpeg whose every first attempt fails, as one that lacks a filter would."""

    def __init__(self, ffmpeg, attempts):
        self._ffmpeg, self.left = ffmpeg, attempts

    def run(self, arguments, **options):
        self.left -= 1
        return self._ffmpeg.run(["-bogus"] if self.left >= 0 else arguments, **options)


class Counting:
    """An ffmpeg that counts how often it is run."""

    def __init__(self, ffmpeg, ran):
        self._ffmpeg, self._ran = ffmpeg, ran

    def run(self, arguments, **options):
        self._ran.append(arguments)
        return self._ffmpeg.run(arguments, **options)


def silent(done):
    """Take a report and do nothing with it."""


def job(number):
    return Job("j1", JobKind.DEMO, JobState.RUNNING, 0, payload={"clip": number})


def test_a_clip_is_what_it_says(ffmpeg, media, tmp_path):
    clip, path = CLIPS[0], tmp_path / "clip.mp4"

    render(ffmpeg, clip, path, silent)

    probe = media.admit(LocalFile(path))
    assert (probe.width, probe.height, probe.has_audio) == (*clip.size, True)
    assert probe.duration == pytest.approx(clip.seconds, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.picture)
def test_every_clip_gets_the_picture_meant_for_it(ffmpeg, media, tmp_path, clip):
    path, runs = tmp_path / "clip.mp4", []

    render(Counting(ffmpeg, runs), replace(clip, seconds=0.5), path, silent)

    probe = media.admit(LocalFile(path))
    assert len(runs) == 1
    assert (probe.width, probe.height) == clip.size
    assert probe.fps == pytest.approx(clip.rate, abs=1.5)


def test_a_clip_that_this_ffmpeg_cannot_paint_gets_another_picture(ffmpeg, media, tmp_path):
    path = tmp_path / "clip.mp4"

    render(Lacking(ffmpeg, 1), CLIPS[0], path, silent)

    assert media.admit(LocalFile(path)).width == CLIPS[0].size[0]


def test_a_clip_that_cannot_be_made_is_named(ffmpeg, tmp_path):
    with pytest.raises(MediaError, match=CLIPS[0].title):
        render(Lacking(ffmpeg, 2), CLIPS[0], tmp_path / "clip.mp4", silent)

    assert not list(tmp_path.iterdir())


def test_a_job_makes_a_clip_and_says_where_it_is(ffmpeg, tmp_path, until):
    maker = DemoMaker(ffmpeg, tmp_path / "incoming")
    outcome = Begun(maker, job(0)).end()

    assert isinstance(outcome, Done)
    assert outcome.facts["clip"] == 0
    assert [str(path) for path in (tmp_path / "incoming").iterdir()] == [outcome.facts["path"]]


def test_a_job_that_is_cancelled_leaves_no_clip(ffmpeg, tmp_path, until):
    maker = DemoMaker(ffmpeg, tmp_path / "incoming")
    begun = Begun(maker, job(0))
    until((tmp_path / "incoming").exists)

    begun.cancel()

    assert not list((tmp_path / "incoming").iterdir())


def test_a_clip_that_is_cut_fails_only_when_it_is_transcoded(ffmpeg, media, tmp_path, begin, until):
    path = tmp_path / "clip.mp4"
    render(ffmpeg, next(clip for clip in CLIPS if clip.damaged), path, silent)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert ffmpeg.probe(path).duration > 2
    with pytest.raises(MediaError, match="is cut off"):
        media.admit(LocalFile(path))


def test_the_catalogue_shows_every_state():
    assert len(CLIPS) == 24
    assert {clip.censor for clip in CLIPS} == set(CensorStatus)
    assert len({clip.picture for clip in CLIPS}) == len({clip.title for clip in CLIPS}) == 24
    assert len({clip.user for clip in CLIPS}) == 6
    assert sum(clip.damaged for clip in CLIPS) == 1
    assert {clip.size for clip in CLIPS} == {(360, 640), (640, 360)}


def test_only_clips_that_passed_are_recommended():
    recommended = [clip for clip in CLIPS if clip.recommend]

    assert len(recommended) == 8
    assert {clip.censor for clip in recommended} == {CensorStatus.SUCCESS}


def test_blocked_clips_have_a_reason_that_the_cloud_would_take():
    blocked = [clip for clip in CLIPS if clip.censor is CensorStatus.FAIL]

    assert len(blocked) >= 2
    assert all(0 < len(clip.reason.encode()) <= 128 for clip in blocked)


def test_the_clips_spread_over_the_last_month():
    ages = sorted(clip.age for clip in CLIPS)

    assert 0 < ages[0] < ages[-1] < MONTH
    assert max(later - earlier for earlier, later in pairwise(ages)) < 4 * 86400
