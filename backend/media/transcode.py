"""The plain renditions of a video, one per rung of the ladder: widely playable MP4s with H.264 and AAC."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from backend.errors import ConsoleError, MediaError
from backend.jobs.runner import Done
from backend.media import Probe
from backend.media.ffmpeg import ADDRESS_SPACE, THREADS, Ffmpeg, Report, RunResult
from backend.media.files import JobFiles, publish
from backend.media.filters import scaled, shape
from backend.media.packets import Packets, count_packets
from backend.media.source import Source
from backend.model import FileKind, Video

DAMAGED_AT = "The file is damaged at {moment}: only {actual} of its {expected} seconds can be shown. Upload it again."
UNREADABLE_PICTURES = "The file is damaged: hardly any of its pictures can be decoded. Upload it again."
NOT_ENCODED = "ffmpeg could not encode the video, though the file may be fine. See the technical details."
NO_ENCODER = "This ffmpeg has no encoder libx264. Install the Python package imageio-ffmpeg."
TOOK_TOO_LONG = (
    "Encoding used more processor time than a video of this length may. Make it smaller and upload it again."
)

CAPS = {360: 800, 540: 1600, 720: 2500, 1080: 4500, 1440: 7000, 2160: 12000}  # short side: bitrate cap in kbit/s
MORE_SPACE = 1 << 30  # bytes of address space per further output; six up to 2160 took 5.3 GiB with 8 threads
KEYFRAMES = ("-force_key_frames", "expr:gte(t,n_forced*2)")  # every 2 s, the same in every rendition
# With longer still frames, no B-frames are used: an MP4 ends as many frames early as are reordered, and the last frame
# of a still recording may last for minutes.
STILL_SECONDS = 1.0
ENOUGH = 0.98  # share of the source's duration that must be encoded
_UNDECODED = ("Decode error rate", "Invalid data found when processing input")
_STOPPED = (255, -24, -9)  # ffmpeg exits with 255 on SIGXCPU, as on SIGTERM


def transcode(ffmpeg: Ffmpeg, rungs: Sequence[int], job: JobFiles, source: Source, report: Report) -> Done:
    """Make the plain renditions of a video: all of `sides`, best first, or none. Raises MediaError on failure."""
    with job.temp_dir("common") as work_dir:
        outputs, words = make_renditions(ffmpeg, rungs, work_dir, source, report)
        files = publish(ffmpeg, job, FileKind.COMMON, outputs)
    return Done(files, dict(source.facts), words)


def make_renditions(
    ffmpeg: Ffmpeg, rungs: Sequence[int], work_dir: Path, source: Source, report: Report
) -> tuple[list[Path], str]:
    """Write the plain renditions of a source to `work_dir`, best first, and return them with ffmpeg's messages.

    A single run makes them all, so that the source is decoded once. Raises MediaError on failure.
    """
    outputs = {
        work_dir / f"{side}.mp4": [*plain_codec(ffmpeg, source, side), *sound(source)]
        for side in sides(rungs, source.probe)
    }
    best, *_ = encode(ffmpeg, source, outputs, report)
    return list(outputs), best.words


def sides(rungs: Sequence[int], probe: Probe | Video) -> list[int]:
    """Return the rungs (short sides in pixels) made for a video, best first: those not above its own short side.

    A smaller video gets the lowest rung at its own size.
    """
    fitting = [rung for rung in rungs if rung <= min(probe.width, probe.height)]
    return sorted(fitting, reverse=True) or [min(rungs)]


def plain_codec(ffmpeg: Ffmpeg, source: Source, side: int) -> list[str]:
    """Return the video settings of a plain rendition: constant quality with a bitrate cap."""
    probe = source.probe
    cap = kilobits(min(side, probe.width, probe.height))
    encoder = f"-c:v libx264 -preset medium -profile:v high -crf 23 -maxrate {cap}k -bufsize {2 * cap}k"
    form = shape(ffmpeg, probe, scaled(probe, side, "min"), source.packets.video.rate)
    return [*form.arguments, *encoder.split(), *KEYFRAMES]


def sound(source: Source, position: int = 0) -> list[str]:
    """Return the audio settings for a source at this input position, the same in every rendition.

    Gaps are filled with silence, to stay in sync.
    """
    number, channels = source.probe.sound, source.probe.channels
    if number is None:
        return ["-an"]
    mono = channels in ("mono", "1 channels")  # kept mono: as stereo, each channel would be half as loud
    unknown = re.fullmatch(r"\d+ channels", channels) and not mono
    filters = ["pan=stereo|c0=c0|c1=c1"] * bool(unknown) + ["aresample=async=1:first_pts=0"]
    codec = ["-c:a", "aac", "-b:a", "96k", "-ac", "1" if mono else "2", "-ar", "48000", "-af", ",".join(filters)]
    return ["-map", f"{position}:a:{number}?", *codec]


def kilobits(side: int) -> int:
    """Return the bitrate cap in kbit/s for this short side."""
    return next((cap for rung, cap in CAPS.items() if side <= rung), max(CAPS.values()))


def encode(ffmpeg: Ffmpeg, source: Source, outputs: Mapping[Path, list[str]], report: Report) -> list[Packets]:
    """Encode the source into each of `outputs` with its settings, and return their packets, with ffmpeg's messages
    about the source. Raises MediaError if ffmpeg fails or less than 98 % of the video was encoded, which its exit
    status does not show.
    """
    if any("libx264" in settings for settings in outputs.values()) and "libx264" not in ffmpeg.encoders:
        raise ConsoleError(NO_ENCODER)
    taken = ["-map", "0:V:0", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]
    kind = ["-fps_mode", "vfr", "-threads", str(THREADS), "-movflags", "+faststart", "-f", "mp4"]
    if ffmpeg.can_retime:  # otherwise timestamps are rounded to a constant rate, and some frames coincide
        kind += ["-enc_time_base", "filter"]
    if source.packets.video.gap > STILL_SECONDS:
        kind += ["-bf", "0"]
    written = [word for path, settings in outputs.items() for word in (*taken, *settings, *kind, str(path))]
    seconds = source.packets.video.duration
    ran = ffmpeg.run(
        [*source.reads(ffmpeg), *written],
        duration=seconds,
        report=lambda done: report(0.95 * done),
        cpu_seconds=len(outputs) * (600 + round(120 * seconds)),
        address_space=ADDRESS_SPACE + (len(outputs) - 1) * MORE_SPACE,
    )
    if not ran.ok:
        raise _failure(ran)
    return [_look_at(ffmpeg, path, seconds, ran.words) for path in outputs]


def _look_at(ffmpeg: Ffmpeg, output: Path, seconds: float, words: str) -> Packets:
    packets = count_packets(ffmpeg, output)
    video = packets.video
    if video.duration < ENOUGH * seconds - 0.05:  # a clip of few frames may lose half of one to rounding
        minutes, end = divmod(int(round(video.end, 1)), 60)
        moment = f"{minutes}:{end:02}"
        shown = {"moment": moment, "actual": round(video.duration, 1), "expected": round(seconds, 1)}
        raise MediaError(DAMAGED_AT, detail=words, **shown)
    return replace(packets, words=words)


def _failure(ran: RunResult) -> MediaError:
    if ran.code in _STOPPED:
        return MediaError(TOOK_TOO_LONG, detail=ran.words)
    undecoded = any(said in ran.words for said in _UNDECODED)
    return MediaError(UNREADABLE_PICTURES if undecoded else NOT_ENCODED, detail=ran.words)
