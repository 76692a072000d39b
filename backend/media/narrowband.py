"""The narrow-band rendition: the same pictures in fewer bits.

Each codec has one quality for every video, taken from the table below: three real clips at 720p and under against their
plain rendition (H.264 medium, CRF 23). Saving is of video bits, the rest is the change in VMAF.

|                      | bikes         | bunny         | city          |
|----------------------|---------------|---------------|---------------|
| AV1 preset 6, CRF 30 | 16 %, +0.3    | 30 %, -0.7    | 9 %, +2.0     |
| AV1 preset 6, CRF 31 | 20 %, +0.1    | 35 %, -1.0    | 19 %, +1.7    |
| AV1 preset 6, CRF 33 | 29 %, -0.4    | 43 %, -1.7    | 38 %, +1.1    |
| H.264 slow, CRF 24   | 10 %, -0.8    | 11 %, -0.6    | 14 %, -0.7    |
| H.264 slow, CRF 25   | 19 %, -1.6    | 21 %, -1.5    | 27 %, -1.5    |

Chosen are the ones that stay within a point of the plain rendition. What one video can spare is three times what
another can, so a quality found for each video will do better: `quality_for` is where it belongs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from backend.media.ffmpeg import THREADS, Ffmpeg, Report
from backend.media.measure import count_packets
from backend.media.rendition import (
    KEYFRAMES,
    RUNGS,
    Source,
    encode,
    kilobits,
    open_source,
    part,
    picture_filters,
    publish,
    sound_codec,
)
from backend.model import FileKind
from backend.tasks import Done

LEAST_GAIN = 0.05  # of the plain rendition's video bytes; below it a second file is not worth its place
AV1_LEAST_SIDE = 64  # pixels; SVT-AV1 before 2.0 refuses smaller ones


@dataclass(frozen=True, slots=True)
class Quality:
    """A codec and how much it may lose: CRF, where more is smaller and worse."""

    codec: str  # av1, h264
    crf: int


def narrow(ffmpeg: Ffmpeg, codec: str, folder: Path, path: Path, report: Report) -> Done:
    """Make the narrow-band rendition in `folder`; `codec` is auto, av1 or h264. Raises MediaError as `transcode` does.

    Where it would not be smaller than the plain one, it is that one under another name, and `gain` is False.
    """
    with part(folder, "narrow") as output:
        source = open_source(ffmpeg, path, report)
        quality = quality_for(ffmpeg, source, codec)
        settings = [*picture_filters(ffmpeg, source.probe), *_codec(source, quality), *sound_codec()]
        narrow_bytes = encode(ffmpeg, source, settings, output, report).video.size
        plain = plain_rendition(folder)
        plain_bytes = count_packets(ffmpeg, plain, 0).video.size if plain else 0
        gain = not plain or narrow_bytes <= (1 - LEAST_GAIN) * plain_bytes
        if plain and not gain:
            output.unlink()
            _copy(plain, output)
        file = publish(ffmpeg, output, FileKind.NARROW)
    saving = round(1 - narrow_bytes / plain_bytes, 3) if plain_bytes and gain else 0.0
    facts = {"crf": quality.crf, "gain": gain, "saving": saving}
    return Done((file,), source.facts | facts)


def quality_for(ffmpeg: Ffmpeg, source: Source, codec: str) -> Quality:
    """Choose codec and quality for a video."""
    tiny = min(source.probe.width, source.probe.height) < AV1_LEAST_SIDE
    return Quality("av1", 31) if uses_av1(ffmpeg, codec) and not tiny else Quality("h264", 24)


def uses_av1(ffmpeg: Ffmpeg, codec: str) -> bool:
    """Say whether AV1 is wanted (`codec` is auto or av1) and this ffmpeg has it."""
    return codec != "h264" and "libsvtav1" in ffmpeg.encoders


def plain_rendition(folder: Path) -> Path | None:
    """The largest plain rendition in a video's folder, if there is one yet."""
    found = folder.glob("common-*.mp4")
    return max(found, key=lambda path: int("0" + "".join(filter(str.isdecimal, path.stem))), default=None)


def _codec(source: Source, quality: Quality) -> list[str]:
    if quality.codec == "av1":
        pace = source.packets.video.packets / (source.packets.video.duration or 1)
        group, lanes = max(1, round(2 * pace)), min(4, THREADS)  # SVT-AV1 takes memory for each lane
        encoder = f"-c:v libsvtav1 -preset 6 -crf {quality.crf} -g {group} -svtav1-params lp={lanes}"
        return [*encoder.split(), *KEYFRAMES]
    cap = kilobits(min(RUNGS[0], source.probe.width, source.probe.height))
    encoder = f"-c:v libx264 -preset slow -profile:v high -crf {quality.crf} -maxrate {cap}k -bufsize {2 * cap}k"
    return [*encoder.split(), *KEYFRAMES]


def _copy(path: Path, target: Path) -> None:
    with contextlib.suppress(OSError):  # a file system without links
        os.link(path, target)
        return
    shutil.copyfile(path, target)
