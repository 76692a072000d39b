"""Narrow-band renditions: visually equal to the plain ones at a lower bitrate, optimized for each video.

Videos differ threefold in how much they can be compressed, so no fixed quality fits all. The plain rendition is scored
by VMAF, and the target is set just below: `min(95, plain - 0.8)`; `search_quality` finds the lowest bitrate that
reaches it. Guarantee: the published rendition scores at least the target minus 0.2, and its 5th percentile is at most 4
below the plain rendition's; otherwise it is a copy of the plain rendition. `docs/performance.md` has savings and costs
for real clips.

Every plain rendition gets a narrow-band one of its size, searched and verified separately, because sizes differ in how
much they can be compressed.

Without libvmaf a fixed quality is used, without guarantee. AV1 at preset 6 and CRF 31, and H.264 slow at CRF 24, stayed
within a point of the plain rendition's VMAF, or above it, on three real clips and saved 34 to 57 %, and 10 to 14 %.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from backend.jobs.runner import Done
from backend.media import Probe, vmaf
from backend.media.ffmpeg import Ffmpeg, Report, uses_av1
from backend.media.files import JobFiles, plain_renditions, publish, temp_dir
from backend.media.filters import shape
from backend.media.packets import count_packets
from backend.media.quality_search import Case, ProgressSplitter, QualitySearch, encode_whole, pays, search_quality
from backend.media.quality_target import LADDERS
from backend.media.source import Source
from backend.media.transcode import make_renditions
from backend.media.vmaf import Unscored
from backend.model import FileKind

log = logging.getLogger(__name__)

AV1_MIN_SIDE = 64  # pixels; SVT-AV1 before 2.0 rejects smaller frames
MAKING = 0.25  # share of the work if the plain renditions must be made first


def narrow(ffmpeg: Ffmpeg, codec: str, rungs: Sequence[int], job: JobFiles, source: Source, report: Report) -> Done:
    """Make the narrow-band renditions of a video, one for each plain one; `codec` is auto, av1 or h264.

    If there are no plain renditions, those of `rungs` are made too. The facts of the job: `codec`, `crf`; `target`,
    `vmaf`, `vmaf_plain`, `vmaf_low` (the worst 2 s), `vmaf_p5` and `vmaf_p5_plain` (5th percentiles), all VMAF, None if
    `measured` is False; `bytes` and `bytes_plain` of video; `saving`, as a fraction; `gain`, False if the file is a
    copy of the plain one; and `probes`, pairs of CRF and score. They describe the best rendition; `lower` lists those
    of the others. Raises MediaError as `transcode` does.
    """
    made: list[Path] = []
    steps = ProgressSplitter(report)
    with job.temp_dir("narrow") as work_dir, ExitStack() as stack:
        found = [stack.enter_context(job.local(name)) for name in plain_renditions(job)]
        plains = [file.path for file in found if file]
        if not plains:
            made, _ = make_renditions(ffmpeg, rungs, work_dir, source, steps.until(MAKING))
            plains = made
        probes = [ffmpeg.probe(plain) for plain in plains]
        areas = [probe.width * probe.height for probe in probes]
        outputs, facts = [], []
        for number, (plain, probe) in enumerate(zip(plains, probes, strict=True), 1):
            mark = 1 - (1 - MAKING * bool(made)) * sum(areas[number:]) / sum(areas)
            outputs.append(work_dir / f"narrow-{number}.mp4")
            facts.append(_make(ffmpeg, codec, source, plain, probe, outputs[-1], steps.until(mark)))
        files = publish(ffmpeg, job, FileKind.NARROW, outputs)
        if made:
            files += publish(ffmpeg, job, FileKind.COMMON, made)
    return Done(files, facts[0] | source.facts | {"lower": facts[1:]})


def _make(
    ffmpeg: Ffmpeg, codec: str, source: Source, plain: Path, probe: Probe, output: Path, report: Report
) -> dict[str, Any]:
    """Write the narrow-band version of a plain rendition to `output`, and return its facts."""
    size = (probe.width, probe.height)
    form = shape(ffmpeg, source.probe, size, source.packets.video.rate)
    with temp_dir(output.parent, output.stem) as work_dir:
        case = Case(ffmpeg, source, plain, size, form, codec_for(ffmpeg, min(size), codec), work_dir)
        found, facts = _find(case, report)
        if found:
            found.replace(output)
        else:
            _copy(plain, output)
    return {"width": size[0], "height": size[1], **facts}


def codec_for(ffmpeg: Ffmpeg, side: int, codec: str) -> str:
    """Return av1 or h264 for a rendition with this short side."""
    return "av1" if uses_av1(ffmpeg, codec) and side >= AV1_MIN_SIDE else "h264"


def _find(case: Case, report: Report) -> tuple[Path | None, dict[str, Any]]:
    """Return the best file, None if it is the plain one, and its facts."""
    ffmpeg, source, codec = case.ffmpeg, case.source, case.codec
    plain_bytes = count_packets(ffmpeg, case.plain).video.size
    if "libvmaf" not in ffmpeg.filters:
        return _unmeasured(case, plain_bytes, report)
    try:
        video = source.packets.video
        if source.packets.options:
            raise Unscored("its times begin anew on the way, so that no part of it can be looked up")
        alone = video.duration <= LADDERS[codec].alone
        windows = () if alone else vmaf.sample_windows(video.duration, max(video.first, 0.0))
        whole = vmaf.source_reference(ffmpeg, source, case.shape)
        pictures = vmaf.list_pictures(ffmpeg, case.plain)
        search = QualitySearch(case, ProgressSplitter(report), pictures, windows, whole)
        found = search_quality(search)
    except Unscored as reason:
        log.warning("the plain rendition is kept as narrow-band rendition: %s", reason)
        return None, _facts(codec, None, plain_bytes, plain_bytes)
    best = found.frames if found else search.plain_score
    scores = {"target": search.target, "vmaf": best.mean, "vmaf_plain": search.plain_score.mean}
    scores |= {"vmaf_low": best.lowest(pictures.times), "vmaf_p5": best.p5, "vmaf_p5_plain": search.plain_score.p5}
    facts = _facts(codec, found.crf if found else None, found.size if found else plain_bytes, plain_bytes)
    facts |= {name: round(value, 2) for name, value in scores.items()}
    facts |= {"measured": True, "gain": bool(found), "probes": [[crf, round(score, 2)] for crf, score in search.points]}
    return found.path if found else None, facts


def _facts(codec: str, crf: float | None, size: int, plain: int) -> dict[str, Any]:
    saving = round(1 - size / plain, 3) if plain else 0.0
    unknown = dict.fromkeys(("target", "vmaf", "vmaf_plain", "vmaf_low", "vmaf_p5", "vmaf_p5_plain"))
    known = {"codec": codec, "crf": crf, "bytes": size, "bytes_plain": plain, "saving": saving}
    return {**known, **unknown, "measured": False, "gain": False, "probes": []}


def _unmeasured(case: Case, plain_bytes: int, report: Report) -> tuple[Path | None, dict[str, Any]]:
    crf = LADDERS[case.codec].fixed
    output, size = encode_whole(case, crf, report)
    if not pays(size, plain_bytes):
        return None, _facts(case.codec, crf, plain_bytes, plain_bytes)
    return output, _facts(case.codec, crf, size, plain_bytes) | {"gain": True}


def _copy(path: Path, target: Path) -> None:
    with contextlib.suppress(OSError):  # file system without hard links
        os.link(path, target)
        return
    shutil.copyfile(path, target)
