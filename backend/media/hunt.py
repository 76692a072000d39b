"""The search for the fewest bits that keep a rendition's pictures: trials on samples, then the whole, measured.

A video of up to 4 s (13.5 s for H.264) is its own sample, and the trial that was scored is the one that is published.
Of a longer one some groups of pictures are encoded as they will be in the whole, a third of the video or 12 s; one or
two such trials lead to a quality for the whole, which is encoded and scored, and encoded again where it came out below
the promise.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from backend.media import vmaf
from backend.media.crf import (
    FLOOR,
    LADDERS,
    Ladder,
    Points,
    expected,
    foreseen,
    next_crf,
    next_sample,
    second_crf,
    slope_of,
    target_for,
)
from backend.media.ffmpeg import THREADS, Ffmpeg, Report
from backend.media.filters import Shape
from backend.media.packets import count_packets
from backend.media.rendition import KEYFRAMES, Source, encode, kilobits, sound
from backend.media.vmaf import Pictures, Reference, Score, Unscored, Window

LEAST_GAIN = 0.05  # of the plain rendition's video bytes; below it a second file is not worth its place
MOST_RAW = 1_000_000_000  # bytes of pictures that are kept as they are: 53 s of 540p, or 30 s of 720p at 24 fps
RETRY_SECONDS = 60.0  # of video that may be written without loss where its pictures cannot be paired otherwise


@dataclass(frozen=True, slots=True)
class Trial:
    """An encode of the samples or of the whole: its video bytes, and its scores; `score` may be corrected."""

    crf: float
    score: float
    size: int
    path: Path
    frames: Score


class Steps:
    """Turns the progress of one step after another into that of all; it never goes back."""

    def __init__(self, report: Report) -> None:
        self._report, self._at = report, 0.0

    def until(self, mark: float) -> Report:
        """The report of a step that ends where `mark` (0 to 1) of everything is done."""
        start = self._at

        def tell(done: float) -> None:
            self._at = max(self._at, start + (mark - start) * min(max(done, 0.0), 1.0))
            self._report(self._at)

        return tell


@dataclass(frozen=True, slots=True)
class Case:
    """What a narrow-band rendition is made from, and how it is to be."""

    ffmpeg: Ffmpeg
    source: Source
    plain: Path
    size: tuple[int, int]  # of its pictures, and those that are made: width and height in pixels
    shape: Shape
    codec: str  # av1, h264
    shop: Path  # a folder to work in

    @property
    def seconds(self) -> float:
        return self.source.packets.video.duration

    @property
    def late(self) -> bool:
        """Say whether the pictures begin after the sound; in a copy of the pictures alone they do not."""
        return abs(self.source.packets.video.first) > 0.005


@dataclass(slots=True)
class Hunt:
    """A case on the way to its narrow-band rendition, and what was learnt of it so far."""

    case: Case
    steps: Steps
    pictures: Pictures  # of the plain rendition
    windows: tuple[Window, ...]
    whole: Reference  # what the whole is compared with
    target: float = 0.0
    plain_score: Score = field(default_factory=lambda: Score(()))
    probes: list[Trial] = field(default_factory=list)

    @property
    def ladder(self) -> Ladder:
        return LADDERS[self.case.codec]

    @property
    def points(self) -> Points:
        return [(probe.crf, probe.score) for probe in self.probes]

    def expected(self, sampled: float) -> float:
        """What the whole should score, whose samples score `sampled`."""
        if not self.windows:
            return sampled
        return expected(
            sampled, self.plain_score.mean_of(self.pictures.numbers_in(self.windows)), self.plain_score.mean
        )


def hunt_down(hunt: Hunt) -> Trial | None:
    """Return the whole video in as few bytes as it may have, None where that is no gain. Raises Unscored."""
    samples = _copy_pictures(hunt)
    hunt.plain_score = _score_whole(hunt, hunt.case.plain, 0.13)
    hunt.target = target_for(hunt.plain_score.mean)
    return _by_samples(hunt, samples) if hunt.windows else _by_itself(hunt, samples)


def _copy_pictures(hunt: Hunt) -> Reference:
    """Decode and scale the source once for all that follows, and return what the trials are made from."""
    case, tell = hunt.case, hunt.steps.until(0.05)
    if not hunt.windows:  # a trial is published, with the names of the colours
        hunt.whole = vmaf.copy(case.ffmpeg, hunt.whole, (), case.seconds, vmaf.SMALL, case.shop / "samples.nut", tell)
        return hunt.whole
    raw = case.source.packets.video.packets * case.size[0] * case.size[1] * 3 // 2
    if raw <= min(MOST_RAW, shutil.disk_usage(case.shop).free // 4) and not case.late:
        hunt.whole = vmaf.copy(case.ffmpeg, hunt.whole, (), case.seconds, vmaf.RAW, case.shop / "whole.nut", tell)
    samples = case.shop / "samples.nut"
    return vmaf.copy(case.ffmpeg, hunt.whole, hunt.windows, case.seconds, vmaf.SMALL, samples, tell)


def _by_samples(hunt: Hunt, samples: Reference) -> Trial | None:
    while (crf := next_sample(hunt.ladder, hunt.target, hunt.points)) is not None:
        hunt.probes.append(_probe(hunt, samples, crf))
    crf = foreseen(hunt.ladder, hunt.target, hunt.points, hunt.ladder.aim)
    # What the samples save says nearly what the whole will; a whole encode settles what is close.
    nearest = min(hunt.probes, key=lambda probe: abs(probe.crf - crf))
    spent = hunt.pictures.size_in(hunt.windows)
    return _encode_whole(hunt, crf) if nearest.size <= (1 + LEAST_GAIN) * spent else None


def _by_itself(hunt: Hunt, samples: Reference) -> Trial | None:
    least = hunt.target - FLOOR
    while (crf := next_crf(hunt.ladder, least, hunt.points)) is not None:
        hunt.probes.append(probe := _probe(hunt, samples, crf))
        if probe.score < least and probe.size > (1 + LEAST_GAIN) * hunt.pictures.size:
            break  # what is good enough is larger still
    best = max((probe for probe in hunt.probes if probe.score >= least), key=lambda one: one.crf, default=None)
    if best is None or not pays(best.size, hunt.pictures.size):
        return None
    return _encode_whole(hunt, best.crf) if hunt.case.late else _with_sound(hunt, best)


def _probe(hunt: Hunt, samples: Reference, crf: float) -> Trial:
    """Encode the samples and score them."""
    start = 0.13 + 0.08 * len(hunt.probes)
    output = hunt.case.shop / f"probe-{crf:g}.mp4"
    written = ["-fps_mode", "passthrough", "-threads", str(THREADS), "-f", "mp4", str(output)]
    seconds = sum(end - begin for begin, end in hunt.windows) or hunt.case.seconds
    ran = hunt.case.ffmpeg.run(
        [*samples.inputs(), *hunt.case.shape.tags, *_encoder(hunt.case, crf), *written],
        duration=seconds,
        report=hunt.steps.until(start + 0.06),
        cpu_seconds=600 + round(120 * seconds),
    )
    vmaf.check(ran)
    size = count_packets(hunt.case.ffmpeg, output).video.size
    tell = hunt.steps.until(start + 0.08)
    step = vmaf.step_for(len(hunt.pictures.times))
    frames = vmaf.score(hunt.case.ffmpeg, output, samples, hunt.case.shop, ran.frames, step, tell)
    return Trial(crf, hunt.expected(frames.mean), size, output, frames)


def _score_whole(hunt: Hunt, path: Path, mark: float) -> Score:
    """Score a rendition of the whole. Where pictures were dropped on the way, the source is brought there as well."""
    case, count, tell = hunt.case, len(hunt.pictures.times), hunt.steps.until(mark)
    step = vmaf.step_for(count)
    try:
        return vmaf.score(case.ffmpeg, path, hunt.whole, case.shop, count, step, tell)
    except Unscored:
        if hunt.whole.is_copy or case.seconds > RETRY_SECONDS:
            raise
    nut = case.shop / "paired.nut"
    hunt.whole = vmaf.copy(case.ffmpeg, hunt.whole, (), case.seconds, vmaf.SMALL, nut, tell)
    return vmaf.score(case.ffmpeg, path, hunt.whole, case.shop, count, step, tell)


def _encode_whole(hunt: Hunt, crf: float) -> Trial | None:
    """Encode the whole video and score it; once more where it came out worse than promised, or far too good."""
    first = _trial(hunt, crf, 0.85, 0.92)
    slope = slope_of(hunt.ladder, hunt.target, hunt.points)
    again = second_crf(hunt.ladder, hunt.target, first.crf, first.score, slope)
    second = _trial(hunt, again, 0.97, 0.99) if again is not None else None
    kept = [one for one in (first, second) if one and one.score >= hunt.target - FLOOR]
    smallest = min(kept, key=lambda one: one.size, default=None)
    return smallest if smallest and pays(smallest.size, hunt.pictures.size) else None


def _trial(hunt: Hunt, crf: float, encoded: float, scored: float) -> Trial:
    output, size = encode_whole(hunt.case, crf, hunt.steps.until(encoded))
    frames = _score_whole(hunt, output, scored)
    return Trial(crf, frames.mean, size, output, frames)


def _with_sound(hunt: Hunt, probe: Trial) -> Trial:
    """Put the sound of the source to a probe that is the whole video; its pictures are those that were scored."""
    output = hunt.case.shop / "whole.mp4"
    taken = ["-map", "0:V:0", "-map_metadata", "-1", "-map_chapters", "-1", "-c:v", "copy"]
    written = [*sound(hunt.case.source, 1), "-movflags", "+faststart", "-f", "mp4", str(output)]
    ran = hunt.case.ffmpeg.run(
        [*hunt.case.ffmpeg.reads(probe.path), *hunt.case.source.reads(hunt.case.ffmpeg), *taken, *written],
        duration=hunt.case.source.packets.video.duration,
        report=hunt.steps.until(0.99),
    )
    vmaf.check(ran)
    return replace(probe, path=output)


def pays(size: int, plain: int) -> bool:
    """Say whether so many bytes are worth a file beside the plain one's."""
    return size <= (1 - LEAST_GAIN) * plain


