"""The narrow-band rendition: the same pictures to the eye in fewer bits, measured for each video.

What one video can spare is three times what another can, so no quality fits all. The plain rendition is scored by
VMAF, and a target set just below: `min(95, plain - 0.8)`. Samples of the video are encoded at up to four qualities,
where each next one follows from the scores before; then the whole is encoded and scored. The promise: what is published
scores no less than the target minus 0.2, or it is the plain rendition's bits. A video of up to 13.5 s is its own
sample, and the encode that was scored is the one that is published.

Every plain rendition gets a narrow-band one of its size, searched and verified by itself: what one size can spare is
not what another can.

Without libvmaf every video gets one quality, and nothing is promised. AV1 at preset 6 and CRF 31, and H.264 slow at CRF
24, stayed within a point of the plain rendition's VMAF on three real clips and saved 19 to 35 %, and 10 to 14 %.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from backend.media import Probe, vmaf
from backend.media.crf import (
    AIM,
    FLOOR,
    LADDERS,
    Ladder,
    corrected,
    modelled,
    next_crf,
    rounded,
    second_crf,
    slope_of,
    target_for,
)
from backend.media.ffmpeg import THREADS, Ffmpeg, Report
from backend.media.measure import count_packets
from backend.media.rendition import (
    KEYFRAMES,
    Shape,
    Source,
    encode,
    kilobits,
    open_source,
    publish,
    scale_to,
    settle,
    shape,
    sound_codec,
    transcode,
    workshop,
)
from backend.media.vmaf import Pictures, Reference, Score, Unscored, Window
from backend.model import FileKind, MediaFile
from backend.tasks import Done

log = logging.getLogger(__name__)

LEAST_GAIN = 0.05  # of the plain rendition's video bytes; below it a second file is not worth its place
AV1_LEAST_SIDE = 64  # pixels; SVT-AV1 before 2.0 refuses smaller ones
MAKING = 0.25  # of the work, where the plain rendition is to be made first
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
    shape: Shape
    side: int  # the short one, in pixels
    codec: str  # av1, h264
    shop: Path  # a folder to work in


@dataclass(slots=True)
class Hunt:
    """A case on the way to its narrow-band rendition."""

    case: Case
    steps: Steps
    pictures: Pictures  # of the plain rendition
    windows: tuple[Window, ...]
    whole: Reference  # what the whole is compared with
    target: float = 0.0
    bias: float = 0.0  # how much better the samples of the plain rendition score than all of it
    plain_score: Score = field(default_factory=lambda: Score(()))
    probes: list[Trial] = field(default_factory=list)

    @property
    def ladder(self) -> Ladder:
        return LADDERS[self.case.codec]

    @property
    def points(self) -> list[tuple[float, float]]:
        return [(probe.crf, probe.score) for probe in self.probes]


def narrow(ffmpeg: Ffmpeg, codec: str, rungs: Sequence[int], folder: Path, path: Path, report: Report) -> Done:
    """Make the narrow-band renditions in `folder`, one for each plain one; `codec` is auto, av1 or h264.

    Where there is no plain rendition yet, those of `rungs` are made too. The facts of the job: `codec`, `crf`;
    `target`, `vmaf`, `vmaf_plain`, `vmaf_low` (the worst 2 s of narrow), `vmaf_p5`, all VMAF, None where `measured` is
    False; `bytes` and `bytes_plain` of video; `saving`, a part of those; `gain`, False where the file is the plain one
    under another name; and `probes`, pairs of CRF and score. They are those of the best rendition; `lower` lists those
    of the others. Raises MediaError as `transcode` does.
    """
    with workshop(folder, "narrow") as shop:
        source, steps = open_source(ffmpeg, path, report), Steps(report)
        plains = plain_renditions(folder)
        made: tuple[MediaFile, ...] = ()
        if not plains:
            made = transcode(ffmpeg, rungs, shop, path, steps.until(MAKING)).files
            plains = [shop / file.name for file in made]
        probes = [ffmpeg.probe(plain) for plain in plains]
        areas = [probe.width * probe.height for probe in probes]
        outputs, facts = [], []
        for number, (plain, probe) in enumerate(zip(plains, probes, strict=True), 1):
            mark = 1 - (1 - MAKING * bool(made)) * sum(areas[number:]) / sum(areas)
            outputs.append(shop / f"narrow-{number}.mp4")
            facts.append(_make(ffmpeg, codec, source, plain, probe, outputs[-1], steps.until(mark)))
        files = publish(ffmpeg, folder, FileKind.NARROW, outputs)
        for file in made:
            settle(shop / file.name, folder / file.name)
    return Done((*files, *made), facts[0] | source.facts | {"lower": facts[1:]})


def _make(
    ffmpeg: Ffmpeg, codec: str, source: Source, plain: Path, probe: Probe, output: Path, report: Report
) -> dict[str, Any]:
    """Write the narrow-band rendition that goes with a plain one to `output`, and return the facts about it."""
    form, side = shape(ffmpeg, source.probe, scale_to(probe.width, probe.height)), min(probe.width, probe.height)
    with workshop(output.parent, output.stem) as shop:
        case = Case(ffmpeg, source, plain, form, side, codec_for(ffmpeg, side, codec), shop)
        found, facts = _find(case, report)
        if found:
            found.replace(output)
        else:
            _copy(plain, output)
    return {"width": probe.width, "height": probe.height, **facts}


def codec_for(ffmpeg: Ffmpeg, side: int, codec: str) -> str:
    """Choose av1 or h264 for a rendition of that short side."""
    return "av1" if uses_av1(ffmpeg, codec) and side >= AV1_LEAST_SIDE else "h264"


def uses_av1(ffmpeg: Ffmpeg, codec: str) -> bool:
    """Say whether AV1 is wanted (`codec` is auto or av1) and this ffmpeg has it."""
    return codec != "h264" and "libsvtav1" in ffmpeg.encoders


def plain_renditions(folder: Path) -> list[Path]:
    """The plain renditions in a video's folder, best first; none where they are not made yet."""
    found = folder.glob("common-*.mp4")
    return sorted(found, key=lambda path: int("0" + "".join(filter(str.isdecimal, path.stem))), reverse=True)


