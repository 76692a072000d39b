"""Measures what technical flags are about in one pass over a video: black, frozen, flashing, silence, loudness.

Decoding costs nearly everything: 0.03 s of CPU per second of video at 360 lines and eight times that at 1080. So the
smallest rendition is read, pictures are scaled down for most detectors, and H.264's deblocking is skipped. It runs on
one core below the priority of other jobs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from backend.errors import ConsoleError, MediaError
from backend.jobs.runner import Done
from backend.media.detector_output import SUMMARY, DetectorLog, read_summary
from backend.media.ffmpeg import Ffmpeg, Report
from backend.media.files import JobFiles
from backend.model.technical_flags import FACT, Check, Measurement, judge

NO_DETECTORS = (
    "This ffmpeg ({version}) has none of the filters that technical flags need: {filters}. "
    "Install the Python package imageio-ffmpeg, or set QU_FFMPEG to a complete build."
)
NOT_DECODED = "The video could not be checked, though it may play. See the technical details."

READ_OPTIONS = ("-threads", "1", "-skip_loop_filter", "all")
LINES = 180  # height of the pictures that the detectors see
RATE = 25  # frames per second; the detectors' windows are counted in frames
NICE = 15  # other jobs have 10
CPU_SECONDS = 600  # besides one per second of video
SILENCES = "silence.txt"
LOWEST_PEAK = -120.0  # dBFS, instead of minus infinity
# Before pictures are scaled down, which removes the noise by which a quiet scene differs from a still.
FREEZE_FILTERS = {Check.FROZEN: "freezedetect=n=0.003:d=2"}
PICTURE_FILTERS = {
    Check.BLACK: "blackdetect=d=0.5",
    Check.FLASHING: "photosensitivity=bypass=1:skip=4",
}
SOUND_FILTERS = {
    # Printed before the loudness is added, so that the file has silences only.
    Check.SILENT: f"silencedetect=n=-50dB:d=2,ametadata=mode=print:file={SILENCES}",
    Check.LOUDNESS: "ebur128=peak=true:framelog=quiet",
}


# An audio track of the source, and the number of pictures that were decoded.
_KEPT = re.compile(rf"{SUMMARY.pattern}|\s*Stream #0:\d+.*: Audio: |frame= *[1-9]")


def check_video(
    ffmpeg: Ffmpeg, job: JobFiles, reads: Sequence[str], duration: float, sound: int | None, report: Report
) -> Done:
    """Measure a video of this duration (seconds), read with these arguments; `sound` numbers the audio track to hear.

    Raises MediaError if no frame can be decoded, and ConsoleError if this ffmpeg has no detectors.
    """
    with job.temp_dir("flags") as work_dir:
        measured = measure(ffmpeg, reads, duration, sound, work_dir, report)
    return Done(facts={FACT: msgspec.to_builtins(measured)})


def measure(
    ffmpeg: Ffmpeg, reads: Sequence[str], duration: float, sound: int | None, work_dir: Path, report: Report
) -> Measurement:
    """Measure as check_video does; `work_dir` is an empty folder."""
    unchecked = find_unchecked(ffmpeg)
    log = DetectorLog()
    ran = ffmpeg.run(
        [*reads, *_outputs(unchecked, sound)],
        on_line=log.read,
        report=lambda _: report(min(log.seconds / duration, 1.0) if duration > 0 else 0.0),
        keep=_KEPT,
        cwd=work_dir,
        cpu_seconds=CPU_SECONDS + math.ceil(duration),
        nice=NICE,
    )
    if not ran.ok or not any(line.startswith("frame=") for line in ran.lines):
        raise MediaError(NOT_DECODED, detail=ran.words)
    duration = duration or log.seconds
    silences = work_dir / SILENCES
    for line in silences.read_bytes().splitlines() if silences.exists() else ():
        log.read(line)
    loudness, peak = read_summary(ran.lines)
    return judge(
        duration,
        log.spans(duration),
        has_sound=any("Stream #" in line for line in ran.lines),
        badness=None if log.badness is None else round(log.badness, 2),
        loudness=loudness,
        peak=None if peak is None else max(peak, LOWEST_PEAK),
        unchecked=unchecked,
    )


def find_unchecked(ffmpeg: Ffmpeg) -> tuple[Check, ...]:
    """Return what this ffmpeg has no filter for. Raises ConsoleError if it has none of them."""
    needed = {
        check: use.partition("=")[0] for check, use in {**FREEZE_FILTERS, **PICTURE_FILTERS, **SOUND_FILTERS}.items()
    }
    missing = tuple(check for check, name in needed.items() if name not in ffmpeg.filters)
    if len(missing) == len(needed):
        raise ConsoleError(NO_DETECTORS, version=ffmpeg.version, filters=", ".join(needed.values()))
    return missing


def _outputs(unchecked: Sequence[Check], sound: int | None) -> list[str]:
    freezes, pictures, sounds = (
        [use for check, use in filters.items() if check not in unchecked]
        for filters in (FREEZE_FILTERS, PICTURE_FILTERS, SOUND_FILTERS)
    )
    scale = f"scale=-2:'min({LINES},ih)':flags=area"
    chain = [f"fps={RATE}", *freezes, scale, *pictures, "metadata=mode=print:file=-"]
    outputs = ["-map", "0:V:0", "-vf", ",".join(chain)]
    if sound is not None and sounds:
        outputs += ["-map", f"0:a:{sound}?", "-af", ",".join(sounds)]
    return [*outputs, "-f", "null", "-"]
