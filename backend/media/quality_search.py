"""Searches for the lowest bitrate that preserves a rendition's quality: trials on samples, then the whole, measured.

A video of up to 4 s (13.5 s for H.264) is its own sample, and the scored trial itself is published. For a longer one,
some GOPs are encoded as they will be in the whole, a third of the video or 12 s; one or two such trials predict the
quality for the rest. While the whole violates the guarantee, or far exceeds it, some GOPs are encoded again (see
`gops`), at most twice. For H.264, and if the uncompressed frames do not fit on disk, the whole is encoded in one
piece, and once more if it violated or far exceeded the guarantee.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from backend.media import gops, vmaf
from backend.media.ffmpeg import THREADS, Ffmpeg, Report
from backend.media.filters import Shape
from backend.media.packets import count_packets
from backend.media.quality_target import (
    FLOOR,
    LADDERS,
    GroupState,
    Ladder,
    Points,
    expected,
    foreseen,
    foreseen_size,
    merit,
    next_crf,
    next_sample,
    repair,
    second_crf,
    slope_of,
    target_for,
)
from backend.media.source import Source
from backend.media.transcode import KEYFRAMES, encode, kilobits, sound
from backend.media.vmaf import Pictures, Reference, Score, Unscored, Window

MIN_GAIN = 0.05  # of the plain rendition's video bytes; a smaller gain does not justify a second file
MAX_RAW = 1_000_000_000  # bytes of uncompressed frames: 53 s of 540p, or 30 s of 720p at 24 fps
NEAR_ENOUGH = 2.0  # CRF: a trial GOP is published if its quality is this close to the others'
MAX_REPAIRS = 2
# Pixels: up to this size AV1 uses 10 bits, with which noise and gradients take up to 8 % less; larger frames exceeded
# the address space.
MAX_10_BIT_SIDE = 1080
# SVT-AV1: quantization matrices, and more uniform quality within a GOP; each saved 1 % on six clips.
AV1_TUNING = ":enable-qm=1:qm-min=0:qp-scale-compress-strength=1"
RETRY_SECONDS = 60.0  # of video that may be copied losslessly if its frames cannot be paired otherwise


@dataclass(frozen=True, slots=True)
class Trial:
    """An encode of the samples or of the whole: its video bytes and scores."""

    crf: float
    score: float  # value compared with the target, for the whole; see `merit`
    size: int
    path: Path
    frames: Score


class ProgressSplitter:
    """Combines the progress of consecutive steps; it never decreases."""

    def __init__(self, report: Report) -> None:
        self._report, self._at = report, 0.0

    def until(self, mark: float) -> Report:
        """Return the progress callback of a step that ends at `mark` (0 to 1) of the total."""
        start = self._at

        def tell(done: float) -> None:
            self._at = max(self._at, start + (mark - start) * min(max(done, 0.0), 1.0))
            self._report(self._at)

        return tell


@dataclass(frozen=True, slots=True)
class Case:
    """The inputs and parameters of a narrow-band rendition."""

    ffmpeg: Ffmpeg
    source: Source
    plain: Path
    size: tuple[int, int]  # width and height in pixels of the plain and the new rendition
    shape: Shape
    codec: str  # av1, h264
    work_dir: Path  # temporary folder

    @property
    def seconds(self) -> float:
        return self.source.packets.video.duration

    @property
    def late(self) -> bool:
        """Whether video starts after the audio; in a copy of the frames alone it does not."""
        return abs(self.source.packets.video.first) > 0.005


@dataclass(slots=True)
class QualitySearch:
    """The state of a search: a case and what is known about it so far."""

    case: Case
    steps: ProgressSplitter
    pictures: Pictures  # of the plain rendition
    windows: tuple[Window, ...]
    whole: Reference  # reference for the whole
    target: float = 0.0
    plain_score: Score = field(default_factory=lambda: Score(()))
    probes: list[Trial] = field(default_factory=list)
    made: int = 0  # number of encodes of GOPs
    sampled: frozenset[int] = frozenset()  # sampled frame numbers; empty if all frames are used

    @property
    def ladder(self) -> Ladder:
        return LADDERS[self.case.codec]

    @property
    def points(self) -> Points:
        return [(probe.crf, probe.score) for probe in self.probes]

    def merit(self, frames: Score) -> float:
        """Return the value compared with the target for an encode of the whole."""
        return merit(self.target, frames.mean, frames.p5, self.plain_score.p5)

    def expected(self, sampled: Score) -> float:
        """Predict the value compared with the target for the whole from its samples."""
        if not self.sampled:
            return self.merit(sampled)
        plain = self.plain_score.among(self.sampled)
        mean = expected(sampled.mean, plain.mean, self.plain_score.mean)
        p5 = expected(sampled.p5, plain.p5, self.plain_score.p5)
        return merit(self.target, mean, p5, self.plain_score.p5)


def search_quality(search: QualitySearch) -> Trial | None:
    """Return the smallest encode of the whole video that meets the guarantee, None if there is no gain.

    Raises Unscored.
    """
    samples = _copy_pictures(search)
    search.plain_score = _score_whole(search, search.case.plain, 0.13)
    search.target = target_for(search.plain_score.mean)
    if not search.windows:
        return _by_itself(search, samples)
    if samples is search.whole:
        return _by_groups(search)
    search.sampled = search.pictures.numbers_in(search.windows)
    return _by_samples(search, samples)


def _copy_pictures(search: QualitySearch) -> Reference:
    """Decode and scale the source once, and return the reference for the trials."""
    case, tell = search.case, search.steps.until(0.05)
    if not search.windows:  # the trial is published, so it needs the colour tags
        search.whole = vmaf.copy(
            case.ffmpeg, search.whole, (), case.seconds, vmaf.SMALL, case.work_dir / "samples.nut", tell
        )
        return search.whole
    raw = case.source.packets.video.packets * case.size[0] * case.size[1] * 3 // 2
    if raw <= min(MAX_RAW, shutil.disk_usage(case.work_dir).free // 4) and not case.late:
        search.whole = vmaf.copy(
            case.ffmpeg, search.whole, (), case.seconds, vmaf.RAW, case.work_dir / "whole.nut", tell
        )
        if case.codec == "av1":
            return search.whole
    samples = case.work_dir / "samples.nut"
    return vmaf.copy(case.ffmpeg, search.whole, search.windows, case.seconds, vmaf.SMALL, samples, tell)


def _by_samples(search: QualitySearch, samples: Reference) -> Trial | None:
    while (crf := next_sample(search.ladder, search.target, search.points)) is not None:
        search.probes.append(_probe(search, samples, crf))
    crf = foreseen(search.ladder, search.target, search.points, search.ladder.aim)
    return _encode_whole(search, crf) if _promising(search, crf) else None


def _promising(search: QualitySearch, crf: float) -> bool:
    """Return whether a quality may pay off; a prediction close to the limit is tried."""
    size = foreseen_size(search.ladder, crf, [(probe.crf, probe.size) for probe in search.probes])
    spent = sum(search.pictures.sizes[number] for number in search.sampled) or search.pictures.size
    return size <= (1 + MIN_GAIN) * spent


def _by_groups(search: QualitySearch) -> Trial | None:
    """Try some GOPs, encode the others at the predicted quality, and repeat those that need it."""
    whole = gops.groups_of(search.pictures.times)
    chosen = [whole[number] for number in gops.spread(len(whole), vmaf.SAMPLES)]
    search.sampled = frozenset(number for group in chosen for number in group)
    tried: list[gops.Pieces] = []
    while (crf := next_sample(search.ladder, search.target, search.points)) is not None:
        tried.append(pieces := _encode_groups(search, chosen, crf, 0.13 + 0.1 * len(tried)))
        frames = gops.score_of(pieces)
        search.probes.append(Trial(crf, search.expected(frames), gops.size_of(pieces), Path(), frames))
    crf = foreseen(search.ladder, search.target, search.points, search.ladder.aim)
    if not _promising(search, crf):
        return None
    nearest = min(range(len(tried)), key=lambda number: abs(search.probes[number].crf - crf))
    pieces = tried[nearest] if abs(search.probes[nearest].crf - crf) <= NEAR_ENOUGH else {}
    rest = [group for group in whole if group.start not in pieces]
    best = _repaired(search, whole, pieces | _encode_groups(search, rest, crf, 0.45))
    return _published(search, best) if best else None


def _careful_slope(search: QualitySearch) -> float:
    """Return the curve's slope; if unknown, a steeper one than usual, to avoid overshooting."""
    slope = slope_of(search.ladder, search.target, search.points)
    return slope if len(search.points) > 1 else 2 * slope