def _find(case: Case, report: Report) -> tuple[Path | None, dict[str, Any]]:
    """Return the best file that there is, None where it is the plain one, and the facts about it."""
    ffmpeg, source, codec = case.ffmpeg, case.source, case.codec
    plain_bytes = count_packets(ffmpeg, case.plain, 0).video.size
    if "libvmaf" not in ffmpeg.filters:
        return _unmeasured(case, plain_bytes, report)
    try:
        video = source.packets.video
        windows = vmaf.sample_windows(video.duration, max(video.first, 0.0))
        whole = vmaf.source_reference(ffmpeg, source, case.shape)
        pictures = vmaf.list_pictures(ffmpeg, case.plain)
        hunt = Hunt(case, Steps(report), pictures, windows, whole)
        found = _hunt(hunt)
    except Unscored as reason:
        log.warning("the narrow-band rendition stays the plain one: %s", reason)
        return None, _facts(codec, None, plain_bytes, plain_bytes)
    best = found.frames if found else hunt.plain_score
    scores = {"target": hunt.target, "vmaf": best.mean, "vmaf_plain": hunt.plain_score.mean}
    scores |= {"vmaf_low": best.lowest(pictures.times), "vmaf_p5": best.p5}
    facts = _facts(codec, found.crf if found else None, found.size if found else plain_bytes, plain_bytes)
    facts |= {name: round(value, 2) for name, value in scores.items()}
    facts |= {"measured": True, "gain": bool(found), "probes": [[crf, round(score, 2)] for crf, score in hunt.points]}
    return found.path if found else None, facts


