"""The plain renditions of a video, one for each rung of a ladder: H.264 and AAC in MP4s that everything plays."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backend.errors import ConsoleError, MediaError
from backend.media import Probe
from backend.media.ffmpeg import ADDRESS_SPACE, THREADS, Ffmpeg, Ran, Report
from backend.media.measure import Packets, codecs_of, count_packets
from backend.model import FileKind, MediaFile, Video
from backend.tasks import Done

NOT_ENCODED = (
    "The video cannot be encoded: its source is damaged or of a rare kind. Convert it to MP4 and upload it again."
)
TOO_SHORT = "Only {actual} of the video's {expected} seconds can be encoded: its source is damaged. Upload it again."
NO_ENCODER = "This ffmpeg has no encoder libx264. Install the Python package imageio-ffmpeg."
TOOK_TOO_LONG = (
    "Encoding used more processor time than a video of this length may. Make it smaller and upload it again."
)

CAPS = {360: 800, 540: 1600, 720: 2500, 1080: 4500, 1440: 7000, 2160: 12000}  # short side: kbit/s CRF may not pass
MORE_SPACE = 1 << 30  # bytes of address space for each further output; six up to 2160 took 5.3 GiB with 8 threads
HDR = ("smpte2084", "arib-std-b67")
KEYFRAMES = ("-force_key_frames", "expr:gte(t,n_forced*2)")  # each 2 s, the same in every rendition
ENOUGH = 0.98  # of the source's seconds must come out
_STOPPED = (255, -24, -9)  # ffmpeg ends with 255 on SIGXCPU, as on SIGTERM


@dataclass(frozen=True, slots=True)
class Source:
    """A source that was looked at: what it says, and what is in it."""

    path: Path
    probe: Probe
    packets: Packets

    @property
    def facts(self) -> dict[str, float | int]:
        """What a job tells about the video itself: seconds and pixels as shown."""
        return {
            "duration": round(self.packets.video.duration, 3),
            "width": self.probe.width,
            "height": self.probe.height,
        }


def open_source(ffmpeg: Ffmpeg, path: Path, report: Report) -> Source:
    """Look at a source. Raises MediaError when it cannot be opened or is not all there."""
    probe = ffmpeg.probe(path)
    packets = count_packets(ffmpeg, path, probe.duration, lambda _: report(0.0))
    if packets.cut_off:
        raise _too_short(packets.end, packets.declared, packets.words)
    return Source(path, probe, packets)


@dataclass(frozen=True, slots=True)
class Shape:
    """How pictures of any kind become those of a rendition: 8-bit 4:2:0, of square pixels, with even sides."""

    filters: str
    tags: tuple[str, ...]  # arguments that name the colours where they were changed

    @property
    def arguments(self) -> list[str]:
        return ["-vf", self.filters, *self.tags]


def transcode(ffmpeg: Ffmpeg, rungs: Sequence[int], folder: Path, path: Path, report: Report) -> Done:
    """Make the plain renditions of the video at `path` in `folder`: all of `sides`, best first, or none.

    One run makes them all, so that the source is decoded once. Raises MediaError when that cannot be done.
    """
    with workshop(folder, "common") as shop:
        source = open_source(ffmpeg, path, report)
        outputs = {
            shop / f"{side}.mp4": [*plain_codec(ffmpeg, source.probe, side), *sound_codec()]
            for side in sides(rungs, source.probe)
        }
        best, *_ = encode(ffmpeg, source, outputs, report)
        files = publish(ffmpeg, folder, FileKind.COMMON, tuple(outputs))
    return Done(files, dict(source.facts), best.words)


def sides(rungs: Sequence[int], probe: Probe | Video) -> list[int]:
    """The rungs, as short sides in pixels, that a video gets, best first: those not above its own short side.

    A video below them all gets the lowest one, which leaves it at its own size.
    """
    fitting = [rung for rung in rungs if rung <= min(probe.width, probe.height)]
    return sorted(fitting, reverse=True) or [min(rungs)]


def plain_codec(ffmpeg: Ffmpeg, probe: Probe, side: int) -> list[str]:
    """Settings of the plain pictures: constant quality under a cap, since one bitrate fits no two videos."""
    cap = kilobits(min(side, probe.width, probe.height))
    encoder = f"-c:v libx264 -preset medium -profile:v high -crf 23 -maxrate {cap}k -bufsize {2 * cap}k"
    return [*shape(ffmpeg, probe, scale(side, "min")).arguments, *encoder.split(), *KEYFRAMES]


def sound_codec() -> list[str]:
    """Settings of the sound, the same in every rendition."""
    return ["-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", "48000"]


def kilobits(side: int) -> int:
    """The cap in kbit/s for a short side of so many pixels."""
    return next((cap for rung, cap in CAPS.items() if side <= rung), max(CAPS.values()))


def shape(ffmpeg: Ffmpeg, probe: Probe, scaling: str) -> Shape:
    """How the pictures of a video take the size that the filters `scaling` give them."""
    mapping = tone_mapping(ffmpeg, probe)
    # x264 would go on calling the colours by the source's name.
    tags = "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv" if mapping else ""
    return Shape(f"{scaling},{mapping}format=yuv420p", tuple(tags.split()))


def scale(side: int, which: str) -> str:
    """Scale down, never up, until the shorter (`min`) or longer (`max`) side is at most `side` pixels."""
    factor = f"min(1,{side}/{which}(iw*sar,ih))"  # times the side itself it may come out a trifle below `side`
    width, height = (f"'max(2,trunc({length}*{factor}/2+0.001)*2)'" for length in ("iw*sar", "ih"))
    return scale_to(width, height)


def scale_to(width: int | str, height: int | str) -> str:
    """Scale to these sides, in square pixels."""
    return f"scale=w={width}:h={height}:flags=bicubic:out_range=tv,setsar=1"


def tone_mapping(ffmpeg: Ffmpeg, probe: Probe) -> str:
    """Filters that bring HDR into the range of ordinary screens; none for other videos, or where ffmpeg lacks them."""
    if probe.transfer not in HDR or not {"zscale", "tonemap"} <= ffmpeg.filters:
        return ""
    light = f"zscale=tin={probe.transfer}:pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le"
    return f"{light},zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,"


def encode(ffmpeg: Ffmpeg, source: Source, outputs: Mapping[Path, list[str]], report: Report) -> list[Packets]:
    """Write an MP4 of the source to each of `outputs` by its settings, and return what is in them.

    Their words are what ffmpeg said of the source.

    Raises MediaError when ffmpeg fails, and when less than 98 % of the video came out: rc 0 does not say that.
    """
    if any("libx264" in settings for settings in outputs.values()) and "libx264" not in ffmpeg.encoders:
        raise ConsoleError(NO_ENCODER)
    taken = ["-map", "0:V:0", "-map", "0:a:0?", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]
    kind = ["-fps_mode", "vfr", "-threads", str(THREADS), "-movflags", "+faststart", "-f", "mp4"]
    written = [word for path, settings in outputs.items() for word in (*taken, *settings, *kind, str(path))]
    seconds = source.packets.video.duration
    ran = ffmpeg.run(
        [*ffmpeg.reads(source.path), *written],
        duration=seconds,
        report=lambda done: report(0.95 * done),
        cpu_seconds=len(outputs) * (600 + round(120 * seconds)),
        address_space=ADDRESS_SPACE + (len(outputs) - 1) * MORE_SPACE,
    )
    if not ran.ok:
        raise _failure(ran)
    return [_look_at(ffmpeg, path, seconds, ran.words) for path in outputs]


def _look_at(ffmpeg: Ffmpeg, output: Path, seconds: float, words: str) -> Packets:
    packets = count_packets(ffmpeg, output, seconds)
    if packets.video.duration < ENOUGH * seconds - 0.05:  # a clip of few pictures may lose half of one to rounding
        raise _too_short(packets.video.duration, seconds, words)
    return replace(packets, words=words)


def _failure(ran: Ran) -> MediaError:
    return MediaError(TOOK_TOO_LONG if ran.code in _STOPPED else NOT_ENCODED, detail=ran.words)


def _too_short(actual: float, expected: float, words: str) -> MediaError:
    return MediaError(TOO_SHORT, detail=words, actual=round(actual, 1), expected=round(expected, 1))


@contextlib.contextmanager
def part(folder: Path, stem: str) -> Iterator[Path]:
    """A name to write to in `folder`, which is gone afterwards however it ends; so are those of runs that died.

    The names differ, so that two runs of one job (a lease that ran out) cannot write into each other's file.
    """
    for stray in folder.glob(f"{stem}.*.part"):
        stray.unlink(missing_ok=True)
    path = folder / f"{stem}.{uuid.uuid4().hex[:12]}.part"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def workshop(folder: Path, stem: str) -> Iterator[Path]:
    """A hidden folder to work in, gone afterwards however it ends; those of runs that died go too."""
    for stray in folder.glob(f".{stem}.*.part"):
        shutil.rmtree(stray, ignore_errors=True)
    shop = folder / f".{stem}.{uuid.uuid4().hex[:12]}.part"
    shop.mkdir()
    try:
        yield shop
    finally:
        shutil.rmtree(shop, ignore_errors=True)


def publish(ffmpeg: Ffmpeg, folder: Path, kind: FileKind, outputs: Sequence[Path]) -> tuple[MediaFile, ...]:
    """Move finished MP4s, best first, into `folder` under names such as `common-720.mp4`, and describe them.

    Each is safe on the disk then. What an earlier ladder left of this kind goes.
    """
    files = tuple(_described(ffmpeg, output, kind, position) for position, output in enumerate(outputs))
    for output, file in zip(outputs, files, strict=True):
        settle(output, folder / file.name)
    for stale in set(folder.glob(f"{kind}-*.mp4")) - {folder / file.name for file in files}:
        stale.unlink(missing_ok=True)
    return files


def _described(ffmpeg: Ffmpeg, output: Path, kind: FileKind, position: int) -> MediaFile:
    probe = ffmpeg.probe(output)
    return MediaFile(
        kind,
        f"{kind}-{min(probe.width, probe.height)}.mp4",
        size=probe.size,
        width=probe.width,
        height=probe.height,
        duration=probe.duration,
        bitrate=round(probe.size * 8 / probe.duration) if probe.duration else 0,
        codec=codecs_of(output),
        position=position,
    )


def settle(path: Path, target: Path) -> None:
    """Rename a file so that it is whole under its new name even if the machine stops now."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    path.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe; Windows has no such call."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