def _repaired(search: QualitySearch, whole: list[range], pieces: gops.Pieces) -> gops.Pieces | None:
    """Encode some GOPs again while the whole violates or far exceeds the guarantee; None if it stays below."""
    best: gops.Pieces | None = None
    slope = _careful_slope(search)
    seen: list[tuple[float, float]] = []
    for turn in range(MAX_REPAIRS + 1):
        frames = gops.score_of(pieces)
        score = search.merit(frames)
        if score >= search.target - FLOOR and (best is None or gops.size_of(pieces) < gops.size_of(best)):
            best = pieces
        seen.append((gops.crf_of(pieces), score))
        slope = slope_of(search.ladder, search.target, seen) if len(seen) > 1 else slope
        now = [_state(pieces, group, frames) for group in whole]
        chosen, crf = repair(search.ladder, search.target, score, slope, now)
        if not chosen or turn == MAX_REPAIRS:
            break
        pieces = pieces | _encode_groups(search, [whole[place] for place in chosen], crf, 0.75 + 0.1 * turn)
    return best


def _state(pieces: gops.Pieces, group: range, frames: Score) -> GroupState:
    size = sum(pieces[number].size for number in group)
    return GroupState(pieces[group.start].crf, frames.among(frozenset(group)).mean, size)


def _encode_groups(search: QualitySearch, chosen: list[range], crf: float, start: float) -> gops.Pieces:
    """Encode and score some GOPs."""
    case, count = search.case, sum(len(group) for group in chosen)
    if not chosen:
        return {}
    search.made += 1
    output = case.work_dir / f"probe-{search.made}.mp4"
    part = gops.selected(search.whole, chosen)
    seconds = case.seconds * count / len(search.pictures.times)
    graph = ["-filter_complex", f"[0:V:0]{part.filters},{gops.colours_of(case.plain)}[v]", "-map", "[v]"]
    encoder = _encoder(case, crf, gops.key_frames(chosen))
    written = ["-fps_mode", "passthrough", "-threads", str(THREADS), "-f", "mp4", str(output)]
    tell = search.steps.until(min(start + 0.08, 0.9))
    ran = case.ffmpeg.run(
        [*part.inputs(), *graph, *encoder, *written],
        duration=seconds,
        report=tell,
        cpu_seconds=600 + round(120 * case.seconds),
    )
    vmaf.check(ran)
    step = vmaf.step_for(len(search.pictures.times))
    tell = search.steps.until(min(start + 0.1, 0.93))
    frames = vmaf.score(case.ffmpeg, output, part, case.work_dir, count, step, tell)
    return gops.pieces_of(case.ffmpeg, output, chosen, crf, frames)