def _facts(codec: str, crf: float | None, size: int, plain: int) -> dict[str, Any]:
    saving = round(1 - size / plain, 3) if plain else 0.0
    unknown = dict.fromkeys(("target", "vmaf", "vmaf_plain", "vmaf_low", "vmaf_p5"))
    known = {"codec": codec, "crf": crf, "bytes": size, "bytes_plain": plain, "saving": saving}
    return {**known, **unknown, "measured": False, "gain": False, "probes": []}


def _unmeasured(case: Case, plain_bytes: int, report: Report) -> tuple[Path | None, dict[str, Any]]:
    crf = LADDERS[case.codec].fixed
    output, size = _whole(case, crf, report)
    if not _pays(size, plain_bytes):
        return None, _facts(case.codec, crf, plain_bytes, plain_bytes)
    return output, _facts(case.codec, crf, size, plain_bytes) | {"gain": True}


def _hunt(hunt: Hunt) -> Trial | None:
    """Return the whole video in as few bytes as it may have, None where that is no gain. Raises Unscored."""
    nut = hunt.case.shop / "samples.nut"
    samples = vmaf.lossless(
        hunt.case.ffmpeg, hunt.case.source, hunt.case.shape, hunt.windows, nut, hunt.steps.until(0.05)
    )
    if not hunt.windows:
        hunt.whole = samples
    hunt.plain_score = _score_whole(hunt, hunt.case.plain, 0.13)
    hunt.target = target_for(hunt.plain_score.mean)
    hunt.bias = hunt.plain_score.mean_of(hunt.pictures.numbers_in(hunt.windows)) - hunt.plain_score.mean
    _search(hunt, samples)
    best = max((probe for probe in hunt.probes if probe.score >= hunt.target), key=lambda one: one.crf, default=None)
    spent = hunt.pictures.size_in(hunt.windows)
    if hunt.windows:
        # What the samples save says nearly what the whole will; a whole encode settles what is close.
        cheapest = best or min(hunt.probes, key=lambda one: one.size)
        return _encode_whole(hunt, best) if cheapest.size <= (1 + LEAST_GAIN) * spent else None
    if best is None or not _pays(best.size, spent):
        return None
    late = (
        abs(hunt.case.source.packets.video.first) > 0.005
    )  # pictures that begin after the sound do so in a full encode
    return _encode_whole(hunt, best) if late else _with_sound(hunt, best)


def _search(hunt: Hunt, samples: Reference) -> None:
    spent = hunt.pictures.size_in(hunt.windows)
    while (crf := next_crf(hunt.ladder, hunt.target, hunt.points)) is not None:
        probe = _probe(hunt, samples, crf)
        hunt.probes.append(probe)
        if probe.score < hunt.target and probe.size > (1 + LEAST_GAIN) * spent:
            return  # what is good enough is larger still


def _probe(hunt: Hunt, samples: Reference, crf: float) -> Trial:
    """Encode the samples and score them."""
    start = 0.13 + 0.08 * len(hunt.probes)
    output = hunt.case.shop / f"probe-{crf:g}.mp4"
    written = ["-fps_mode", "passthrough", "-threads", str(THREADS), "-f", "mp4", str(output)]
    seconds = sum(end - begin for begin, end in hunt.windows) or hunt.case.source.packets.video.duration
    ran = hunt.case.ffmpeg.run(
        [*samples.inputs, *hunt.case.shape.tags, *_encoder(hunt.case, crf), *written],
        duration=seconds,
        report=hunt.steps.until(start + 0.06),
        cpu_seconds=600 + round(120 * seconds),
    )
    vmaf.check(ran)
    size = count_packets(hunt.case.ffmpeg, output, 0).video.size
    tell = hunt.steps.until(start + 0.08)
    frames = vmaf.score(hunt.case.ffmpeg, output, samples, hunt.case.shop, ran.frames, tell)
    return Trial(crf, corrected(frames.mean, hunt.bias), size, output, frames)