def encode_whole(case: Case, crf: float, report: Report) -> tuple[Path, int]:
    """Encode the whole video with its sound, and return where, and the bytes of its pictures."""
    output = case.shop / f"whole-{crf:g}.mp4"
    settings = [*case.shape.arguments, *_encoder(case, crf), *sound(case.source)]
    (packets,) = encode(case.ffmpeg, case.source, {output: settings}, report)
    return output, packets.video.size


def _encoder(case: Case, crf: float) -> list[str]:
    if case.codec == "av1":
        video = case.source.packets.video
        group, lanes = max(1, round(2 * video.packets / (video.duration or 1))), min(4, THREADS)
        # SVT-AV1 takes memory for each lane. It knows halves of a CRF, which ffmpeg does not; an old one goes without.
        extra = f"lp={lanes}" if crf == int(crf) else f"lp={lanes}:crf={crf:g}"
        return [*f"-c:v libsvtav1 -preset 6 -crf {int(crf)} -g {group} -svtav1-params {extra}".split(), *KEYFRAMES]
    cap = kilobits(min(case.size))
    encoder = f"-c:v libx264 -preset slow -profile:v high -crf {crf:g} -maxrate {cap}k -bufsize {2 * cap}k"
    return [*encoder.split(), *KEYFRAMES]