def _published(search: QualitySearch, pieces: gops.Pieces) -> Trial | None:
    """Assemble the GOPs, with the audio of the plain rendition."""
    case, output = search.case, search.case.work_dir / "whole.mp4"
    gops.join(case.ffmpeg, pieces, search.pictures.times, case.plain, output, search.steps.until(0.97))
    found = vmaf.list_pictures(case.ffmpeg, output)
    if len(found.times) != len(search.pictures.times):
        raise Unscored(f"{len(found.times)} pictures were put together of {len(search.pictures.times)}")
    frames = gops.score_of(pieces)
    if not pays(found.size, search.pictures.size):
        return None
    return Trial(round(gops.crf_of(pieces), 1), search.merit(frames), found.size, output, frames)


def _by_itself(search: QualitySearch, samples: Reference) -> Trial | None:
    least = search.target - FLOOR
    while (crf := next_crf(search.ladder, least, search.points)) is not None:
        if search.probes and not _promising(search, crf):
            break
        search.probes.append(_probe(search, samples, crf))
    best = max((probe for probe in search.probes if probe.score >= least), key=lambda one: one.crf, default=None)
    if best is None or not pays(best.size, search.pictures.size):
        return None
    return _encode_whole(search, best.crf) if search.case.late else _with_sound(search, best)


def _probe(search: QualitySearch, samples: Reference, crf: float) -> Trial:
    """Encode and score the samples."""
    start = 0.13 + 0.08 * len(search.probes)
    output = search.case.work_dir / f"probe-{crf:g}.mp4"
    written = ["-fps_mode", "passthrough", "-threads", str(THREADS), "-f", "mp4", str(output)]
    seconds = sum(end - begin for begin, end in search.windows) or search.case.seconds
    ran = search.case.ffmpeg.run(
        [*samples.inputs(), *search.case.shape.tags, *_encoder(search.case, crf), *written],
        duration=seconds,
        report=search.steps.until(start + 0.06),
        cpu_seconds=600 + round(120 * seconds),
    )
    vmaf.check(ran)
    size = count_packets(search.case.ffmpeg, output).video.size
    tell = search.steps.until(start + 0.08)
    step = vmaf.step_for(len(search.pictures.times))
    frames = vmaf.score(search.case.ffmpeg, output, samples, search.case.work_dir, ran.frames, step, tell)
    return Trial(crf, search.expected(frames), size, output, frames)