def _score_whole(hunt: Hunt, path: Path, mark: float) -> Score:
    """Score a rendition of the whole. Where pictures were dropped on the way, the source is brought there as well."""
    count = len(hunt.pictures.times)
    try:
        return vmaf.score(hunt.case.ffmpeg, path, hunt.whole, hunt.case.shop, count, hunt.steps.until(mark))
    except Unscored:
        if not hunt.windows or hunt.case.source.packets.video.duration > RETRY_SECONDS:
            raise
    nut = hunt.case.shop / "whole.nut"
    hunt.whole = vmaf.lossless(hunt.case.ffmpeg, hunt.case.source, hunt.case.shape, (), nut, hunt.steps.until(mark))
    return vmaf.score(hunt.case.ffmpeg, path, hunt.whole, hunt.case.shop, count, hunt.steps.until(mark))


def _encode_whole(hunt: Hunt, best: Trial | None) -> Trial | None:
    """Encode the whole video and score it; once more where it came out worse than promised, or far too good."""
    slope = slope_of(hunt.ladder, hunt.target, hunt.points)
    crf = best.crf if best else rounded(hunt.ladder, modelled(hunt.target + AIM, hunt.points, slope))
    first = _trial(hunt, crf, 0.85, 0.92)
    again = second_crf(hunt.ladder, hunt.target, first.crf, first.score, slope)
    second = _trial(hunt, again, 0.97, 0.99) if again is not None else None
    kept = [one for one in (first, second) if one and one.score >= hunt.target - FLOOR]
    smallest = min(kept, key=lambda one: one.size, default=None)
    return smallest if smallest and _pays(smallest.size, hunt.pictures.size) else None


def _trial(hunt: Hunt, crf: float, encoded: float, scored: float) -> Trial:
    output, size = _whole(hunt.case, crf, hunt.steps.until(encoded))
    frames = _score_whole(hunt, output, scored)
    return Trial(crf, frames.mean, size, output, frames)


def _with_sound(hunt: Hunt, probe: Trial) -> Trial:
    """Put the sound of the source to a probe that is the whole video; its pictures are those that were scored."""
    output = hunt.case.shop / "whole.mp4"
    taken = ["-map", "0:V:0", "-map", "1:a:0?", "-map_metadata", "-1", "-map_chapters", "-1", "-c:v", "copy"]
    written = [*sound_codec(), "-movflags", "+faststart", "-f", "mp4", str(output)]
    ran = hunt.case.ffmpeg.run(
        [*hunt.case.ffmpeg.reads(probe.path), *hunt.case.ffmpeg.reads(hunt.case.source.path), *taken, *written],
        duration=hunt.case.source.packets.video.duration,
        report=hunt.steps.until(0.99),
    )
    vmaf.check(ran)
    return replace(probe, path=output)


def _pays(size: int, plain: int) -> bool:
    return size <= (1 - LEAST_GAIN) * plain


def _whole(case: Case, crf: float, report: Report) -> tuple[Path, int]:
    """Encode the whole video with its sound, and return where, and the bytes of its pictures."""
    output = case.shop / f"whole-{crf:g}.mp4"
    settings = [*case.shape.arguments, *_encoder(case, crf), *sound_codec()]
    (packets,) = encode(case.ffmpeg, case.source, {output: settings}, report)
    return output, packets.video.size


def _encoder(case: Case, crf: float) -> list[str]:
    if case.codec == "av1":
        video = case.source.packets.video
        group, lanes = max(1, round(2 * video.packets / (video.duration or 1))), min(4, THREADS)
        # SVT-AV1 takes memory for each lane.
        encoder = f"-c:v libsvtav1 -preset 6 -crf {crf:g} -g {group} -svtav1-params lp={lanes}"
        return [*encoder.split(), *KEYFRAMES]
    cap = kilobits(case.side)
    encoder = f"-c:v libx264 -preset slow -profile:v high -crf {crf:g} -maxrate {cap}k -bufsize {2 * cap}k"
    return [*encoder.split(), *KEYFRAMES]


def _copy(path: Path, target: Path) -> None:
    with contextlib.suppress(OSError):  # a file system without links
        os.link(path, target)
        return
    shutil.copyfile(path, target)