def _score_whole(search: QualitySearch, path: Path, mark: float) -> Score:
    """Score a rendition of the whole. If frames were dropped in between, the source is converted the same way."""
    case, count, tell = search.case, len(search.pictures.times), search.steps.until(mark)
    step = vmaf.step_for(count)
    try:
        return vmaf.score(case.ffmpeg, path, search.whole, case.work_dir, count, step, tell)
    except Unscored:
        if search.whole.is_copy or case.seconds > RETRY_SECONDS:
            raise
    nut = case.work_dir / "paired.nut"
    search.whole = vmaf.copy(case.ffmpeg, search.whole, (), case.seconds, vmaf.SMALL, nut, tell)
    return vmaf.score(case.ffmpeg, path, search.whole, case.work_dir, count, step, tell)


def _encode_whole(search: QualitySearch, crf: float) -> Trial | None:
    """Encode and score the whole video; once more if it violated or far exceeded the guarantee."""
    first = _trial(search, crf, 0.85, 0.92)
    slope = slope_of(search.ladder, search.target, search.points)
    again = second_crf(search.ladder, search.target, first.crf, first.score, slope)
    second = _trial(search, again, 0.97, 0.99) if again is not None else None
    kept = [one for one in (first, second) if one and one.score >= search.target - FLOOR]
    smallest = min(kept, key=lambda one: one.size, default=None)
    return smallest if smallest and pays(smallest.size, search.pictures.size) else None


def _trial(search: QualitySearch, crf: float, encoded: float, scored: float) -> Trial:
    output, size = encode_whole(search.case, crf, search.steps.until(encoded))
    frames = _score_whole(search, output, scored)
    return Trial(crf, search.merit(frames), size, output, frames)


def _with_sound(search: QualitySearch, probe: Trial) -> Trial:
    """Add the source's audio to a trial of the whole video; its frames are the scored ones."""
    output = search.case.work_dir / "whole.mp4"
    taken = ["-map", "0:V:0", "-map_metadata", "-1", "-map_chapters", "-1", "-c:v", "copy"]
    written = [*sound(search.case.source, 1), "-movflags", "+faststart", "-f", "mp4", str(output)]
    ran = search.case.ffmpeg.run(
        [*search.case.ffmpeg.reads(probe.path), *search.case.source.reads(search.case.ffmpeg), *taken, *written],
        duration=search.case.source.packets.video.duration,
        report=search.steps.until(0.99),
    )
    vmaf.check(ran)
    return replace(probe, path=output)


def pays(size: int, plain: int) -> bool:
    """Return whether the saving justifies a second file."""
    return size <= (1 - MIN_GAIN) * plain


def encode_whole(case: Case, crf: float, report: Report) -> tuple[Path, int]:
    """Encode the whole video with its audio; return the file and its video bytes."""
    output = case.work_dir / f"whole-{crf:g}.mp4"
    settings = [*case.shape.arguments, *_encoder(case, crf), *sound(case.source)]
    (packets,) = encode(case.ffmpeg, case.source, {output: settings}, report)
    return output, packets.video.size


def _encoder(case: Case, crf: float, keys: Sequence[str] = KEYFRAMES) -> list[str]:
    if case.codec == "av1":
        video = case.source.packets.video
        group, lanes = max(1, round(2 * video.packets / (video.duration or 1))), min(4, THREADS)
        # SVT-AV1 uses memory per thread. It supports half steps of CRF, which ffmpeg's option does not. Old versions
        # ignore unknown parameters.
        extra = f"lp={lanes}{AV1_TUNING}" if crf == int(crf) else f"lp={lanes}:crf={crf:g}{AV1_TUNING}"
        depth = "yuv420p10le" if min(case.size) <= MAX_10_BIT_SIDE else "yuv420p"
        encoder = f"-c:v libsvtav1 -preset 6 -crf {int(crf)} -g {group} -svtav1-params {extra} -pix_fmt {depth}"
        return [*encoder.split(), *keys]
    cap = kilobits(min(case.size))
    encoder = f"-c:v libx264 -preset slow -profile:v high -crf {crf:g} -maxrate {cap}k -bufsize {2 * cap}k"
    return [*encoder.split(), *keys]
